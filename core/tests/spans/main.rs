//! Spans out of bytes: every format, held against what was written, against mutations and against garbage.

mod frames;
mod importing;
mod mutations;
mod otlp;
mod relations;
mod units;
mod writing;

use std::io::Cursor;

use loadstone_core::hash::Key;
use loadstone_core::redact::Redactor;
use loadstone_core::spans::batch::{Batch, TEXTS};
use loadstone_core::spans::decoder::{Decoder, Format, Source};
use loadstone_core::spans::{Counts, Error};

pub fn redactor() -> Redactor {
    Redactor::new(Key { k0: 1, k1: 2 }, [], [])
}

pub fn source(bytes: &[u8]) -> Source {
    Box::new(Cursor::new(bytes.to_vec()))
}

/// Every batch of an input, its counts, and the error that ended it.
pub fn decode(format: Format, bytes: &[u8], times: usize) -> (Vec<Batch>, Counts, Option<Error>) {
    let mut decoder = Decoder::new(format, (0..times).map(|_| source(bytes)).collect(), redactor());
    let mut batches = Vec::new();
    let error = loop {
        match decoder.next_batch() {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (batches, decoder.counts().clone(), error)
}

/// A text cell of the first batch.
pub fn cell<'b>(batch: &'b Batch, column: &str, row: usize) -> Option<&'b str> {
    let place = TEXTS.iter().position(|name| *name == column).unwrap();
    batch.text(batch.texts[place][row])
}
