use loadstone_core::load::bursts::Bursts;
use loadstone_core::load::plan::{Arrivals, Burst, Phase, Shape};
use loadstone_core::load::schedule::{Arrival, Schedule};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// Windows in seconds and variances.
type Levels = [(u64, f64)];

fn phase(rate: f64, seconds: u64, measured: bool, levels: &Levels) -> Phase {
    let burst = |(window_s, variance): &(u64, f64)| Burst { window_ns: window_s * SECOND, variance: *variance };
    Phase {
        name: "p".to_owned(),
        rate_per_s: Some(rate),
        users: None,
        duration_ns: seconds * SECOND,
        measured,
        bursts: levels.iter().map(burst).collect(),
    }
}

fn arrivals(phases: Vec<Phase>, seed: u64) -> Vec<Arrival> {
    Schedule::new(&Shape { arrivals: Arrivals::Poisson, phases }, seed).collect()
}

/// Variance over mean of the counts in windows of `window_s` seconds from `from_s` on, about the known mean.
fn index(found: &[Arrival], rate: f64, window_s: u64, from_s: u64, to_s: u64) -> f64 {
    let mut counts = vec![0f64; ((to_s - from_s) / window_s) as usize];
    for arrival in found {
        if let Some(at_ns) = arrival.at_ns.checked_sub(from_s * SECOND)
            && let Some(count) = counts.get_mut((at_ns / (window_s * SECOND)) as usize)
        {
            *count += 1.0;
        }
    }
    let mean = rate * window_s as f64;
    counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
}

/// The mean over seeds and its standard error.
fn over_seeds(seeds: u64, value: impl Fn(u64) -> f64) -> (f64, f64) {
    let values: Vec<f64> = (0..seeds).map(value).collect();
    let count = seeds as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// What the factors make of the index in windows as long as level `at`'s, each window a multiple of the one before: two
/// instants of one window of a level share its factor and all longer ones'.
fn expected(levels: &Levels, rate: f64, at: usize) -> f64 {
    let mut sum = 1.0;
    for level in 0..=at {
        let shared: f64 = levels[level..].iter().map(|(_, variance)| 1.0 + variance).product();
        let before = if level == 0 { 0 } else { levels[level - 1].0 };
        sum += rate * (levels[level].0 - before) as f64 * (shared - 1.0);
    }
    sum
}

#[test]
fn counts_are_dispersed_as_the_variances_say() {
    let (rate, seconds) = (12.0, 1200);
    for levels in [&[(1, 0.05), (10, 0.02), (60, 0.01)][..], &[(2, 1.5)], &[(1, 0.4), (4, 0.0), (20, 0.3), (120, 0.2)]]
    {
        for at in 0..levels.len() {
            let (found, error) = over_seeds(80, |seed| {
                let found = arrivals(vec![phase(rate, seconds, true, levels)], seed);
                index(&found, rate, levels[at].0, 0, seconds)
            });
            let expected = expected(levels, rate, at);
            assert!((found - expected).abs() < 4.0 * error, "{levels:?} {at}: {found} +- {error}, not {expected}");
            assert!(error < 0.12 * (expected - 1.0).max(0.3), "{levels:?} {at}: {error} tells nothing of {expected}");
        }
    }
}

#[test]
fn the_mean_rate_is_kept() {
    let (rate, seconds) = (40.0, 600);
    let levels = &[(1, 0.3), (10, 0.3)];
    let (found, error) =
        over_seeds(100, |seed| arrivals(vec![phase(rate, seconds, true, levels)], seed).len() as f64 / seconds as f64);
    assert!((found - rate).abs() < 4.0 * error && error < 0.03 * rate, "{found} +- {error}");
}

/// A warm-up of 7 s does not cut the windows of what is measured, and each phase has its own rate.
#[test]
fn windows_are_whole_where_measuring_begins() {
    let levels = &[(10, 0.5)];
    let phases = |seed| {
        let phases = vec![phase(8.0, 7, false, levels), phase(8.0, 600, true, levels), phase(80.0, 20, true, &[])];
        arrivals(phases, seed)
    };
    let (found, error) = over_seeds(80, |seed| index(&phases(seed), 8.0, 10, 7, 607));
    assert!((found - expected(levels, 8.0, 0)).abs() < 4.0 * error && error < 4.0, "{found} +- {error}");
    // Windows that straddle two of the factors' by 7 s and 3 s have less of it.
    let (shifted, error) = over_seeds(80, |seed| index(&phases(seed), 8.0, 10, 10, 600));
    let straddling = 1.0 + 8.0 * 10.0 * 0.5 * (0.49 + 0.09);
    assert!((shifted - straddling).abs() < 4.0 * error, "{shifted} +- {error}");
    let last = phases(3).iter().filter(|arrival| arrival.phase == 2).count() as f64;
    assert!((last - 1600.0).abs() < 4.0 * 40.0, "{last}");
}

#[test]
fn without_variance_it_is_the_same_process() {
    for levels in [&[(1, 0.0)][..], &[(1, 0.0), (7, 0.0)]] {
        let plain = arrivals(vec![phase(30.0, 100, false, &[]), phase(90.0, 100, true, &[])], 5);
        let found = arrivals(vec![phase(30.0, 100, false, levels), phase(90.0, 100, true, levels)], 5);
        assert_eq!(found.len(), plain.len());
        for (one, other) in found.iter().zip(&plain) {
            assert!(one.at_ns.abs_diff(other.at_ns) <= 200 && one.number == other.number, "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_factor_depends_on_seed_window_and_level_alone() {
    let levels = [Burst { window_ns: SECOND, variance: 0.5 }, Burst { window_ns: 10 * SECOND, variance: 0.5 }];
    let mut walked = Bursts::new(&levels, 0, 9);
    let told: Vec<(f64, u64)> = (0..100).map(|second| walked.at(second * SECOND + 5)).collect();
    for second in (0..100).rev() {
        let one = told[second as usize];
        assert_eq!(Bursts::new(&levels, 0, 9).at(second * SECOND), one);
        assert_eq!(one.1, (second + 1) * SECOND);
    }
    let other = |seed, anchor_ns| Bursts::new(&levels, anchor_ns, seed).at(0).0;
    assert_ne!(other(9, 0), other(10, 0));
    // Two seconds in, the windows of an anchor there begin anew.
    assert_eq!(Bursts::new(&levels, 2 * SECOND, 9).at(2 * SECOND - 1).1, 2 * SECOND);
    assert_eq!(Bursts::new(&levels, 2 * SECOND + 7, 9).at(2 * SECOND).1, 2 * SECOND + 7);
}

proptest! {
    #[test]
    fn arrivals_are_numbered_ordered_and_in_their_phase(
        phases in prop::collection::vec((0.0..300.0f64, 1..4u64, any::<bool>()), 1..5),
        levels in prop::collection::vec((1..5u64, 0.0..50.0f64), 0..4),
        seed in any::<u64>(),
    ) {
        let phases = phases.iter().map(|(rate, seconds, measured)| phase(*rate, *seconds, *measured, &levels)).collect();
        let schedule = Schedule::new(&Shape { arrivals: Arrivals::Poisson, phases }, seed);
        let mut last = 0;
        for (arrival, number) in schedule.clone().zip(1..) {
            prop_assert_eq!(arrival.number, number);
            prop_assert!(arrival.at_ns >= last);
            prop_assert_eq!(schedule.phase_at(arrival.at_ns), Some(arrival.phase));
            last = arrival.at_ns;
        }
    }
}
