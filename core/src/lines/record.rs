//! A line cut into fields, before anything is understood.

use std::borrow::Cow;

use serde::Deserialize;

/// What a part of a line can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    Client,
    Forwarded,
    Time,
    Date,
    Clock,
    Request,
    Method,
    Target,
    Path,
    Query,
    Url,
    Status,
    Bytes,
    Duration,
    Referer,
    Agent,
    Host,
    Session,
    /// Who logged in: never kept.
    User,
    /// Of no use; where a line lies within a document, that line.
    Skip,
}

pub const FIELDS: usize = Field::Skip as usize + 1;

/// How a time or a duration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    #[default]
    Plain,
    /// `10/Oct/2000:13:55:36 -0700`
    Clf,
    /// RFC 3339, a space instead of the T, a comma instead of the point, no zone (then UTC).
    Iso,
    UnixS,
    UnixMs,
    UnixUs,
    UnixNs,
    Msec,
    S,
    Ms,
    Us,
    Ns,
    /// Seconds, `-`, or several with commas and colons between, which add up.
    Nginx,
    /// Seconds of three stages, separated by spaces, which add up.
    Alb,
    /// `1m2.5s`, `350µs`
    Go,
    /// `06/Feb/2009:12:14:14.655`, in UTC.
    Haproxy,
    /// A text with `+` for spaces.
    Plus,
    /// A text with `%20` for spaces.
    Percent,
}

/// The fields of one line. What the line does not have is empty.
#[derive(Debug)]
pub struct Record<'l> {
    fields: [Cow<'l, [u8]>; FIELDS],
    /// The line goes on after what the format knows of it.
    pub further: bool,
}

impl<'l> Record<'l> {
    pub fn new() -> Record<'l> {
        Record { fields: std::array::from_fn(|_| Cow::Borrowed(&b""[..])), further: false }
    }

    #[inline]
    pub fn put(&mut self, field: Field, value: impl Into<Cow<'l, [u8]>>) {
        self.fields[field as usize] = value.into();
    }

    /// The value of a field, which is empty afterwards.
    pub fn take(&mut self, field: Field) -> Cow<'l, [u8]> {
        std::mem::replace(&mut self.fields[field as usize], Cow::Borrowed(b""))
    }

    #[inline]
    pub fn raw(&self, field: Field) -> &[u8] {
        &self.fields[field as usize]
    }

    /// The field, empty where the line says that it has none (`-`).
    #[inline]
    pub fn get(&self, field: Field) -> &[u8] {
        match self.raw(field) {
            b"-" => b"",
            value => value,
        }
    }
}

impl Default for Record<'_> {
    fn default() -> Self {
        Record::new()
    }
}
