//! What a template is compiled against (names) and rendered from (a journey's values, feeds, numbers).

use std::collections::BTreeMap;

use super::plan::{self, FeedOrder};
use super::random::{Draw, stream};

/// What names mean while a journey is compiled: its variables' slots, the plan's secrets and feeds.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub vars: &'a [String],
    pub secrets: &'a BTreeMap<String, String>,
    pub feeds: &'a [plan::Feed],
}

impl<'a> Names<'a> {
    /// The slot of a variable.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.vars.iter().position(|var| var == name)
    }

    /// The variables that a journey extracts, each once; a variable's slot is its place here.
    pub fn vars_of(ops: &[plan::Op]) -> Vec<String> {
        let mut vars: Vec<String> = Vec::new();
        for op in ops {
            let plan::Op::Request(request) = op else {
                continue;
            };
            for extract in &request.extract {
                if !vars.contains(&extract.name) {
                    vars.push(extract.name.clone());
                }
            }
        }
        vars
    }
}

/// The values of one journey in flight, by slot. Clearing keeps the memory.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    slots: Vec<(bool, Vec<u8>)>,
}

impl Vars {
    pub fn new(slots: usize) -> Self {
        Vars { slots: vec![(false, Vec::new()); slots] }
    }

    pub fn set(&mut self, slot: usize, value: &[u8]) {
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, (false, Vec::new()));
        }
        let (set, text) = &mut self.slots[slot];
        *set = true;
        text.clear();
        text.extend_from_slice(value);
    }

    pub fn get(&self, slot: usize) -> Option<&[u8]> {
        self.slots.get(slot).filter(|(set, _)| *set).map(|(_, text)| text.as_slice())
    }

    pub fn clear(&mut self) {
        for (set, _) in &mut self.slots {
            *set = false;
        }
    }
}

/// The rows of every feed. A journey's row depends on its arrival number alone.
#[derive(Debug, Clone, Default)]
pub struct Feeds {
    feeds: Vec<(Vec<Vec<String>>, FeedOrder)>,
}

impl Feeds {
    pub fn new(feeds: Vec<plan::Feed>) -> Self {
        Feeds { feeds: feeds.into_iter().map(|feed| (feed.rows, feed.order)).collect() }
    }

    /// The row that an arrival draws from a feed.
    pub fn row(&self, feed: usize, seed: u64, arrival: u64) -> Option<&[String]> {
        let (rows, order) = self.feeds.get(feed)?;
        let count = rows.len() as u64;
        if count == 0 {
            return None;
        }
        let index = match order {
            FeedOrder::Sequential => arrival.saturating_sub(1) % count,
            FeedOrder::Random => Draw::new(seed, arrival, stream::FEED, feed as u32).below(count),
        };
        rows.get(index as usize).map(Vec::as_slice)
    }
}

/// Everything that a rendering depends on. Draws are keyed by `seed`, `arrival`, `op` and the part's index.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub vars: &'a Vars,
    pub feeds: &'a Feeds,
    pub seed: u64,
    /// The journey's arrival number, from 1.
    pub arrival: u64,
    /// The user's number in a closed population, else the arrival number.
    pub user: u64,
    /// The operation's index in the journey.
    pub op: u32,
}
