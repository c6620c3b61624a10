//! Where quoted things and comments end. Every function takes the place of the opening and gives that after the end.

use memchr::{memchr, memchr2, memmem};

use super::dialect::Backslash;

/// Bytes of a named placeholder's name that are looked at.
const LONGEST_NAME: usize = 128;

/// After the closing quote of the string that opens at `at`; a doubled quote is one of its characters. None where it
/// does not close, or where a backslash leaves that open.
pub fn string_end(bytes: &[u8], at: usize, backslash: Backslash) -> Option<usize> {
    let quote = *bytes.get(at)?;
    let mut from = at + 1;
    loop {
        let found = from + memchr2(quote, b'\\', bytes.get(from..)?)?;
        from = if bytes[found] == quote {
            if bytes.get(found + 1) != Some(&quote) {
                return Some(found + 1);
            }
            found + 2
        } else {
            match backslash {
                Backslash::Plain => found + 1,
                Backslash::Escapes => found + 2,
                Backslash::Ambiguous if bytes.get(found + 1) == Some(&quote) => return None,
                Backslash::Ambiguous => found + 1,
            }
        };
    }
}

/// After Oracle's `q'[ … ]'` whose quote is at `at` (SQL Language Reference, "Text Literals"); None where it does not
/// close.
pub fn delimited_end(bytes: &[u8], at: usize) -> Option<usize> {
    let close = match *bytes.get(at + 1)? {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    };
    memmem::find(bytes.get(at + 2..)?, &[close, b'\'']).map(|found| at + 2 + found + 2)
}

/// After the comment `/* … */`; None where it does not close.
pub fn comment_end(bytes: &[u8], at: usize, nests: bool) -> Option<usize> {
    let mut depth = 0usize;
    let mut from = at;
    loop {
        let found = from + memchr2(b'*', b'/', bytes.get(from..)?)?;
        match (bytes[found], bytes.get(found + 1)) {
            (b'/', Some(b'*')) if nests || depth == 0 => {
                depth += 1;
                from = found + 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                from = found + 2;
                if depth == 0 {
                    return Some(from);
                }
            }
            _ => from = found + 1,
        }
    }
}

/// After the line.
pub fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found + 1)
}

/// The dollar quote that opens at `at`: None where this is none, Some(None) where it does not close.
pub fn dollar_end(bytes: &[u8], at: usize) -> Option<Option<usize>> {
    let rest = &bytes[at + 1..];
    let name = rest.iter().position(|byte| !is_word(*byte) || *byte == b'$').unwrap_or(rest.len());
    if rest.get(name) != Some(&b'$') || rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let tag = &bytes[at..at + name + 2];
    let body = at + tag.len();
    Some(memmem::find(&bytes[body..], tag).map(|found| body + found + tag.len()))
}

/// A byte that may stand within a bare name; those of characters beyond ASCII do.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// A byte that may begin a bare name.
pub fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// After the bare name that begins at `at`.
pub fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length)
}

/// After the number that begins at `at`; letters that hang on belong to it.
pub fn number_end(bytes: &[u8], at: usize) -> usize {
    let hex = matches!(bytes.get(at + 1), Some(b'x' | b'X'));
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        let sign = matches!(byte, b'+' | b'-')
            && !hex
            && matches!(bytes[end - 1], b'e' | b'E')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !is_word(*byte) && *byte != b'.' && !sign {
            break;
        }
        end += 1;
    }
    end
}

/// After the placeholder that begins at `at` with `?`, `$1`, `%s`, `%(name)s` or `@name`; None where none does.
pub fn placeholder_end(bytes: &[u8], at: usize) -> Option<usize> {
    let next = bytes.get(at + 1).copied();
    let digits = |from: usize| bytes[from..].iter().position(|byte| !byte.is_ascii_digit()).map(|count| from + count);
    match bytes.get(at)? {
        b'?' => Some(digits(at + 1).unwrap_or(bytes.len())),
        b'$' if next?.is_ascii_digit() => Some(digits(at + 1).unwrap_or(bytes.len())),
        b'%' if matches!(next?, b's' | b'b' | b't') && !bytes.get(at + 2).copied().is_some_and(is_word) => Some(at + 2),
        b'%' if next? == b'(' => {
            let most = (at + 2 + LONGEST_NAME).min(bytes.len());
            let close = at + 2 + memchr(b')', &bytes[at + 2..most])?;
            let name = &bytes[at + 2..close];
            let fits = !name.is_empty() && name.iter().all(|byte| is_word(*byte) || matches!(byte, b'.' | b'-' | b' '));
            (fits && matches!(bytes.get(close + 1), Some(b's' | b'b' | b't'))).then_some(close + 2)
        }
        b'@' if begins_word(next?) => Some(word_end(bytes, at + 1)),
        _ => None,
    }
}
