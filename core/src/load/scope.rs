//! What a template is compiled against (names) and rendered from (a journey's values, feeds, numbers).

use std::collections::BTreeMap;

use super::plan::{self, FeedOrder, FeedPer};
use super::random::{Draw, stream};
use super::zipf::Zipf;

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

/// The rows of every feed. A row depends on the arrival's number, and where each request has its own on the operation.
#[derive(Debug, Clone, Default)]
pub struct Feeds {
    feeds: Vec<Rows>,
}

#[derive(Debug, Clone)]
struct Rows {
    rows: Vec<Vec<String>>,
    order: Order,
    per: FeedPer,
}

#[derive(Debug, Clone)]
enum Order {
    Sequential,
    Random,
    Zipf(Zipf),
}

impl Rows {
    fn new(feed: plan::Feed) -> Self {
        let order = match feed.order {
            FeedOrder::Sequential => Order::Sequential,
            FeedOrder::Random => Order::Random,
            FeedOrder::Zipf => Order::Zipf(Zipf::new(feed.rows.len() as u64, feed.exponent, feed.shift)),
        };
        Rows { rows: feed.rows, order, per: feed.per }
    }
}

impl Feeds {
    pub fn new(feeds: Vec<plan::Feed>) -> Self {
        Feeds { feeds: feeds.into_iter().map(Rows::new).collect() }
    }

    /// The row of a feed that an arrival has, or one of its requests, whose operation's key is `op`.
    pub fn row(&self, feed: usize, seed: u64, arrival: u64, op: u32) -> Option<&[String]> {
        let Rows { rows, order, per } = self.feeds.get(feed)?;
        let count = rows.len() as u64;
        if count == 0 {
            return None;
        }
        let mut draw = match per {
            FeedPer::Journey => Draw::new(seed, arrival, stream::FEED, feed as u32),
            FeedPer::Request => Draw::new(seed, arrival, op, stream::ROW + feed as u32),
        };
        let index = match order {
            Order::Sequential => arrival.saturating_sub(1) % count,
            Order::Random => draw.below(count),
            Order::Zipf(zipf) => zipf.draw(&mut draw) - 1,
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
    /// The operation's key: its index in the journey, and how often the journey was at it before.
    pub op: u32,
}
