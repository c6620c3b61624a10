//! Where a response's body ends, and whether its connection lives on (RFC 9112, 6.3 and 9.3).

use super::wire::WireError;

/// How a body's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Sized(u64),
    Chunked,
    UntilEnd,
}

/// What the header fields have said so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Framing {
    minor: u8,
    length: Option<u64>,
    /// Any transfer coding at all, and whether the last one is chunked.
    coded: bool,
    chunked: bool,
    close: bool,
    keep: bool,
}

impl Framing {
    pub fn new(minor: u8) -> Self {
        Framing { minor, ..Framing::default() }
    }

    /// Takes in one field; true for `set-cookie` and `location`, which are always kept.
    #[inline]
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<bool, WireError> {
        match name.len() {
            8 => Ok(name.eq_ignore_ascii_case(b"location")),
            10 if name.eq_ignore_ascii_case(b"set-cookie") => Ok(true),
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.connection(value);
                Ok(false)
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value).map(|()| false),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.coded = true;
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                self.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn connection(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// The same length twice is one length (RFC 9112, 6.3); two lengths are none.
    fn content_length(&mut self, value: &[u8]) -> Result<(), WireError> {
        for item in value.split(|byte| *byte == b',') {
            let length = parse_length(item.trim_ascii())?;
            if self.length.replace(length).is_some_and(|known| known != length) {
                return Err(WireError::Protocol("two content-length values differ"));
            }
        }
        Ok(())
    }

    /// A transfer coding outweighs a content length; one that does not end in chunked lasts until the end.
    pub fn length(&self) -> Length {
        match (self.chunked, self.coded, self.length) {
            (true, ..) => Length::Chunked,
            (false, true, _) | (false, false, None) => Length::UntilEnd,
            (false, false, Some(length)) => Length::Sized(length),
        }
    }

    /// A response with both a coding and a length may be an attack or a fault: its connection is not used again.
    pub fn keep_alive(&self) -> bool {
        let wanted = if self.minor == 0 { self.keep && !self.coded } else { true };
        wanted && !self.close && !(self.coded && (self.length.is_some() || !self.chunked))
    }
}

fn parse_length(digits: &[u8]) -> Result<u64, WireError> {
    const MALFORMED: WireError = WireError::Protocol("content-length is not a number");
    if digits.is_empty() {
        return Err(MALFORMED);
    }
    digits.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(MALFORMED);
        }
        sum.checked_mul(10).and_then(|sum| sum.checked_add(u64::from(digit))).ok_or(MALFORMED)
    })
}
