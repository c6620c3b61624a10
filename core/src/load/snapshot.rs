//! From threads to intervals: each thread hands over its tally at every interval's end, through a bounded queue; whoever
//! polls merges those that end together into one line of JSON.
//!
//! A tally is handed over whole and comes back cleared, so a thread neither copies nor allocates for it. When a queue
//! is full the thread keeps counting into the tally that it has: the interval gets longer, nothing is lost.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::Error;
use crate::load::histogram::Histogram;
use crate::load::host::{Host, Shares, resident_bytes};
use crate::load::samples::Kept;
use crate::load::tally::{Cell, Limit, Tally};

/// Snapshots of one thread that may wait to be polled.
const QUEUE: usize = 16;

/// One thread's counts over a span. Instants are from the run's origin.
#[derive(Debug)]
pub struct Snapshot {
    pub start_ns: u64,
    pub end_ns: u64,
    /// Nothing follows from this thread.
    pub last: bool,
    pub tally: Tally,
    /// Request-nanoseconds in flight, and the most at once.
    pub flight_area: u64,
    pub flight_most: u64,
    /// Connections open at the end.
    pub open: u64,
    pub cpu_ns: u64,
}

#[derive(Default)]
struct State<X> {
    queues: Vec<VecDeque<Snapshot>>,
    spare: Vec<Vec<Tally>>,
    ended: Vec<bool>,
    samples: Vec<Vec<Kept>>,
    exchanges: Vec<X>,
    failure: Option<String>,
}

/// Where threads leave snapshots and the caller finds them. `X` is an exchange.
pub struct Hub<X> {
    state: Mutex<State<X>>,
    arrived: Condvar,
}

impl<X: Clone> Hub<X> {
    pub fn new(threads: usize) -> Self {
        let state = State {
            queues: (0..threads).map(|_| VecDeque::with_capacity(QUEUE + 1)).collect(),
            spare: (0..threads).map(|_| Vec::new()).collect(),
            ended: vec![false; threads],
            samples: vec![Vec::new(); threads],
            exchanges: Vec::new(),
            failure: None,
        };
        Self { state: Mutex::new(state), arrived: Condvar::new() }
    }

    /// A thread that failed has said so in `failure`; its lock is not a second failure.
    fn lock(&self) -> MutexGuard<'_, State<X>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a thread's queue takes another snapshot.
    pub fn has_room(&self, thread: usize) -> bool {
        self.lock().queues[thread].len() < QUEUE
    }

    /// A cleared tally that this thread handed over before.
    pub fn spare(&self, thread: usize) -> Option<Tally> {
        self.lock().spare[thread].pop()
    }

    /// Hand over a snapshot, and the thread's samples when they changed. The last one is taken even by a full queue.
    pub fn push(&self, thread: usize, snapshot: Snapshot, samples: Option<Vec<Kept>>) {
        let mut state = self.lock();
        state.ended[thread] = snapshot.last;
        state.queues[thread].push_back(snapshot);
        if let Some(samples) = samples {
            state.samples[thread] = samples;
        }
        drop(state);
        self.arrived.notify_all();
    }

    /// A thread ends with nothing left to tell.
    pub fn end(&self, thread: usize, samples: Option<Vec<Kept>>) {
        let mut state = self.lock();
        state.ended[thread] = true;
        if let Some(samples) = samples {
            state.samples[thread] = samples;
        }
        drop(state);
        self.arrived.notify_all();
    }

    pub fn push_exchange(&self, exchange: X) {
        self.lock().exchanges.push(exchange);
    }

    /// A thread of the engine ended by a fault of its own.
    pub fn fail(&self, message: String) {
        self.lock().failure.get_or_insert(message);
        self.arrived.notify_all();
    }

    /// Each thread's samples, by step.
    pub fn samples(&self) -> Vec<Vec<Kept>> {
        self.lock().samples.clone()
    }

    pub fn exchanges(&self) -> Vec<X> {
        self.lock().exchanges.clone()
    }

    /// Every thread has ended and every snapshot was taken.
    pub fn finished(&self) -> bool {
        let state = self.lock();
        state.failure.is_none() && state.ended.iter().all(|&ended| ended) && state.queues.iter().all(VecDeque::is_empty)
    }

