//! What was asked for: the method, the path and the query of a request line, a target or a URL.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem, memrchr};

use super::escape::hex_pair;

/// As loadstone/model/hits.py numbers them.
pub const GET: u8 = 0;
pub const CONNECT: u8 = 8;
pub const OTHER: u8 = 9;

/// A request's parts. `path` is empty where none was asked for: `CONNECT`, what is no HTTP, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'r> {
    pub method: u8,
    pub path: &'r [u8],
    pub query: &'r [u8],
    /// Host and port, where the target names them.
    pub authority: &'r [u8],
    /// What came is no request of HTTP: a handshake of TLS, another protocol, garbage.
    pub garbage: bool,
}

const NOTHING: Asked<'static> = Asked { method: OTHER, path: b"", query: b"", authority: b"", garbage: false };

/// By the method's number.
#[inline]
pub fn method(name: &[u8]) -> u8 {
    match name {
        b"GET" => GET,
        b"HEAD" => 1,
        b"POST" => 2,
        b"PUT" => 3,
        b"PATCH" => 4,
        b"DELETE" => 5,
        b"OPTIONS" => 6,
        b"TRACE" => 7,
        b"CONNECT" => CONNECT,
        _ => OTHER,
    }
}

/// From `GET /path?query HTTP/1.1`; the protocol may be missing (HTTP/0.9), the target may hold spaces.
#[inline]
pub fn of_line(line: &[u8]) -> Asked<'_> {
    if line.is_empty() {
        return NOTHING;
    }
    let Some(space) = memchr(b' ', line) else { return Asked { garbage: true, ..NOTHING } };
    let (name, rest) = (&line[..space], &line[space + 1..]);
    let target = match memrchr(b' ', rest) {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => &rest[..last],
        _ => rest,
    };
    of_target(name, target)
}

/// From a method and a target: a path, an absolute address, an authority, `*` (RFC 9112, 3.2).
#[inline]
pub fn of_target<'r>(name: &'r [u8], target: &'r [u8]) -> Asked<'r> {
    let number = method(name);
    if number == OTHER && !is_token(name) {
        return Asked { garbage: true, ..NOTHING };
    }
    let asked = Asked { method: number, ..NOTHING };
    match target.first() {
        Some(b'/') => with_path(asked, target),
        Some(b'*') if target.len() == 1 => asked,
        _ if number == CONNECT => Asked { authority: target, ..asked },
        _ => match absolute(target) {
            Some((authority, rest)) => with_path(Asked { authority, ..asked }, rest),
            None => Asked { garbage: true, ..asked },
        },
    }
}

/// From a path and a query in fields of their own; the query may begin with its `?`.
#[inline]
pub fn of_parts<'r>(name: &'r [u8], path: &'r [u8], query: &'r [u8]) -> Asked<'r> {
    let asked = of_target(name, path);
    let query = query.strip_prefix(b"?").unwrap_or(query);
    if query.is_empty() { asked } else { Asked { query, ..asked } }
}

fn with_path<'r>(asked: Asked<'r>, target: &'r [u8]) -> Asked<'r> {
    let target = memchr(b'#', target).map_or(target, |at| &target[..at]);
    match memchr(b'?', target) {
        Some(at) => Asked { path: &target[..at], query: &target[at + 1..], ..asked },
        None => Asked { path: target, ..asked },
    }
}

/// Host and port, and what follows, `/` for nothing; None for what is no address of HTTP.
pub fn absolute(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let scheme = memmem::find(&url[..url.len().min(16)], b"://")?;
    if !matches!(url[..scheme].to_ascii_lowercase().as_slice(), b"http" | b"https" | b"ws" | b"wss" | b"h2" | b"grpcs")
    {
        return None;
    }
    let rest = &url[scheme + 3..];
    let end = memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    let authority = memrchr(b'@', &rest[..end]).map_or(&rest[..end], |at| &rest[at + 1..end]);
    Some((authority, if end == rest.len() { b"/" } else { &rest[end..] }))
}

/// A method's name (RFC 9110, 5.6.2).
fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= 32
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// The path as everybody writes it: what need not be encoded is not, hex digits are capitals (RFC 3986, 6.2.2). One that
/// is encoded wrongly stays as it is.
#[inline]
pub fn normal(path: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'%', path) else {
        return Cow::Borrowed(if path.is_empty() { b"/" } else { path });
    };
    let mut out = Vec::with_capacity(path.len());
    out.extend_from_slice(&path[..first]);
    let mut at = first;
    while let Some(byte) = path.get(at).copied() {
        if byte != b'%' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some(made) = hex_pair(path, at + 1) else { return Cow::Borrowed(path) };
        match made.is_ascii_alphanumeric() || matches!(made, b'-' | b'.' | b'_' | b'~') {
            true => out.push(made),
            false => out.extend(path[at..at + 3].iter().map(u8::to_ascii_uppercase)),
        }
        at += 3;
    }
    Cow::Owned(out)
}
