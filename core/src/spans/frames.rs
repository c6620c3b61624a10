//! The receiver's spool: bodies as they came, one frame after the other.
//!
//! A frame is `[u32 length][u8 kind: 0 protobuf, 1 JSON][u8 encoding: 0 identity][u64 received_ns][length bytes]`, little
//! endian; the receiver has decompressed the body already. What follows the last whole frame was being written when
//! the receiver ended.

use std::io::{ErrorKind, Read};

use super::Error;

/// A body's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Protobuf,
    Json,
}

impl Kind {
    pub fn of(number: u8) -> Option<Kind> {
        match number {
            0 => Some(Kind::Protobuf),
            1 => Some(Kind::Json),
            _ => None,
        }
    }
}

/// Bytes of a body at most; the receiver takes a quarter of it.
pub const BODY_BYTES: usize = 256 * 1024 * 1024;

const HEADER: usize = 14;

/// Reads frames, one body in memory at a time.
pub struct Frames<R> {
    reader: R,
    body: Vec<u8>,
    at: u64,
}

impl<R: Read> Frames<R> {
    pub fn new(reader: R) -> Frames<R> {
        Frames { reader, body: Vec::new(), at: 0 }
    }

    /// The next frame's kind and where its body begins; None at the end, also within a frame.
    pub fn next_frame(&mut self) -> Result<Option<(Kind, u64)>, Error> {
        let mut header = [0; HEADER];
        if !self.fill(Some(&mut header), HEADER)? {
            return Ok(None);
        }
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = Kind::of(header[4]).filter(|_| header[5] == 0);
        let Some(kind) = kind else {
            return Err(Error::new(self.at, format_args!("no frame of a spool has kind {}, {}", header[4], header[5])));
        };
        if length > BODY_BYTES {
            return Err(Error::new(
                self.at,
                format_args!("a body of {length} bytes is longer than any that is spooled"),
            ));
        }
        self.at += HEADER as u64;
        let start = self.at;
        if !self.fill(None, length)? {
            return Ok(None);
        }
        self.at += length as u64;
        Ok(Some((kind, start)))
    }

    /// The body found last.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Fills the header or the body; false where the file ends before.
    fn fill(&mut self, header: Option<&mut [u8]>, length: usize) -> Result<bool, Error> {
        let to = match header {
            Some(header) => header,
            None => {
                self.body.resize(length, 0);
                &mut self.body[..]
            }
        };
        match self.reader.read_exact(to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Error::new(self.at, format_args!("the spool cannot be read on: {error}"))),
        }
    }
}
