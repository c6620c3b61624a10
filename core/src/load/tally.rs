//! What one thread counts between two snapshots: a cell for each row, phase and result that occurs, and counters.
//!
//! A row is a step, or a whole journey of several steps. A journey of one step has no row of its own: its numbers are
//! the step's, and the snapshot tells them twice.

use std::collections::HashMap;
use std::sync::Arc;

use crate::load::histogram::Histogram;

/// Kinds of errors that are no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Connect = 1,
    Dns,
    Tls,
    Timeout,
    Reset,
    Protocol,
    Check,
    Extract,
}

/// How a request ended: a status, or an error's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome(u16);

impl Outcome {
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self(status)
    }

    #[must_use]
    pub fn kind(kind: Kind) -> Self {
        Self(kind as u16)
    }

    /// Whether it tells that nothing was ever sent: there was no connection to send it on.
    #[must_use]
    pub fn is_unsent(self) -> bool {
        [Kind::Connect, Kind::Dns, Kind::Tls].iter().any(|&kind| self == Self::kind(kind))
    }

    /// As intervals and samples write it.
    #[must_use]
    pub fn text(self) -> String {
        const KINDS: [&str; 8] = ["connect", "dns", "tls", "timeout", "reset", "protocol", "check", "extract"];
        match self.0 {
            kind @ 1..=8 => KINDS[usize::from(kind) - 1].to_owned(),
            status => status.to_string(),
        }
    }
}

/// A threshold's index in the plan and its limit.
pub type Limit = (usize, u64);

/// One line of the tally.
#[derive(Clone, Debug)]
pub struct Row {
    pub journey: Arc<str>,
    /// None is the whole journey.
    pub step: Option<Arc<str>>,
    /// Thresholds that this row is counted against.
    pub limits: Vec<Limit>,
    /// For the step of a one-step journey: the thresholds of the whole journey.
    pub whole: Option<Vec<Limit>>,
}

/// Where and how a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub row: u32,
    pub phase: u8,
    pub outcome: Outcome,
    pub error: bool,
}

impl Key {
    fn within_row(self) -> u32 {
        u32::from(self.phase) << 17 | u32::from(self.error) << 16 | u32::from(self.outcome.0)
    }
}

/// One request's numbers, or a journey's sums. What did not happen is None.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    pub response_ns: u64,
    pub service_ns: Option<u64>,
    pub lag_ns: Option<u64>,
    pub first_byte_ns: Option<u64>,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

#[derive(Clone, Debug)]
pub struct Cell {
    pub key: Key,
    pub count: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// One for each threshold of the plan.
    pub over: Vec<u64>,
    pub response: Histogram,
    pub service: Histogram,
    pub lag: Histogram,
    pub first_byte: Histogram,
}

impl Cell {
    fn new(key: Key, thresholds: usize) -> Self {
        Self {
            key,
            count: 0,
            bytes_in: 0,
            bytes_out: 0,
            over: vec![0; thresholds],
            response: Histogram::new(),
            service: Histogram::new(),
            lag: Histogram::new(),
            first_byte: Histogram::new(),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        for (mine, theirs) in self.over.iter_mut().zip(&other.over) {
            *mine += theirs;
        }
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.lag.merge(&other.lag);
        self.first_byte.merge(&other.first_byte);
    }

    fn clear(&mut self) {
        self.count = 0;
        self.bytes_in = 0;
        self.bytes_out = 0;
        self.over.fill(0);
        self.response.clear();
        self.service.clear();
        self.lag.clear();
        self.first_byte.clear();
    }
}

/// Counts that belong to no cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub offered: u64,
    pub started: u64,
    pub dropped: u64,
    pub sent: u64,
    pub done: u64,
    pub redirects: u64,
    pub opened: u64,
    pub failed: u64,
    pub late: u64,
    pub stalls: u64,
}

impl Counters {
    fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.started += other.started;
        self.dropped += other.dropped;
        self.sent += other.sent;
        self.done += other.done;
        self.redirects += other.redirects;
        self.opened += other.opened;
        self.failed += other.failed;
        self.late += other.late;
        self.stalls += other.stalls;
    }
}

/// The cells of one thread. Cleared cells keep their place and memory for the next interval.
#[derive(Debug)]
pub struct Tally {
    pub counters: Counters,
    cells: Vec<Cell>,
    /// For each row the last (key within the row, cell): nearly every request ends as the one before.
    last: Vec<(u32, u32)>,
    index: HashMap<Key, u32>,
    rows: Arc<[Row]>,
    thresholds: usize,
}

impl Tally {
    pub fn new(rows: Arc<[Row]>, thresholds: usize) -> Self {
        Self {
            counters: Counters::default(),
            cells: Vec::new(),
            last: vec![(u32::MAX, 0); rows.len()],
            index: HashMap::new(),
            rows,
            thresholds,
        }
    }

    pub fn rows(&self) -> &Arc<[Row]> {
        &self.rows
    }

    #[inline]
    fn cell(&mut self, key: Key) -> usize {
        let (last, cell) = self.last[key.row as usize];
        if last == key.within_row() { cell as usize } else { self.other_cell(key) }
    }

    fn other_cell(&mut self, key: Key) -> usize {
        let cell = *self.index.entry(key).or_insert_with(|| {
            self.cells.push(Cell::new(key, self.thresholds));
            u32::try_from(self.cells.len() - 1).unwrap_or(u32::MAX)
        });
        self.last[key.row as usize] = (key.within_row(), cell);
        cell as usize
    }