    /// Snapshots that end together, one or more a thread; None at the timeout or when there are no more to come.
    pub fn take(&self, timeout: Duration) -> Result<Option<Vec<(usize, Snapshot)>>, Error> {
        let until = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if let Some(message) = &state.failure {
                return Err(Error::Internal(message.clone()));
            }
            let ended = state.ended.iter().all(|&ended| ended);
            if let Some(end_ns) = common_end(&state.queues, ended) {
                let mut taken = Vec::new();
                for (thread, queue) in state.queues.iter_mut().enumerate() {
                    while queue.front().is_some_and(|snapshot| snapshot.end_ns <= end_ns) {
                        taken.extend(queue.pop_front().map(|snapshot| (thread, snapshot)));
                    }
                }
                return Ok(Some(taken));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || ended {
                return Ok(None);
            }
            state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, thread: usize, tally: Tally) {
        self.lock().spare[thread].push(tally);
    }
}

/// The earliest instant at which a snapshot of every thread ends. A thread that was held back has longer ones.
fn common_end(queues: &[VecDeque<Snapshot>], ended: bool) -> Option<u64> {
    let first = queues.first()?;
    let met = |end: u64| queues.iter().all(|queue| queue.iter().any(|snapshot| snapshot.end_ns == end));
    let common = first.iter().map(|snapshot| snapshot.end_ns).find(|&end| met(end));
    // At the very end whatever is left belongs together.
    let rest = || queues.iter().flatten().map(|snapshot| snapshot.end_ns).max();
    common.or_else(|| if ended { rest() } else { None })
}

#[derive(Serialize)]
struct InFlightJson {
    mean: f64,
    max: u64,
}

#[derive(Serialize)]
struct ConnectionsJson {
    open: u64,
    opened: u64,
    failed: u64,
}

#[derive(Serialize)]
struct GeneratorJson {
    cpu_s: f64,
    cores: usize,
    busiest_share: f64,
    lag_p99_s: f64,
    rss_bytes: u64,
    late: u64,
    clipped: u64,
    stalls: u64,
}

#[derive(Serialize)]
struct CellJson<'a> {
    journey: &'a str,
    step: Option<&'a str>,
    phase: u8,
    result: String,
    error: bool,
    count: u64,
    bytes_in: u64,
    bytes_out: u64,
    over: Vec<u64>,
    response: &'a Histogram,
    service: &'a Histogram,
    lag: &'a Histogram,
    first_byte: &'a Histogram,
}

#[derive(Serialize)]
struct IntervalJson<'a> {
    format: u32,
    t_s: f64,
    span_s: f64,
    offered: u64,
    started: u64,
    dropped: u64,
    sent: u64,
    done: u64,
    redirects: u64,
    in_flight: InFlightJson,
    connections: ConnectionsJson,
    generator: GeneratorJson,
    host: Option<Shares>,
    cells: Vec<CellJson<'a>>,
}

#[allow(clippy::cast_precision_loss)] // spans of a run in nanoseconds
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// Makes intervals of snapshots; remembers what the next one needs.
pub struct Merger {
    threads: usize,
    host: Host,
}

impl Merger {
    pub fn new(threads: usize, now_ns: u64) -> Self {
        let mut host = Host::default();
        host.look(now_ns);
        Self { threads, host }
    }

