//! A resource that all present share: processor sharing with `servers` processors, by its virtual time.
//!
//! Virtual time runs at the rate at which each job is served, so that a job leaves when it has run on by its demand
//! (Zahorjan, Eager, Sweillam: Accuracy, speed, and convergence of approximate MVA, and any text on fair queueing).

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A moment and what it is for, ordered by the moment, then by the order in which it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    pub at: f64,
    pub made: u64,
    pub job: usize,
}

impl Eq for Moment {}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.total_cmp(&other.at).then(self.made.cmp(&other.made))
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The jobs present and the virtual time.
#[derive(Debug)]
pub struct Sharing {
    servers: f64,
    virtual_s: f64,
    at: f64,
    jobs: BinaryHeap<Reverse<Moment>>,
}

impl Sharing {
    pub fn new(servers: f64) -> Self {
        Sharing { servers, virtual_s: 0.0, at: 0.0, jobs: BinaryHeap::new() }
    }

    fn rate(&self) -> f64 {
        (self.servers / self.jobs.len().max(1) as f64).min(1.0)
    }

    fn advance(&mut self, now: f64) {
        self.virtual_s = if self.jobs.is_empty() { 0.0 } else { self.virtual_s + (now - self.at) * self.rate() };
        self.at = now;
    }

    /// A job with this demand comes at `now`.
    pub fn enter(&mut self, now: f64, demand: f64, made: u64, job: usize) {
        self.advance(now);
        self.jobs.push(Reverse(Moment { at: self.virtual_s + demand, made, job }));
    }

    /// When the next job leaves, if none comes before; infinity when none is there.
    pub fn next(&self) -> f64 {
        match self.jobs.peek() {
            Some(Reverse(first)) => self.at + ((first.at - self.virtual_s) / self.rate()).max(0.0),
            None => f64::INFINITY,
        }
    }

    /// The job that leaves at `now`, which is `next`.
    pub fn leave(&mut self, now: f64) -> Option<usize> {
        self.advance(now);
        let Reverse(first) = self.jobs.pop()?;
        self.virtual_s = first.at;
        Some(first.job)
    }
}
