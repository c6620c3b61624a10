//! A recorded timeline turned into demands, and demands replayed: the kernels behind `loadstone/stats/gain`.
//!
//! Instants and demands are seconds as f64 on one origin. Nothing here draws random numbers.

#[cfg(feature = "python")]
pub mod python;
pub mod recorded;
pub mod run;
mod sharing;

use crate::error::Error;

/// How a resource serves: without waiting; in order of arrival by so many servers; or all at once, each at the rate
/// `min(1, servers / present)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Discipline {
    Delay,
    Fifo(usize),
    Sharing(f64),
}

impl Discipline {
    /// By its number at the door: 0 delay, 1 in order, 2 sharing.
    pub fn of(kind: u8, servers: f64) -> Result<Self, Error> {
        match kind {
            0 => Ok(Discipline::Delay),
            1 if (1.0..=1e9).contains(&servers) => Ok(Discipline::Fifo(servers as usize)),
            2 if servers > 0.0 && servers.is_finite() => Ok(Discipline::Sharing(servers)),
            _ => Err(Error::plan("replay", format_args!("{kind} with {servers} servers is no discipline"))),
        }
    }
}
