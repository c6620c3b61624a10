//! Instants as logs write them, in nanoseconds since 1970. A log has many lines a second: the last one's is remembered.

use super::record::Style;

pub const SECOND_NS: i64 = 1_000_000_000;

/// Clocks of our time: 1990 to 2100, as for spans. What lies outside was not written by one.
const YEARS: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// Digits of a number of seconds, so that ten times more is milliseconds.
const SECONDS_DIGITS: usize = 11;

/// Reads instants, remembering the last second.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    text: [u8; 26],
    length: usize,
    ns: i64,
    date: [u8; 10],
    time: [u8; 8],
    second: i64,
}

impl Clock {
    /// None for what is no instant of our time.
    #[inline]
    pub fn read(&mut self, text: &[u8], style: Style) -> Option<i64> {
        let ns = match style {
            Style::Clf | Style::Haproxy => self.clf(text)?,
            Style::Iso => self.iso(text)?,
            Style::UnixS | Style::Msec | Style::S => scaled(text, SECOND_NS)?,
            Style::UnixMs | Style::Ms => scaled(text, 1_000_000)?,
            Style::UnixUs | Style::Us => scaled(text, 1000)?,
            Style::UnixNs | Style::Ns => scaled(text, 1)?,
            _ => self.any(text)?,
        };
        sound(ns)
    }

    /// A day and a time of it, in UTC unless the time has a zone.
    #[inline]
    pub fn read_apart(&mut self, date: &[u8], clock: &[u8]) -> Option<i64> {
        let (time, rest) = clock.split_at_checked(8)?;
        let second = self.second(date.try_into().ok()?, time.try_into().ok()?)?;
        sound(second.checked_mul(SECOND_NS)?.checked_add(tail(rest)?)?)
    }

    /// By its looks: with slashes, as a number, else ISO 8601.
    fn any(&mut self, text: &[u8]) -> Option<i64> {
        let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match text.get(whole) {
            Some(b'/') => self.clf(text),
            Some(b'-') if whole == 4 => self.iso(text),
            _ => scaled(
                text,
                match whole {
                    ..=SECONDS_DIGITS => SECOND_NS,
                    12..=14 => 1_000_000,
                    15..=17 => 1000,
                    _ => 1,
                },
            ),
        }
    }

    /// `10/Oct/2000:13:55:36 -0700`, also without a zone (UTC), also with a fraction (`:36.123`).
    #[inline]
    fn clf(&mut self, text: &[u8]) -> Option<i64> {
        if text == &self.text[..self.length] && self.length > 0 {
            return Some(self.ns);
        }
        let [d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':', time @ ..] = text else { return None };
        let month = month(&[*m1, *m2, *m3])?;
        let day = digits(&[*d1, *d2])?;
        let days = days(digits(&[*y1, *y2, *y3, *y4])?, month, day)?;
        let (time, rest) = time.split_at_checked(8)?;
        let ns = (days * 86_400 + time_of_day(time)?).checked_mul(SECOND_NS)?.checked_add(tail(rest)?)?;
        self.length = 0;
        if let Some(kept) = self.text.get_mut(..text.len()) {
            kept.copy_from_slice(text);
            (self.length, self.ns) = (text.len(), ns);
        }
        Some(ns)
    }

    #[inline]
    fn iso(&mut self, text: &[u8]) -> Option<i64> {
        let (date, rest) = text.split_at_checked(10)?;
        let [b'T' | b't' | b' ' | b'_', rest @ ..] = rest else { return None };
        let (time, rest) = rest.split_at_checked(8)?;
        let second = self.second(date.try_into().ok()?, time.try_into().ok()?)?;
        second.checked_mul(SECOND_NS)?.checked_add(tail(rest)?)
    }

    fn second(&mut self, date: &[u8; 10], time: &[u8; 8]) -> Option<i64> {
        if *time == self.time && *date == self.date {
            return Some(self.second);
        }
        let [y1, y2, y3, y4, b'-' | b'/', m1, m2, b'-' | b'/', d1, d2] = *date else { return None };
        let days = days(digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
        let second = days * 86_400 + time_of_day(time)?;
        (self.date, self.time, self.second) = (*date, *time, second);
        Some(second)
    }
}

fn sound(ns: i64) -> Option<i64> {
    YEARS.contains(&ns.div_euclid(SECOND_NS)).then_some(ns)
}

/// What follows the seconds: a fraction after a point or a comma, a zone. In nanoseconds to be added.
fn tail(text: &[u8]) -> Option<i64> {
    let (mut ns, mut rest) = (0, text);
    if let [b'.' | b',', more @ ..] = text {
        let length = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        ns = fraction(&more[..length], SECOND_NS);
        rest = &more[length..];
    }
    Some(ns - zone(rest.trim_ascii())? * SECOND_NS)
}

/// Seconds east of Greenwich: `Z`, `+01:00`, `-0700`, `+01`, `UTC`, `GMT`, none.
fn zone(text: &[u8]) -> Option<i64> {
    let (sign, digits_of) = match text {
        b"" | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits_of {
        [h1, h2] => (digits(&[*h1, *h2])?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// `13:55:36`; a second 60 is a leap second and counts as the one before.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second.min(59))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn month(name: &[u8; 3]) -> Option<i64> {
    let names = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let lower = name.map(|byte| byte.to_ascii_lowercase());
    names.chunks_exact(3).position(|known| known == lower).map(|at| at as i64 + 1)
}

/// Days since 1970 of a day of the Gregorian calendar (Hinnant, chrono-Compatible Low-Level Date Algorithms).
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A decimal number of units of so many nanoseconds: exact, further digits cut off. None for what is no number, or too
/// large.
#[inline]
pub fn scaled(text: &[u8], unit_ns: i64) -> Option<i64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ns = match &text[whole..] {
        [] | [b'.'] if whole > 0 => number(&text[..whole])?.checked_mul(unit_ns)?,
        [b'.' | b',', more @ ..] if more.iter().all(u8::is_ascii_digit) && whole + more.len() > 0 => {
            number(&text[..whole])?.checked_mul(unit_ns)?.checked_add(fraction(more, unit_ns))?
        }
        _ => powered(text, unit_ns)?,
    };
    Some(if negative { -ns } else { ns })
}

fn number(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0i64, |number, byte| number.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
}

/// The nanoseconds of the digits after the point.
fn fraction(digits: &[u8], unit_ns: i64) -> i64 {
    let (mut ns, mut unit) = (0, unit_ns);
    for byte in digits.iter().take(9) {
        // A unit is a power of ten, so that every digit until it is one is exact.
        if unit < 10 {
            break;
        }
        unit /= 10;
        ns += i64::from(byte - b'0') * unit;
    }
    ns
}

/// `1.7e9`, as some writers of JSON have it.
fn powered(text: &[u8], unit_ns: i64) -> Option<i64> {
    if !text.first()?.is_ascii_digit() || !text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let ns = value * unit_ns as f64;
    (ns.is_finite() && ns < i64::MAX as f64).then_some(ns as i64)
}
