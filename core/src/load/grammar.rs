//! The lines of a response: status line, header field, chunk size (RFC 9112, 4, 5 and 7.1).

use super::wire::WireError;

const VERSION: &[u8] = b"HTTP/1.";
const NOT_HTTP: WireError = WireError::Protocol("the answer is not HTTP/1");

/// Refuses bytes, `at` places into a status line, that no status line has there: such a line may never end.
#[inline]
pub(super) fn may_begin(at: usize, bytes: &[u8]) -> Result<(), WireError> {
    let due = VERSION.get(at..).unwrap_or_default();
    let length = due.len().min(bytes.len());
    if bytes[..length] == due[..length] { Ok(()) } else { Err(NOT_HTTP) }
}

/// The minor version and the status of `HTTP/1.1 200 OK`; the reason may be missing.
#[inline]
pub(super) fn status_line(line: &[u8]) -> Result<(u8, u16), WireError> {
    let (version, rest) = line.split_at_checked(8).ok_or(NOT_HTTP)?;
    let minor = match version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" => 0,
        _ => return Err(NOT_HTTP),
    };
    let [b' ', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', reason @ ..] = rest else {
        return Err(WireError::Protocol("the status line has no status"));
    };
    if !(reason.is_empty() || reason[0] == b' ' && is_text(line, 8)) {
        return Err(WireError::Protocol("the status line is malformed"));
    }
    let digit = |byte: u8| u16::from(byte - b'0');
    Ok((minor, digit(*a) * 100 + digit(*b) * 10 + digit(*c)))
}

/// True for a token of RFC 9110, 5.6.2.
pub fn is_token(name: &[u8]) -> bool {
    let marks = b"!#$%&'*+-.^_`|~";
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(byte))
}

/// The name and the trimmed value of a field line. A name is any run of printable ASCII before the colon: what else a
/// name may not hold bears on nothing that is read here.
#[inline]
pub(super) fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), WireError> {
    let Some(colon) = find_colon(line).filter(|colon| *colon > 0) else {
        return Err(match line.first() {
            Some(b' ' | b'\t') => WireError::Protocol("a header field is folded over two lines"),
            _ => WireError::Protocol("a header field is malformed"),
        });
    };
    if !is_text(line, colon + 1) {
        return Err(WireError::Protocol("a header field holds control characters"));
    }
    Ok((&line[..colon], trim(&line[colon + 1..])))
}

/// Without the spaces and tabs at its ends.
#[inline]
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

// Eight bytes at a time (Warren, Hacker's Delight, 6-1). `below` and `equal` set the top bit of each byte that answers;
// of the bytes above the first that does, some may be set wrongly, so only the lowest set bit is ever read.
const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

#[inline]
const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Bytes less than a bound of at most 0x80.
#[inline]
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(repeat(bound)) & !word & HIGH
}

#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let word = word ^ repeat(byte);
    word.wrapping_sub(LOW) & !word & HIGH
}

#[inline]
fn word_of(chunk: &[u8]) -> u64 {
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(chunk);
    u64::from_le_bytes(bytes)
}

/// Where the first colon stands, with nothing but printable ASCII before it.
#[inline]
fn find_colon(line: &[u8]) -> Option<usize> {
    let mut chunks = line.chunks_exact(8);
    for (index, chunk) in chunks.by_ref().enumerate() {
        let word = word_of(chunk);
        let bad = below(word, 0x21) | equal(word, 0x7F) | word & HIGH;
        let stop = equal(word, b':') | bad;
        if stop != 0 {
            let at = index * 8 + stop.trailing_zeros() as usize / 8;
            return (line[at] == b':').then_some(at);
        }
    }
    let start = line.len() - chunks.remainder().len();
    let at = start + chunks.remainder().iter().position(|byte| !byte.is_ascii_graphic() || *byte == b':')?;
    (line[at] == b':').then_some(at)
}

/// No control characters but the tab from `from` on; what lies before is known to hold none.
#[inline]
fn is_text(line: &[u8], from: usize) -> bool {
    let control = |word: u64| below(word, 0x20) | equal(word, 0x7F);
    let chunks = line[from..].chunks_exact(8);
    // A remainder shorter than a word is read with the bytes before it.
    let last = line.last_chunk::<8>().map_or(HIGH, |last| control(u64::from_le_bytes(*last)));
    let found = chunks.fold(last, |found, chunk| found | control(word_of(chunk)));
    found == 0 || !line[from..].iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7F)
}

/// The size of a chunk, whose extensions are skipped.
pub(super) fn chunk_size(line: &[u8]) -> Result<u64, WireError> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let after = trim(&line[digits..]);
    if digits == 0 || !(after.is_empty() || after[0] == b';') {
        return Err(WireError::Protocol("a chunk's size is malformed"));
    }
    let significant = line[..digits].iter().position(|byte| *byte != b'0').unwrap_or(digits);
    if digits - significant > 15 {
        return Err(WireError::Protocol("a chunk's size is too large"));
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map_or(0, u64::from);
    Ok(line[significant..digits].iter().fold(0, |size, byte| size << 4 | digit(*byte)))
}
