//! The replay's kernels by hand-made timelines with exact answers; tests/stats/gain holds them against an oracle.

use loadstone_core::replay::Discipline::{self, Delay, Fifo, Sharing};
use loadstone_core::replay::recorded::{in_order_starts, shared_demands};
use loadstone_core::replay::run::{Jobs, Replayed, Service, replay};

/// Requests of one stage each, at the given resource.
fn run(arrived: &[f64], demand: &[f64], resource: u8, workers: usize, resources: [Discipline; 3]) -> Replayed {
    let order: Vec<u32> = (0..arrived.len() as u32).collect();
    let first: Vec<u32> = (0..=arrived.len() as u32).collect();
    let kinds = vec![resource; demand.len()];
    let jobs = Jobs { first: &first, resource: &kinds, demand };
    replay(arrived, &order, jobs, Service { workers, resources }).expect("columns that fit")
}

#[test]
fn two_who_share_one_processor_each_get_half() {
    let found = run(&[0.0, 1.0], &[2.0, 2.0], 2, 0, [Delay, Delay, Sharing(1.0)]);
    // Alone for a second, then half as fast: done at 3; the other, alone from then on, at 4.
    assert_eq!(found.ended, [3.0, 4.0]);
}

#[test]
fn two_processors_hold_nobody_up_until_a_third_comes() {
    let found = run(&[0.0, 0.0, 0.0], &[2.0, 2.0, 2.0], 2, 0, [Delay, Delay, Sharing(2.0)]);
    assert_eq!(found.ended, [3.0, 3.0, 3.0]);
}

#[test]
fn a_line_is_served_in_order() {
    let found = run(&[0.0, 1.0, 1.5], &[2.0, 5.0, 1.0], 0, 0, [Fifo(1), Delay, Delay]);
    assert_eq!(found.ended, [2.0, 7.0, 8.0]);
}

#[test]
fn workers_take_requests_in_order() {
    let found = run(&[0.0, 1.0, 1.5], &[2.0, 5.0, 1.0], 1, 2, [Delay; 3]);
    assert_eq!(found.begun, [0.0, 1.0, 2.0]);
    assert_eq!(found.ended, [2.0, 6.0, 3.0]);
}

#[test]
fn starts_follow_from_ends() {
    assert_eq!(in_order_starts(&[0.0, 1.0, 1.5], &[2.0, 6.0, 3.0], 2).expect("fits"), [0.0, 1.0, 2.0]);
    assert!(in_order_starts(&[0.0], &[1.0], 0).is_err());
    assert!(in_order_starts(&[0.0], &[], 1).is_err());
}

#[test]
fn demands_follow_from_intervals() {
    let (present, demands) = shared_demands(&[0.0, 1.0], &[3.0, 4.0], &[1.0, 2.0]).expect("fits");
    assert_eq!(present, [0, 1]);
    assert_eq!(demands, [[2.0, 2.0], [3.0, 3.0]]);
}

#[test]
fn intervals_without_length_and_backwards_ask_for_nothing() {
    let (present, demands) = shared_demands(&[0.0, 2.0, f64::NAN], &[0.0, 1.0, 1.0], &[1.0]).expect("fits");
    assert_eq!((present, demands), (vec![0; 3], vec![vec![0.0; 3]]));
}

#[test]
fn disciplines_by_number() {
    assert_eq!(Discipline::of(0, 0.0).expect("delay"), Delay);
    assert_eq!(Discipline::of(1, 2.0).expect("in order"), Fifo(2));
    assert_eq!(Discipline::of(2, 0.5).expect("sharing"), Sharing(0.5));
    for (kind, servers) in [(1, 0.0), (1, f64::NAN), (2, 0.0), (2, f64::INFINITY), (3, 1.0)] {
        assert!(Discipline::of(kind, servers).is_err());
    }
}
