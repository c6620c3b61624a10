//! Access logs: compressed files streamed, lines cut into fields, masked, and sorted into routes.
//!
//! A file is told by its content (`stream`), cut into lines of bounded length (`splitter`), each cut into fields as its
//! format says (`format`, `text`, `json`, `table`) and understood (`sorter`); several files are merged by time
//! (`merge`). What cannot be understood is counted and sampled (`sample`), never fatal. Rows leave in columns (`batch`).

pub mod address;
pub mod agents;
pub mod batch;
pub mod cursor;
pub mod duration;
pub mod escape;
pub mod format;
mod hosts;
pub mod instant;
pub mod json;
pub mod merge;
pub mod personal;
#[cfg(feature = "python")]
pub mod python;
pub mod reader;
pub mod reading;
pub mod record;
pub mod request;
pub mod routes;
pub mod sample;
pub mod sorter;
pub mod splitter;
pub mod stream;
pub mod table;
pub mod text;

use std::fmt;

/// A line that is longer is malformed, and only its beginning is held. Servers write a request's head four times as long
/// where all of it is escaped, and take heads of some 32 KiB (nginx, `large_client_header_buffers`: 4 of 8 KiB).
pub const LINE_BYTES: usize = 1024 * 1024;

/// What is held of a line that is longer.
pub const BEGINNING_BYTES: usize = 4096;

/// Read from a file at once.
pub const CHUNK_BYTES: usize = 128 * 1024;

/// Files open at one time; so many lie in one span of time where a fleet's logs are read together. Further ones wait,
/// and then the rows are no longer in time order over all files.
pub const OPEN_FILES: usize = 128;

/// What of a file is looked through for its first instant.
pub const PEEKED_BYTES: u64 = 1024 * 1024;

/// What makes reading impossible; everything else is counted.
#[derive(Debug)]
pub enum Error {
    /// What was asked for makes no sense: a format, a key, a route.
    Asked(String),
    /// A file cannot be opened, or not even its beginning be read.
    File { name: String, error: std::io::Error },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Asked(message) => f.write_str(message),
            Error::File { name, error } => write!(f, "{name}: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::File { error, .. } => Some(error),
            Error::Asked(_) => None,
        }
    }
}
