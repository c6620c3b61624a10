//! Spans: what others send or wrote, decoded into columns. Masked on the way, old and new semantic conventions folded.
//!
//! OTLP in protobuf and in JSON, from the receiver's spool and from files, ends in one builder, so that a span is told in
//! the same terms whatever it came in. Input is read as a stream; a batch of columns is at most `batch::ROWS` long.

pub mod batch;
pub mod builder;
pub mod decoder;
pub mod frames;
mod ids;
mod json;
pub mod kin;
mod memo;
mod names;
mod number;
pub mod otlp;
pub mod otlp_json;
mod resource;
mod settle;
mod span;
pub mod units;
pub mod value;
mod wire;
mod words;

use std::fmt;

/// A text that an attribute holds is kept up to this length, in bytes, as OpenTelemetry's SDKs keep it where
/// OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT is set; four pages hold the longest statements that people write by hand.
pub const TEXT_BYTES: usize = 16 * 1024;

/// Attributes of a span, events of it, links of it: eight times OpenTelemetry's default limits (SDK, "Span Limits").
pub const ATTRIBUTES: usize = 1024;

/// Lists and mappings within each other; protobuf's own readers stop at 100 messages, which are two a level.
pub const DEPTH: usize = 48;

/// What is wrong with an input, and where: a count of bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub at: u64,
    pub message: String,
}

impl Error {
    pub fn new(at: u64, message: impl fmt::Display) -> Error {
        Error { at, message: message.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.message)
    }
}

impl std::error::Error for Error {}

/// What was decoded and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans handed over.
    pub spans: u64,
    /// Spans without a trace id or an id of their own, which no table can hold.
    pub rejected: u64,
    /// Texts that were cut, attributes, events and links beyond the limits.
    pub clipped: u64,
    /// Spans that end before they start, or that no clock of our time gave: kept as they are.
    pub absurd: u64,
    /// Texts that were not UTF-8.
    pub repaired: u64,
    /// Spans whose times were in another unit than the format's.
    pub rescaled: u64,
    /// Bodies of a spool, or units of a file.
    pub bodies: u64,
    /// Bodies that could not be read to their end; what came before the fault is kept.
    pub broken: u64,
    /// What was wrong with the first broken body.
    pub first_error: Option<String>,
}
