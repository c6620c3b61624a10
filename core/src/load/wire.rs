//! An HTTP/1.1 response, fed in any fragments (RFC 9112). No I/O: bytes in, a finished response out.
//!
//! A head is read line by line. A line that lies whole in what was fed is read in place; only one that is cut in two is
//! kept. Header fields are kept when asked for; `set-cookie` and `location` always.

use std::fmt;

use super::framing::{Framing, Length};
use super::grammar::{chunk_size, may_begin, split_field, status_line};

pub use super::grammar::is_token;

/// What of a response is kept for reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    pub headers: bool,
    pub body: bool,
}

/// Bounds on what a server may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Status lines, header fields, chunk extensions and trailers of one response.
    pub head_bytes: usize,
    /// A body that is kept.
    pub body_bytes: usize,
}

/// Progress after `feed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fed {
    /// Everything was taken; the response goes on.
    More,
    /// The response is whole; what lies beyond `consumed` is not part of it.
    Done { consumed: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// The server's bytes are not a response. The error kind is `protocol`.
    Protocol(&'static str),
    /// The connection ended before the response did. The error kind is `reset`.
    Truncated,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Protocol(message) => f.write_str(message),
            WireError::Truncated => f.write_str("the connection ended before the response did"),
        }
    }
}

impl std::error::Error for WireError {}

/// Memory beyond this is given back before the next response.
const KEPT_BYTES: usize = 64 * 1024;
/// A chunk's size line up to this length does not count against the limit of heads: sixteen digits, CR and LF.
const CHUNK_LINE_BYTES: usize = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StatusLine,
    Fields,
    /// Bytes of the body still to come.
    Sized(u64),
    UntilEnd,
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Done,
}

/// Reads one response after the other; its memory stays for the next.
#[derive(Debug)]
pub struct ResponseMachine {
    state: State,
    head_method: bool,
    connect_method: bool,
    keep: Keep,
    limits: Limits,
    status: u16,
    framing: Framing,
    head_bytes: usize,
    bytes_in: u64,
    body_bytes: u64,
    until_end: bool,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    /// Kept fields: names and values one after the other, and where each begins.
    text: Vec<u8>,
    fields: Vec<Field>,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    name: usize,
    value: usize,
    end: usize,
}

impl Default for ResponseMachine {
    fn default() -> Self {
        ResponseMachine::new()
    }
}

impl ResponseMachine {
    pub fn new() -> Self {
        ResponseMachine {
            state: State::Done,
            head_method: false,
            connect_method: false,
            keep: Keep::default(),
            limits: Limits { head_bytes: 0, body_bytes: 0 },
            status: 0,
            framing: Framing::default(),
            head_bytes: 0,
            bytes_in: 0,
            body_bytes: 0,
            until_end: false,
            partial: Vec::new(),
            text: Vec::new(),
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Forgets the last response and waits for the next.
    #[inline]
    pub fn begin(&mut self, method_is_head: bool, method_is_connect: bool, keep: Keep, limits: Limits) {
        self.state = State::StatusLine;
        self.head_method = method_is_head;
        self.connect_method = method_is_connect;
        self.keep = keep;
        self.limits = limits;
        self.status = 0;
        self.framing = Framing::default();
        self.head_bytes = 0;
        self.bytes_in = 0;
        self.body_bytes = 0;
        self.until_end = false;
        self.fields.clear();
        for memory in [&mut self.partial, &mut self.text, &mut self.body] {
            memory.clear();
            if memory.capacity() > KEPT_BYTES {
                memory.shrink_to(KEPT_BYTES);
            }
        }
    }

    /// Takes the next bytes from the connection.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Fed, WireError> {
        let mut at = 0;
        while self.state != State::Done {
            if at == bytes.len() {
                self.bytes_in += at as u64;
                return Ok(Fed::More);
            }
            let rest = &bytes[at..];
            at += match self.state {
                State::Sized(left) => {
                    let taken = self.take_body(rest, left)?;
                    self.state = if taken as u64 == left { State::Done } else { State::Sized(left - taken as u64) };
                    taken
                }
                State::UntilEnd => self.take_body(rest, u64::MAX)?,
                State::ChunkData(left) => {
                    let taken = self.take_body(rest, left)?;
                    let left = left - taken as u64;
                    self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData(left) };
                    taken
                }
                _ => self.take_line(rest)?,
            };
        }
        self.bytes_in += at as u64;
        Ok(Fed::Done { consumed: at })
    }

    /// The connection has ended: a body that lasts until then is whole, anything else is cut off.
    pub fn eof(&mut self) -> Result<(), WireError> {
        match self.state {
            State::Done => Ok(()),
            State::UntilEnd => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(WireError::Truncated),
        }
    }

