//! Lines of text: literals, and fields between them.

use memchr::memchr;

use super::escape::{Escape, closing};
use super::format::{Cut, Part};
use super::record::{Field, Record};

/// Steps through a line, compiled so that each field knows what ends it.
#[derive(Debug, Clone)]
pub struct Text {
    escape: Escape,
    steps: Vec<Step>,
    /// The last part is a literal: what a server was told to write beyond it may follow.
    open: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Literal(Vec<u8>),
    /// Up to the literal, which is passed too; to the end of the line where it is empty.
    Until(Field, Vec<u8>),
    /// Up to a quote that is not escaped and begins the literal.
    Quoted(Field, Vec<u8>),
}

impl Text {
    /// An error says what is wrong with the parts.
    pub fn new(parts: &[Part], escape: Escape) -> Result<Text, String> {
        let mut merged: Vec<Part> = Vec::new();
        for part in parts {
            match (merged.last_mut().and_then(|last| last.literal.as_mut()), &part.literal) {
                (Some(before), Some(literal)) => before.push_str(literal),
                _ => merged.push(part.clone()),
            }
        }
        let mut steps = Vec::new();
        let mut rest = merged.iter().peekable();
        while let Some(part) = rest.next() {
            let literal = |part: &Part| part.literal.clone().unwrap_or_default().into_bytes();
            match (&part.literal, part.field) {
                (Some(_), None) => steps.push(Step::Literal(literal(part))),
                (None, Some(field)) => {
                    let follows = rest.next_if(|next| next.literal.is_some()).map(literal).unwrap_or_default();
                    if follows.is_empty() && rest.peek().is_some() {
                        return Err("two fields stand side by side with nothing between".to_owned());
                    }
                    steps.push(match part.quoted && follows.starts_with(b"\"") {
                        true => Step::Quoted(field, follows),
                        false => Step::Until(field, follows),
                    });
                }
                _ => return Err("a part is either a literal or a field".to_owned()),
            }
        }
        match steps.is_empty() {
            true => Err("it has no parts".to_owned()),
            false => Ok(Text { escape, steps, open: parts.last().is_some_and(|part| part.literal.is_some()) }),
        }
    }

    #[inline]
    pub fn cut<'l>(&self, line: &'l [u8], record: &mut Record<'l>) -> Cut {
        let mut rest = line;
        for step in &self.steps {
            match step {
                Step::Literal(literal) => match rest.strip_prefix(&literal[..]) {
                    Some(after) => rest = after,
                    None => return Cut::Malformed("what stands between two fields is not that of the format"),
                },
                Step::Until(field, literal) => {
                    let Some(at) = find(rest, literal) else {
                        return Cut::Malformed(unended(*field));
                    };
                    put(record, *field, &rest[..at], self.escape);
                    rest = &rest[at + literal.len()..];
                }
                Step::Quoted(field, literal) => {
                    let Some(quote) = closing(rest, 0, literal) else {
                        return Cut::Malformed(unended(*field));
                    };
                    put(record, *field, &rest[..quote], self.escape);
                    rest = &rest[quote + literal.len()..];
                }
            }
        }
        record.further = !rest.trim_ascii_start().is_empty();
        match record.further && !self.open {
            true => Cut::Malformed("the line goes on after the format's last field"),
            false => Cut::Fields,
        }
    }
}

/// What is wrong with a line whose field is not followed by what the format has there.
fn unended(field: Field) -> &'static str {
    match field {
        Field::Client | Field::Forwarded => "its client's address does not end as the format has it",
        Field::Time | Field::Date | Field::Clock => "its time does not end as the format has it",
        Field::Request | Field::Method | Field::Target => "its request does not end as the format has it",
        Field::Status => "its status does not end as the format has it",
        Field::Bytes => "its bytes do not end as the format has it",
        Field::Referer => "its referer does not end as the format has it",
        Field::Agent => "its agent does not end as the format has it",
        _ => "a field does not end as the format has it",
    }
}

#[inline]
fn put<'l>(record: &mut Record<'l>, field: Field, value: &'l [u8], escape: Escape) {
    if field != Field::Skip && field != Field::User {
        record.put(field, escape.undone(value));
    }
}

/// Where a literal stands, the end of the text for an empty one.
#[inline]
fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    let Some((first, more)) = literal.split_first() else { return Some(text.len()) };
    let mut from = 0;
    loop {
        let at = from + memchr(*first, text.get(from..)?)?;
        if text[at + 1..].starts_with(more) {
            return Some(at);
        }
        from = at + 1;
    }
}
