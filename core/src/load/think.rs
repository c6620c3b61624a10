//! Think times, as the plan writes them and as they are drawn.

use serde::Deserialize;

use super::random::Draw;

/// A pause, drawn anew each time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "distribution", rename_all = "lowercase", deny_unknown_fields)]
pub enum Think {
    Constant { value_ns: u64 },
    Exponential { mean_ns: u64 },
    Uniform { low_ns: u64, high_ns: u64 },
    Lognormal { median_ns: u64, sigma: f64 },
}

impl Think {
    /// One pause in ns.
    pub fn draw(&self, draw: &mut Draw) -> u64 {
        match *self {
            Think::Constant { value_ns } => value_ns,
            Think::Exponential { mean_ns } => (mean_ns as f64 * draw.exponential()) as u64,
            Think::Uniform { low_ns, high_ns } => {
                low_ns.saturating_add(draw.below(high_ns.saturating_sub(low_ns).saturating_add(1)))
            }
            Think::Lognormal { median_ns, sigma } => (median_ns as f64 * (sigma * draw.normal()).exp()) as u64,
        }
    }
}
