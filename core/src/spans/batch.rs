//! Columns of spans under construction; their names and types are those of `loadstone/model/evidence.py`.

use super::words::Words;

/// Spans of a batch at most.
pub const ROWS: usize = 65_536;

/// Bytes of a batch's texts after which it is handed over, however few its spans.
pub const BYTES: usize = 64 * 1024 * 1024;

/// Columns of texts, in the order of `Batch::texts`.
pub const TEXTS: [&str; 19] = [
    "service",
    "service_instance_id",
    "host_name",
    "name",
    "scope",
    "http_request_method",
    "http_route",
    "url_path",
    "url_query",
    "db_system_name",
    "db_query_text",
    "db_query_parameters_hash",
    "server_address",
    "code_file_path",
    "code_function_name",
    "error_type",
    "attributes",
    "events",
    "links",
];

/// Columns of whole numbers and their bits, in the order of `Batch::numbers`.
pub const NUMBERS: [(&str, u32); 10] = [
    ("start_ns", 64),
    ("end_ns", 64),
    ("kind", 8),
    ("status", 8),
    ("process_pid", 32),
    ("thread_cpu_ns", 64),
    ("http_response_status_code", 16),
    ("db_response_returned_rows", 64),
    ("code_line_number", 32),
    ("thread_id", 64),
];

/// Places in `TEXTS`.
pub mod text {
    pub const SERVICE: usize = 0;
    pub const INSTANCE: usize = 1;
    pub const HOST: usize = 2;
    pub const NAME: usize = 3;
    pub const SCOPE: usize = 4;
    pub const METHOD: usize = 5;
    pub const ROUTE: usize = 6;
    pub const PATH: usize = 7;
    pub const QUERY: usize = 8;
    pub const SYSTEM: usize = 9;
    pub const STATEMENT: usize = 10;
    pub const PARAMETERS: usize = 11;
    pub const SERVER: usize = 12;
    pub const FILE: usize = 13;
    pub const FUNCTION: usize = 14;
    pub const ERROR: usize = 15;
    pub const ATTRIBUTES: usize = 16;
    pub const EVENTS: usize = 17;
    pub const LINKS: usize = 18;
}

/// Places in `NUMBERS`.
pub mod number {
    pub const START: usize = 0;
    pub const END: usize = 1;
    pub const KIND: usize = 2;
    pub const STATUS: usize = 3;
    pub const PID: usize = 4;
    pub const CPU: usize = 5;
    pub const HTTP_STATUS: usize = 6;
    pub const ROWS: usize = 7;
    pub const LINE: usize = 8;
    pub const THREAD: usize = 9;
}

/// One span's cells: numbers of words (0 for none), and numbers with a bit for each that is there.
#[derive(Clone, Default)]
pub struct Row {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub parent_id: [u8; 8],
    pub texts: [u32; TEXTS.len()],
    pub numbers: [i64; NUMBERS.len()],
    pub there: u16,
}

impl Row {
    pub fn set(&mut self, column: usize, value: i64) {
        self.numbers[column] = value;
        self.there |= 1 << column;
    }
}

/// A batch. The words of all text columns are numbered together; word 0 is none.
pub struct Batch {
    pub trace_id: Vec<u8>,
    pub span_id: Vec<u8>,
    pub parent_id: Vec<u8>,
    pub numbers: [Vec<i64>; NUMBERS.len()],
    /// For each row a bit for each number that is there.
    pub there: Vec<u16>,
    pub texts: [Vec<u32>; TEXTS.len()],
    pub words: Words,
}

impl Batch {
    /// Memory that is reserved here costs nothing until it is written to.
    pub fn new() -> Batch {
        Batch::with(Words::new())
    }

    /// The next batch after this one, of which it takes the measure.
    pub fn next(&self) -> Batch {
        Batch::with(self.words.like())
    }

    fn with(mut words: Words) -> Batch {
        words.intern(u64::MAX, b"");
        Batch {
            trace_id: Vec::with_capacity(16 * ROWS),
            span_id: Vec::with_capacity(8 * ROWS),
            parent_id: Vec::with_capacity(8 * ROWS),
            numbers: std::array::from_fn(|_| Vec::with_capacity(ROWS)),
            there: Vec::with_capacity(ROWS),
            texts: std::array::from_fn(|_| Vec::with_capacity(ROWS)),
            words,
        }
    }

    pub fn len(&self) -> usize {
        self.span_id.len() / 8
    }

    pub fn is_empty(&self) -> bool {
        self.span_id.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.len() >= ROWS || self.words.held() >= BYTES
    }

    /// The number of a word.
    #[inline]
    pub fn word(&mut self, text: &str) -> u32 {
        self.words.intern(0, text.as_bytes()).0 as u32
    }

    /// The same, with none for the empty text.
    pub fn word_or_none(&mut self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.word(text) }
    }

    pub fn push(&mut self, row: &Row) {
        self.trace_id.extend_from_slice(&row.trace_id);
        self.span_id.extend_from_slice(&row.span_id);
        self.parent_id.extend_from_slice(&row.parent_id);
        self.there.push(row.there);
        for (column, cell) in self.numbers.iter_mut().zip(&row.numbers) {
            column.push(*cell);
        }
        for (column, cell) in self.texts.iter_mut().zip(&row.texts) {
            column.push(*cell);
        }
    }

    /// A word's text; None for word 0.
    pub fn text(&self, word: u32) -> Option<&str> {
        (word != 0).then(|| std::str::from_utf8(self.words.get(word as usize)).unwrap_or(""))
    }

    /// True for each row whose number is missing.
    fn missing(&self, column: usize) -> impl Iterator<Item = bool> {
        self.there.iter().map(move |there| there >> column & 1 == 0)
    }

    /// A column of numbers in its own width.
    pub fn packed(&self, column: usize) -> Vec<u8> {
        let values = &self.numbers[column];
        match NUMBERS[column].1 {
            8 => values.iter().map(|value| *value as i8 as u8).collect(),
            16 => values.iter().map(|value| (*value as i16).to_le_bytes()).collect::<Vec<_>>().into_flattened(),
            32 => values.iter().map(|value| (*value as i32).to_le_bytes()).collect::<Vec<_>>().into_flattened(),
            _ => values.iter().map(|value| value.to_le_bytes()).collect::<Vec<_>>().into_flattened(),
        }
    }

    /// Places of a column's words, four bytes each; None where every cell is empty.
    pub fn places(&self, column: usize) -> Option<Vec<u8>> {
        let places = &self.texts[column];
        let there = places.iter().fold(0, |all, place| all | place) != 0;
        there.then(|| places.iter().map(|place| place.to_le_bytes()).collect::<Vec<_>>().into_flattened())
    }

    /// A byte for each row, 1 where the number is missing; None where none is.
    pub fn missing_bytes(&self, column: usize) -> Option<Vec<u8>> {
        let every = self.there.iter().fold(u16::MAX, |all, there| all & there);
        (every >> column & 1 == 0).then(|| self.missing(column).map(u8::from).collect())
    }

    /// True where no row has the number.
    pub fn lacks(&self, column: usize) -> bool {
        self.there.iter().fold(0, |all, there| all | there) >> column & 1 == 0
    }
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new()
    }
}
