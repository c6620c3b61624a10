//! Timeouts without a heap: one intrusive list for each length, in which deadlines come in the order of their starts.

/// No slot.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
    list: u32,
    at_ns: u64,
}

const LOOSE: Link = Link { before: NONE, after: NONE, list: NONE, at_ns: 0 };

#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
}

/// Deadlines of journeys by slot; a slot has at most one.
#[derive(Debug, Default)]
pub struct Deadlines {
    lists: Vec<List>,
    links: Vec<Link>,
}

impl Deadlines {
    /// Room for so many lists; whoever inserts keeps each list's deadlines (nearly) ascending.
    pub fn new(lists: usize) -> Self {
        Self { lists: vec![List { first: NONE, last: NONE }; lists], links: Vec::new() }
    }

    /// Set a slot's deadline, in place of any that it had.
    #[inline]
    pub fn set(&mut self, slot: u32, list: u32, at_ns: u64) {
        let i = slot as usize;
        if i >= self.links.len() {
            self.links.resize(i + 1, LOOSE);
        }
        if self.links[i].list != NONE {
            self.clear(slot);
        }
        // The end is the place, but for what was due a little earlier than the last.
        let mut before = self.lists[list as usize].last;
        while before != NONE && self.links[before as usize].at_ns > at_ns {
            before = self.links[before as usize].before;
        }
        let after = if before == NONE {
            std::mem::replace(&mut self.lists[list as usize].first, slot)
        } else {
            std::mem::replace(&mut self.links[before as usize].after, slot)
        };
        if after == NONE {
            self.lists[list as usize].last = slot;
        } else {
            self.links[after as usize].before = slot;
        }
        self.links[i] = Link { before, after, list, at_ns };
    }

    /// Drop a slot's deadline, if it has one.
    #[inline]
    pub fn clear(&mut self, slot: u32) {
        let Some(&link) = self.links.get(slot as usize) else { return };
        if link.list == NONE {
            return;
        }
        let list = &mut self.lists[link.list as usize];
        if link.before == NONE {
            list.first = link.after;
        } else {
            self.links[link.before as usize].after = link.after;
        }
        if link.after == NONE {
            self.lists[link.list as usize].last = link.before;
        } else {
            self.links[link.after as usize].before = link.before;
        }
        self.links[slot as usize] = LOOSE;
    }

    /// The earliest deadline of all, `u64::MAX` without any.
    #[inline]
    pub fn next_ns(&self) -> u64 {
        let firsts = self.lists.iter().filter(|list| list.first != NONE);
        firsts.map(|list| self.links[list.first as usize].at_ns).min().unwrap_or(u64::MAX)
    }

    /// Take a slot whose deadline has passed, with that deadline.
    pub fn take_due(&mut self, now_ns: u64) -> Option<(u32, u64)> {
        let slot = self
            .lists
            .iter()
            .map(|list| list.first)
            .find(|&first| first != NONE && self.links[first as usize].at_ns <= now_ns)?;
        let at_ns = self.links[slot as usize].at_ns;
        self.clear(slot);
        Some((slot, at_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::Deadlines;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against a map of slot to deadline: the same due slots, the same next instant, in any order of operations.
        #[test]
        fn agrees_with_a_plain_map(steps in prop::collection::vec((0_u32..12, 0_u32..3, 0_u64..1000, 0_u8..3), 0..200)) {
            let mut deadlines = Deadlines::new(3);
            let mut oracle: BTreeMap<u32, u64> = BTreeMap::new();
            for (slot, list, at, kind) in steps {
                match kind {
                    0 => { deadlines.set(slot, list, at); oracle.insert(slot, at); }
                    1 => { deadlines.clear(slot); oracle.remove(&slot); }
                    _ => {
                        let mut due = Vec::new();
                        while let Some((slot, when)) = deadlines.take_due(at) {
                            prop_assert_eq!(oracle.remove(&slot), Some(when));
                            due.push(slot);
                        }
                        prop_assert!(oracle.values().all(|&when| when > at));
                    }
                }
                prop_assert_eq!(deadlines.next_ns(), oracle.values().copied().min().unwrap_or(u64::MAX));
            }
        }
    }
}
