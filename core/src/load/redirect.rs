//! Where a redirect leads, as long as it stays on the server that is driven (RFC 9110, 10.2.2 and 15.4).

use super::encode;
use super::plan::{Scheme, Target};

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub scheme: Scheme,
    pub host: String,
    pub port: u16,
}

/// A request that follows a redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub method: String,
    pub target: Vec<u8>,
    /// False when the method turned into GET: the body and its header fields are left out.
    pub body: bool,
}

impl Hop {
    /// The hop that a reply asks for; None when it asks for none, or for one to another server.
    pub fn follow(method: &str, current: &[u8], status: u16, location: Option<&[u8]>, origin: &Origin) -> Option<Hop> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let target = origin.resolve(current, location?)?;
        let turns = status < 304 && !matches!(method, "GET" | "HEAD");
        Some(Hop { method: if turns { "GET" } else { method }.to_owned(), target, body: !turns })
    }
}

impl Origin {
    pub fn of(target: &Target) -> Origin {
        Origin { scheme: target.scheme, host: target.host.clone(), port: target.port }
    }

    /// What stands in `host`: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') && !self.host.starts_with('[') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port == self.scheme.default_port() {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    /// The request target of a URI reference, seen from `current`; None when it leads to another server.
    pub fn resolve(&self, current: &[u8], reference: &[u8]) -> Option<Vec<u8>> {
        let reference = reference.split(|byte| *byte == b'#').next()?;
        let path = self.local(reference)?;
        let path_end = memchr::memchr(b'?', current).unwrap_or(current.len());
        let joined = match path.first() {
            None if path.len() < reference.len() => b"/".to_vec(),
            None => current.to_vec(),
            Some(b'/') => path.to_vec(),
            Some(b'?') if path.len() < reference.len() => [b"/", path].concat(),
            Some(b'?') => [&current[..path_end], path].concat(),
            Some(_) => {
                let directory = memchr::memrchr(b'/', &current[..path_end]).map_or(0, |at| at + 1);
                let base = if directory == 0 { b"/".as_slice() } else { &current[..directory] };
                [base, path].concat()
            }
        };
        Some(encode::target(&without_dots(&joined)))
    }

    /// The request target of a full URL of this server; None for anything else.
    pub fn absolute(&self, url: &[u8]) -> Option<Vec<u8>> {
        memchr::memmem::find(url, b"://").and_then(|_| self.resolve(b"/", url))
    }

    /// The part of a reference behind this origin's own name.
    fn local<'a>(&self, reference: &'a [u8]) -> Option<&'a [u8]> {
        let scheme_end = reference.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
        let rest = match scheme_end {
            Some(at) if at > 0 && reference[at] == b':' => {
                if !reference[..at].eq_ignore_ascii_case(self.scheme.name().as_bytes()) {
                    return None;
                }
                // A reference with a scheme but no authority leads nowhere over HTTP.
                reference[at + 1..].strip_prefix(b"//")?
            }
            _ => match reference.strip_prefix(b"//") {
                Some(rest) => rest,
                None => return Some(reference),
            },
        };
        let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        self.is_authority(&rest[..end]).then_some(&rest[end..])
    }

    fn is_authority(&self, authority: &[u8]) -> bool {
        let colon = memchr::memrchr(b':', authority).filter(|at| !authority[*at..].contains(&b']'));
        let (host, port) = match colon {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, b"".as_slice()),
        };
        let port = match port {
            b"" => Some(self.scheme.default_port()),
            digits => std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()),
        };
        let bare = |host: &[u8]| {
            let host = host.strip_prefix(b"[").unwrap_or(host);
            host.strip_suffix(b"]").unwrap_or(host).to_ascii_lowercase()
        };
        port == Some(self.port) && bare(host) == bare(self.host.as_bytes())
    }
}

/// Takes `.` and `..` out of a target's path (RFC 3986, 5.2.4).
fn without_dots(target: &[u8]) -> Vec<u8> {
    let path_end = memchr::memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at(path_end);
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut segments = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"." | b".." => {
                if segment.len() == 2 {
                    kept.pop();
                }
                if last {
                    kept.push(b"");
                }
            }
            _ => kept.push(segment),
        }
    }
    let mut out = Vec::with_capacity(target.len());
    for segment in &kept {
        out.push(b'/');
        out.extend_from_slice(segment);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(query);
    out
}
