//! Several files in time order. A file is opened when its first instant is due, so that files that follow one another
//! are read one after the other; what rotation cut is joined.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{DefaultHasher, Hasher};

use super::batch::{Batch, ROWS, Row};
use super::cursor::{Cursor, Piece};
use super::format::Format;
use super::instant::Clock;
use super::reading::Reading;
use super::sorter::{Sorter, instant};
use super::splitter::Lines;
use super::stream::Source;
use super::{Error, OPEN_FILES, PEEKED_BYTES};

/// First lines that were not understood, held until their beginning may turn up.
const HEADS: usize = 256;

/// Requests at a file's beginning whose first instant is that of the file.
const PEEKED_LINES: u32 = 16;

/// A file that is not open yet.
struct Waiting {
    file: usize,
    first_ns: i64,
    source: Source,
    format: Format,
}

/// Open files by when their next row is due, then by their rank.
pub struct Merge {
    /// The next to open is the last.
    waiting: Vec<Waiting>,
    open: Vec<Option<Box<Cursor>>>,
    due: BinaryHeap<Reverse<(i64, usize)>>,
    heads: Vec<Piece>,
    /// The last row of a file that had no place in the batch any more.
    late: Option<Row>,
    crowded: bool,
}

impl Merge {
    /// Looks into every file for its first instant. An error names a file that cannot be read.
    pub fn new(sources: Vec<Source>, formats: &[Format], reading: &mut Reading) -> Result<Merge, Error> {
        let open = sources.iter().map(|_| None).collect();
        let mut waiting = Vec::new();
        let mut beginnings: Vec<(u64, usize)> = Vec::new();
        for (file, (mut source, format)) in sources.into_iter().zip(formats).enumerate() {
            // A stream cannot be looked into and read again: it is opened before anything else.
            let mut first_ns = i64::MIN;
            if source.is_path() {
                let peeked = peek(&mut source, format.clone());
                let name = || reading.files.get(file).map(|file| file.path.clone()).unwrap_or_default();
                let (found_ns, beginning) = peeked.map_err(|error| Error::File { name: name(), error })?;
                first_ns = found_ns.unwrap_or(i64::MIN);
                beginnings.extend(beginning.map(|beginning| (beginning, file)));
            }
            waiting.push(Waiting { file, first_ns, source, format: format.clone() });
        }
        tell_copies(beginnings, reading);
        waiting.sort_by_key(|one| Reverse((one.first_ns, one.file)));
        Ok(Merge { waiting, open, due: BinaryHeap::new(), heads: Vec::new(), late: None, crowded: false })
    }

    /// Fills a batch, not quite where no request was found for long.
    pub fn fill(&mut self, batch: &mut Batch, sorter: &mut Sorter, reading: &mut Reading) {
        if let Some(row) = self.late.take() {
            batch.push(&row);
        }
        while batch.len() < ROWS && !self.is_done() {
            self.open_due(sorter, reading);
            let Some(Reverse((_, rank))) = self.due.pop() else { continue };
            let bound = self.bound();
            let Some(mut cursor) = self.open.get_mut(rank).and_then(Option::take) else { continue };
            let next = loop {
                if let Some(row) = cursor.take(sorter, reading) {
                    batch.push(&row);
                }
                match cursor.due() {
                    Some(due) if due <= bound && batch.len() < ROWS && !cursor.paused => {}
                    due => break due,
                }
            };
            match next {
                Some(due) => {
                    let paused = cursor.paused;
                    self.put(cursor, due);
                    if paused {
                        return;
                    }
                }
                None => match self.end(cursor, sorter, reading) {
                    Some(row) if batch.len() < ROWS => batch.push(&row),
                    late => self.late = late,
                },
            }
        }
    }

    /// True when every row was handed over.
    pub fn is_done(&self) -> bool {
        self.due.is_empty() && self.waiting.is_empty() && self.late.is_none()
    }

    /// Up to when a file may be read on before another is due.
    fn bound(&self) -> i64 {
        let open = self.due.peek().map_or(i64::MAX, |Reverse((due, _))| *due);
        let waiting =
            self.waiting.last().filter(|_| self.due.len() < OPEN_FILES).map_or(i64::MAX, |next| next.first_ns);
        open.min(waiting)
    }

