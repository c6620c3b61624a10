//! Requests kept whole, a bounded number for each step: the slowest, the first that failed, and a uniform reservoir.
//!
//! The reservoir keeps the requests with the smallest of random keys (Vitter's problem in Efraimidis and Spirakis's
//! form, 2006): two threads' reservoirs merge into the one that a single thread would have kept.

use std::sync::Arc;

use serde::Serialize;

/// One request, as docs/formats.md tells it. Instants are wall-clock nanoseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    pub journey: Arc<str>,
    pub step: Arc<str>,
    pub phase: u8,
    pub result: String,
    pub error: bool,
    pub kept: &'static str,
    pub arrival: u64,
    pub request: u64,
    pub intended_ns: u64,
    pub sent_ns: Option<u64>,
    pub first_byte_ns: Option<u64>,
    pub done_ns: u64,
    pub status: Option<u16>,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub method: Arc<str>,
    pub target: String,
    pub trace_id: Option<String>,
    pub message: Option<String>,
}

/// How many of each sort are kept for a step.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub slowest: usize,
    pub failed: usize,
    pub uniform: usize,
}

/// The samples of one step. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// (response time, sample), unordered; the smallest is `floor` once full.
    slowest: Vec<(u64, Arc<Sample>)>,
    failed: Vec<Arc<Sample>>,
    /// (random key, sample), unordered; the largest is `ceiling` once full.
    uniform: Vec<(u64, Arc<Sample>)>,
    floor: u64,
    ceiling: u64,
    filled: bool,
}

/// Which sorts want a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub slowest: bool,
    pub failed: bool,
    pub uniform: bool,
}

impl Wanted {
    #[inline]
    pub fn any(self) -> bool {
        self.slowest || self.failed || self.uniform
    }
}

impl Kept {
    /// Whether a request is to be kept. The usual answer is no, after three comparisons.
    #[inline]
    pub fn wants(&self, room: Room, response_ns: u64, error: bool, key: u64, measured: bool) -> Wanted {
        if self.filled && !error && response_ns <= self.floor && key >= self.ceiling {
            return Wanted::default();
        }
        Wanted {
            slowest: measured && room.slowest > 0 && (self.slowest.len() < room.slowest || response_ns > self.floor),
            failed: error && self.failed.len() < room.failed,
            uniform: measured && room.uniform > 0 && (self.uniform.len() < room.uniform || key < self.ceiling),
        }
    }

    /// Keep a request under the sorts that wanted it.
    pub fn keep(&mut self, room: Room, wanted: Wanted, sample: Sample, response_ns: u64, key: u64) {
        let sample = Arc::new(sample);
        if wanted.failed {
            self.failed.push(Arc::clone(&sample));
        }
        if wanted.slowest {
            if self.slowest.len() >= room.slowest
                && let Some(i) = position(&self.slowest, |a, b| a < b)
            {
                self.slowest.swap_remove(i);
            }
            self.slowest.push((response_ns, Arc::clone(&sample)));
        }
        if wanted.uniform {
            if self.uniform.len() >= room.uniform
                && let Some(i) = position(&self.uniform, |a, b| a > b)
            {
                self.uniform.swap_remove(i);
            }
            self.uniform.push((key, sample));
        }
        self.settle(room);
    }

    fn settle(&mut self, room: Room) {
        let slow = self.slowest.len() >= room.slowest;
        let even = self.uniform.len() >= room.uniform;
        self.floor = if slow { self.slowest.iter().map(|(ns, _)| *ns).min().unwrap_or(u64::MAX) } else { 0 };
        self.ceiling = if even { self.uniform.iter().map(|(key, _)| *key).max().unwrap_or(0) } else { u64::MAX };
        self.filled = slow && even;
    }

    /// Add another thread's samples of the same step.
    pub fn merge(&mut self, room: Room, other: &Self) {
        self.slowest.extend(other.slowest.iter().cloned());
        self.slowest.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.slowest.truncate(room.slowest);
        self.failed.extend(other.failed.iter().cloned());
        self.failed.sort_by_key(|sample| sample.done_ns);
        self.failed.truncate(room.failed);
        self.uniform.extend(other.uniform.iter().cloned());
        self.uniform.sort_by_key(|(key, _)| *key);
        self.uniform.truncate(room.uniform);
        self.settle(room);
    }

