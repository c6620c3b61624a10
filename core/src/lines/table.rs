//! Lines of columns: load balancers', CloudFront's, W3C's extended log format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memchr;

use super::escape::{Escape, closing, percents};
use super::format::{Cut, Styled};
use super::record::{Field, Record, Style};

/// Columns beyond these are passed over.
const COLUMNS: usize = 256;

#[derive(Debug, Clone)]
pub struct Table {
    separator: u8,
    quoted: bool,
    escape: Escape,
    /// What each column holds; those that nobody needs are None.
    pub columns: Vec<Option<Styled>>,
    /// After the last of them nothing is looked at.
    needed: usize,
    header: Vec<u8>,
    names: BTreeMap<Vec<u8>, Styled>,
}

impl Table {
    /// `separator` is one byte, a tab where it is empty. An error says what is wrong.
    pub fn new<'n>(
        separator: &str,
        quoted: bool,
        columns: Vec<Option<Styled>>,
        header: &str,
        names: impl Iterator<Item = (&'n str, Styled)>,
        escape: Escape,
    ) -> Result<Table, String> {
        let separator = match separator.as_bytes() {
            [] => b'\t',
            [byte] => *byte,
            _ => return Err(format!("the separator {separator:?} is not one byte")),
        };
        if columns.is_empty() && header.is_empty() {
            return Err("it has no columns".to_owned());
        }
        let names = names.map(|(name, styled)| (name.as_bytes().to_ascii_lowercase(), styled)).collect();
        let header = header.as_bytes().to_vec();
        let mut table = Table { separator, quoted, escape, columns: Vec::new(), needed: 0, header, names };
        table.set(columns);
        Ok(table)
    }

    fn set(&mut self, columns: Vec<Option<Styled>>) {
        self.needed = columns.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.columns = columns;
    }

    /// Takes the columns that a header names; false where the line names none.
    pub fn header(&mut self, line: &[u8]) -> bool {
        if self.header.is_empty() || !line.starts_with(&self.header) {
            return false;
        }
        let named = line[self.header.len()..].split(|byte| byte.is_ascii_whitespace()).filter(|name| !name.is_empty());
        let columns = named.take(COLUMNS).map(|name| self.names.get(&name.to_ascii_lowercase()[..]).copied());
        self.set(columns.collect());
        true
    }

    #[inline]
    pub fn cut<'l>(&self, line: &'l [u8], record: &mut Record<'l>) -> Cut {
        if line.first() == Some(&b'#') {
            return Cut::Header;
        }
        if self.needed == 0 {
            return Cut::Malformed("no header said what the columns are");
        }
        let mut at = 0;
        for column in &self.columns[..self.needed] {
            let Some(rest) = line.get(at..) else { return Cut::Malformed("it has fewer columns than the format") };
            let value = if self.quoted && rest.first() == Some(&b'"') {
                let quote = closing(rest, 1, &[b'"', self.separator])
                    .or_else(|| rest.len().checked_sub(1).filter(|end| *end > 0 && rest[*end] == b'"'));
                let Some(quote) = quote else { return Cut::Malformed("a quote is not closed") };
                at += quote + 2;
                &rest[1..quote]
            } else {
                let end = memchr(self.separator, rest).unwrap_or(rest.len());
                at += end + 1;
                &rest[..end]
            };
            match column {
                Some(Styled { field: Field::Duration, style: Style::Alb }) => {
                    let before = record.take(Field::Duration);
                    record.put(
                        Field::Duration,
                        match before.is_empty() {
                            true => Cow::Borrowed(value),
                            false => Cow::Owned([&before, value].join(&b' ')),
                        },
                    );
                }
                Some(styled) => record.put(
                    styled.field,
                    match styled.style {
                        Style::Plus => percents(value, true),
                        Style::Percent => percents(value, false),
                        _ => self.escape.undone(value),
                    },
                ),
                None => {}
            }
        }
        Cut::Fields
    }
}
