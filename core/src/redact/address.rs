//! Addresses: queries with their values hashed, URLs without their users' passwords, data sources without secrets.

use memchr::{memchr, memchr2, memchr3, memrchr};

use super::Redactor;

impl Redactor {
    /// A URL's query: names stay, values become `#` and eight hex digits, as the load engine writes its own.
    pub fn query(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        for (number, pair) in text.split('&').enumerate() {
            if number > 0 {
                out.push('&');
            }
            match pair.split_once('=') {
                _ if self.written.contains(pair) => out.push_str(pair),
                Some((name, value)) => {
                    out.push_str(name);
                    out.push('=');
                    if value.is_empty() || self.show.contains(name) {
                        out.push_str(value);
                    } else {
                        self.hashed(value, &mut out);
                    }
                }
                None if pair.is_empty() => {}
                None => self.hashed(pair, &mut out),
            }
        }
        out
    }

    /// A path with its query masked and without a fragment.
    pub fn target(&self, text: &str) -> String {
        let (path, query) = match memchr2(b'?', b'#', text.as_bytes()) {
            Some(at) if text.as_bytes()[at] == b'?' => (&text[..at], &text[at + 1..]),
            Some(at) => return text[..at].to_owned(),
            None => return text.to_owned(),
        };
        let hashed =
            |at: usize| (at == 0 || matches!(query.as_bytes()[at - 1], b'=' | b'&')) && begins_hash(&query[at..]);
        let fragment = query.match_indices('#').find(|(at, _)| !hashed(*at)).map_or(query.len(), |(at, _)| at);
        format!("{path}?{}", self.query(&query[..fragment]))
    }

    /// A URL without userinfo, its query masked.
    pub fn url(&self, text: &str) -> String {
        let Some((scheme, rest)) = text.split_once("://") else { return self.target(text) };
        let (_, rest) = split_user(rest);
        format!("{scheme}://{}", self.target(rest))
    }
}

/// The userinfo of what follows `://`, and the rest. A password that was not encoded may hold any character, so where
/// what would be the port is no number the last `@` counts.
fn split_user(rest: &str) -> (&str, &str) {
    let bytes = rest.as_bytes();
    let end = memchr3(b'/', b'?', b'#', bytes).unwrap_or(bytes.len());
    let cut = match memrchr(b'@', &bytes[..end]) {
        Some(at) => Some(at),
        None => match memchr(b':', &bytes[..end]) {
            Some(colon) if !rest.starts_with('[') && !bytes[colon + 1..end].iter().all(u8::is_ascii_digit) => {
                memrchr(b'@', bytes)
            }
            _ => None,
        },
    };
    match cut {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => ("", rest),
    }
}

/// What of a data source name says where and who, not by which right.
const TELLING: &[&str] = &[
    "application_name",
    "connect_timeout",
    "database",
    "data source",
    "dbname",
    "host",
    "hostaddr",
    "initial catalog",
    "port",
    "server",
    "service",
    "sslmode",
    "target_session_attrs",
    "uid",
    "user",
    "user id",
    "username",
];

/// A data source name for messages: URL, libpq's `key=value`, or `Key=Value;`. Only what says where and who stays.
pub fn dsn(text: &str) -> String {
    if let Some((scheme, rest)) = text.split_once("://") {
        let (user, place) = match memrchr(b'@', rest.as_bytes()) {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => split_user(rest),
        };
        let (place, _) = place.split_once('#').unwrap_or((place, ""));
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let name = user.split(':').next().unwrap_or("");
        let kept: Vec<&str> =
            query.split('&').filter(|pair| pair.split_once('=').is_some_and(|(name, _)| tells(name))).collect();
        let at = if name.is_empty() { "" } else { "@" };
        let mark = if kept.is_empty() { "" } else { "?" };
        return format!("{scheme}://{name}{at}{place}{mark}{}", kept.join("&"));
    }
    if text.contains('=') {
        let (separator, pairs) = if text.contains(';') { (";", pairs(text, b';')) } else { (" ", pairs(text, b' ')) };
        let kept: Vec<&str> =
            pairs.into_iter().filter(|pair| pair.split_once('=').is_some_and(|(name, _)| tells(name))).collect();
        return kept.join(separator);
    }
    match text.rsplit_once('@') {
        Some((user, place)) => format!("{}@{place}", user.split(':').next().unwrap_or("")),
        None => text.to_owned(),
    }
}

fn tells(name: &str) -> bool {
    TELLING.iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// `key=value` pairs; a value in quotes may hold the separator, and a backslash takes the next byte as it is. Spaces
/// may surround the `=` (libpq, 34.1.1.1 Keyword/Value Connection Strings).
fn pairs(text: &str, separator: u8) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        at += memchr2(b'=', b';', &bytes[at..]).unwrap_or(bytes.len() - at);
        at = (at + 1).min(bytes.len());
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        let quote = bytes.get(at).copied().filter(|byte| matches!(byte, b'\'' | b'"'));
        at += usize::from(quote.is_some());
        while let Some(byte) = bytes.get(at).copied() {
            match quote {
                Some(quote) if byte == quote => {
                    at += 1;
                    break;
                }
                None if byte == separator || (separator == b' ' && byte.is_ascii_whitespace()) => break,
                _ => at += if byte == b'\\' { 2 } else { 1 },
            }
        }
        at = at.min(bytes.len());
        found.push(text.get(start..at).unwrap_or("").trim_matches([' ', ';', '\n', '\t', '\r']));
        at += bytes[at..].iter().take_while(|byte| **byte == separator || byte.is_ascii_whitespace()).count();
    }
    found
}

/// True of what `Redactor::value` writes: masking twice changes nothing.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 9 && begins_hash(text)
}

fn begins_hash(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        bytes.get(1..9).is_some_and(|digits| digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    bytes.first() == Some(&b'#') && digits && bytes.get(9).is_none_or(|byte| *byte == b'&')
}