    #[inline]
    fn take_body(&mut self, rest: &[u8], most: u64) -> Result<usize, WireError> {
        let taken = usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()));
        self.body_bytes += taken as u64;
        if self.keep.body {
            if self.body.len() + taken > self.limits.body_bytes {
                return Err(WireError::Protocol("the body is longer than the plan's limit for a body that is read"));
            }
            self.body.extend_from_slice(&rest[..taken]);
        }
        Ok(taken)
    }

    /// Reads up to one line's end; a line that goes on is put aside.
    #[inline]
    fn take_line(&mut self, rest: &[u8]) -> Result<usize, WireError> {
        if self.state == State::StatusLine {
            may_begin(self.partial.len(), rest)?;
        }
        let end = memchr::memchr(b'\n', rest);
        let taken = end.map_or(rest.len(), |end| end + 1);
        if matches!(self.state, State::ChunkSize | State::ChunkEnd) {
            // Of a chunk's own lines only what goes beyond a size counts as head.
            self.head_bytes += (self.partial.len() + taken).saturating_sub(self.partial.len().max(CHUNK_LINE_BYTES));
        } else {
            self.head_bytes += taken;
        }
        if self.head_bytes > self.limits.head_bytes {
            return Err(WireError::Protocol("the head is longer than the plan's limit"));
        }
        let Some(end) = end else {
            self.partial.extend_from_slice(rest);
            return Ok(taken);
        };
        if self.partial.is_empty() {
            self.line(&rest[..end])?;
        } else {
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&rest[..end]);
            let outcome = self.line(&line);
            line.clear();
            self.partial = line;
            outcome?;
        }
        Ok(taken)
    }

    /// One line without its LF.
    #[inline]
    fn line(&mut self, line: &[u8]) -> Result<(), WireError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.state {
            State::StatusLine => {
                let (minor, status) = status_line(line)?;
                self.framing = Framing::new(minor);
                self.status = status;
                self.state = State::Fields;
            }
            State::Fields if line.is_empty() => self.head_ends()?,
            State::Fields => self.field(line)?,
            State::ChunkSize => {
                self.state = match chunk_size(line)? {
                    0 => State::Trailers,
                    size => State::ChunkData(size),
                };
            }
            State::ChunkEnd if line.is_empty() => self.state = State::ChunkSize,
            State::ChunkEnd => return Err(WireError::Protocol("a chunk is longer than its size")),
            State::Trailers if line.is_empty() => self.state = State::Done,
            State::Trailers => {
                split_field(line)?;
            }
            State::Sized(_) | State::UntilEnd | State::ChunkData(_) | State::Done => {}
        }
        Ok(())
    }

    #[inline]
    fn field(&mut self, line: &[u8]) -> Result<(), WireError> {
        let (name, value) = split_field(line)?;
        let known = self.framing.field(name, value)?;
        if self.keep.headers || known {
            let start = self.text.len();
            self.text.extend_from_slice(name);
            self.text.extend_from_slice(value);
            self.fields.push(Field { name: start, value: start + name.len(), end: self.text.len() });
        }
        Ok(())
    }

    fn head_ends(&mut self) -> Result<(), WireError> {
        if self.status == 101 {
            return Err(WireError::Protocol("the server switched protocols, which was not asked for"));
        }
        if self.status < 200 {
            self.state = State::StatusLine;
            self.text.clear();
            self.fields.clear();
            return Ok(());
        }
        let bodiless = self.head_method
            || matches!(self.status, 204 | 304)
            || (self.connect_method && (200..300).contains(&self.status));
        self.state = match self.framing.length() {
            _ if bodiless => State::Done,
            Length::Sized(0) => State::Done,
            Length::Sized(length) => State::Sized(length),
            Length::Chunked => State::ChunkSize,
            Length::UntilEnd => State::UntilEnd,
        };
        self.until_end = self.state == State::UntilEnd;
        Ok(())
    }

    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The final status; 0 while there is none. Interim (1xx) ones are skipped.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The values of a header field, in order; the name in any case.
    pub fn header<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.headers().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The fields that were kept, in order.
    pub fn headers(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (&self.text[field.name..field.value], &self.text[field.value..field.end]))
    }

    pub fn set_cookies(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.header(b"set-cookie")
    }

    pub fn location(&self) -> Option<&[u8]> {
        self.header(b"location").next()
    }

    /// The body, when it was to be kept, without chunk framing.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body's length without chunk framing, kept or not.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Every byte of the response so far: heads, framing and body.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// True if the connection may carry another request once this response is done.
    pub fn keep_alive(&self) -> bool {
        self.framing.keep_alive() && !self.until_end
    }
}
