//! The values seen most, and how many different ones there were, in bounded memory.
//!
//! Counts are lower bounds, 0 where nothing is known; the true ones are at most `error` higher (Misra and Gries, Finding repeated elements, 1982;
//! pruned at the median as in Apache DataSketches' frequent items). Different values are counted exactly as long as all
//! are held, beyond that by HyperLogLog (Flajolet et al. 2007) with 1,024 registers: a standard error of 3.3 %.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Bytes of a value that is kept; of a longer one only the hash is.
const LONGEST: usize = 256;

/// Keys are keyed hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A count, and the text where it may be kept.
#[derive(Debug, Clone)]
pub struct Held {
    pub count: u64,
    pub text: Option<Box<[u8]>>,
}

#[derive(Debug, Clone, Default)]
pub struct Tops {
    held: HashMap<u64, Held, BuildHasherDefault<Same>>,
    /// How much a count may be too low.
    pub error: u64,
}

impl Tops {
    /// Counts a value; true where it was not held. At more than `most` values those that were seen least are let go.
    pub fn add(&mut self, hash: u64, count: u64, most: usize, text: impl FnOnce() -> Option<Box<[u8]>>) -> bool {
        if let Some(held) = self.held.get_mut(&hash) {
            held.count += count;
            return false;
        }
        let text = text().filter(|text| text.len() <= LONGEST);
        self.held.insert(hash, Held { count, text });
        if self.held.len() > most {
            self.prune();
        }
        true
    }

    pub fn merge(&mut self, other: Tops, most: usize) {
        self.error += other.error;
        for (hash, held) in other.held {
            match self.held.get_mut(&hash) {
                Some(mine) => mine.count += held.count,
                None => {
                    self.held.insert(hash, held);
                }
            }
        }
        while self.held.len() > most {
            self.prune();
        }
    }

    /// True where every value that was seen is held.
    pub fn is_whole(&self) -> bool {
        self.error == 0
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, &Held)> {
        self.held.iter().map(|(hash, held)| (*hash, held))
    }

    /// Keeps the half that was seen most; of those seen equally often, the same ones in whatever order they came.
    fn prune(&mut self) {
        let mut held: Vec<(u64, u64)> = self.held.iter().map(|(hash, held)| (held.count, *hash)).collect();
        let middle = held.len() / 2;
        let median = *held.select_nth_unstable(middle).1;
        self.error += median.0;
        self.held.retain(|hash, held| {
            let stays = (held.count, *hash) > median;
            held.count = held.count.saturating_sub(median.0);
            stays
        });
    }
}

const REGISTERS: usize = 1024;

/// How many different values there were, about.
#[derive(Debug, Clone)]
pub struct Distinct(Box<[u8; REGISTERS]>);

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct(Box::new([0; REGISTERS]))
    }
}

impl Distinct {
    pub fn add(&mut self, hash: u64) {
        let register = &mut self.0[(hash % REGISTERS as u64) as usize];
        *register = (*register).max(((hash >> 10) | (1 << 54)).trailing_zeros() as u8 + 1);
    }

    pub fn merge(&mut self, other: &Distinct) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0.iter()) {
            *mine = (*mine).max(*theirs);
        }
    }

    pub fn estimate(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
        let empty = self.0.iter().filter(|rank| **rank == 0).count();
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let few = raw <= 2.5 * registers && empty > 0;
        (if few { registers * (registers / empty as f64).ln() } else { raw }).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Key;

    #[test]
    fn counts_are_within_their_error() {
        let key = Key { k0: 1, k1: 2 };
        let mut tops = Tops::default();
        let mut truth = vec![0u64; 20_000];
        for number in 0..200_000u64 {
            // Zipf of a kind: value v about as often as 1/v.
            let value =
                (20_000f64.powf((key.hash(&number.to_le_bytes()) >> 11) as f64 / (1u64 << 53) as f64) - 1.0) as usize;
            truth[value] += 1;
            let text = value.to_string();
            tops.add(key.hash(text.as_bytes()), 1, 512, || Some(text.clone().into_bytes().into()));
        }
        assert!(tops.len() <= 512 && !tops.is_whole());
        assert!(tops.error <= 200_000 / 128, "{}", tops.error);
        let mut seen = 0;
        for (_, held) in tops.iter() {
            let value: usize = String::from_utf8(held.text.clone().unwrap().into()).unwrap().parse().unwrap();
            assert!(held.count <= truth[value] && truth[value] <= held.count + tops.error);
            seen += usize::from(value < 20);
        }
        assert_eq!(seen, 20);
    }

    #[test]
    fn different_values_are_counted_about() {
        let key = Key { k0: 3, k1: 4 };
        for many in [10u64, 1_000, 3_000, 100_000, 1_000_000] {
            let mut distinct = Distinct::default();
            (0..many).for_each(|number| distinct.add(key.hash(&number.to_le_bytes())));
            let off = (distinct.estimate() as f64 / many as f64 - 1.0).abs();
            assert!(off < 0.13, "{many}: {}", distinct.estimate());
        }
    }
}
