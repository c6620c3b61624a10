//! Numbers and instants of JSON, which writers give as numbers or as texts, in the unit that they like.

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A number, exact where it was whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    Whole(i128),
    Real(f64),
}

impl Num {
    pub fn whole(self) -> i64 {
        match self {
            Num::Whole(number) => number.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64,
            Num::Real(number) => number as i64,
        }
    }

    fn times(self, factor: i64) -> i64 {
        match self {
            Num::Whole(number) => Num::Whole(number.saturating_mul(i128::from(factor))).whole(),
            Num::Real(number) => (number * factor as f64) as i64,
        }
    }

    fn real(self) -> f64 {
        match self {
            Num::Whole(number) => number as f64,
            Num::Real(number) => number,
        }
    }
}

/// Nanoseconds in the units that instants are written in.
pub const NANO: i64 = 1;
pub const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

/// The unit of an instant, by its size: one of 1985 to 2128 in one unit is of no such year in any other. The format's
/// own unit where none fits.
pub fn unit_of(instant: Num, own: i64) -> i64 {
    let seconds = 5e8..5e9;
    let fits = |unit: &&i64| seconds.contains(&(instant.real() / (SECOND / **unit) as f64));
    [own, SECOND, MILLI, MICRO, NANO].iter().find(fits).copied().unwrap_or(own)
}

/// An instant or a duration in nanoseconds.
pub fn nanos(value: Num, unit: i64) -> i64 {
    value.times(unit)
}

struct AsNumber;

impl Visitor<'_> for AsNumber {
    type Value = Num;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, or one in quotes")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Num, E> {
        Ok(Num::Whole(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Num, E> {
        Ok(Num::Whole(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Num, E> {
        Ok(Num::Real(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Num, E> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Num::Whole(0));
        }
        let whole = text.parse().map(Num::Whole);
        whole.or_else(|_| text.parse().map(Num::Real)).map_err(|_| E::custom(format_args!("{text:?} is no number")))
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Num, D::Error> {
        deserializer.deserialize_any(AsNumber)
    }
}
