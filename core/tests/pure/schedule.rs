use loadstone_core::load::plan::{Arrivals, Phase, Shape};
use loadstone_core::load::random::{Draw, stream};
use loadstone_core::load::schedule::{Arrival, Mix, Schedule};
use proptest::prelude::*;

use crate::documents;

const SECOND: u64 = 1_000_000_000;

fn shape(arrivals: Arrivals, phases: &[(f64, u64)]) -> Shape {
    let phase = |(rate, duration_ns): &(f64, u64)| Phase {
        name: "p".to_owned(),
        rate_per_s: Some(*rate),
        users: None,
        duration_ns: *duration_ns,
        measured: true,
        bursts: Vec::new(),
    };
    Shape { arrivals, phases: phases.iter().map(phase).collect() }
}

fn arrivals(kind: Arrivals, phases: &[(f64, u64)], seed: u64) -> Vec<Arrival> {
    Schedule::new(&shape(kind, phases), seed).collect()
}

#[test]
fn even_arrivals_stand_on_the_grid() {
    let found: Vec<u64> = arrivals(Arrivals::Even, &[(4.0, SECOND)], 1).iter().map(|a| a.at_ns).collect();
    assert_eq!(found, [0, SECOND / 4, SECOND / 2, SECOND / 4 * 3]);
    let thirds: Vec<u64> = arrivals(Arrivals::Even, &[(3.0, SECOND)], 1).iter().map(|a| a.at_ns).collect();
    assert_eq!(thirds, [0, 333_333_333, 666_666_667]);
}

#[test]
fn even_arrivals_do_not_drift_over_a_day() {
    let day = 86_400 * SECOND;
    let mut count = 0u64;
    let mut last = 0;
    for arrival in Schedule::new(&shape(Arrivals::Even, &[(70.0, day)]), 1) {
        assert_eq!(arrival.at_ns, (u128::from(count) * 1_000_000_000 * 2 / 70).div_ceil(2) as u64, "{count}");
        count += 1;
        last = arrival.at_ns;
    }
    assert_eq!(count, 70 * 86_400);
    assert!(day - last <= SECOND / 70 + 1);
}

/// The instants are the sum of the drawn gaps, exactly: rounding never accumulates.
#[test]
fn poisson_arrivals_do_not_drift() {
    let (rate, seed) = (10_000.0, 5);
    let mut sum = 0i128;
    for arrival in Schedule::new(&shape(Arrivals::Poisson, &[(rate, 120 * SECOND)]), seed) {
        let gap = Draw::new(seed, arrival.number, stream::GAP, 0).exponential() * (1e9 / rate);
        sum += (gap * (1u64 << 40) as f64) as i128;
        assert!((i128::from(arrival.at_ns) - (sum >> 40)).abs() <= 1);
    }
}

#[test]
fn poisson_counts_are_dispersed_like_poisson_counts() {
    let seconds = 20_000u64;
    let mut counts = vec![0f64; seconds as usize];
    let found = arrivals(Arrivals::Poisson, &[(50.0, seconds * SECOND)], 77);
    found.iter().for_each(|arrival| counts[(arrival.at_ns / SECOND) as usize] += 1.0);
    let mean = counts.iter().sum::<f64>() / seconds as f64;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (seconds - 1) as f64;
    // Four standard errors: sqrt(50 / 20,000) for the mean, sqrt(2 / 20,000) for the index of dispersion.
    assert!((mean - 50.0).abs() < 0.2, "{mean}");
    assert!((variance / mean - 1.0).abs() < 0.04, "{}", variance / mean);
}

#[test]
fn poisson_gaps_are_exponential() {
    let found = arrivals(Arrivals::Poisson, &[(1000.0, 200 * SECOND)], 3);
    let mut gaps: Vec<f64> = found.windows(2).map(|pair| (pair[1].at_ns - pair[0].at_ns) as f64 / 1e6).collect();
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let distance = gaps.iter().zip(0u32..).map(|(gap, index)| {
        let share = 1.0 - (-gap).exp();
        (share - f64::from(index) / n).abs().max((f64::from(index + 1) / n - share).abs())
    });
    // Kolmogorov and Smirnov: 1.95 is exceeded once in a thousand.
    assert!(distance.fold(0.0, f64::max) * n.sqrt() < 1.95);
}

#[test]
fn silence_is_silent_and_shares_of_a_gap_survive_it() {
    let phases = [(0.4, SECOND), (0.0, 100 * SECOND), (0.4, 4 * SECOND)];
    let found: Vec<u64> = arrivals(Arrivals::Even, &phases, 1).iter().map(|a| a.at_ns).collect();
    // A gap is 2.5 s: one second of it passes before the silence, 1.5 s after.
    assert_eq!(found, [0, 102_500_000_000]);
    let poisson = arrivals(Arrivals::Poisson, &[(50.0, SECOND), (0.0, SECOND), (50.0, SECOND)], 1);
    assert!(poisson.iter().all(|arrival| arrival.phase != 1 && !(SECOND..2 * SECOND).contains(&arrival.at_ns)));
    assert!(poisson.iter().any(|arrival| arrival.phase == 2));
    assert!(arrivals(Arrivals::Poisson, &[(0.0, SECOND)], 1).is_empty());
}

