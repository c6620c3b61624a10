//! One span while its parts come in, in whatever order.

use super::batch::{Row, TEXTS, number};
use super::value::Value;

/// Cells filled so far, and what waits for the rest of the span.
#[derive(Default)]
pub struct Span {
    pub row: Row,
    /// How much each column of texts is believed; see `names`.
    pub ranks: [u8; TEXTS.len()],
    pub number_ranks: [u8; 10],
    /// The name, or where there is none yet that of the span before.
    name: String,
    named: bool,
    /// Places of texts that wait: the statement with its rank, the other side's name, the function's namespace.
    pub statement: Option<(u32, u8)>,
    pub peer: Option<u32>,
    pub namespace: Option<u32>,
    /// Statements that have no column: the attribute's number and the text.
    pub further: Vec<(u32, u32)>,
    pub parameters: Vec<u8>,
    /// Numbers of the attributes' fragments.
    pub fragments: Vec<u32>,
    pub attributes: usize,
    /// JSON under construction, without its brackets.
    pub events: Vec<u8>,
    pub event_count: usize,
    pub links: Vec<u8>,
    pub link_count: usize,
    pub rescaled: bool,
}

impl Span {
    pub fn clear(&mut self) {
        self.row = Row::default();
        self.row.set(number::KIND, 0);
        self.row.set(number::STATUS, 0);
        self.ranks = [0; TEXTS.len()];
        self.number_ranks = [0; 10];
        self.named = false;
        self.statement = None;
        self.peer = None;
        self.namespace = None;
        self.further.clear();
        self.parameters.clear();
        self.fragments.clear();
        self.attributes = 0;
        self.events.clear();
        self.event_count = 0;
        self.links.clear();
        self.link_count = 0;
        self.rescaled = false;
    }

    pub fn kind(&self) -> i64 {
        self.row.numbers[number::KIND]
    }

    pub fn set_name(&mut self, name: &str) {
        self.name.clear();
        self.name.push_str(name);
        self.named = true;
    }

    /// True where the span before had this name: it stays.
    pub fn has_name_again(&mut self, name: &[u8]) -> bool {
        let again = self.name.as_bytes() == name;
        self.named |= again;
        again
    }

    pub fn take_name(&mut self) -> String {
        if !self.named {
            self.name.clear();
        }
        std::mem::take(&mut self.name)
    }

    pub fn put_name_back(&mut self, name: String) {
        self.name = name;
    }

    /// Notes a statement's parameter for their common hash.
    pub fn parameter(&mut self, name: &str, value: &Value) {
        self.parameters.extend_from_slice(name.as_bytes());
        self.parameters.push(0xFF);
        match value {
            Value::Text(text) => self.parameters.extend_from_slice(text.as_bytes()),
            other => self.parameters.extend_from_slice(format!("{other:?}").as_bytes()),
        }
        self.parameters.push(0xFF);
    }

    pub fn set_times(&mut self, start: i64, end: i64) {
        self.row.set(number::START, start);
        self.row.set(number::END, end);
    }

    /// Sets a text unless a better name set it before.
    pub fn set_text(&mut self, column: usize, rank: u8, word: u32) {
        if rank >= self.ranks[column] && word != 0 {
            self.ranks[column] = rank;
            self.row.texts[column] = word;
        }
    }

    pub fn set_number(&mut self, column: usize, rank: u8, value: i64) {
        if rank >= self.number_ranks[column] {
            self.number_ranks[column] = rank;
            self.row.set(column, value);
        }
    }
}
