//! Ids as texts: hex as OTLP's JSON has them, or the base64 of protobuf's own JSON mapping.

/// The bytes of an id, filled up with zeros before it; None for what is no id, and for an id of zeros.
pub fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.trim();
    let found = match hexadecimal(text.strip_prefix("0x").unwrap_or(text)) {
        Some(found) => found,
        None => base64(text)?.try_into().ok()?,
    };
    (found != [0; N]).then_some(found)
}

fn hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() || text.len() > 2 * N {
        return None;
    }
    let mut found = [0; N];
    for (place, byte) in text.bytes().rev().enumerate() {
        let digit = char::from(byte).to_digit(16)? as u8;
        found[N - 1 - place / 2] |= digit << (place % 2 * 4);
    }
    Some(found)
}

/// Hex of an id.
pub fn write(id: &[u8], out: &mut Vec<u8>) {
    id.iter().for_each(|byte| crate::hash::hex(u128::from(*byte), 2, out));
}

/// Base64 in either alphabet, with or without padding (RFC 4648, 4 and 5).
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}