    /// The samples as rows: slowest first, then failed and uniform in the order of time. A request may be in several.
    pub fn rows(&self) -> Vec<Sample> {
        let told = |kept: &'static str| move |sample: &Arc<Sample>| Sample { kept, ..Sample::clone(sample) };
        let mut slowest: Vec<_> = self.slowest.iter().collect();
        slowest.sort_by(|(a, _), (b, _)| b.cmp(a));
        let mut uniform: Vec<_> = self.uniform.iter().map(|(_, sample)| sample).collect();
        uniform.sort_by_key(|sample| sample.done_ns);
        let slowest = slowest.into_iter().map(|(_, sample)| sample).map(told("slowest"));
        slowest.chain(self.failed.iter().map(told("failed"))).chain(uniform.into_iter().map(told("uniform"))).collect()
    }
}

/// The place of the entry whose number comes first in an order.
fn position(entries: &[(u64, Arc<Sample>)], before: impl Fn(u64, u64) -> bool) -> Option<usize> {
    let mut best: Option<(usize, u64)> = None;
    for (i, (number, _)) in entries.iter().enumerate() {
        if best.is_none_or(|(_, least)| before(*number, least)) {
            best = Some((i, *number));
        }
    }
    best.map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::{Kept, Room, Sample};
    use proptest::prelude::*;

    const ROOM: Room = Room { slowest: 3, failed: 2, uniform: 4 };

    fn sample(request: u64, error: bool) -> Sample {
        Sample {
            journey: "j".into(),
            step: "s".into(),
            phase: 0,
            result: "200".into(),
            error,
            kept: "",
            arrival: 1,
            request,
            intended_ns: 0,
            sent_ns: None,
            first_byte_ns: None,
            done_ns: request,
            status: None,
            bytes_in: 0,
            bytes_out: 0,
            method: "GET".into(),
            target: "/".into(),
            trace_id: None,
            message: None,
        }
    }

    fn offer(kept: &mut Kept, request: u64, response_ns: u64, error: bool, key: u64) {
        let wanted = kept.wants(ROOM, response_ns, error, key, true);
        if wanted.any() {
            kept.keep(ROOM, wanted, sample(request, error), response_ns, key);
        }
    }

    fn of(kept: &Kept, sort: &str) -> Vec<u64> {
        kept.rows().iter().filter(|row| row.kept == sort).map(|row| row.request).collect()
    }

    proptest! {
        /// Split over two threads and merged, or all on one: the same requests, and the ones that sorting everything gives.
        #[test]
        fn keeps_what_sorting_would(requests in prop::collection::btree_map(0_u64..10_000, (0_u64..u64::MAX, any::<bool>(), any::<bool>()), 0..60)) {
            let (mut one, mut left, mut right) = (Kept::default(), Kept::default(), Kept::default());
            for (i, (&response, &(key, error, side))) in requests.iter().enumerate() {
                offer(&mut one, i as u64, response, error, key);
                offer(if side { &mut left } else { &mut right }, i as u64, response, error, key);
            }
            left.merge(ROOM, &right);
            let all: Vec<_> = requests.iter().enumerate().map(|(i, (r, (k, e, _)))| (i as u64, *r, *k, *e)).collect();
            let mut slowest = all.clone();
            slowest.sort_by_key(|(_, response, _, _)| std::cmp::Reverse(*response));
            let slowest: Vec<u64> = slowest.iter().take(3).map(|(i, ..)| *i).collect();
            let failed: Vec<u64> = all.iter().filter(|(.., error)| *error).take(2).map(|(i, ..)| *i).collect();
            let mut uniform = all;
            uniform.sort_by_key(|(_, _, key, _)| *key);
            uniform.truncate(4);
            uniform.sort_by_key(|(i, ..)| *i);
            let uniform: Vec<u64> = uniform.iter().map(|(i, ..)| *i).collect();
            for kept in [&one, &left] {
                prop_assert_eq!(&of(kept, "slowest"), &slowest);
                prop_assert_eq!(&of(kept, "failed"), &failed);
                prop_assert_eq!(&of(kept, "uniform"), &uniform);
            }
        }
    }

    #[test]
    fn warm_up_gives_only_failures() {
        let kept = Kept::default();
        let wanted = kept.wants(ROOM, 5, true, 5, false);
        assert!(wanted.failed && !wanted.slowest && !wanted.uniform);
    }
}
