//! The decoder: an input of any format, read as a stream, in batches of columns.

use std::io::Read;

use super::batch::Batch;
use super::builder::Builder;
use super::frames::{Frames, Kind};
use super::units::Units;
use super::{Counts, Error, kin, otlp, otlp_json};
use crate::redact::Redactor;

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The receiver's frames.
    Spool,
    /// One request in protobuf.
    Protobuf,
    /// Requests in protobuf, each after its length as four bytes, big-endian (the collector's file exporter).
    Lengths,
    /// The same with the length as protobuf's own number (`writeDelimitedTo`).
    Delimited,
    OtlpJson,
}

impl Format {
    pub fn of(name: &str) -> Option<Format> {
        Some(match name {
            "spool" => Format::Spool,
            "otlp protobuf" => Format::Protobuf,
            "otlp protobuf lengths" => Format::Lengths,
            "otlp protobuf delimited" => Format::Delimited,
            "otlp json" => Format::OtlpJson,
            _ => return None,
        })
    }
}

pub type Source = Box<dyn Read + Send>;

enum Input {
    Frames(Frames<Source>),
    Units(Units<'static, Source>),
    /// Length-prefixed messages, and where the next begins.
    Messages(Source, u64),
    Ended,
}

/// Bytes of a file that is one request, which is held whole.
const REQUEST_BYTES: u64 = 1024 * 1024 * 1024;

/// Decodes one input.
pub struct Decoder {
    format: Format,
    input: Input,
    /// Those to be read after it, the last first.
    sources: Vec<Source>,
    started: bool,
    builder: Builder,
}

impl Decoder {
    /// `sources` give the same input; the last is decoded. One before it is read through first, to find how the spans of
    /// a file are related.
    pub fn new(format: Format, sources: Vec<Source>, redactor: Redactor) -> Decoder {
        let mut sources = sources.into_iter().rev().collect::<Vec<Source>>();
        let first = sources.pop().map_or(Input::Ended, |source| input(format, source));
        let builder = Builder::new(redactor);
        Decoder { format, input: first, sources, builder, started: false }
    }

    /// Reads through all sources but the last.
    fn survey(&mut self) -> Result<(), Error> {
        self.started = true;
        while let Some(next) = self.sources.pop() {
            self.builder.surveying = true;
            while self.step()? {}
            self.builder.kin.settle();
            self.input = input(self.format, next);
            self.builder.surveying = false;
            self.builder.counts = Counts::default();
        }
        Ok(())
    }

    /// The next batch; None at the end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if !self.started {
            self.survey()?;
        }
        loop {
            if let Some(batch) = self.builder.take(false) {
                return Ok(Some(batch));
            }
            if !self.step()? {
                return Ok(self.builder.take(true));
            }
        }
    }

    pub fn counts(&self) -> &Counts {
        &self.builder.counts
    }

    pub fn kin(&self) -> &kin::Kin {
        &self.builder.kin
    }

    /// Decodes one body or unit; false at the end.
    fn step(&mut self) -> Result<bool, Error> {
        let builder = &mut self.builder;
        match &mut self.input {
            Input::Ended => return Ok(false),
            Input::Frames(frames) => {
                let Some((kind, at)) = frames.next_frame()? else {
                    self.input = Input::Ended;
                    return Ok(false);
                };
                let read = match kind {
                    Kind::Protobuf => otlp::decode(frames.body(), at, builder),
                    Kind::Json => otlp_json::decode_request(frames.body(), at, builder),
                };
                if let Err(error) = read {
                    builder.counts.broken += 1;
                    builder.counts.first_error.get_or_insert_with(|| error.to_string());
                }
            }
            Input::Units(units) => {
                let Some(at) = units.next_unit()? else {
                    self.input = Input::Ended;
                    return Ok(false);
                };
                otlp_json::decode(units.unit(), at, builder)?;
            }
            Input::Messages(source, at) => {
                let Some((body, start)) = message(source, self.format, at)? else {
                    self.input = Input::Ended;
                    return Ok(false);
                };
                otlp::decode(&body, start, builder)?;
            }
        }
        builder.counts.bodies += 1;
        Ok(true)
    }
}

fn input(format: Format, source: Source) -> Input {
    match format {
        Format::Spool => Input::Frames(Frames::new(source)),
        Format::Protobuf | Format::Lengths | Format::Delimited => Input::Messages(source, 0),
        Format::OtlpJson => Input::Units(Units::new(source, otlp_json::WRAPPERS)),
    }
}

/// The next message and where it begins; None at the end.
fn message(source: &mut Source, format: Format, at: &mut u64) -> Result<Option<(Vec<u8>, u64)>, Error> {
    let wrong = |at: u64, error: std::io::Error| Error::new(at, format_args!("the file cannot be read on: {error}"));
    let length = match format {
        Format::Lengths | Format::Delimited => match length(source, format).map_err(|error| wrong(*at, error))? {
            None => return Ok(None),
            Some((length, bytes)) => {
                *at += bytes;
                length
            }
        },
        _ => REQUEST_BYTES,
    };
    let start = *at;
    let mut body = Vec::new();
    let read = source.take(length.min(REQUEST_BYTES)).read_to_end(&mut body).map_err(|error| wrong(start, error))?;
    *at += read as u64;
    let whole = format == Format::Protobuf;
    if (whole && read as u64 == REQUEST_BYTES) || (!whole && length > REQUEST_BYTES) {
        return Err(Error::new(start, format_args!("one request is longer than {REQUEST_BYTES} bytes")));
    }
    if !whole && (read as u64) < length {
        return Err(Error::new(*at, format_args!("the file ends within a request of {length} bytes: it is cut")));
    }
    Ok((!whole || read > 0).then_some((body, start)))
}

/// A message's length and how many bytes told it; None at the end of the input.
fn length(source: &mut Source, format: Format) -> std::io::Result<Option<(u64, u64)>> {
    let mut byte = [0; 1];
    let (mut value, mut count) = (0u64, 0u64);
    loop {
        if source.read(&mut byte)? == 0 {
            return if count == 0 { Ok(None) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) };
        }
        count += 1;
        if format == Format::Lengths {
            value = value << 8 | u64::from(byte[0]);
            if count == 4 {
                return Ok(Some((value, count)));
            }
        } else {
            value |= u64::from(byte[0] & 0x7F) << (7 * (count - 1)).min(63);
            if byte[0] < 0x80 || count == 10 {
                return Ok(Some((value, count)));
            }
        }
    }
}
