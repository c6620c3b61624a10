//! What the machine under the generator is doing: time stolen, time busy, pressure on the CPU, the engine's memory.
//!
//! Read from /proc where there is one; elsewhere every answer is `None`.

use serde::Serialize;

/// Shares of the span between two looks, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    pub steal_share: Option<f64>,
    pub pressure_share: Option<f64>,
    pub busy_share: Option<f64>,
}

/// Counters at one look: ticks of all CPUs, and microseconds in which some task waited for a CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Look {
    total: u64,
    idle: u64,
    steal: u64,
    pressure_us: Option<u64>,
    at_ns: u64,
}

/// Remembers the last look.
#[derive(Debug, Default)]
pub struct Host {
    last: Option<Look>,
}

impl Host {
    /// Look now; the shares since the look before, None at the first and where the system does not tell.
    pub fn look(&mut self, now_ns: u64) -> Option<Shares> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let pressure = std::fs::read_to_string("/proc/pressure/cpu").ok();
        let look = parse(&stat, pressure.as_deref(), now_ns)?;
        let before = self.last.replace(look)?;
        Some(shares(&before, &look))
    }
}

/// The first line of /proc/stat: user nice system idle iowait irq softirq steal (guest time is within user).
fn parse(stat: &str, pressure: Option<&str>, at_ns: u64) -> Option<Look> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<u64> = line.split_ascii_whitespace().skip(1).take(8).map_while(|text| text.parse().ok()).collect();
    let at = |i: usize| ticks.get(i).copied().unwrap_or(0);
    let pressure_us = pressure.and_then(|text| {
        let some = text.lines().find(|line| line.starts_with("some "))?;
        some.split_ascii_whitespace().find_map(|word| word.strip_prefix("total="))?.parse().ok()
    });
    Some(Look { total: ticks.iter().sum(), idle: at(3) + at(4), steal: at(7), pressure_us, at_ns })
}

#[allow(clippy::cast_precision_loss)] // tick counts of seconds
fn shares(before: &Look, after: &Look) -> Shares {
    let total = after.total.saturating_sub(before.total);
    let share = |part: u64| if total == 0 { None } else { Some((part as f64 / total as f64).min(1.0)) };
    let idle = after.idle.saturating_sub(before.idle);
    let steal = after.steal.saturating_sub(before.steal);
    let span_us = after.at_ns.saturating_sub(before.at_ns) / 1000;
    let pressure_share = match (before.pressure_us, after.pressure_us) {
        (Some(b), Some(a)) if span_us > 0 => Some((a.saturating_sub(b) as f64 / span_us as f64).min(1.0)),
        _ => None,
    };
    Shares {
        steal_share: share(steal),
        pressure_share,
        busy_share: share(total.saturating_sub(idle).saturating_sub(steal)),
    }
}

/// Resident memory of this process in bytes, 0 where the system does not tell.
#[must_use]
pub fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    // SAFETY: sysconf has no memory arguments.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages * u64::try_from(page).unwrap_or(4096)
}

/// CPUs that this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Raise the soft limit of open descriptors to the hard one: each connection is a descriptor.
pub fn raise_descriptors() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct is writable and lives for the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 || limit.rlim_cur >= limit.rlim_max {
        return;
    }
    // macOS refuses more than OPEN_MAX although its hard limit is infinite.
    let most = if cfg!(target_os = "macos") { limit.rlim_max.min(10_240) } else { limit.rlim_max };
    limit.rlim_cur = most.max(limit.rlim_cur);
    // SAFETY: the struct is readable; a refusal leaves the limit as it was, and connections then fail as data.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
}

#[cfg(test)]
mod tests {
    use super::{Look, parse, shares};

    const STAT: &str = "cpu  100 10 50 800 40 0 5 20 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
    const PRESSURE: &str = "some avg10=0.00 avg60=0.00 avg300=0.28 total=15083052\nfull avg10=0.00 total=0\n";

    #[test]
    fn reads_the_sum_line_and_the_pressure_total() {
        let look = parse(STAT, Some(PRESSURE), 7).unwrap();
        assert_eq!(look, Look { total: 1025, idle: 840, steal: 20, pressure_us: Some(15_083_052), at_ns: 7 });
        assert_eq!(parse(STAT, None, 7).unwrap().pressure_us, None);
        assert_eq!(parse("", None, 7), None);
    }

    #[test]
    fn shares_are_of_the_span_between_two_looks() {
        let before = Look { total: 1000, idle: 500, steal: 0, pressure_us: Some(0), at_ns: 0 };
        let after = Look { total: 1200, idle: 600, steal: 20, pressure_us: Some(250_000), at_ns: 1_000_000_000 };
        let told = shares(&before, &after);
        assert_eq!(told.steal_share, Some(0.1));
        assert_eq!(told.busy_share, Some(0.4));
        assert_eq!(told.pressure_share, Some(0.25));
    }

    #[test]
    fn no_time_passed_tells_nothing() {
        let look = Look { total: 1, idle: 1, steal: 0, pressure_us: None, at_ns: 0 };
        assert_eq!(shares(&look, &look).busy_share, None);
    }
}
