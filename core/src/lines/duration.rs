//! How long a request took, in nanoseconds.

use super::instant::{SECOND_NS, scaled};
use super::record::Style;

/// Longer is no request's duration but a number of something else: a year.
const LONGEST_NS: i64 = 366 * 86_400 * SECOND_NS;

/// None where there is none: `-`, nothing, less than zero (a load balancer that got no answer), no number.
#[inline]
pub fn duration(text: &[u8], style: Style) -> Option<i64> {
    let text = text.trim_ascii();
    if text.is_empty() || text == b"-" {
        return None;
    }
    let ns = match style {
        Style::Ms | Style::UnixMs => scaled(text, 1_000_000),
        Style::Us | Style::UnixUs => scaled(text, 1000),
        Style::Ns | Style::UnixNs => scaled(text, 1),
        Style::Nginx | Style::Alb => sum(text),
        Style::Go => spelled(text),
        _ => scaled(text, SECOND_NS),
    };
    ns.filter(|ns| (0..LONGEST_NS).contains(ns))
}

/// Seconds of several servers or stages. A stage that took less than nothing did not take place (a load balancer that
/// got no answer), and then the whole is not known.
fn sum(text: &[u8]) -> Option<i64> {
    let separates = |byte: &u8| matches!(byte, b',' | b':' | b' ');
    let mut found = None;
    for part in text.split(separates).filter(|part| !part.is_empty() && *part != b"-") {
        let ns = scaled(part, SECOND_NS).filter(|ns| *ns >= 0)?;
        found = Some(found.unwrap_or(0i64).checked_add(ns)?);
    }
    found
}

/// Numbers with their units, as Go's `time.Duration` prints itself.
fn spelled(text: &[u8]) -> Option<i64> {
    let (mut rest, mut ns) = (text, 0i64);
    while !rest.is_empty() {
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        let (number, after) = rest.split_at(length);
        let letters = after.iter().take_while(|byte| !byte.is_ascii_digit() && **byte != b'.').count();
        let (unit, after) = after.split_at(letters);
        let unit_ns = match unit {
            b"ns" => 1,
            b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1000,
            b"ms" => 1_000_000,
            b"s" => SECOND_NS,
            b"m" => 60 * SECOND_NS,
            b"h" => 3600 * SECOND_NS,
            b"" if rest == text && number == b"0" => 1,
            _ => return None,
        };
        ns = ns.checked_add(scaled(number, unit_ns)?)?;
        rest = after;
    }
    Some(ns)
}
