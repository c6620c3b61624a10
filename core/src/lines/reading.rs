//! What came of reading, as loadstone/model/log_reading.py has it.

use serde::Serialize;

use super::agents::{BOT, MONITOR, SCANNER};
use super::batch::Row;
use super::sample::shape;

/// Samples of malformed lines that are kept, and how many of one reason.
const SAMPLES: usize = 20;
const SAMPLES_OF_A_REASON: usize = 4;

/// From one malformed line in so many on, a note asks for the format. Scanners' garbage is lines of the format, and what
/// else goes to the same file is seldom.
const MANY_MALFORMED: u64 = 10;

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Malformed {
    pub file: String,
    pub line: u64,
    pub text: String,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct LogFile {
    pub path: String,
    pub format: String,
    pub lines: u64,
    pub first_ns: i64,
    pub last_ns: i64,
    #[serde(skip)]
    pub malformed: u64,
}

/// Counts over all files.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct Reading {
    pub files: Vec<LogFile>,
    pub lines: u64,
    pub hits: u64,
    pub malformed: u64,
    pub samples: Vec<Malformed>,
    pub backwards: u64,
    pub bots: u64,
    pub scanners: u64,
    pub monitors: u64,
    pub bytes_read: u64,
    pub notes: Vec<String>,
    /// Lines that rotation cut in two and that were joined again.
    #[serde(skip)]
    pub joined: u64,
    #[serde(skip)]
    pub zeros: u64,
}

impl Reading {
    #[inline]
    pub fn hit(&mut self, row: &Row) {
        self.hits += 1;
        match row.kind {
            BOT => self.bots += 1,
            SCANNER => self.scanners += 1,
            MONITOR => self.monitors += 1,
            _ => {}
        }
    }

    pub fn malformed(&mut self, file: usize, line: u64, text: &[u8], reason: &str) {
        self.malformed += 1;
        if let Some(file) = self.files.get_mut(file) {
            file.malformed += 1;
        }
        let alike = self.samples.iter().filter(|sample| sample.reason == reason).count();
        if self.samples.len() < SAMPLES && alike < SAMPLES_OF_A_REASON {
            let file = self.files.get(file).map(|file| file.path.clone()).unwrap_or_default();
            self.samples.push(Malformed { file, line, text: shape(text), reason: reason.to_owned() });
        }
    }

    /// Takes back what was counted of a line, whose other part was found.
    pub fn retract(&mut self, file: usize, line: u64) {
        self.malformed -= 1;
        let Some(file) = self.files.get_mut(file) else { return };
        file.malformed -= 1;
        let path = file.path.as_str();
        self.samples.retain(|sample| (sample.file.as_str(), sample.line) != (path, line));
    }

    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The notes that sum up, at the end. `further` requests' lines go on after what their format knows.
    pub fn sum_up(&mut self, further: u64) {
        if further * 2 > self.hits {
            self.notes.push(format!(
                "{further} of {} lines go on after what their format knows: the server's own format string, with --format, \
                 says what follows, such as how long a request took",
                self.hits
            ));
        }
        for file in &self.files {
            if file.malformed * MANY_MALFORMED > file.lines {
                self.notes.push(format!(
                    "{}: {} of {} lines are not of the format {:?}; if it has another, name it with --format",
                    file.path, file.malformed, file.lines, file.format
                ));
            }
        }
        if self.joined > 0 {
            self.notes.push(match self.joined {
                1 => "1 line was cut by rotation, its rest the first line of the next file: joined".to_owned(),
                many => {
                    format!("{many} lines were cut by rotation, their rests the first lines of the next files: joined")
                }
            });
        }
        if self.zeros > 0 {
            let zeros = self.zeros;
            self.notes.push(format!(
                "{zeros} zero bytes at the beginning of lines were passed over: a file that was emptied while a server \
                 wrote to it, or a machine that lost power, has them"
            ));
        }
    }
}