    /// One line of JSON for snapshots that end together; their tallies go back to their threads.
    #[allow(clippy::cast_precision_loss)] // counts of one interval
    pub fn line<X: Clone>(
        &mut self,
        snapshots: Vec<(usize, Snapshot)>,
        hub: &Hub<X>,
        now_ns: u64,
    ) -> Result<Vec<u8>, Error> {
        let start_ns = snapshots.iter().map(|(_, snapshot)| snapshot.start_ns).min().unwrap_or(0);
        let end_ns = snapshots.iter().map(|(_, snapshot)| snapshot.end_ns).max().unwrap_or(start_ns);
        let span_s = seconds(end_ns - start_ns);
        let (mut area, mut cpu, mut most, mut open) =
            (0_u64, vec![0_u64; self.threads], vec![0_u64; self.threads], vec![0_u64; self.threads]);
        let mut merged: Option<(usize, Tally)> = None;
        for (thread, snapshot) in snapshots {
            area += snapshot.flight_area;
            cpu[thread] += snapshot.cpu_ns;
            most[thread] = most[thread].max(snapshot.flight_most);
            open[thread] = snapshot.open;
            if let Some((_, sum)) = &mut merged {
                sum.merge(&snapshot.tally);
                let mut used = snapshot.tally;
                used.clear();
                hub.give_back(thread, used);
            } else {
                merged = Some((thread, snapshot.tally));
            }
        }
        let Some((thread, mut tally)) = merged else {
            return Err(Error::Internal("an interval without a snapshot".to_owned()));
        };
        let (lag_p99_ns, clipped) = lag_and_clipped(&tally);
        let share = |part: u64| if span_s > 0.0 { seconds(part) / span_s } else { 0.0 };
        let counters = tally.counters;
        let interval = IntervalJson {
            format: 1,
            t_s: seconds(end_ns),
            span_s,
            offered: counters.offered,
            started: counters.started,
            dropped: counters.dropped,
            sent: counters.sent,
            done: counters.done,
            redirects: counters.redirects,
            in_flight: InFlightJson { mean: share(area), max: most.iter().sum() },
            connections: ConnectionsJson { open: open.iter().sum(), opened: counters.opened, failed: counters.failed },
            generator: GeneratorJson {
                cpu_s: seconds(cpu.iter().sum()),
                cores: self.threads,
                busiest_share: share(cpu.iter().copied().max().unwrap_or(0)),
                lag_p99_s: seconds(lag_p99_ns),
                rss_bytes: resident_bytes(),
                late: counters.late,
                clipped,
                stalls: counters.stalls,
            },
            host: self.host.look(now_ns),
            cells: cells(&tally),
        };
        let line = serde_json::to_vec(&interval)
            .map_err(|error| Error::Internal(format!("an interval cannot be written: {error}")))?;
        tally.clear();
        hub.give_back(thread, tally);
        Ok(line)
    }
}

/// The 99th percentile of lag over all requests, and values above the histograms' top.
fn lag_and_clipped(tally: &Tally) -> (u64, u64) {
    let mut lag = Histogram::new();
    let mut clipped = 0;
    for cell in tally.cells() {
        if tally.rows()[cell.key.row as usize].step.is_some() {
            lag.merge(&cell.lag);
        }
        clipped += cell.response.clipped() + cell.service.clipped() + cell.lag.clipped() + cell.first_byte.clipped();
    }
    (lag.quantile(0.99).unwrap_or(0), clipped)
}

/// Cells as told: the step of a one-step journey once more as the whole journey.
fn cells(tally: &Tally) -> Vec<CellJson<'_>> {
    let mut told = Vec::new();
    for cell in tally.cells() {
        let row = &tally.rows()[cell.key.row as usize];
        told.push(cell_json(cell, &row.journey, row.step.as_deref(), &row.limits));
        if let Some(whole) = &row.whole {
            told.push(cell_json(cell, &row.journey, None, whole));
        }
    }
    told
}

fn cell_json<'a>(cell: &'a Cell, journey: &'a str, step: Option<&'a str>, limits: &[Limit]) -> CellJson<'a> {
    let applies = |i: usize| limits.iter().any(|&(threshold, _)| threshold == i);
    CellJson {
        journey,
        step,
        phase: cell.key.phase,
        result: cell.key.outcome.text(),
        error: cell.key.error,
        count: cell.count,
        bytes_in: cell.bytes_in,
        bytes_out: cell.bytes_out,
        over: cell.over.iter().enumerate().map(|(i, &count)| if applies(i) { count } else { 0 }).collect(),
        response: &cell.response,
        service: &cell.service,
        lag: &cell.lag,
        first_byte: &cell.first_byte,
    }
}

