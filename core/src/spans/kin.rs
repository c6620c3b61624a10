//! How the spans of a file are related: found in a first reading, so that the second can break cycles as it goes.

use std::collections::HashSet;

/// One span, as far as its relations need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    pub trace: u128,
    pub span: u64,
    pub kind: u8,
    pub parent: u64,
    pub start: i64,
    pub end: i64,
}

/// Spans whose relations are held: 80 bytes each.
pub const MOST: usize = 10_000_000;

/// What a first reading found.
#[derive(Debug, Clone, Default)]
pub struct Kin {
    relations: Vec<Relation>,
    pub traces: u64,
    /// Spans whose parent is not in the file.
    pub orphans: u64,
    /// Spans that come again with the same trace, id and kind.
    pub duplicates: u64,
    /// Rings of parents; each is broken at its earliest span.
    pub cycles: u64,
    /// Spans that start before their parent, or servers that end after their client.
    pub skewed: u64,
    /// Relations beyond `MOST`, about which nothing was found.
    pub beyond: u64,
    /// (trace, span) whose parent is left out to break a cycle.
    pub without_parent: HashSet<(u128, u64)>,
}

const CLIENT: u8 = 3;
const SERVER: u8 = 2;

impl Kin {
    pub fn note(&mut self, relation: Relation) {
        if self.relations.len() < MOST {
            self.relations.push(relation);
        } else {
            self.beyond += 1;
        }
    }

    /// Works out the counts from what was noted, and lets go of it.
    pub fn settle(&mut self) {
        let mut all = std::mem::take(&mut self.relations);
        all.sort_unstable();
        let before = all.len();
        all.dedup_by_key(|one| (one.trace, one.span, one.kind));
        self.duplicates = (before - all.len()) as u64;
        self.traces = all.chunk_by(|a, b| a.trace == b.trace).count() as u64;
        let parents: Vec<usize> = all.iter().map(|one| find(&all, one)).collect();
        for (one, parent) in all.iter().zip(&parents) {
            let Some(above) = all.get(*parent) else {
                self.orphans += u64::from(one.parent != 0);
                continue;
            };
            let late = one.kind == SERVER && above.kind == CLIENT && one.end > above.end;
            self.skewed += u64::from(one.start < above.start || late);
        }
        self.break_cycles(&all, &parents);
    }

    /// Walks up from every span; a walk that meets itself has found a ring.
    fn break_cycles(&mut self, all: &[Relation], parents: &[usize]) {
        let mut walk_of = vec![0u32; all.len()];
        for first in 0..all.len() {
            let walk = first as u32 + 1;
            let mut at = first;
            while at < all.len() && walk_of[at] == 0 {
                walk_of[at] = walk;
                at = parents[at];
            }
            if at >= all.len() || walk_of[at] != walk {
                continue;
            }
            let mut earliest = at;
            let mut next = parents[at];
            while next != at {
                if (all[next].start, all[next].span) < (all[earliest].start, all[earliest].span) {
                    earliest = next;
                }
                next = parents[next];
            }
            self.cycles += 1;
            self.without_parent.insert((all[earliest].trace, all[earliest].span));
        }
    }
}

/// The place of a span's parent among the sorted; beyond them where there is none. Of several with one id, a server's
/// is it: it is where further work is done.
fn find(all: &[Relation], one: &Relation) -> usize {
    if one.parent == 0 {
        return usize::MAX;
    }
    let from = all.partition_point(|other| (other.trace, other.span) < (one.trace, one.parent));
    let same = all[from..].iter().take_while(|other| (other.trace, other.span) == (one.trace, one.parent));
    let places: Vec<(usize, u8)> = same.enumerate().map(|(place, other)| (from + place, other.kind)).collect();
    let server = places.iter().find(|(_, kind)| *kind == SERVER);
    server.or(places.first()).map_or(usize::MAX, |(place, _)| *place)
}
