//! What of a log tells of a person or opens a door: addresses, numbers of phones, cards and accounts, tokens.
//!
//! By shape, and by the names of parameters. A net, not a promise: what is kept readable is kept because it was named,
//! or because it is an item's number or name.

use std::borrow::Cow;

use super::routes::route::Kind;
use crate::redact::attribute::{Treatment, treatment};
use crate::redact::secret::find_secret;

/// Bytes of a value that are looked at.
const LOOKED_AT: usize = 1024;
/// From here on a mix of letters of both cases and digits is no name: 24 of 62 are 143 bits.
const TOKEN: usize = 24;
/// Hex digits of a digest; in a query nobody's item is named like that.
const DIGEST: usize = 32;

/// Parts of names whose values are a person's or a secret, beside those of `redact`.
const TELLING: &str = "access account address apikey assertion auth authtoken birth birthday birthdate card cc cert challenge code csrf \
    csrfmiddlewaretoken csrftoken cvc cvv dob fbclid firstname fullname gclid hash invite ip jsessionid jwt key \
    lastname lat latitude license lng login lon longitude mail mobile msisdn nonce oauth otp pass passport passcode \
    passwd phpsessid pin postcode pwd refresh saml samlrequest samlresponse secret sess session sessionid sid sig \
    sign signature sso state street surname tel telephone ticket token user username uname verifier visitor xsrf zip \
    zipcode";

/// Those of them that tell of a person.
const PERSONS: &str = "address birth birthday birthdate card cc dob email firstname fullname name iban ip lastname lat latitude \
    license lng lon longitude mail mobile msisdn passport phone postcode ssn street surname tel telephone uname user \
    username zip zipcode";

/// Segments after which a value opens a door: links that were sent to one person.
const DOORS: &str = "activate activation auth callback confirm confirmation invitation invitations invite invites magic magic-link \
    password password-reset reset reset-password s3 session sessions share shared signed sso token tokens \
    unsubscribe validate verification verify verify-email";

/// True of a parameter's name whose values must not be read.
pub fn is_telling(name: &[u8]) -> bool {
    let words = words(name);
    let whole = words.join("_");
    !matches!(treatment(&whole), Treatment::Keep)
        || words.iter().any(|word| listed(TELLING, word))
        || (words.len() > 1 && listed(TELLING, &words.concat()))
        || (words.iter().any(|word| word == "name")
            && words.iter().any(|word| ["first", "last", "full", "family", "given"].contains(&word.as_str())))
}

/// What such a name's values are: something of a person, or what opens a door.
pub fn telling_kind(name: &[u8]) -> Kind {
    let of_a_person = words(&decoded(name)).iter().any(|word| listed(PERSONS, word));
    if of_a_person { Kind::Personal } else { Kind::Token }
}

/// True of a segment after which a value is somebody's key.
pub fn is_door(segment: &[u8]) -> bool {
    std::str::from_utf8(segment).is_ok_and(|text| {
        let lower = text.to_ascii_lowercase().replace('_', "-");
        listed(DOORS, &lower)
    })
}

fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// The words of `userEmail`, `user-email`, `user[email]`, in lower case.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b'_';
    for byte in name.iter().take(64).copied() {
        if !byte.is_ascii_alphanumeric() || (byte.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (byte.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(byte.to_ascii_lowercase() as char);
        }
        before = byte;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// True where a value (of a path or a query, still encoded) tells of a person: an e-mail address, a phone number, an
/// IBAN, a card's number, a social security number, an IP address.
pub fn is_personal(value: &[u8]) -> bool {
    let value = decoded(value);
    let value = &value[..value.len().min(LOOKED_AT)];
    value.len() >= 3 && (mail(value) || phone(value) || iban(value) || card(value) || ssn(value) || address(value))
}

/// True where a value opens a door: a credential, a JWT, an issuer's key, or what is too mixed to be a name.
pub fn is_token(value: &[u8]) -> bool {
    let value = decoded(value);
    let value = &value[..value.len().min(LOOKED_AT)];
    std::str::from_utf8(value).is_ok_and(find_secret) || is_mixed(value, TOKEN)
}

/// True of a digest's digits (or a long token): too long for an item's name in a query.
pub fn is_digest(value: &[u8]) -> bool {
    value.len() >= DIGEST && value.iter().all(u8::is_ascii_hexdigit) && value.iter().any(u8::is_ascii_digit)
}

/// Letters of both cases and digits, in one run of at least so many, changing often: base64, base58 and their kin.
pub fn is_mixed(value: &[u8], least: usize) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=.~".contains(byte);
    if value.len() < least || !value.iter().all(fits) {
        return false;
    }
    let (mut seen, mut changes, mut numbers) = ([0usize; 4], 0, 0);
    let mut before = 0;
    for byte in value {
        let now = class(*byte);
        seen[now] += 1;
        changes += usize::from(now != before && now != 0 && before != 0);
        numbers += usize::from(now == 3 && before != 3);
        before = now;
    }
    // Of random text 62 % of the bytes change the class, of a name in CamelCase some 40 %; a name has one number.
    numbers > 1 && seen[1] > 0 && seen[2] > 0 && seen[0] * 6 <= value.len() && changes * 5 >= value.len() * 2
}

/// Percent-decoded; a `+` stays.
pub fn decoded(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', value).is_none() {
        return Cow::Borrowed(value);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        match (byte, digit(value.get(at + 1)), digit(value.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn mail(value: &[u8]) -> bool {
    memchr::memchr_iter(b'@', value).any(|at| {
        let local =
            value[..at].last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b'_');
        let domain = &value[at + 1..];
        let end = domain.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b".-".contains(byte)));
        let domain = &domain[..end.unwrap_or(domain.len())];
        local && domain.len() >= 4 && domain[1..domain.len() - 1].contains(&b'.')
    })
}

/// With a `+` or `00` before 8 to 15 digits (E.164), or written in groups as people do.
fn phone(value: &[u8]) -> bool {
    let shaped = value.iter().all(|byte| byte.is_ascii_digit() || b"+ -.()/".contains(byte));
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    if !shaped || !(8..=15).contains(&digits) || value.len() > 24 {
        return false;
    }
    let groups: Vec<usize> =
        value.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).filter(|length| *length > 0).collect();
    let international = matches!(value.first(), Some(b'+' | b' ')) || value.starts_with(b"00");
    let bracketed = value.contains(&b'(') && value.contains(&b')');
    international && groups.iter().all(|length| *length <= 15)
        || bracketed
        || (groups.len() == 3 && groups == [3, 3, 4] && value.len() == 12)
}

fn ssn(value: &[u8]) -> bool {
    value.len() == 11
        && value
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 3 || at == 6 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// ISO 13616: two letters, two check digits, 11 to 30 more; 98 minus the remainder by 97.
fn iban(value: &[u8]) -> bool {
    let bare: Vec<u8> = value.iter().filter(|byte| **byte != b' ' && **byte != b'+').copied().collect();
    let shaped = (15..=34).contains(&bare.len())
        && bare[..2].iter().all(u8::is_ascii_uppercase)
        && bare[2..4].iter().all(u8::is_ascii_digit)
        && bare.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    shaped
        && bare[4..].iter().chain(&bare[..4]).fold(0u32, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        }) == 1
}

/// 13 to 19 digits that an issuer begins so, with Luhn's check digit (ISO/IEC 7812-1).
fn card(value: &[u8]) -> bool {
    let shaped = value.iter().all(|byte| byte.is_ascii_digit() || b" -+".contains(byte));
    let digits: Vec<u32> =
        value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0')).collect();
    if !shaped || !(13..=19).contains(&digits.len()) {
        return false;
    }
    let four = digits[..4].iter().fold(0, |number, digit| number * 10 + digit);
    let issued = matches!(four,
        4000..=4999 | 5100..=5599 | 2221..=2720 | 3400..=3499 | 3700..=3799 | 6011 | 6440..=6599 | 3528..=3589 | 3000..=3059);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let doubled = digit * 2;
            if at % 2 == 0 { *digit } else { doubled / 10 + doubled % 10 }
        })
        .sum();
    issued && sum.is_multiple_of(10)
}

fn address(value: &[u8]) -> bool {
    let inner = value.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(value);
    let likely =
        inner.len() <= 45 && (inner.contains(&b':') || inner.iter().filter(|byte| **byte == b'.').count() == 3);
    likely && std::str::from_utf8(inner).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}

