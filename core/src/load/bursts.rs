//! Arrivals that are burstier than Poisson: their rate is itself random.
//!
//! The rate is multiplied by a factor for each level, and a level has a new one in each of its windows: gamma
//! distributed, with mean 1, independent of all others (a doubly stochastic Poisson process, Cox 1955; several time
//! scales as in Gusella, Characterizing the variability of arrival processes with indexes of dispersion, 1991). A factor
//! is keyed by (seed, window number, level), so the rate at an instant is the same whoever asks.

use super::plan::Burst;
use super::random::{Draw, stream};

/// A level's present window.
#[derive(Debug, Clone)]
struct Level {
    window_ns: u64,
    /// How far into a window the origin lies.
    offset_ns: u64,
    variance: f64,
    number: u64,
    factor: f64,
}

/// The factor of the rate over time. It remembers the windows that it is in.
#[derive(Debug, Clone)]
pub struct Bursts {
    seed: u64,
    levels: Vec<Level>,
}

impl Bursts {
    /// One of the windows of each level begins at `anchor_ns`.
    pub fn new(bursts: &[Burst], anchor_ns: u64, seed: u64) -> Self {
        let level = |burst: &Burst| {
            let window_ns = burst.window_ns.max(1);
            let offset_ns = (window_ns - anchor_ns % window_ns) % window_ns;
            Level { window_ns, offset_ns, variance: burst.variance, number: u64::MAX, factor: 1.0 }
        };
        Bursts { seed, levels: bursts.iter().map(level).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// The factor at an instant, and the instant until which it holds.
    pub fn at(&mut self, at_ns: u64) -> (f64, u64) {
        let (mut product, mut end_ns) = (1.0, u64::MAX);
        for (level, place) in self.levels.iter_mut().zip(0u32..) {
            let number = at_ns.saturating_add(level.offset_ns) / level.window_ns;
            if number != level.number {
                level.number = number;
                level.factor = factor(Draw::new(self.seed, number, stream::BURST, place), level.variance);
            }
            product *= level.factor;
            end_ns = end_ns.min((number + 1).saturating_mul(level.window_ns) - level.offset_ns);
        }
        (product, end_ns)
    }
}

/// Gamma with mean 1.
fn factor(mut draw: Draw, variance: f64) -> f64 {
    if variance > 0.0 { draw.gamma(1.0 / variance) * variance } else { 1.0 }
}