#[test]
fn each_phase_has_its_rate() {
    for kind in [Arrivals::Poisson, Arrivals::Even] {
        let phases = [(100.0, 50 * SECOND), (1000.0, 50 * SECOND), (10.0, 100 * SECOND)];
        let found = arrivals(kind, &phases, 9);
        for (phase, expected) in [(0, 5000.0), (1, 50_000.0), (2, 1000.0f64)] {
            let count = found.iter().filter(|arrival| arrival.phase == phase).count() as f64;
            let allowed = if kind == Arrivals::Even { 0.0 } else { 4.0 * expected.sqrt() };
            assert!((count - expected).abs() <= allowed, "{kind:?} {phase}: {count}");
        }
    }
}

#[test]
fn phases_follow_without_a_gap() {
    let schedule = Schedule::new(&shape(Arrivals::Even, &[(1.0, 10), (1.0, 20)]), 1);
    assert_eq!([0, 9, 10, 29, 30].map(|at| schedule.phase_at(at)), [Some(0), Some(0), Some(1), Some(1), None]);
    assert_eq!((schedule.end_ns(), schedule.span_of(1), schedule.span_of(2)), (30, Some((10, 30)), None));
}

#[test]
fn a_closed_shape_has_users_and_no_arrivals() {
    let phase = |users| Phase {
        name: "p".into(),
        rate_per_s: None,
        users: Some(users),
        duration_ns: 5,
        measured: true,
        bursts: Vec::new(),
    };
    let mut schedule = Schedule::new(&Shape { arrivals: Arrivals::Closed, phases: vec![phase(3), phase(50)] }, 1);
    assert_eq!([0, 1, 2].map(|phase| schedule.users_at(phase)), [3, 50, 0]);
    assert_eq!(schedule.next(), None);
}

#[test]
fn journeys_are_chosen_by_weight() {
    let mut plan = documents::parse(&documents::plan()).expect("a plan");
    let mut other = plan.journeys[0].clone();
    (plan.journeys[0].weight, other.weight) = (3.0, 1.0);
    plan.journeys.push(other);
    let mix = Mix::new(&plan.journeys, 4);
    let first = (1..=40_000).filter(|arrival| mix.journey_for(*arrival) == 0).count();
    // Four standard errors of a share of 0.75.
    assert!((first as f64 / 40_000.0 - 0.75).abs() < 0.009, "{first}");
    assert_eq!(Mix::new(&plan.journeys[..1], 4).journey_for(7), 0);
}

fn any_phases() -> impl Strategy<Value = Vec<(f64, u64)>> {
    let rate = prop_oneof![Just(0.0), 0.01..2000.0f64, Just(1e5)];
    prop::collection::vec((rate, 1..50_000_000u64), 1..6)
}

proptest! {
    #[test]
    fn arrivals_are_numbered_ordered_and_in_their_phase(phases in any_phases(), even in any::<bool>(), seed in any::<u64>()) {
        let kind = if even { Arrivals::Even } else { Arrivals::Poisson };
        let schedule = Schedule::new(&shape(kind, &phases), seed);
        let mut last = 0;
        for (arrival, number) in schedule.clone().zip(1..) {
            prop_assert_eq!(arrival.number, number);
            prop_assert!(arrival.at_ns >= last);
            prop_assert_eq!(schedule.phase_at(arrival.at_ns), Some(arrival.phase));
            last = arrival.at_ns;
        }
    }

    /// However a span is cut into phases of one rate, even arrivals stand where they would uncut.
    #[test]
    fn a_cut_does_not_move_even_arrivals(rate in 1.0..5000.0f64, cuts in prop::collection::vec(1..400_000_000u64, 1..6)) {
        let cut: Vec<(f64, u64)> = cuts.iter().map(|duration| (rate, *duration)).collect();
        let whole = arrivals(Arrivals::Even, &[(rate, cuts.iter().sum())], 1);
        let pieces = arrivals(Arrivals::Even, &cut, 1);
        prop_assert!(whole.len().abs_diff(pieces.len()) <= 1);
        for (a, b) in whole.iter().zip(&pieces) {
            prop_assert!(a.at_ns.abs_diff(b.at_ns) <= 1, "{a:?} {b:?}");
        }
    }

    /// What comes later in a shape changes nothing that came before.
    #[test]
    fn the_past_does_not_depend_on_the_future(phases in any_phases(), seed in any::<u64>(), even in any::<bool>()) {
        let kind = if even { Arrivals::Even } else { Arrivals::Poisson };
        let head = arrivals(kind, &phases[..1], seed);
        let whole = arrivals(kind, &phases, seed);
        prop_assert_eq!(&whole[..head.len()], &head[..]);
    }
}
