//! What may be kept of texts that came from users: literals and values become keyed hashes, names stay.
//!
//! One redactor masks everything that Loadstone writes down, so that equal values hash equally wherever they occur.

pub mod address;
pub mod attribute;
pub mod command;
pub mod dialect;
pub mod message;
mod quoted;
pub mod secret;
pub mod statement;

use std::collections::HashSet;

use crate::hash::{Key, hex};
use dialect::Dialect;

/// A run's key, the names of parameters whose values may be read, and `name=value` pairs that the spec itself holds.
#[derive(Debug, Clone)]
pub struct Redactor {
    key: Key,
    show: HashSet<String>,
    written: HashSet<String>,
}

impl Redactor {
    pub fn new(
        key: Key,
        show: impl IntoIterator<Item = String>,
        written: impl IntoIterator<Item = String>,
    ) -> Redactor {
        Redactor { key, show: show.into_iter().collect(), written: written.into_iter().collect() }
    }

    /// A statement without its literals, and the hash of those in order as 16 hex digits ("" where there are none).
    /// `system` is OpenTelemetry's `db.system.name`, "" where it is not known.
    pub fn statement(&self, text: &str, system: &str) -> (String, String) {
        let (masked, hash) = self.masked(text, system);
        let mut digits = Vec::with_capacity(16);
        if hash != 0 {
            hex(u128::from(hash), 16, &mut digits);
        }
        (masked, String::from_utf8(digits).unwrap_or_default())
    }

    /// The same with the hash as a number, 0 where there are no literals.
    pub fn masked(&self, text: &str, system: &str) -> (String, u64) {
        let mut literals = statement::Literals::default();
        let masked = match Dialect::of(system, text) {
            Dialect::Command => command::mask(text, &mut literals),
            dialect => statement::mask(text, dialect, &mut literals),
        };
        (masked, if literals.bytes.is_empty() { 0 } else { self.hash(&literals.bytes) })
    }

    /// The keyed hash of anything, never 0.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.key.hash(bytes).max(1)
    }

    /// A span's name: a statement where the span is a database's or the name reads like one, a path with its query
    /// masked, else kept unless it looks like a secret.
    pub fn span_name(&self, name: &str, system: &str) -> String {
        let verb = name.split_ascii_whitespace().next().unwrap_or("");
        let verbs = ["select", "insert", "update", "delete", "with", "merge", "replace", "call", "exec"];
        if !system.is_empty() || verbs.iter().any(|known| known.eq_ignore_ascii_case(verb)) {
            return self.statement(name, system).0;
        }
        if secret::find_secret(name) {
            return self.value(name);
        }
        if !name.contains(['?', '#']) && !name.contains("://") {
            return name.to_owned();
        }
        let words = name.split(' ').map(|word| match word.contains("://") || word.starts_with('/') {
            true => self.url(word),
            false => word.to_owned(),
        });
        words.collect::<Vec<String>>().join(" ")
    }

    /// `#` and eight hex digits; what is that already stays.
    pub fn value(&self, text: &str) -> String {
        let mut out = String::with_capacity(9);
        self.hashed(text, &mut out);
        out
    }

    fn hashed(&self, text: &str, out: &mut String) {
        if address::is_hash(text) || text == "#" {
            return out.push_str(text);
        }
        let mut digits = Vec::with_capacity(9);
        self.key.mask(text.as_bytes(), &mut digits);
        out.extend(digits.iter().map(|byte| char::from(*byte)));
    }
}
