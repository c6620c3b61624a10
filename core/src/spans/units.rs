//! A stream of JSON cut into units that fit into memory: spans, traces or ResourceSpans, out of lists within wrappers,
//! lists of lists, or one value a line.

use std::io::Read;

use super::Error;

/// Bytes of a unit at most: what one resource sent, in a file that holds it whole.
pub const UNIT_BYTES: usize = 1024 * 1024 * 1024;

const CHUNK: usize = 256 * 1024;

/// Lists within lists before it is plainly something else.
const NESTED: usize = 16;

#[derive(Clone, Copy, PartialEq)]
enum Open {
    List,
    Wrapper,
}

/// Cuts a stream. An object is a wrapper where it has one of the `wrappers` with a list in it; else it is a unit.
pub struct Units<'w, R> {
    reader: R,
    wrappers: &'w [&'w str],
    buffer: Vec<u8>,
    at: usize,
    /// Where in the input the buffer begins.
    base: u64,
    /// Where the value that is being looked at begins: it is kept in the buffer.
    kept: usize,
    open: Vec<Open>,
    unit: (usize, usize),
    ended: bool,
}

impl<'w, R: Read> Units<'w, R> {
    pub fn new(reader: R, wrappers: &'w [&'w str]) -> Units<'w, R> {
        Units {
            reader,
            wrappers,
            buffer: Vec::new(),
            at: 0,
            base: 0,
            kept: 0,
            open: Vec::new(),
            unit: (0, 0),
            ended: false,
        }
    }

    /// The bytes of the unit found last.
    pub fn unit(&self) -> &[u8] {
        &self.buffer[self.unit.0..self.unit.1]
    }

    /// Where in the input the next unit begins; None at the end.
    pub fn next_unit(&mut self) -> Result<Option<u64>, Error> {
        loop {
            self.kept = self.at;
            let Some(byte) = self.peek_token()? else {
                return match self.open.is_empty() {
                    true => Ok(None),
                    false => Err(self.error("the file ends within a list: it is cut")),
                };
            };
            match (byte, self.open.last().copied()) {
                (b'{', None | Some(Open::List)) => {
                    self.kept = self.at;
                    if self.object()? {
                        self.unit = (self.kept, self.at);
                        return Ok(Some(self.base + self.unit.0 as u64));
                    }
                }
                (b'[', None | Some(Open::List)) if self.open.len() < NESTED => {
                    self.open.push(Open::List);
                    self.at += 1;
                }
                (b']', Some(Open::List)) | (b'}', Some(Open::Wrapper)) => {
                    self.open.pop();
                    self.at += 1;
                }
                (b',', Some(_)) => self.at += 1,
                (b'n', Some(Open::List)) => self.skip_scalar()?,
                (b'"', Some(Open::Wrapper)) => {
                    self.kept = self.at;
                    let wraps = self.member()?;
                    if !wraps {
                        self.skip_value()?;
                    }
                }
                _ => {
                    let found = char::from(byte).escape_default().to_string();
                    return Err(self.error(&format!("found {found:?} where a list or an object is expected")));
                }
            }
        }
    }

    /// Reads an object that begins here. True where it was a unit; else its wrapper's list is open.
    fn object(&mut self) -> Result<bool, Error> {
        self.at += 1;
        loop {
            match self.peek_token()? {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    if self.member_within()? {
                        self.open.push(Open::Wrapper);
                        self.open.push(Open::List);
                        return Ok(false);
                    }
                }
                Some(_) => return Err(self.error("found something else where a name in quotes is expected")),
                None => return Err(self.error("the file ends within an object: it is cut")),
            }
        }
    }

    /// A member of an object that may be a unit: true where it opens a wrapper's list, else its value is skipped.
    fn member_within(&mut self) -> Result<bool, Error> {
        let opens = self.name_and_list()?;
        if opens {
            self.at += 1;
        } else {
            self.skip_value()?;
        }
        Ok(opens)
    }

    /// A member of a wrapper: true where it opens one more list.
    fn member(&mut self) -> Result<bool, Error> {
        let opens = self.name_and_list()?;
        if opens {
            self.open.push(Open::List);
            self.at += 1;
        }
        Ok(opens)
    }

    /// Reads `"name":`; whether the name is a wrapper's and a list follows.
    fn name_and_list(&mut self) -> Result<bool, Error> {
        let from = self.at - self.kept;
        self.skip_string()?;
        let name = &self.buffer[self.kept + from + 1..self.at - 1];
        let wraps = self.wrappers.iter().any(|wrapper| wrapper.as_bytes() == name);
        if self.peek_token()? != Some(b':') {
            return Err(self.error("found no colon after a name"));
        }
        self.at += 1;
        Ok(wraps && self.peek_token()? == Some(b'['))
    }

    fn skip_value(&mut self) -> Result<(), Error> {
        match self.peek_token()? {
            Some(b'"') => self.skip_string(),
            Some(b'{' | b'[') => self.skip_nested(),
            Some(_) => self.skip_scalar(),
            None => Err(self.error("the file ends where a value is expected: it is cut")),
        }
    }

    fn skip_nested(&mut self) -> Result<(), Error> {
        let mut depth = 0usize;
        loop {
            let Some(found) =
                self.buffer[self.at..].iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
            else {
                self.at = self.buffer.len();
                if !self.fill()? {
                    return Err(self.error("the file ends within an object: it is cut"));
                }
                continue;
            };
            self.at += found;
            match self.buffer[self.at] {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            match memchr::memchr2(b'"', b'\\', &self.buffer[self.at..]) {
                Some(found) if self.buffer[self.at + found] == b'"' => {
                    self.at += found + 1;
                    return Ok(());
                }
                Some(found) => {
                    self.at += found + 2;
                    while self.at > self.buffer.len() {
                        if !self.fill()? {
                            self.at = self.buffer.len();
                            return Err(self.error("the file ends within a text: it is cut"));
                        }
                    }
                }
                None => {
                    self.at = self.buffer.len();
                    if !self.fill()? {
                        return Err(self.error("the file ends within a text: it is cut"));
                    }
                }
            }
        }
    }

    fn skip_scalar(&mut self) -> Result<(), Error> {
        let start = self.at - self.kept.min(self.at);
        loop {
            let rest = &self.buffer[self.at..];
            let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
            match rest.iter().position(ends) {
                Some(0) if self.at - self.kept.min(self.at) == start => {
                    return Err(self.error("found nothing where a value is expected"));
                }
                Some(found) => {
                    self.at += found;
                    return Ok(());
                }
                None => {
                    self.at = self.buffer.len();
                    if !self.fill()? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The next byte that is no white space; None at the end.
    fn peek_token(&mut self) -> Result<Option<u8>, Error> {
        loop {
            // A byte order mark and the record separator of RFC 7464 may stand before a value.
            let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0x1E | 0xEF | 0xBB | 0xBF);
            match self.buffer[self.at..].iter().position(|byte| !blank(byte)) {
                Some(found) => {
                    self.at += found;
                    return Ok(Some(self.buffer[self.at]));
                }
                None => {
                    self.at = self.buffer.len();
                    if !self.fill()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads on; false at the end. What lies before the value that is being looked at is let go.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let keep = self.kept.min(self.buffer.len());
        if self.buffer.len() - keep > UNIT_BYTES {
            return Err(self.error(&format!("one object is longer than {UNIT_BYTES} bytes")));
        }
        if keep > 0 {
            self.buffer.drain(..keep);
            self.base += keep as u64;
            self.at -= keep;
            self.kept -= keep;
        }
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        let read = self.reader.read(&mut self.buffer[length..]);
        let read = match read {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => 0,
            Err(error) => {
                self.buffer.truncate(length);
                return Err(self.error(&format!("the file cannot be read on: {error}")));
            }
            Ok(0) => {
                self.ended = true;
                0
            }
            Ok(read) => read,
        };
        self.buffer.truncate(length + read);
        Ok(!self.ended)
    }

    fn error(&self, message: &str) -> Error {
        Error::new(self.base + self.at as u64, message)
    }
}
