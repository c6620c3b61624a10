//! How a run ends: by itself, by a stop, at once; and what happens when nobody polls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::json;

use crate::stage::{OK, Server, engine, finish, phase, run, single};

#[test]
fn a_stop_awaits_what_is_in_flight() {
    let (asked, is_asked) = mpsc::channel::<()>();
    let (release, released) = mpsc::channel::<()>();
    let (asked, released) = (std::sync::Mutex::new(asked), std::sync::Mutex::new(released));
    let server = Server::answering(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        Some(OK.to_vec())
    });
    let engine = engine(&single(server.port, &json!({"shape": phase("closed", None, Some(1), 60_000)})));
    engine.start().unwrap();
    is_asked.recv().unwrap();
    engine.stop(false);
    assert!(!engine.finished());
    release.send(()).unwrap();
    let told = finish(&engine);
    told.assert_complete();
    assert_eq!((told.total("started"), told.count("step", "200")), (1, 1));
}

#[test]
fn a_stop_at_once_cuts_what_is_in_flight_and_the_record_is_complete() {
    let (asked, is_asked) = mpsc::channel::<()>();
    let asked = std::sync::Mutex::new(asked);
    let (_hold, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = Server::answering(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        held.lock().unwrap().recv().ok()?;
        None
    });
    let engine = engine(&single(server.port, &json!({"shape": phase("closed", None, Some(1), 60_000)})));
    engine.start().unwrap();
    is_asked.recv().unwrap();
    engine.stop(true);
    let told = finish(&engine);
    told.assert_complete();
    assert_eq!((told.total("sent"), told.total("done")), (1, 0));
    assert_eq!(told.intervals[0]["in_flight"]["max"], 1);
}

#[test]
fn thinking_users_end_with_the_schedule() {
    let server = Server::saying(OK);
    let mut plan = single(server.port, &json!({"shape": phase("closed", None, Some(3), 50)}));
    let think = json!({"op": "think", "distribution": "constant", "value_ns": 3_600_000_000_000_u64});
    let ops = plan["journeys"][0]["ops"].as_array_mut().unwrap();
    let mut second = ops[0].clone();
    second["step"] = "later".into();
    second["number"] = 2.into();
    ops.extend([think, second]);
    let told = run(&plan);
    told.assert_complete();
    assert_eq!((told.count("step", "200"), told.count("later", "200"), told.journeys("200")), (3, 0, 0));
}

#[test]
fn what_nobody_polls_is_held_back_and_not_lost() {
    let answered = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&answered);
    let server = Server::answering(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        Some(OK.to_vec())
    });
    let more = json!({"shape": phase("even", Some(1000.0), None, 300), "record": {"interval_ns": 1_000_000}, "limits": {"connections": 1000}});
    let engine = engine(&single(server.port, &more));
    engine.start().unwrap();
    // Three hundred intervals, a queue of sixteen, and nobody there until everything has been answered.
    while answered.load(Ordering::SeqCst) < 300 {
        std::thread::yield_now();
    }
    let told = finish(&engine);
    told.assert_complete();
    assert_eq!((told.total("offered"), told.count("step", "200")), (300, 300));
    let stalls: u64 = told.intervals.iter().map(|interval| interval["generator"]["stalls"].as_u64().unwrap()).sum();
    assert!(stalls > 0);
}

#[test]
fn intervals_are_cut_by_the_clock_and_the_last_reaches_the_end() {
    let server = Server::saying(OK);
    let more = json!({"shape": phase("even", Some(200.0), None, 250), "record": {"interval_ns": 100_000_000}});
    let told = run(&single(server.port, &more));
    told.assert_complete();
    let ends: Vec<f64> = told.intervals.iter().map(|interval| interval["t_s"].as_f64().unwrap()).collect();
    let (last, others) = ends.split_last().unwrap();
    assert!(others.iter().all(|end| [0.1, 0.2].contains(end)), "{ends:?}");
    assert!(*last >= 0.25, "{ends:?}");
}

#[test]
fn a_run_is_started_once() {
    let server = Server::saying(OK);
    let engine = engine(&single(server.port, &json!({})));
    assert!(engine.poll(Duration::ZERO).is_err());
    engine.start().unwrap();
    assert!(engine.start().is_err());
    finish(&engine);
    assert!(engine.poll(Duration::ZERO).unwrap().is_none());
}

#[test]
fn an_engine_that_is_dropped_stops() {
    let server = Server::saying(OK);
    let engine = engine(&single(server.port, &json!({"shape": phase("closed", None, Some(4), 3_600_000)})));
    engine.start().unwrap();
    drop(engine);
}
