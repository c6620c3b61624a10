//! Paths: what traces add up to. Whole traces as columns in, a row for each request and each kind of visit out.
//!
//! The same rules as loadstone/model/trace.py and loadstone/stats/critical_path.py, which are the slow and obvious way
//! that tests hold this against. Time is n log n in a trace's spans, whatever its shape.

mod critical;
pub mod digest;
mod group;
#[cfg(feature = "python")]
pub mod python;
pub mod tree;

use std::fmt;

/// Spans as columns of one length, a trace's spans following each other. In ids, hosts, services and parameters 0 is
/// none; an instant outside 0..INSTANTS is none; rows below 0 are none.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    pub trace: Vec<u64>,
    pub span: Vec<u64>,
    pub parent: Vec<u64>,
    pub host: Vec<u64>,
    pub service: Vec<u64>,
    pub parameters: Vec<u64>,
    pub start: Vec<i64>,
    pub end: Vec<i64>,
    pub kind: Vec<i64>,
    /// `FAILED` and `ERROR`.
    pub flags: Vec<i64>,
    pub operation: Vec<i64>,
    pub rows: Vec<i64>,
}

/// The span's status is error.
pub const FAILED: i64 = 1;
/// The span names an error.
pub const ERROR: i64 = 2;

/// Instants from 0 to here are told; see loadstone/model/trace.py.
pub const INSTANTS: i64 = 1 << 62;

/// A child may begin so much before its parent, and end so much after it, in nanoseconds: the resolution of exporters
/// that count milliseconds.
pub const SKEW: i64 = 1_000_000;

/// Columns whose lengths differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Uneven(pub usize, pub usize);

impl fmt::Display for Uneven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "columns of {} and of {} rows", self.0, self.1)
    }
}

impl Spans {
    /// How many spans there are, when all columns are of one length.
    pub fn even(&self) -> Result<usize, Uneven> {
        let length = self.trace.len();
        let ids = [&self.span, &self.parent, &self.host, &self.service, &self.parameters].map(Vec::len);
        let numbers = [&self.start, &self.end, &self.kind, &self.flags, &self.operation, &self.rows].map(Vec::len);
        match ids.iter().chain(&numbers).find(|other| **other != length) {
            Some(other) => Err(Uneven(length, *other)),
            None => Ok(length),
        }
    }

    /// The rows of each trace, as first and past the last.
    pub fn traces(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut at = 0;
        self.trace.chunk_by(|a, b| a == b).map(move |rows| {
            let first = at;
            at += rows.len();
            (first, at)
        })
    }
}

/// What was wrong with spans; see Defects in loadstone/model/trace.py.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defects {
    pub orphans: u64,
    pub cycles: u64,
    pub duplicates: u64,
    pub skewed: u64,
    pub outliving: u64,
    pub reversed: u64,
    pub shifted: u64,
}
