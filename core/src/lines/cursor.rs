//! One file, row by row.

use super::batch::Row;
use super::format::Format;
use super::instant::Clock;
use super::reading::Reading;
use super::sorter::{Sorter, Understood};
use super::splitter::Lines;
use super::stream::Bytes;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const TOO_LONG: &str = "it is longer than 1 MiB";

/// What is held of a line that rotation may have cut; nginx writes 64 KiB at once at most (`access_log ... buffer`).
const PIECE_BYTES: usize = 256 * 1024;

/// Lines without a request after which a caller may look whether somebody wants it to stop.
const PATIENCE: u32 = 1 << 17;

/// A line, or a part of one, that may have its other part in another file.
#[derive(Debug)]
pub struct Piece {
    pub file: usize,
    pub line: u64,
    pub text: Vec<u8>,
}

/// Where a file is being read.
pub struct Cursor {
    pub file: usize,
    pub format: Format,
    pub clock: Clock,
    lines: Lines<Bytes>,
    last_ns: i64,
    /// The first line, where it was not understood (and counted so): the end of a line that another file breaks off
    /// with, it may be.
    pub head: Option<Piece>,
    /// The last line, where it has no ending; not understood yet.
    pub tail: Option<Piece>,
    /// The row to be handed over, and the one after it: a row is due no later than the one after it, so that one line
    /// with a clock gone wrong does not hold up the file.
    row: Option<Row>,
    ahead: Option<Row>,
    /// No request was found for so long that the caller should look up.
    pub paused: bool,
    ended: bool,
}

impl Cursor {
    pub fn new(file: usize, format: Format, stream: Bytes) -> Cursor {
        let lines = Lines::new(stream);
        Cursor {
            file,
            format,
            clock: Clock::default(),
            lines,
            last_ns: i64::MIN,
            head: None,
            tail: None,
            row: None,
            ahead: None,
            paused: false,
            ended: false,
        }
    }

    /// Reads the first rows.
    pub fn start(&mut self, sorter: &mut Sorter, reading: &mut Reading) {
        self.take(sorter, reading);
    }

    /// When the next row is due, as far as that is known; None at the end.
    #[inline]
    pub fn due(&self) -> Option<i64> {
        match (&self.row, &self.ahead) {
            (Some(row), Some(ahead)) => Some(row.logged_ns.min(ahead.logged_ns)),
            (Some(row), None) => Some(row.logged_ns),
            (None, _) => (!self.ended).then_some(self.last_ns),
        }
    }

    /// The row that is due, if it was found already, and a look for those after it.
    #[inline]
    pub fn take(&mut self, sorter: &mut Sorter, reading: &mut Reading) -> Option<Row> {
        let row = self.row.take();
        self.row = self.ahead.take();
        self.paused = false;
        if self.row.is_none() {
            self.row = self.read(sorter, reading);
        }
        if self.row.is_some() {
            self.ahead = self.read(sorter, reading);
        }
        row
    }

    /// The next line that is a request; None at the end, or where none was found for long.
    fn read(&mut self, sorter: &mut Sorter, reading: &mut Reading) -> Option<Row> {
        if self.ended {
            return None;
        }
        for _ in 0..PATIENCE {
            let Some(line) = self.lines.next_line() else {
                self.close(reading);
                return None;
            };
            reading.lines += 1;
            let number = line.number;
            let text = match line.bytes {
                bytes if number == 1 => bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes),
                bytes => bytes,
            };
            if line.long {
                reading.malformed(self.file, number, text, TOO_LONG);
                continue;
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let piece = || Piece { file: self.file, line: number, text: text.to_vec() };
            if !line.ended && text.len() <= PIECE_BYTES {
                self.tail = Some(piece());
                continue;
            }
            match sorter.sort(&self.format, &mut self.clock, text) {
                Understood::Row(row) => {
                    count(reading, self.file, &row, &mut self.last_ns);
                    return Some(row);
                }
                Understood::Header => self.format.header(text),
                Understood::Malformed(reason) => {
                    if number == 1 && text.len() <= PIECE_BYTES {
                        self.head = Some(piece());
                    }
                    reading.malformed(self.file, number, text, reason);
                }
            }
        }
        self.paused = true;
        None
    }

    fn close(&mut self, reading: &mut Reading) {
        self.ended = true;
        reading.bytes_read += std::mem::take(&mut self.lines.bytes);
        reading.zeros += std::mem::take(&mut self.lines.zeros);
        if let Some(file) = reading.files.get_mut(self.file) {
            file.lines = self.lines.number;
            if let Some(error) = self.lines.broken.take() {
                let note =
                    format!("{} breaks off after line {}: {error}; what came before was read", file.path, file.lines);
                reading.note(note);
            }
        }
    }

    /// A row of what was joined, or of the tail alone.
    pub fn settle(&mut self, text: &[u8], sorter: &mut Sorter, reading: &mut Reading) -> Result<Row, &'static str> {
        match sorter.sort(&self.format, &mut self.clock, text) {
            Understood::Row(row) => {
                count(reading, self.file, &row, &mut self.last_ns);
                Ok(row)
            }
            Understood::Header => Err(""),
            Understood::Malformed(reason) => Err(reason),
        }
    }
}

#[inline]
fn count(reading: &mut Reading, file: usize, row: &Row, last_ns: &mut i64) {
    reading.hit(row);
    if row.logged_ns < *last_ns {
        reading.backwards += 1;
    }
    *last_ns = row.logged_ns;
    if let Some(file) = reading.files.get_mut(file) {
        if file.first_ns == 0 || row.logged_ns < file.first_ns {
            file.first_ns = row.logged_ns;
        }
        file.last_ns = file.last_ns.max(row.logged_ns);
    }
}