    /// Count one request, or one whole journey.
    #[inline]
    pub fn record(&mut self, key: Key, measured: &Measured) {
        let cell = self.cell(key);
        let cell = &mut self.cells[cell];
        cell.count += 1;
        cell.bytes_in += measured.bytes_in;
        cell.bytes_out += measured.bytes_out;
        cell.response.record(measured.response_ns);
        if let Some(ns) = measured.service_ns {
            cell.service.record(ns);
        }
        if let Some(ns) = measured.lag_ns {
            cell.lag.record(ns);
        }
        if let Some(ns) = measured.first_byte_ns {
            cell.first_byte.record(ns);
        }
        let row = &self.rows[key.row as usize];
        for &(i, limit_ns) in row.limits.iter().chain(row.whole.iter().flatten()) {
            cell.over[i] += u64::from(measured.response_ns > limit_ns);
        }
    }

    /// Cells that hold something.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.count > 0)
    }

    /// Nothing has been counted.
    pub fn is_empty(&self) -> bool {
        self.counters == Counters::default() && self.cells().next().is_none()
    }

    /// Add another thread's tally of the same plan.
    pub fn merge(&mut self, other: &Self) {
        self.counters.merge(&other.counters);
        for theirs in other.cells() {
            let mine = self.other_cell(theirs.key);
            self.cells[mine].merge(theirs);
        }
    }

    /// Forget every count, keep the memory.
    pub fn clear(&mut self) {
        self.counters = Counters::default();
        self.cells.iter_mut().filter(|cell| cell.count > 0).for_each(Cell::clear);
    }
}

/// Requests in flight: their number, its time integral, its most.
#[derive(Clone, Copy, Debug, Default)]
pub struct InFlight {
    now: u64,
    since_ns: u64,
    /// Request-nanoseconds since the last [`InFlight::take`].
    area: u64,
    most: u64,
}

impl InFlight {
    #[inline]
    fn advance(&mut self, at_ns: u64) {
        // Within one batch of events instants may be told slightly out of order; the integral never runs backwards.
        if at_ns > self.since_ns {
            self.area += self.now * (at_ns - self.since_ns);
            self.since_ns = at_ns;
        }
    }

    #[inline]
    pub fn rise(&mut self, at_ns: u64) {
        self.advance(at_ns);
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    #[inline]
    pub fn fall(&mut self, at_ns: u64) {
        self.advance(at_ns);
        self.now = self.now.saturating_sub(1);
    }

    pub fn now(&self) -> u64 {
        self.now
    }

    /// The integral and the most until an instant; both start anew from it.
    pub fn take(&mut self, at_ns: u64) -> (u64, u64) {
        self.advance(at_ns);
        let most = std::mem::replace(&mut self.most, self.now);
        (std::mem::take(&mut self.area), most)
    }
}

#[cfg(test)]
mod tests {
    use super::{InFlight, Key, Kind, Measured, Outcome, Row, Tally};
    use std::sync::Arc;

    fn tally() -> Tally {
        let rows: Arc<[Row]> = vec![
            Row { journey: "a".into(), step: Some("one".into()), limits: vec![(0, 100)], whole: Some(vec![(1, 50)]) },
            Row { journey: "b".into(), step: None, limits: vec![], whole: None },
        ]
        .into();
        Tally::new(rows, 2)
    }

    fn key(row: u32, status: u16) -> Key {
        Key { row, phase: 0, outcome: Outcome::status(status), error: status >= 400 }
    }

    fn took(response_ns: u64) -> Measured {
        Measured { response_ns, service_ns: Some(response_ns), lag_ns: Some(0), ..Measured::default() }
    }

    #[test]
    fn over_counts_what_is_above_the_limit_and_nothing_at_it() {
        let mut tally = tally();
        for ns in [49, 50, 51, 100, 101] {
            tally.record(key(0, 200), &took(ns));
        }
        let cell = tally.cells().next().unwrap();
        assert_eq!((cell.count, cell.over.as_slice()), (5, &[1, 3][..]));
    }

    #[test]
    fn every_result_has_a_cell_and_merging_is_addition() {
        let (mut one, mut two) = (tally(), tally());
        one.record(key(0, 200), &took(5));
        one.record(key(0, 503), &took(6));
        two.record(key(1, 200), &took(7));
        two.record(key(0, 200), &took(8));
        two.counters.sent = 3;
        one.merge(&two);
        assert_eq!(one.counters.sent, 3);
        let mut counts: Vec<_> = one.cells().map(|cell| (cell.key.row, cell.key.outcome.text(), cell.count)).collect();
        counts.sort();
        assert_eq!(counts, [(0, "200".to_owned(), 2), (0, "503".to_owned(), 1), (1, "200".to_owned(), 1)]);
    }

    #[test]
    fn a_cleared_tally_tells_no_cells_and_counts_anew() {
        let mut tally = tally();
        tally.record(key(0, 200), &took(5));
        tally.clear();
        assert_eq!(tally.cells().count(), 0);
        tally.record(key(0, 200), &took(9));
        assert_eq!(tally.cells().next().map(|cell| (cell.count, cell.response.min())), Some((1, 9)));
    }

    #[test]
    fn what_did_not_happen_is_in_no_histogram() {
        let mut tally = tally();
        let unsent = Measured { response_ns: 5, ..Measured::default() };
        tally.record(Key { outcome: Outcome::kind(Kind::Extract), error: true, ..key(0, 0) }, &unsent);
        let cell = tally.cells().next().unwrap();
        assert_eq!((cell.response.count(), cell.service.count(), cell.first_byte.count()), (1, 0, 0));
        assert_eq!(cell.key.outcome.text(), "extract");
    }

    #[test]
    fn in_flight_is_a_time_integral() {
        let mut flight = InFlight::default();
        flight.rise(100);
        flight.rise(200);
        flight.fall(500);
        assert_eq!(flight.take(1000), (100 + 2 * 300 + 500, 2));
        assert_eq!(flight.take(1010), (10, 1));
    }
}
