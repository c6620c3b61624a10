//! What servers write for bytes that would break a line.

use std::borrow::Cow;

use memchr::memchr;
use serde::Deserialize;

/// How a format writes a quote, a backslash, and bytes that are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Escape {
    #[default]
    None,
    /// `\x22` for any such byte (nginx, `log_format escape=default`).
    Nginx,
    /// `\"`, `\\`, C's letters, `\xhh` (Apache, mod_log_config, "Format Notes").
    Apache,
}

impl Escape {
    /// The value as it was.
    #[inline]
    pub fn undone<'l>(self, value: &'l [u8]) -> Cow<'l, [u8]> {
        match self {
            Escape::None => Cow::Borrowed(value),
            Escape::Nginx | Escape::Apache => match memchr(b'\\', value) {
                Some(first) => Cow::Owned(backslashes(value, first)),
                None => Cow::Borrowed(value),
            },
        }
    }
}

fn backslashes(value: &[u8], first: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    out.extend_from_slice(&value[..first]);
    let mut at = first;
    while let Some(byte) = value.get(at).copied() {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let (made, length) = match value.get(at + 1) {
            Some(b'x') => match hex_pair(value, at + 2) {
                Some(made) => (made, 4),
                None => (b'\\', 1),
            },
            Some(b'n') => (b'\n', 2),
            Some(b't') => (b'\t', 2),
            Some(b'r') => (b'\r', 2),
            Some(b'b') => (8, 2),
            Some(b'v') => (11, 2),
            Some(b'f') => (12, 2),
            Some(b'a') => (7, 2),
            Some(quoted @ (b'"' | b'\\' | b'\'')) => (*quoted, 2),
            _ => (b'\\', 1),
        };
        out.push(made);
        at += length;
    }
    out
}

/// The bytes that `%` and two hex digits stand for, and spaces for `+` where those are written so.
pub fn percents(value: &[u8], plus: bool) -> Cow<'_, [u8]> {
    let Some(first) = value.iter().position(|byte| *byte == b'%' || (plus && *byte == b'+')) else {
        return Cow::Borrowed(value);
    };
    let mut out = Vec::with_capacity(value.len());
    out.extend_from_slice(&value[..first]);
    let mut at = first;
    while let Some(byte) = value.get(at).copied() {
        match (byte, hex_pair(value, at + 1)) {
            (b'%', Some(made)) => {
                out.push(made);
                at += 3;
            }
            _ => {
                out.push(if plus && byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// Two hex digits.
pub fn hex_pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (high, low) = (digit(text.get(at)?)?, digit(text.get(at + 1)?)?);
    u8::try_from(high << 4 | low).ok()
}

/// Where a quoted text closes: at a quote that no backslash escapes, and with which `follows` begins. A quote that should
/// have been escaped, and was not, is passed over.
#[inline]
pub fn closing(line: &[u8], from: usize, follows: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr(b'"', line.get(at..)?)?;
        if !escaped(line, from, quote) && line[quote..].starts_with(follows) {
            return Some(quote);
        }
        at = quote + 1;
    }
}

/// An odd number of backslashes stands before it.
fn escaped(line: &[u8], from: usize, quote: usize) -> bool {
    line[from..quote].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}
