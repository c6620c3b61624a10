//! What a segment looks like: a number, an id of some kind, or a word that may be a name or a value.

use super::route::Kind;
use super::words;
use crate::lines::personal;

/// The shape of a segment, of its stem where it is a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// A word of the web's own vocabulary (`new`, `me`, `search`), or a version (`v2`): never a value.
    Reserved,
    /// Small letters.
    Word,
    /// Two words, or one in capitals.
    Compound,
    /// A language, perhaps with a country.
    Locale,
    /// Three words and more, or a long one.
    Slug,
    /// Letters with digits.
    Mixed,
    /// Digits.
    Number,
    Date,
    Uuid,
    /// Hex of 12 digits and more, or a random text in another alphabet.
    Hash,
    /// Opens a door.
    Token,
    /// Tells of a person.
    Personal,
}

impl Shape {
    /// Never a name: such a segment is a value wherever it stands.
    pub fn is_certain(self) -> bool {
        matches!(self, Shape::Date | Shape::Uuid | Shape::Hash | Shape::Token | Shape::Personal)
    }

    /// A name or a value; which of them, the neighbours tell.
    pub fn is_wordlike(self) -> bool {
        matches!(self, Shape::Word | Shape::Compound | Shape::Locale | Shape::Slug | Shape::Mixed)
    }

    pub fn kind(self) -> Kind {
        match self {
            Shape::Reserved | Shape::Word | Shape::Locale => Kind::Word,
            Shape::Compound | Shape::Slug => Kind::Slug,
            Shape::Mixed => Kind::Text,
            Shape::Number => Kind::Number,
            Shape::Date => Kind::Date,
            Shape::Uuid => Kind::Uuid,
            Shape::Hash => Kind::Hash,
            Shape::Token => Kind::Token,
            Shape::Personal => Kind::Personal,
        }
    }
}

/// Hex digits from which on they are an id: git shows 7 to 12, MongoDB has 24.
const HEX: usize = 12;
/// Random letters and digits from which on they are one: YouTube's ids have 11.
const RANDOM: usize = 10;

/// A file's name as stem and number of its ending (`words::ENDINGS`), 0 where it has none.
pub fn split_ending(segment: &[u8]) -> (&[u8], u8) {
    match memchr::memrchr(b'.', segment) {
        Some(dot) if dot > 0 => match words::ending(&segment[dot + 1..]) {
            0 => (segment, 0),
            ending => (&segment[..dot], ending),
        },
        _ => (segment, 0),
    }
}

/// The shape of a stem, in normal form.
pub fn shape(stem: &[u8]) -> Shape {
    if stem.is_empty() {
        return Shape::Word;
    }
    let (mut lower, mut upper, mut digits, mut others, mut encoded, mut hex) = (0, 0, 0, 0, 0, true);
    for byte in stem.iter().copied() {
        match byte {
            b'a'..=b'z' => lower += 1,
            b'A'..=b'Z' => upper += 1,
            b'0'..=b'9' => digits += 1,
            b'%' => encoded += 1,
            _ => others += 1,
        }
        hex &= byte.is_ascii_hexdigit();
    }
    if stem == b"@me" {
        return Shape::Reserved;
    }
    if [&b"@"[..], b"%40"].iter().any(|sign| stem.strip_prefix(*sign).is_some_and(|name| !name.is_empty())) {
        return Shape::Personal;
    }
    let length = stem.len();
    if digits == length {
        return match is_day(stem) {
            true => Shape::Date,
            false if personal::is_personal(stem) => Shape::Personal,
            false => Shape::Number,
        };
    }
    if digits + 1 == length && stem[0] == b'-' {
        return Shape::Number;
    }
    if is_uuid(stem) {
        return Shape::Uuid;
    }
    if hex && length >= HEX && (digits > 0 || length >= 2 * HEX) && (lower == 0 || upper == 0) {
        return Shape::Hash;
    }
    if is_date(stem) {
        return Shape::Date;
    }
    if lower == length && length < 32 {
        return match words::is_reserved(stem) {
            true => Shape::Reserved,
            false if words::is_language(stem) => Shape::Locale,
            false => Shape::Word,
        };
    }
    if personal::is_personal(stem) {
        return Shape::Personal;
    }
    if personal::is_token(stem) {
        return Shape::Token;
    }
    if is_random(stem, lower, upper, digits, others) {
        return Shape::Hash;
    }
    if is_version(stem) || words::is_reserved(stem) {
        return Shape::Reserved;
    }
    if words::is_language(stem) {
        return Shape::Locale;
    }
    let separators = stem.iter().filter(|byte| b"-_+., ~:".contains(byte)).count() + encoded;
    match digits {
        _ if separators >= 2 && lower + upper > digits => Shape::Slug,
        0 if length >= 20 => Shape::Slug,
        0 => Shape::Compound,
        _ => Shape::Mixed,
    }
}

/// `v1`, `v2.1`, `v1beta1`.
fn is_version(stem: &[u8]) -> bool {
    let Some(rest) = stem.strip_prefix(b"v") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let tail = &rest[digits..];
    (1..=6).contains(&digits)
        && (tail.is_empty()
            || [&b"alpha"[..], b"beta"].iter().any(|word| {
                tail.strip_prefix(*word).is_some_and(|after| after.len() < 3 && after.iter().all(u8::is_ascii_digit))
            }))
}