    /// Opens the files whose first instant is due.
    fn open_due(&mut self, sorter: &mut Sorter, reading: &mut Reading) {
        while let Some(next) = self.waiting.last() {
            if self.due.peek().is_some_and(|Reverse((due, _))| *due < next.first_ns) {
                return;
            }
            if self.due.len() >= OPEN_FILES {
                self.crowded = true;
                return;
            }
            self.open_next(sorter, reading);
        }
    }

    fn open_next(&mut self, sorter: &mut Sorter, reading: &mut Reading) {
        let Some(Waiting { file, mut source, format, .. }) = self.waiting.pop() else { return };
        let stream = match source.open() {
            Ok(stream) => stream,
            Err(error) => {
                let path = reading.files.get(file).map(|file| file.path.clone()).unwrap_or_default();
                return reading.note(format!("{path} was not read: {error}"));
            }
        };
        let mut cursor = Box::new(Cursor::new(file, format, stream));
        cursor.start(sorter, reading);
        if self.heads.len() < HEADS {
            self.heads.extend(cursor.head.take());
        }
        // A file without a row ends in turn.
        let due = cursor.due().unwrap_or(i64::MIN);
        self.put(cursor, due);
    }

    fn put(&mut self, cursor: Box<Cursor>, due: i64) {
        let rank = cursor.file;
        if let Some(place) = self.open.get_mut(rank) {
            *place = Some(cursor);
            self.due.push(Reverse((due, rank)));
        }
    }

    /// The last row of a file whose last line has no ending: with its rest, where another file begins with that.
    fn end(&mut self, mut cursor: Box<Cursor>, sorter: &mut Sorter, reading: &mut Reading) -> Option<Row> {
        let tail = cursor.tail.take()?;
        if self.due.len() < OPEN_FILES {
            self.open_next(sorter, reading);
        }
        let mut joined = Vec::new();
        let rest = self.heads.iter().position(|head| {
            joined.clear();
            joined.extend_from_slice(&tail.text);
            joined.extend_from_slice(&head.text);
            head.file != cursor.file && instant(&cursor.format, &mut cursor.clock, &joined).is_some()
        });
        if let Some(rest) = rest {
            let head = self.heads.remove(rest);
            if let Ok(row) = cursor.settle(&joined, sorter, reading) {
                reading.joined += 1;
                reading.retract(head.file, head.line);
                return Some(row);
            }
        }
        match cursor.settle(&tail.text, sorter, reading) {
            Ok(row) => Some(row),
            Err("") => None,
            Err(reason) => {
                reading.malformed(tail.file, tail.line, &tail.text, reason);
                None
            }
        }
    }

    /// What is to be said at the end.
    pub fn tell(&self, reading: &mut Reading) {
        if self.crowded {
            reading.note(format!(
                "more than {OPEN_FILES} files tell of the same time: the rows of those beyond come late; read them in parts"
            ));
        }
    }
}

/// The first instant of a file (the least of some lines: the first may be an odd one), and a hash of its first line where
/// that is a request; None where no request is within the file's beginning.
fn peek(source: &mut Source, mut format: Format) -> std::io::Result<(Option<i64>, Option<u64>)> {
    let mut lines = Lines::new(std::io::Read::take(source.open()?, PEEKED_BYTES));
    let mut clock = Clock::default();
    let mut beginning = None;
    let (mut first, mut found) = (None, 0);
    while let Some(line) = lines.next_line() {
        if line.bytes.first() == Some(&b'#') {
            format.header(line.bytes);
        } else if let Some(ns) = instant(&format, &mut clock, line.bytes) {
            if line.number == 1 {
                let mut hash = DefaultHasher::new();
                hash.write(line.bytes);
                beginning = Some(hash.finish());
            }
            first = Some(first.map_or(ns, |first: i64| first.min(ns)));
            found += 1;
            if found == PEEKED_LINES {
                break;
            }
        }
    }
    Ok((first, beginning))
}

/// Files that begin with the same request are copies of one another, most likely.
fn tell_copies(mut beginnings: Vec<(u64, usize)>, reading: &mut Reading) {
    beginnings.sort();
    for pair in beginnings.windows(2) {
        if let [(one, first), (other, second)] = pair
            && one == other
            && let (Some(first), Some(second)) = (reading.files.get(*first), reading.files.get(*second))
        {
            let (first, second) = (&first.path, &second.path);
            let note = format!(
                "{first} and {second} begin with the same request: if one is a copy of the other, its requests are \
                 counted twice; leave one out"
            );
            reading.note(note);
        }
    }
}