/// A line as it may be shown: what tells of a person or opens a door, and every value of a query, is `#`; control bytes
/// and what is no UTF-8 are escapes.
pub fn masked(text: &[u8]) -> Vec<u8> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>,;|{}()&=?/\\".contains(byte);
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut in_query, mut name): (usize, bool, &[u8]) = (0, false, b"");
    while at < text.len() {
        let quoted = [&b":\""[..], b": \""].iter().any(|before| text[..at].ends_with(before));
        let telling = (quoted || text[..at].ends_with(b"=")) && is_telling(name);
        let end = match telling && quoted {
            true => memchr::memchr(b'"', &text[at..]),
            false => text[at..].iter().position(ends),
        };
        let length = end.unwrap_or(text.len() - at);
        let word = &text[at..at + length];
        let after = text.get(at + length).copied();
        let hidden = telling || (in_query && text[..at].ends_with(b"=")) || hides(word);
        match hidden && !word.is_empty() {
            true => out.push(b'#'),
            false => escaped(word, &mut out),
        }
        if let Some(byte) = after {
            escaped(&[byte], &mut out);
            in_query = match byte {
                b'?' => true,
                _ if byte.is_ascii_whitespace() || byte == b'"' => false,
                _ => in_query,
            };
        }
        if !word.is_empty() && word != b":" {
            name = word;
        }
        at += length + 1;
    }
    out
}

fn hides(word: &[u8]) -> bool {
    let bare = word.strip_suffix(b":").or(word.strip_suffix(b".")).unwrap_or(word);
    let without_port = match memchr::memrchr(b':', bare) {
        Some(colon) if bare[colon + 1..].iter().all(u8::is_ascii_digit) => &bare[..colon],
        _ => bare,
    };
    is_personal(bare) || is_personal(without_port) || is_token(bare) || is_digest(bare)
}

fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\t' => out.extend(b"\\t"),
                _ if character.is_control() => out.extend(character.escape_default().to_string().bytes()),
                _ => out.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        out.extend(chunk.invalid().iter().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_a_person_is_found() {
        for value in [
            "ann@example.org",
            "ann%40example.org",
            "a.b+c@mail.example.co.uk",
            "+4930123456",
            "+1 (555) 123-4567",
            "555-123-4567",
            "DE89370400440532013000",
            "GB82 WEST 1234 5698 7654 32",
            "4111111111111111",
            "4111-1111-1111-1111",
            "378282246310005",
            "078-05-1120",
            "192.0.2.17",
            "2001:db8::1",
            "[2001:db8::1]",
        ] {
            assert!(is_personal(value.as_bytes()), "{value}");
        }
        for value in [
            "42",
            "1234567890",
            "blue-shirt",
            "2024-05-17",
            "4111111111111112",
            "DE89370400440532013001",
            "1.2.3",
            "@ann",
            "550e8400-e29b-41d4-a716-446655440000",
            "shoes",
            "10.5",
            "20240517",
            "a@b",
            "12345678901234",
        ] {
            assert!(!is_personal(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_opens_a_door_is_found() {
        for value in [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "dGhpcyBpcyBhIHNlY3JldCB0b2tlbiB4MTIz",
        ] {
            assert!(is_token(value.as_bytes()), "{value}");
        }
        for value in
            ["TheQuickBrownFoxJumpsOverTheLazyDog2024", "a-very-long-title-of-an-article-about-2-things", "dQw4w9WgXcQ"]
        {
            assert!(!is_token(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn names_tell() {
        for name in [
            "password",
            "api_key",
            "apiKey",
            "userEmail",
            "access_token",
            "sid",
            "code",
            "user[email]",
            "firstName",
            "X-Amz-Signature",
        ] {
            assert!(is_telling(name.as_bytes()), "{name}");
        }
        for name in ["page", "q", "sort", "category", "product_id", "limit", "monkey", "keyword", "name"] {
            assert!(!is_telling(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_line_is_shown_without_what_it_tells() {
        let line = b"203.0.113.9 - ann@example.org [x] \"GET /a?q=secret&page=2 HTTP/1.1\" 20\x01 \xff token=abc {\"password\":\"x y\"}";
        let shown = String::from_utf8(masked(line)).unwrap();
        assert_eq!(shown, "# - # [x] \"GET /a?q=#&page=# HTTP/1.1\" 20\\u{1} \\xff token=# {\"password\":\"#\"}");
    }
}
