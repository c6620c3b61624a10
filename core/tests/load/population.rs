//! Who arrives and who is dropped: open schedules, closed populations, limits.

use std::io::{BufReader, Write};
use std::sync::{Condvar, Mutex};

use serde_json::json;

use crate::stage::{OK, Server, engine, finish, phase, read_request, run, single};

/// A server that holds its replies until it is opened.
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

static CLOSED: Gate = Gate { open: Mutex::new(false), opened: Condvar::new() };

#[test]
fn every_arrival_of_an_open_schedule_is_offered_once() {
    let server = Server::saying(OK);
    let told = run(&single(
        server.port,
        &json!({"shape": phase("even", Some(1000.0), None, 200), "limits": {"connections": 1000}}),
    ));
    told.assert_complete();
    assert_eq!((told.total("offered"), told.total("dropped")), (200, 0));
    assert_eq!((told.total("sent"), told.count("step", "200")), (200, 200));
}

#[test]
fn what_meets_the_limit_of_connections_is_dropped_and_counted() {
    let server = Server::raw(|stream, _| {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while read_request(&mut reader).is_some() {
            let mut open = CLOSED.open.lock().unwrap();
            while !*open {
                open = CLOSED.opened.wait(open).unwrap();
            }
            let _ = writer.write_all(OK);
        }
    });
    let shape = json!({"shape": phase("even", Some(500.0), None, 100), "limits": {"connections": 3}});
    let engine = engine(&single(server.port, &shape));
    engine.start().unwrap();
    while server.connections() < 3 {
        std::thread::yield_now();
    }
    // The gate opens only after every arrival has come and gone.
    while engine.poll(std::time::Duration::from_millis(150)).unwrap().is_some() {}
    *CLOSED.open.lock().unwrap() = true;
    CLOSED.opened.notify_all();
    let told = finish(&engine);
    told.assert_complete();
    assert_eq!(told.total("offered"), 50);
    assert_eq!((told.total("started"), told.total("dropped")), (3, 47));
    assert_eq!((told.count("step", "200"), server.connections()), (3, 3));
}

#[test]
fn a_later_step_waits_for_a_connection_and_is_not_dropped() {
    // One connection, two users of a closed population: each request waits for the other's to end.
    let server = Server::saying(OK);
    let shape = json!({"shape": phase("closed", None, Some(2), 50), "limits": {"connections": 1}});
    let told = run(&single(server.port, &shape));
    told.assert_complete();
    assert_eq!((told.total("dropped"), server.connections()), (0, 1));
    assert_eq!(told.count("step", "200"), told.total("started"));
    let users: std::collections::BTreeSet<u64> =
        told.samples.iter().map(|sample| (sample["arrival"].as_u64().unwrap() - 1) % 2).collect();
    assert_eq!(users.len(), 2, "both users had their turn");
}

#[test]
fn a_closed_population_keeps_each_user_on_a_connection_of_its_own() {
    let server = Server::saying(OK);
    let told = run(&single(server.port, &json!({"shape": phase("closed", None, Some(8), 100)})));
    told.assert_complete();
    assert_eq!(server.connections(), 8);
    assert!(told.total("done") >= 8);
    assert_eq!(told.intervals[0]["in_flight"]["max"], 8);
}

#[test]
fn a_closed_population_grows_and_shrinks_with_its_phases() {
    let server = Server::saying(OK);
    let mut shape = phase("closed", None, Some(1), 60);
    for users in [4, 2] {
        shape["phases"].as_array_mut().unwrap().push(
            json!({"name": "p", "rate_per_s": null, "users": users, "duration_ns": 60_000_000, "measured": true}),
        );
    }
    let told = run(&single(server.port, &json!({"shape": shape, "record": {"uniform": 100_000}})));
    told.assert_complete();
    for (phase, most) in [(0, 1), (1, 4), (2, 2)] {
        let users: std::collections::BTreeSet<u64> = told
            .samples
            .iter()
            .filter(|sample| sample["phase"] == phase)
            .map(|sample| (sample["arrival"].as_u64().unwrap() - 1) % 4)
            .collect();
        assert_eq!(users, (0..most).collect(), "phase {phase}");
    }
    let mut arrivals: Vec<u64> = told
        .samples
        .iter()
        .filter(|sample| sample["kept"] == "uniform")
        .map(|sample| sample["arrival"].as_u64().unwrap())
        .collect();
    let all = arrivals.len();
    arrivals.sort_unstable();
    arrivals.dedup();
    assert_eq!(arrivals.len(), all, "an arrival number is given once");
}

#[test]
fn idle_connections_are_shared_by_the_users_of_an_open_schedule() {
    let server = Server::saying(OK);
    let told = run(&single(server.port, &json!({"shape": phase("even", Some(20.0), None, 300)})));
    assert_eq!(told.count("step", "200"), 6);
    assert!(server.connections() < 6, "{}", server.connections());
}

#[test]
fn in_flight_keeps_littles_law() {
    let server = Server::saying(OK);
    let told = run(&single(
        server.port,
        &json!({"shape": phase("poisson", Some(2000.0), None, 200), "limits": {"connections": 1000}}),
    ));
    let area: f64 = told
        .intervals
        .iter()
        .map(|interval| interval["in_flight"]["mean"].as_f64().unwrap() * interval["span_s"].as_f64().unwrap())
        .sum();
    let served: u64 = told
        .intervals
        .iter()
        .flat_map(|interval| interval["cells"].as_array().unwrap())
        .filter(|cell| !cell["step"].is_null())
        .map(|cell| cell["service"]["sum_ns"].as_u64().unwrap())
        .sum();
    #[allow(clippy::cast_precision_loss)]
    let served = served as f64 / 1e9;
    assert!((area - served).abs() <= 1e-9 * served.max(1.0) + 1e-6, "{area} {served}");
}
