//! What was worked out for the texts of a batch, remembered until the batch is handed over.

use super::names::Known;
use super::words::Words;

/// What was worked out for the texts of this batch.
pub struct Memo {
    pub keys: Words,
    pub known: Vec<Known>,
    pub values: Words,
    /// For each value two numbers: words, or a fragment.
    pub meanings: Vec<(u32, u64)>,
    pub fragments: Vec<(usize, usize)>,
    pub json: Vec<u8>,
    pub sets: Words,
    pub set_words: Vec<u32>,
}

impl Memo {
    pub fn new() -> Memo {
        Memo {
            keys: Words::new(),
            known: Vec::new(),
            values: Words::new(),
            meanings: Vec::new(),
            fragments: Vec::new(),
            json: Vec::new(),
            sets: Words::new(),
            set_words: Vec::new(),
        }
    }

    pub fn clear(&mut self) {
        self.keys.clear();
        self.known.clear();
        self.values.clear();
        self.meanings.clear();
        self.fragments.clear();
        self.json.clear();
        self.sets.clear();
        self.set_words.clear();
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.values.held() + self.json.len() + self.keys.held()
    }
}
