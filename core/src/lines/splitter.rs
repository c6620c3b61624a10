//! Lines of a stream, in memory that does not grow with their length.

use std::io::{self, ErrorKind, Read};

use memchr::memchr;

use super::{BEGINNING_BYTES, CHUNK_BYTES, LINE_BYTES};

/// A line without its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'b> {
    pub bytes: &'b [u8],
    /// From 1.
    pub number: u64,
    /// An ending was there: false for a last line that was cut, or is still being written.
    pub ended: bool,
    /// It was longer than a line may be: `bytes` is its beginning.
    pub long: bool,
}

/// Cuts a stream at line feeds; a carriage return before one goes with it. Zeros at the beginning of a line go too: a
/// server that writes on after its file was emptied, or a machine that lost power, leaves them, and many.
pub struct Lines<R> {
    stream: R,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not handed over, and up to where it holds no line feed.
    start: usize,
    searched: usize,
    end: usize,
    /// What is kept of a line that is too long, and whether the rest of it is being passed over.
    beginning: Vec<u8>,
    passing: bool,
    ended: bool,
    /// Of the last line that was handed over, from 1.
    pub number: u64,
    /// Bytes of text that were taken.
    pub bytes: u64,
    /// Zeros that were passed over.
    pub zeros: u64,
    /// What ended the stream before its time.
    pub broken: Option<io::Error>,
}

enum Found {
    /// From `start` up to there, and where the next line begins.
    Line(usize, usize),
    End,
}

impl<R: Read> Lines<R> {
    pub fn new(stream: R) -> Lines<R> {
        Lines {
            stream,
            buffer: vec![0; CHUNK_BYTES],
            start: 0,
            searched: 0,
            end: 0,
            beginning: Vec::new(),
            passing: false,
            ended: false,
            number: 0,
            bytes: 0,
            zeros: 0,
            broken: None,
        }
    }

    /// The next line; None at the end, also where the stream broke (`broken`).
    #[inline]
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        let (bounds, ended) = match self.find() {
            Found::Line(end, next) => {
                let start = std::mem::replace(&mut self.start, next);
                self.searched = next;
                (start..end, true)
            }
            Found::End if self.passing || self.start < self.end => {
                let start = std::mem::replace(&mut self.start, self.end);
                (start..self.end, false)
            }
            Found::End => return None,
        };
        self.number += 1;
        let long = std::mem::take(&mut self.passing);
        let bytes = if long { &self.beginning[..] } else { trimmed(&self.buffer[bounds]) };
        Some(Line { bytes, number: self.number, ended, long })
    }

    #[inline]
    fn find(&mut self) -> Found {
        loop {
            if !self.passing && self.start == self.searched && self.start < self.end {
                self.skip_zeros();
            }
            if let Some(at) = memchr(b'\n', &self.buffer[self.searched..self.end]) {
                let end = self.searched + at;
                self.pass_if_long(end);
                return Found::Line(end, end + 1);
            }
            self.searched = self.end;
            self.pass_if_long(self.end);
            if self.passing {
                self.start = self.end;
            }
            if !self.fill() {
                return Found::End;
            }
        }
    }

    /// Keeps the beginning of a line that is too long, and no more.
    #[inline]
    fn pass_if_long(&mut self, end: usize) {
        if end - self.start > LINE_BYTES && !self.passing {
            self.passing = true;
            self.beginning.clear();
            self.beginning.extend_from_slice(&self.buffer[self.start..self.start + BEGINNING_BYTES]);
        }
    }

    fn skip_zeros(&mut self) {
        let part = &self.buffer[self.start..self.end];
        if part.first() == Some(&0) {
            let zeros = part.iter().take_while(|byte| **byte == 0).count();
            self.start += zeros;
            self.searched = self.start;
            self.zeros += zeros as u64;
        }
    }

    /// Reads on, what is not handed over moved to the front; false at the end.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK_BYTES / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(taken) => {
                    self.end += taken.min(self.buffer.len() - self.end);
                    self.bytes += taken as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.broken = Some(error);
                    self.ended = true;
                }
            }
            return !self.ended;
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
