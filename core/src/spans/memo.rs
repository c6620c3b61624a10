//! What was worked out for the texts of a batch, remembered until the batch is handed over.

use super::names::Known;
use super::words::Words;

/// What an attribute does to a span, once its value has been masked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    Text {
        column: u8,
        rank: u8,
        word: u32,
    },
    Number {
        column: u8,
        rank: u8,
        value: i64,
    },
    Target {
        rank: u8,
        path: u32,
        query: u32,
        server: u32,
    },
    /// A statement that waits for the span's system; `text` is a place in `Memo::texts`, as below.
    Statement {
        rank: u8,
        text: u32,
    },
    /// A statement that has no column.
    Further {
        key: u32,
        text: u32,
    },
    Peer {
        text: u32,
    },
    Namespace {
        text: u32,
    },
    /// A part of the attributes' JSON.
    Fragment(u32),
    /// The span failed, and perhaps why.
    Failed(Option<u32>),
    /// A parameter: each is one of its kind, nothing is remembered of it.
    Parameter,
    Nothing,
}

/// A statement or a name once masked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Masked {
    /// The word, or of a further statement the fragment.
    pub word: u32,
    pub literals: u64,
    /// The word of the literals' hash.
    pub hash: u32,
}

pub struct Memo {
    pub keys: Words,
    pub known: Vec<Known>,
    /// Values under their attributes' numbers.
    pub values: Words,
    pub actions: Vec<Action>,
    /// Attributes as protobuf has them, name and value.
    pub pairs: Words,
    pub pair_actions: Vec<Action>,
    /// The pair that stood at this place in the span before: it often stands there again.
    pub expected: Vec<u32>,
    /// Texts that wait for the rest of their span.
    pub texts: Words,
    /// Names and statements under their systems.
    pub originals: Words,
    pub masked: Vec<Masked>,
    /// The system and the name of the span before: they often come again.
    pub last_name: Option<(u32, usize)>,
    pub fragments: Vec<(usize, usize)>,
    pub json: Vec<u8>,
    /// Where a span's JSON is put together.
    pub scratch: Vec<u8>,
    /// Lists of fragments under their resources.
    pub sets: Words,
    pub set_words: Vec<u32>,
    pub resources: Words,
}

impl Memo {
    pub fn new() -> Memo {
        Memo {
            keys: Words::new(),
            known: Vec::new(),
            values: Words::new(),
            actions: Vec::new(),
            pairs: Words::new(),
            pair_actions: Vec::new(),
            expected: Vec::new(),
            texts: Words::new(),
            originals: Words::new(),
            masked: Vec::new(),
            last_name: None,
            fragments: Vec::new(),
            json: Vec::new(),
            scratch: Vec::new(),
            sets: Words::new(),
            set_words: Vec::new(),
            resources: Words::new(),
        }
    }

    pub fn clear(&mut self) {
        for words in [
            &mut self.keys,
            &mut self.values,
            &mut self.pairs,
            &mut self.texts,
            &mut self.originals,
            &mut self.sets,
            &mut self.resources,
        ] {
            words.clear();
        }
        self.known.clear();
        self.actions.clear();
        self.pair_actions.clear();
        self.expected.clear();
        self.masked.clear();
        self.last_name = None;
        self.fragments.clear();
        self.json.clear();
        self.set_words.clear();
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let words = [&self.keys, &self.values, &self.pairs, &self.texts, &self.originals, &self.resources];
        words.iter().map(|words| words.held()).sum::<usize>() + self.json.len()
    }

    /// What the pair at this place of a span does, if it was there before.
    #[inline]
    pub fn replay(&mut self, place: usize, pair: &[u8]) -> Option<Action> {
        if let Some(expected) = self.expected.get(place).map(|number| *number as usize)
            && self.pairs.get(expected) == pair
        {
            return self.pair_actions.get(expected).copied();
        }
        let number = self.pairs.find(0, pair)?;
        if self.expected.len() <= place {
            self.expected.resize(place + 1, 0);
        }
        self.expected[place] = number as u32;
        self.pair_actions.get(number).copied()
    }

    pub fn remember(&mut self, pair: &[u8], action: Action) {
        if self.pairs.intern(0, pair).1 {
            self.pair_actions.push(action);
        }
    }

    /// The place of a text that waits.
    pub fn text(&mut self, text: &str) -> u32 {
        self.texts.intern(0, text.as_bytes()).0 as u32
    }

    pub fn text_at(&self, place: u32) -> &str {
        std::str::from_utf8(self.texts.get(place as usize)).unwrap_or("")
    }
}
