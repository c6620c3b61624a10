//! A path in its normal form (RFC 3986, 6.2.2), cut into segments.

use std::borrow::Cow;

/// Segments of a path that are told apart; what follows is one value.
pub const DEEPEST: usize = 24;

/// Bytes of a path that is looked at; a longer one belongs nowhere.
pub const LONGEST: usize = 4096;

/// Bytes that stand in a path as they are: pchar without `;`, and the slash.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let this = byte as u8;
        table[byte] = this.is_ascii_alphanumeric()
            || matches!(
                this,
                b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            )
            || matches!(this, b'=' | b':' | b'@' | b'/');
        byte += 1;
    }
    table
};

/// A target without its origin, fragment and query, and the query.
pub fn split_target(target: &[u8]) -> (&[u8], &[u8]) {
    let local = match target.first() {
        Some(b'/') | None => target,
        _ => match memchr::memmem::find(target, b"://") {
            Some(at) => match memchr::memchr3(b'/', b'?', b'#', &target[at + 3..]) {
                Some(slash) => &target[at + 3 + slash..],
                None => b"",
            },
            None => target,
        },
    };
    let local = &local[..memchr::memchr(b'#', local).unwrap_or(local.len())];
    match memchr::memchr(b'?', local) {
        Some(at) => (&local[..at], &local[at + 1..]),
        None => (local, b""),
    }
}

/// The normal form: one slash between segments and none at the end, no matrix parameters, `%41` as `A`, `%c3` as `%C3`,
/// and every byte that may not stand in a path encoded. The second says whether the path ended in a slash.
pub fn normal(path: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let slash = path.len() > 1 && path.ends_with(b"/");
    let plain = path.first() == Some(&b'/')
        && path
            .iter()
            .zip(path.iter().skip(1).chain([&0]))
            .all(|(byte, next)| PLAIN[usize::from(*byte)] && !(*byte == b'/' && *next == b'/'));
    if plain {
        return (Cow::Borrowed(if slash { &path[..path.len() - 1] } else { path }), slash);
    }
    let mut out = Vec::with_capacity(path.len() + 16);
    let mut at = 0;
    out.push(b'/');
    while let Some(byte) = path.get(at).copied() {
        at += 1;
        match byte {
            b'/' if out.last() == Some(&b'/') => {}
            b';' => at += memchr::memchr(b'/', &path[at..]).unwrap_or(path.len() - at),
            b'%' => match (digit(path.get(at)), digit(path.get(at + 1))) {
                (Some(high), Some(low)) => {
                    at += 2;
                    let held = high * 16 + low;
                    if held.is_ascii_alphanumeric() || b"-._~".contains(&held) {
                        out.push(held);
                    } else {
                        encoded(held, &mut out);
                    }
                }
                _ => encoded(b'%', &mut out),
            },
            _ if PLAIN[usize::from(byte)] => out.push(byte),
            _ => encoded(byte, &mut out),
        }
    }
    if out.len() > 1 && out.ends_with(b"/") {
        out.pop();
    }
    let slash = slash && out.len() > 1;
    (Cow::Owned(out), slash)
}

fn digit(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|byte| (*byte as char).to_digit(16)).map(|digit| digit as u8)
}

fn encoded(byte: u8, out: &mut Vec<u8>) {
    out.push(b'%');
    out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]));
}

/// The segments of a path in normal form; none of the root. Beyond the deepest, the rest is one.
pub fn segments(normal: &[u8]) -> impl Iterator<Item = &[u8]> {
    normal
        .get(1..)
        .filter(|rest| !rest.is_empty())
        .into_iter()
        .flat_map(|rest| rest.splitn(DEEPEST, |byte| *byte == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_normal_form() {
        for (path, form, slash) in [
            ("/", "/", false),
            ("", "/", false),
            ("/a/b", "/a/b", false),
            ("/a/b/", "/a/b", true),
            ("//", "/", false),
            ("//a///b", "/a/b", false),
            ("/%41%7e/%c3%a9", "/A~/%C3%A9", false),
            ("/a;jsessionid=1F/b;v=2", "/a/b", false),
            ("/a b/\"{x}", "/a%20b/%22%7Bx%7D", false),
            ("/100%/x", "/100%25/x", false),
            ("/%2F/x", "/%2F/x", false),
            ("a/b", "/a/b", false),
        ] {
            let (found, ended) = normal(path.as_bytes());
            assert_eq!((String::from_utf8_lossy(&found).as_ref(), ended), (form, slash), "{path}");
        }
        assert_eq!(normal(b"/\xe9t\xe9").0.as_ref(), b"/%E9t%E9");
    }

    #[test]
    fn a_normal_form_is_its_own() {
        for path in ["/a//b;c/%zz", "/%2f%2F/", "/\u{e9}", "/a/./../b", ";x", "//", "/;/"] {
            let first = normal(path.as_bytes()).0.into_owned();
            assert_eq!(normal(&first).0.as_ref(), first.as_slice(), "{path}");
        }
    }

    #[test]
    fn targets_lose_their_origin() {
        assert_eq!(split_target(b"/a?b=1#c"), (&b"/a"[..], &b"b=1"[..]));
        assert_eq!(split_target(b"https://h.example:443/a?b"), (&b"/a"[..], &b"b"[..]));
        assert_eq!(split_target(b"http://h.example"), (&b""[..], &b""[..]));
        assert_eq!(split_target(b"*"), (&b"*"[..], &b""[..]));
    }

    #[test]
    fn what_lies_deep_is_one() {
        let path = "/x".repeat(40);
        let cut: Vec<&[u8]> = segments(path.as_bytes()).collect();
        assert_eq!(cut.len(), DEEPEST);
        assert_eq!(cut.last().unwrap().len(), 2 * (40 - DEEPEST) + 1);
        assert_eq!(segments(b"/").count(), 0);
    }
}
