//! An attribute's value, whatever the format it came in, and how it is written once masked.

use std::borrow::Cow;

use super::TEXT_BYTES;
use crate::redact::Redactor;
use crate::redact::attribute::{Treatment, treatment};

/// A value of one of OpenTelemetry's types (common.proto, AnyValue).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Value<'a>>),
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    /// A whole number, also one that was written as a text.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Cuts a text to what is kept of it, at a character's edge.
pub fn clip<'a>(text: &'a str, clipped: &mut u64) -> &'a str {
    if text.len() <= TEXT_BYTES {
        return text;
    }
    *clipped += 1;
    let end = (0..=TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Writes values as JSON, masked by the names they stand under.
pub struct Masking<'r> {
    pub redactor: &'r Redactor,
    pub system: &'r str,
    pub clipped: u64,
}

impl Masking<'_> {
    /// `"name":value`.
    pub fn member(&mut self, name: &str, value: &Value, out: &mut Vec<u8>) {
        string(name, out);
        out.push(b':');
        self.value(treatment(name), name, value, out);
    }

    /// `{"name":value,…}`.
    pub fn object<'v>(&mut self, members: impl Iterator<Item = (&'v str, &'v Value<'v>)>, out: &mut Vec<u8>) {
        out.push(b'{');
        for (number, (name, value)) in members.enumerate() {
            if number > 0 {
                out.push(b',');
            }
            self.member(name, value, out);
        }
        out.push(b'}');
    }

    pub fn value(&mut self, how: Treatment, name: &str, value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Text(text) => {
                let masked = self.redactor.treated(how, name, clip(text, &mut self.clipped), self.system);
                string(&masked, out);
            }
            Value::Bool(truth) => self.plain(how, name, if *truth { "true" } else { "false" }, out),
            Value::Int(number) => self.plain(how, name, &number.to_string(), out),
            Value::Float(number) => self.float(how, name, *number, out),
            Value::Bytes(bytes) => {
                let mut digits = Vec::with_capacity(2 * bytes.len());
                bytes.iter().for_each(|byte| crate::hash::hex(u128::from(*byte), 2, &mut digits));
                string(&self.redactor.value(&String::from_utf8(digits).unwrap_or_default()), out);
            }
            Value::List(values) => {
                out.push(b'[');
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    self.value(how, name, value, out);
                }
                out.push(b']');
            }
            Value::Map(members) => {
                out.push(b'{');
                for (number, (key, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    let full = format!("{name}.{key}");
                    string(key, out);
                    out.push(b':');
                    self.value(treatment(&full), &full, value, out);
                }
                out.push(b'}');
            }
        }
    }

    fn plain(&self, how: Treatment, name: &str, number: &str, out: &mut Vec<u8>) {
        match self.redactor.number(how, name, number) {
            Some(hash) => string(&hash, out),
            None => out.extend_from_slice(number.as_bytes()),
        }
    }

    fn float(&self, how: Treatment, name: &str, number: f64, out: &mut Vec<u8>) {
        match serde_json::Number::from_f64(number) {
            Some(written) => self.plain(how, name, &written.to_string(), out),
            None => string(
                if number.is_nan() {
                    "NaN"
                } else if number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                },
                out,
            ),
        }
    }
}

/// A JSON string.
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1F => b"\\u",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[from..at]);
        out.extend_from_slice(escape);
        if escape == b"\\u" {
            crate::hash::hex(u128::from(byte), 4, out);
        }
        from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
    out.push(b'"');
}
