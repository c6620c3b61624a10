use loadstone_core::paths::digest::{DOUBLE, ROOT, digest, layout};
use loadstone_core::paths::{FAILED, Spans, Uneven};

use crate::{CLIENT, CONSUMER, MS, One, SERVER, one, spans};

/// (operation, part of the critical path in ms) of each visit that has any, by operation.
fn path(all: &[One]) -> Vec<(i32, i64)> {
    let made = digest(&spans(all)).expect("even columns").visits;
    let mut found: Vec<(i32, i64)> = made.operation.iter().copied().zip(made.critical).collect();
    found.retain(|one| one.1 != 0);
    found.sort_unstable();
    found.into_iter().map(|(operation, ns)| (operation, ns / MS)).collect()
}

#[test]
fn serial_children_are_all_waited_for() {
    assert_eq!(
        path(&[one(1, 0, SERVER, 0, 100), one(2, 1, CLIENT, 10, 40), one(3, 1, CLIENT, 50, 90)]),
        [(1, 30), (2, 30), (3, 40)]
    );
}

#[test]
fn of_parallel_children_the_last_to_finish_is_waited_for() {
    let all = [one(1, 0, SERVER, 0, 100), one(2, 1, 1, 0, 60), one(3, 1, 1, 10, 100), one(4, 1, 1, 5, 70)];
    assert_eq!(path(&all), [(1, 10), (3, 90)]);
}

#[test]
fn siblings_that_overlap_a_little_are_serial() {
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 1, 1, 0, 51), one(3, 1, 1, 50, 100)]), [(2, 50), (3, 50)]);
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 1, 1, 0, 53), one(3, 1, 1, 50, 100)]), [(1, 50), (3, 50)]);
}

#[test]
fn a_retry_is_waited_for_after_what_it_repeats() {
    let mut first = one(2, 1, CLIENT, 10, 40);
    first.flags = FAILED;
    let all = [one(1, 0, SERVER, 0, 100), first, one(3, 1, CLIENT, 60, 90)];
    assert_eq!(path(&all), [(1, 40), (2, 30), (3, 30)]);
    let made = digest(&spans(&all)).expect("even columns").visits;
    assert_eq!(made.errors, [0, 1, 0]);
}

#[test]
fn nobody_waits_for_what_outlives_its_parent_unless_a_client_gave_up() {
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 1, 1, 50, 400)]), [(1, 100)]);
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 1, 1, 50, 101)]), [(1, 50), (2, 50)]);
    let all = [one(1, 0, SERVER, 0, 100), one(2, 1, CLIENT, 20, 90), one(3, 2, SERVER, 30, 400)];
    assert_eq!(path(&all), [(1, 30), (2, 10), (3, 60)]);
}

#[test]
fn nobody_waits_for_a_consumer_or_for_what_names_no_parent() {
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 1, CONSUMER, 20, 80)]), [(1, 100)]);
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 0, 1, 20, 80)]), [(1, 100)]);
    assert_eq!(path(&[one(1, 0, SERVER, 0, 100), one(2, 77, 1, 20, 80)]), [(1, 40), (2, 60)], "an orphan");
}

#[test]
fn another_hosts_clock_is_moved_into_its_callers_time() {
    let (mut server, mut work) = (one(3, 2, SERVER, 5020, 5070), one(4, 3, 1, 5030, 5040));
    (server.host, work.host) = (2, 2);
    let all = [one(1, 0, SERVER, 0, 100), one(2, 1, CLIENT, 10, 90), server, work];
    let made = digest(&spans(&all)).expect("even columns");
    assert_eq!((made.defects.shifted, made.defects.skewed, made.defects.outliving), (1, 0, 0));
    assert_eq!(path(&all), [(1, 20), (2, 30), (3, 40), (4, 10)]);
    let laid = layout(&spans(&all)).expect("even columns");
    assert_eq!(laid.start, [0, 10 * MS, 25 * MS, 35 * MS]);
    assert_eq!(laid.above, [ROOT, 0, 1, 2]);
}

#[test]
fn a_clock_is_left_alone_on_one_host_and_where_the_client_failed() {
    let all = [one(1, 0, SERVER, 0, 100), one(2, 1, CLIENT, 10, 90), one(3, 2, SERVER, 60, 120)];
    assert_eq!(digest(&spans(&all)).expect("even columns").defects.shifted, 0);
    let mut other = all;
    other[2].host = 2;
    assert_eq!(digest(&spans(&other)).expect("even columns").defects.shifted, 1);
    other[1].flags = FAILED;
    assert_eq!(digest(&spans(&other)).expect("even columns").defects.shifted, 0);
}

#[test]
fn what_begins_after_its_request_has_ended_is_another_request() {
    let all = [
        one(1, 0, SERVER, 0, 100),
        one(2, 1, 4, 40, 41),
        one(3, 2, CONSUMER, 150, 190),
        one(4, 3, CLIENT, 160, 170),
        one(5, 0, SERVER, 10, 20),
    ];
    let made = digest(&spans(&all)).expect("even columns");
    assert_eq!(made.root, [0, 4, 2]);
    assert_eq!(made.main, [1, 0, 0]);
    assert_eq!(made.spans, [2, 1, 2]);
    assert_eq!(made.visited, [2, 1, 2]);
    assert_eq!(made.visits.parent, [-1, 1, -1, -1, 3]);
    assert_eq!(layout(&spans(&all)).expect("even columns").piece, [0, 0, 2, 2, 1]);
}

#[test]
fn a_double_is_left_out_and_the_longest_kept() {
    let all = [one(1, 0, SERVER, 0, 100), one(2, 1, 1, 10, 20), one(2, 1, 1, 10, 30)];
    let laid = layout(&spans(&all)).expect("even columns");
    assert_eq!(laid.above, [ROOT, DOUBLE, 0]);
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let mut wrong = spans(&[one(1, 0, SERVER, 0, 1)]);
    wrong.rows.push(0);
    assert_eq!(digest(&wrong).err(), Some(Uneven(1, 2)));
    assert!(layout(&Spans::default()).expect("no rows").above.is_empty());
}
