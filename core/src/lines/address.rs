//! Who asked, by address: one spelling for each, so that a client is one client.

use std::net::Ipv6Addr;

use memchr::{memchr, memrchr};

/// Appends an address in its bytes, with what kind it is before; what is none (a host's name, a socket's path) as text.
#[inline]
pub fn append(text: &[u8], out: &mut Vec<u8>) {
    match parsed(text) {
        Some(Address::V4(bytes)) => {
            out.push(4);
            out.extend_from_slice(&bytes);
        }
        Some(Address::V6(bytes)) => {
            out.push(6);
            out.extend_from_slice(&bytes);
        }
        None => {
            out.push(0);
            out.extend(text.iter().map(u8::to_ascii_lowercase));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    V4([u8; 4]),
    V6([u8; 16]),
}

/// With or without a port, brackets, a zone; an IPv4 address that is written as IPv6 is IPv4 (RFC 4291, 2.5.5.2).
#[inline]
pub fn parsed(text: &[u8]) -> Option<Address> {
    if let Some(bytes) = v4(text) {
        return Some(Address::V4(bytes));
    }
    let inner = match text {
        [b'[', rest @ ..] => &rest[..memchr(b']', rest)?],
        _ => text,
    };
    let inner = memchr(b'%', inner).map_or(inner, |zone| &inner[..zone]);
    if inner.len() > 45 || memchr(b':', inner).is_none() {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(inner).ok()?.parse().ok()?;
    Some(match address.to_ipv4_mapped() {
        Some(mapped) => Address::V4(mapped.octets()),
        None => Address::V6(address.octets()),
    })
}

#[inline]
fn v4(text: &[u8]) -> Option<[u8; 4]> {
    let mut bytes = [0u8; 4];
    let (mut part, mut number, mut digits) = (0, 0u32, 0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if digits < 3 => {
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && part < 3 => {
                bytes[part] = u8::try_from(number).ok()?;
                (part, number, digits) = (part + 1, 0, 0);
            }
            b':' if part == 3 && text[at + 1..].iter().all(u8::is_ascii_digit) => break,
            _ => return None,
        }
    }
    if part != 3 || digits == 0 {
        return None;
    }
    bytes[3] = u8::try_from(number).ok()?;
    Some(bytes)
}

/// The first address of an `X-Forwarded-For`, or of a `Forwarded` (RFC 7239): that of the client, if proxies tell the
/// truth. None where it names none.
pub fn forwarded(list: &[u8]) -> Option<&[u8]> {
    list.split(|byte| *byte == b',').map(first_address).find(|address| parsed(address).is_some())
}

fn first_address(entry: &[u8]) -> &[u8] {
    let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let named = parts.clone().find(|part| part.len() > 4 && part[..4].eq_ignore_ascii_case(b"for="));
    let address = named.map_or_else(|| parts.next().unwrap_or_default(), |part| &part[4..]);
    address.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(address)
}

/// A host's name without its port and a `www.` before it.
pub fn host(authority: &[u8]) -> &[u8] {
    let name = match memrchr(b':', authority) {
        Some(at) if authority[at + 1..].iter().all(u8::is_ascii_digit) => &authority[..at],
        _ => authority,
    };
    match name.split_at_checked(4) {
        Some((www, rest)) if www.eq_ignore_ascii_case(b"www.") => rest,
        _ => name,
    }
}