fn is_uuid(stem: &[u8]) -> bool {
    stem.len() == 36
        && stem.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn number(text: &[u8]) -> u32 {
    text.iter().fold(0, |number: u32, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0'))))
}

/// `20240517`.
fn is_day(stem: &[u8]) -> bool {
    stem.len() == 8
        && (1900..2100).contains(&number(&stem[..4]))
        && (1..=12).contains(&number(&stem[4..6]))
        && (1..=31).contains(&number(&stem[6..]))
}

/// `2024-05-17`, `2024-05`, `17-05-2024`, and RFC 3339 with a time.
fn is_date(stem: &[u8]) -> bool {
    let day = |text: &[u8]| {
        let parts: Vec<&[u8]> = text.split(|byte| matches!(byte, b'-' | b'_' | b'.')).collect();
        let digits = parts.iter().all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        digits
            && match lengths.as_slice() {
                [4, 2, 2] | [4, 2] => (1900..2100).contains(&number(parts[0])) && (1..=12).contains(&number(parts[1])),
                [2, 2, 4] => (1900..2100).contains(&number(parts[2])),
                _ => false,
            }
    };
    day(stem) || (stem.len() > 11 && matches!(stem[10], b'T' | b't' | b'_' | b'%') && day(&stem[..10]))
}

/// Letters and digits that no language makes: the class of byte changes too often, or vowels are missing.
fn is_random(stem: &[u8], lower: usize, upper: usize, digits: usize, others: usize) -> bool {
    let length = stem.len();
    let dashes = stem.iter().filter(|byte| matches!(byte, b'-' | b'_')).count();
    if length < RANDOM || others > dashes || dashes * 6 > length {
        return false;
    }
    // An id behind an issuer's prefix: cus_9s6XKzkNRiz8i3, usr-2f0c81b4e9d7.
    if let Some(at) = stem.iter().position(|byte| matches!(byte, b'-' | b'_')).filter(|at| (1..=8).contains(at)) {
        let (prefix, rest) = (&stem[..at], &stem[at + 1..]);
        if prefix.iter().all(u8::is_ascii_alphabetic) && rest.len() >= RANDOM && (is_mixed(rest) || is_scrambled(rest))
        {
            return true;
        }
    }
    if lower > 0 && upper > 0 {
        return is_mixed(stem);
    }
    // One case: base32 and base36 have a digit in some three to six, spread over the text.
    length >= 16 && dashes == 0 && digits >= 2 && lower + upper >= digits / 2 && changes(stem) * 6 >= length
}

/// Capitals in runs and again small letters, as random ids have them that happen to be without a digit.
pub fn is_scrambled(stem: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let changes = |pair: &&[u8]| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase();
    stem.len() >= 8
        && stem.iter().all(fits)
        && stem.windows(2).filter(changes).count() >= 3
        && stem.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase))
}

fn is_mixed(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = text.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let lower = text.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let kinds = usize::from(digits > 0) + usize::from(upper > 0) + usize::from(lower > 0);
    // A name in CamelCase changes twice a word, some 0.4 times a byte, and its capitals stand alone.
    match kinds {
        3 => changes(text) * 100 >= 42 * text.len() || (digits >= 2 && changes(text) * 3 >= text.len()),
        2 if digits == 0 => changes(text) * 100 >= 55 * text.len(),
        2 => changes(text) * 10 >= 3 * text.len(),
        _ => false,
    }
}

fn changes(text: &[u8]) -> usize {
    let class = |byte: &u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    text.windows(2).filter(|pair| class(&pair[0]) != class(&pair[1])).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_their_shapes() {
        for (text, expected) in [
            ("42", Shape::Number),
            ("-7", Shape::Number),
            ("20240517", Shape::Date),
            ("20249917", Shape::Number),
            ("2024-05-17", Shape::Date),
            ("2024-05", Shape::Date),
            ("2024-05-17T10:00:00Z", Shape::Date),
            ("550e8400-e29b-41d4-a716-446655440000", Shape::Uuid),
            ("507f1f77bcf86cd799439011", Shape::Hash),
            ("deadbeefcafe", Shape::Word),
            ("3f2a9b1c77de", Shape::Hash),
            ("dQw4w9WgXcQ", Shape::Hash),
            ("cus_9s6XKzkNRiz8i3", Shape::Hash),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", Shape::Hash),
            ("V1StGXR8_Z5jdHi6B-myT", Shape::Hash),
            ("products", Shape::Word),
            ("search", Shape::Reserved),
            ("me", Shape::Reserved),
            ("v2", Shape::Reserved),
            ("v1beta1", Shape::Reserved),
            ("en", Shape::Locale),
            ("pt-br", Shape::Locale),
            ("sign-up", Shape::Reserved),
            ("forgot-password", Shape::Reserved),
            ("blue-shirt", Shape::Compound),
            ("the-blue-shirt", Shape::Slug),
            ("blue-shirt-42", Shape::Slug),
            ("Alice", Shape::Compound),
            ("user17", Shape::Mixed),
            ("sku-1001", Shape::Mixed),
            ("caf%C3%A9", Shape::Slug),
            ("ann@example.org", Shape::Personal),
            ("4111111111111111", Shape::Personal),
            ("192.0.2.1", Shape::Personal),
            ("@ann", Shape::Personal),
            ("@me", Shape::Reserved),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", Shape::Token),
            ("MyHomePageTitle", Shape::Compound),
            ("JavaScriptTutorial2", Shape::Mixed),
            ("getUserById", Shape::Compound),
        ] {
            assert_eq!(shape(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn files_have_endings() {
        assert_eq!(split_ending(b"17.json").0, b"17");
        assert_eq!(split_ending(b"app.3f2a9b1c.js").0, b"app.3f2a9b1c");
        assert_eq!(split_ending(b"example.org"), (&b"example.org"[..], 0));
        assert_eq!(split_ending(b".env"), (&b".env"[..], 0));
        assert_eq!(split_ending(b"1.2"), (&b"1.2"[..], 0));
    }
}
