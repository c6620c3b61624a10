//! Texts numbered as they come: equal texts have equal numbers, the first being 0.

use std::hash::{BuildHasher, RandomState};

/// An interner over one arena. A text counts together with its `tag`: the same text under two tags is two words.
pub struct Words {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Places of entries, from 1; 0 is free. A power of two long.
    table: Vec<u32>,
    seed: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    tag: u64,
    start: usize,
    length: usize,
}

const FEWEST: usize = 256;

/// Places of a table that is kept for the next batch.
const MOST_KEPT: usize = 1 << 18;

impl Words {
    pub fn new() -> Words {
        Words { bytes: Vec::new(), entries: Vec::new(), table: vec![0; FEWEST], seed: RandomState::new().hash_one(0) }
    }

    /// Number of the text, and whether it is new.
    #[inline]
    pub fn intern(&mut self, tag: u64, text: &[u8]) -> (usize, bool) {
        let hash = hash(self.seed, tag, text);
        let slot = match self.probe(hash, tag, text) {
            Ok(number) => return (number, false),
            Err(slot) => slot,
        };
        let number = self.entries.len();
        self.entries.push(Entry { hash, tag, start: self.bytes.len(), length: text.len() });
        self.bytes.extend_from_slice(text);
        self.table[slot] = number as u32 + 1;
        if 2 * self.entries.len() > self.table.len() {
            self.grow();
        }
        (number, true)
    }

    /// Number of the text, if it has one.
    #[inline]
    pub fn find(&self, tag: u64, text: &[u8]) -> Option<usize> {
        self.probe(hash(self.seed, tag, text), tag, text).ok()
    }

    /// The number, or the free slot where it would be noted.
    #[inline]
    fn probe(&self, hash: u64, tag: u64, text: &[u8]) -> Result<usize, usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let place = self.table[slot];
            if place == 0 {
                return Err(slot);
            }
            let entry = &self.entries[place as usize - 1];
            if entry.hash == hash
                && entry.tag == tag
                && entry.length == text.len()
                && self.bytes[entry.start..entry.start + entry.length] == *text
            {
                return Ok(place as usize - 1);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mask = 2 * self.table.len() - 1;
        self.table = vec![0; mask + 1];
        for (number, entry) in self.entries.iter().enumerate() {
            let mut slot = entry.hash as usize & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number as u32 + 1;
        }
    }

    pub fn get(&self, number: usize) -> &[u8] {
        self.entries.get(number).map_or(b"", |entry| &self.bytes[entry.start..entry.start + entry.length])
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all texts.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        if self.table.len() > MOST_KEPT {
            self.table = vec![0; FEWEST];
        } else {
            self.table.fill(0);
        }
    }

    /// An empty one with room for as much as this one holds.
    pub fn like(&self) -> Words {
        Words {
            bytes: Vec::with_capacity(self.bytes.len()),
            entries: Vec::with_capacity(self.entries.len()),
            table: vec![0; self.table.len().min(MOST_KEPT)],
            seed: self.seed,
        }
    }
}

/// Folded multiplication, sixteen bytes at a time, as wyhash does it; the seed is drawn, so that nobody can make texts
/// that collide.
#[inline]
fn hash(seed: u64, tag: u64, text: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ (product >> 64) as u64
    };
    let words = |bytes: &[u8; 16]| {
        let both = u128::from_le_bytes(*bytes);
        (both as u64, (both >> 64) as u64)
    };
    let mut state = seed ^ tag.wrapping_mul(ODD);
    let (chunks, rest) = text.as_chunks::<16>();
    for chunk in chunks {
        let (low, high) = words(chunk);
        state = fold(low ^ ODD ^ seed, high ^ state);
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let (low, high) = words(&last);
    state = fold(low ^ ODD.rotate_left(23) ^ seed, high ^ state);
    fold(state ^ seed.rotate_left(29), ODD.wrapping_add(text.len() as u64))
}