/// All threads' samples as JSON rows, step by step.
pub fn samples_json(threads: &[Vec<Kept>], room: crate::load::samples::Room) -> Result<Vec<u8>, Error> {
    let steps = threads.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows = Vec::new();
    for step in 0..steps {
        let mut merged = Kept::default();
        for kept in threads.iter().filter_map(|thread| thread.get(step)) {
            merged.merge(room, kept);
        }
        rows.extend(merged.rows());
    }
    serde_json::to_vec(&rows).map_err(|error| Error::Internal(format!("samples cannot be written: {error}")))
}

/// A hub shared by the threads and the caller.
pub type SharedHub<X> = Arc<Hub<X>>;

#[cfg(test)]
mod tests {
    use super::{Hub, Merger, Snapshot};
    use crate::load::tally::{Key, Measured, Outcome, Row, Tally};
    use std::sync::Arc;
    use std::time::Duration;

    fn rows() -> Arc<[Row]> {
        vec![Row { journey: "j".into(), step: Some("s".into()), limits: vec![], whole: Some(vec![]) }].into()
    }

    fn snapshot(start_s: u64, end_s: u64, last: bool, requests: u64) -> Snapshot {
        let mut tally = Tally::new(rows(), 0);
        for _ in 0..requests {
            let key = Key { row: 0, phase: 0, outcome: Outcome::status(200), error: false };
            tally.record(key, &Measured { response_ns: 5, ..Measured::default() });
            tally.counters.done += 1;
        }
        Snapshot {
            start_ns: start_s * 1_000_000_000,
            end_ns: end_s * 1_000_000_000,
            last,
            tally,
            flight_area: requests * 500_000_000,
            flight_most: requests,
            open: 1,
            cpu_ns: 1_000_000,
        }
    }

    fn line(hub: &Hub<()>, merger: &mut Merger) -> Option<serde_json::Value> {
        let taken = hub.take(Duration::ZERO).unwrap()?;
        Some(serde_json::from_slice(&merger.line(taken, hub, 0).unwrap()).unwrap())
    }

    #[test]
    fn threads_that_end_together_are_one_interval() {
        let hub: Hub<()> = Hub::new(2);
        let mut merger = Merger::new(2, 0);
        hub.push(0, snapshot(0, 1, false, 2), None);
        assert!(line(&hub, &mut merger).is_none());
        hub.push(1, snapshot(0, 1, false, 3), None);
        let told = line(&hub, &mut merger).unwrap();
        assert_eq!(told["done"], 5);
        assert_eq!(told["t_s"], 1.0);
        assert_eq!(told["in_flight"], serde_json::json!({"mean": 2.5, "max": 5}));
        assert_eq!(told["cells"].as_array().unwrap().len(), 2);
        assert_eq!(told["cells"][1]["step"], serde_json::Value::Null);
        assert!(hub.spare(0).is_some() && hub.spare(1).is_some());
    }

    #[test]
    fn a_thread_that_was_held_back_makes_a_longer_interval_and_loses_nothing() {
        let hub: Hub<()> = Hub::new(2);
        let mut merger = Merger::new(2, 0);
        hub.push(0, snapshot(0, 1, false, 1), None);
        hub.push(0, snapshot(1, 2, false, 1), None);
        hub.push(1, snapshot(0, 2, false, 1), None);
        let told = line(&hub, &mut merger).unwrap();
        assert_eq!((told["done"].as_u64(), told["span_s"].as_f64()), (Some(3), Some(2.0)));
        assert!(!hub.finished());
    }

    #[test]
    fn at_the_end_everything_left_is_told_and_then_it_is_finished() {
        let hub: Hub<()> = Hub::new(2);
        let mut merger = Merger::new(2, 0);
        hub.push(0, snapshot(0, 2, true, 1), None);
        hub.push(1, snapshot(0, 1, true, 1), None);
        assert_eq!(line(&hub, &mut merger).unwrap()["done"], 2);
        assert!(hub.finished());
        assert!(line(&hub, &mut merger).is_none());
    }

    #[test]
    fn a_failed_thread_is_an_error_of_the_next_take() {
        let hub: Hub<()> = Hub::new(1);
        hub.fail("it broke".to_owned());
        assert_eq!(hub.take(Duration::from_secs(5)).unwrap_err().to_string(), "it broke");
        assert!(!hub.finished());
    }
}
