//! When journeys start: a pure function of the shape and the seed, in ns from the run's origin.
//!
//! The n-th arrival is the same on any number of threads: its gap is drawn by its number, and each thread takes the
//! numbers that are its own.

use super::bursts::Bursts;
use super::plan::{Arrivals, Journey, Shape};
use super::random::{Draw, stream};

const SECOND: f64 = 1e9;

/// One journey's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// From 1.
    pub number: u64,
    pub at_ns: u64,
    pub phase: u8,
}

#[derive(Debug, Clone, Copy)]
struct Stretch {
    start_ns: u64,
    end_ns: u64,
    rate_per_s: f64,
    users: u64,
}

/// The arrivals of a shape, in order. A closed shape and `once` yield none: their journeys start by completion.
#[derive(Debug, Clone)]
pub struct Schedule {
    arrivals: Arrivals,
    seed: u64,
    phases: Vec<Stretch>,
    /// By phase: what makes its Poisson arrivals burstier.
    bursts: Vec<Bursts>,
    phase: usize,
    number: u64,
    /// Poisson: the last arrival, or the phase's start, as whole ns and a fraction.
    at_ns: u64,
    fraction: f64,
    /// Even: arrivals already made in this phase, and the progress towards the next one with which it began.
    made: u64,
    carry: f64,
}

impl Schedule {
    pub fn new(shape: &Shape, seed: u64) -> Self {
        let mut start_ns = 0u64;
        let phases: Vec<Stretch> = shape
            .phases
            .iter()
            .map(|phase| {
                let stretch = Stretch {
                    start_ns,
                    end_ns: start_ns.saturating_add(phase.duration_ns),
                    rate_per_s: phase.rate_per_s.unwrap_or(0.0),
                    users: u64::from(phase.users.unwrap_or(0)),
                };
                start_ns = stretch.end_ns;
                stretch
            })
            .collect();
        // Windows count from where measuring begins, so that they are whole there.
        let measured = shape.phases.iter().position(|phase| phase.measured).unwrap_or(0);
        let anchor_ns = phases.get(measured).map_or(0, |phase| phase.start_ns);
        let bursts = shape.phases.iter().map(|phase| Bursts::new(&phase.bursts, anchor_ns, seed)).collect();
        Schedule {
            arrivals: shape.arrivals,
            seed,
            phases,
            bursts,
            phase: 0,
            number: 1,
            at_ns: 0,
            fraction: 0.0,
            made: 0,
            carry: 1.0,
        }
    }

    /// The phase of an instant; None at or after the end.
    pub fn phase_at(&self, at_ns: u64) -> Option<u8> {
        let index = self.phases.partition_point(|phase| phase.end_ns <= at_ns);
        (index < self.phases.len()).then_some(index as u8)
    }

    /// The end of the last phase.
    pub fn end_ns(&self) -> u64 {
        self.phases.last().map_or(0, |phase| phase.end_ns)
    }

    /// The start and end of a phase.
    pub fn span_of(&self, phase: u8) -> Option<(u64, u64)> {
        self.phases.get(usize::from(phase)).map(|phase| (phase.start_ns, phase.end_ns))
    }

    /// The users of a closed phase; 0 for any other.
    pub fn users_at(&self, phase: u8) -> u64 {
        self.phases.get(usize::from(phase)).map_or(0, |phase| phase.users)
    }

    /// An exponential gap at the phase's rate. One that crosses the phase's end is thrown away and drawn anew from
    /// there at the next rate: the process has no memory, so its law is kept.
    fn next_poisson(&mut self) -> Option<Arrival> {
        while let Some(phase) = self.phases.get(self.phase) {
            if phase.rate_per_s > 0.0 {
                let mut draw = Draw::new(self.seed, self.number, stream::GAP, self.phase as u32);
                let mut due = draw.exponential() * (SECOND / phase.rate_per_s);
                let bursts = &mut self.bursts[self.phase];
                if !bursts.is_empty() {
                    due = stretched(bursts, (&mut self.at_ns, &mut self.fraction), due, phase.end_ns);
                }
                let gap = self.fraction + due;
                let whole = gap as u64;
                let at_ns = self.at_ns.saturating_add(whole);
                if at_ns < phase.end_ns {
                    self.at_ns = at_ns;
                    self.fraction = gap - whole as f64;
                    return Some(self.arrival(at_ns));
                }
            }
            self.at_ns = phase.end_ns;
            self.fraction = 0.0;
            self.phase += 1;
        }
        None
    }

    /// The k-th arrival of a phase stands k gaps after its first, computed and never summed up. What is left of a gap
    /// at a phase's end counts, as a share, in the next one.
    fn next_even(&mut self) -> Option<Arrival> {
        while let Some(phase) = self.phases.get(self.phase) {
            if phase.rate_per_s > 0.0 {
                let gaps = (self.made + 1) as f64 - self.carry;
                let offset = (gaps / phase.rate_per_s * SECOND).round().max(0.0) as u64;
                let at_ns = phase.start_ns.saturating_add(offset);
                if at_ns < phase.end_ns {
                    self.made += 1;
                    return Some(self.arrival(at_ns));
                }
                let whole = phase.rate_per_s * ((phase.end_ns - phase.start_ns) as f64 / SECOND);
                self.carry += whole - self.made as f64;
            }
            self.made = 0;
            self.phase += 1;
        }
        None
    }

    fn arrival(&mut self, at_ns: u64) -> Arrival {
        let arrival = Arrival { number: self.number, at_ns, phase: self.phase as u8 };
        self.number += 1;
        arrival
    }
}

/// A gap of a process whose rate has factors, from what it would be without: the instant is moved to the last change of
/// the factor before the gap's end, and what is left of it from there is returned. A gap that is not over at `end_ns`
/// leaves the instant there.
fn stretched(bursts: &mut Bursts, (at_ns, fraction): (&mut u64, &mut f64), mut due: f64, end_ns: u64) -> f64 {
    while *at_ns < end_ns {
        let (factor, until_ns) = bursts.at(*at_ns);
        let until_ns = until_ns.min(end_ns);
        let room = ((until_ns - *at_ns) as f64 - *fraction) * factor;
        if due < room {
            return due / factor;
        }
        due -= room;
        (*at_ns, *fraction) = (until_ns, 0.0);
    }
    0.0
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        match self.arrivals {
            Arrivals::Poisson => self.next_poisson(),
            Arrivals::Even => self.next_even(),
            Arrivals::Closed | Arrivals::Once => None,
        }
    }
}

/// Which journey an arrival starts: a draw by weight, keyed by the arrival's number.
#[derive(Debug, Clone)]
pub struct Mix {
    seed: u64,
    /// Upper ends of the journeys' shares of (0, total).
    edges: Vec<f64>,
}

impl Mix {
    pub fn new(journeys: &[Journey], seed: u64) -> Self {
        let mut total = 0.0;
        let edges = journeys.iter().map(|journey| {
            total += journey.weight;
            total
        });
        Mix { seed, edges: edges.collect() }
    }

    /// The index of the journey; 0 when there is but one.
    #[inline]
    pub fn journey_for(&self, arrival: u64) -> usize {
        if self.edges.len() < 2 {
            return 0;
        }
        let total = self.edges[self.edges.len() - 1];
        let point = Draw::new(self.seed, arrival, stream::JOURNEY, 0).unit() * total;
        self.edges.partition_point(|edge| *edge <= point).min(self.edges.len() - 1)
    }
}
