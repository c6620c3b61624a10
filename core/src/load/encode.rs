//! Ways to write a value into a request: percent-encoding, form, JSON string, decimal, base64.

use super::plan::Encode;

/// Unreserved characters of RFC 3986, 2.3.
const fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = unreserved(byte as u8);
        byte += 1;
    }
    table
};

/// Appends a value in the given encoding.
#[inline]
pub fn encode(how: Encode, value: &[u8], out: &mut Vec<u8>) {
    match how {
        Encode::None => out.extend_from_slice(value),
        Encode::Url => percent(value, false, out),
        Encode::Form => percent(value, true, out),
        Encode::Json => json(value, out),
    }
}

fn percent(value: &[u8], plus: bool, out: &mut Vec<u8>) {
    for byte in value {
        if UNRESERVED[usize::from(*byte)] {
            out.push(*byte);
        } else if plus && *byte == b' ' {
            out.push(b'+');
        } else {
            percent_byte(*byte, out);
        }
    }
}

fn percent_byte(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

/// The inside of a JSON string (RFC 8259, 7). Bytes that are not UTF-8 become U+FFFD.
fn json(value: &[u8], out: &mut Vec<u8>) {
    for chunk in value.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'"' => out.extend_from_slice(b"\\\""),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0..=0x1F => {
                    out.extend_from_slice(b"\\u");
                    crate::hash::hex(u128::from(byte), 4, out);
                }
                _ => out.push(byte),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
}

/// True for a byte that may stand in a request line's target as it is.
pub fn in_target(byte: u8) -> bool {
    (0x21..=0x7E).contains(&byte)
}

/// A request target with every byte that may not stand there percent-encoded.
pub fn target(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        if in_target(*byte) {
            out.push(*byte);
        } else {
            percent_byte(*byte, &mut out);
        }
    }
    out
}

/// True if a value would end the line that it stands in, or cut it short.
#[inline]
pub fn breaks_line(value: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, value).is_some()
}

/// Appends a number in decimal.
#[inline]
pub fn decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Base64 with padding (RFC 4648, 4).
pub fn base64(value: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(value.len().div_ceil(3) * 4);
    for chunk in value.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= chunk.len() { digit } else { b'=' });
        }
    }
    out
}
