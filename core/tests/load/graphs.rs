//! Journeys whose steps lead back and apart, against a server: what is drawn, what is counted, when it ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::stage::{OK, Server, once, phase, reply, request, run};

/// A server that keeps the targets that it was asked for.
fn keeping(body: &'static str) -> (Server, Arc<Mutex<Vec<String>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    let server = Server::answering(move |asked| {
        kept.lock().unwrap().push(asked.target.clone());
        reply("200 OK", "", body)
    });
    (server, got)
}

/// `/NAME?arrival=…&draw=…&journey=…&request=…`: a number, and a row of the journey's feed and of the request's.
fn step(number: u32, name: &str, more: &Value) -> Value {
    let target = json!([
        {"text": format!("/{name}?arrival=")}, {"arrival": {}}, {"text": "&draw="}, {"int": {"low": 1, "high": 1_000_000}},
        {"text": "&journey="}, {"feed": 0, "column": 0}, {"text": "&request="}, {"feed": 1, "column": 0},
    ]);
    let mut made = request(number, name, "", more);
    made["target"] = target;
    made
}

/// list and detail, back and forth; the rest leaves.
fn visits(port: u16, shape: &Value, cores: usize) -> Value {
    let pause = json!({"distribution": "constant", "value_ns": 1000});
    let mut plan = once(
        port,
        &[vec![
            step(1, "list", &json!({"next": {"detail": 0.6, "list": 0.2}, "pause": pause})),
            step(2, "detail", &json!({"next": {"list": 0.7}})),
        ]],
    );
    plan["record"] = json!({"interval_ns": 1_000_000_000_u64, "slowest": 0, "failed": 5, "uniform": 100_000,
                            "exchanges": false, "hash_key": "000102030405060708090a0b0c0d0e0f", "trace": null});
    plan["journeys"][0]["start"] = json!({"list": 0.75, "detail": 0.25});
    plan["limits"]["cores"] = json!(cores);
    plan["limits"]["connections"] = json!(1000);
    let rows: Vec<Vec<String>> = (0..1000).map(|row| vec![row.to_string()]).collect();
    plan["feeds"] = json!([
        {"name": "one", "columns": ["row"], "rows": rows, "order": "zipf", "exponent": 0.5, "shift": 1.0},
        {"name": "two", "columns": ["row"], "rows": rows, "order": "zipf", "exponent": 0.5, "per": "request"},
    ]);
    plan["shape"] = shape.clone();
    plan
}

/// A phase more without arrivals: time for the last journeys to come to their end.
fn rested(mut shape: Value) -> Value {
    shape["phases"].as_array_mut().unwrap().push(
        json!({"name": "rest", "rate_per_s": 0.0, "users": null, "duration_ns": 2_000_000_000_u64, "measured": true}),
    );
    shape
}

/// By arrival, what was asked in order: (step, draw, the journey's row, the request's).
fn by_arrival(targets: &[String]) -> BTreeMap<u64, Vec<(String, String, String, String)>> {
    let mut found = BTreeMap::<u64, Vec<_>>::new();
    for target in targets {
        let (name, query) = target[1..].split_once('?').unwrap();
        let values: Vec<&str> = query.split('&').map(|pair| pair.split_once('=').unwrap().1).collect();
        let asked = (name.to_owned(), values[1].to_owned(), values[2].to_owned(), values[3].to_owned());
        found.entry(values[0].parse().unwrap()).or_default().push(asked);
    }
    found
}

#[test]
fn steps_met_again_draw_anew_and_a_journey_keeps_its_row() {
    let (server, got) = keeping("ok");
    let told = run(&visits(server.port, &rested(phase("even", Some(2000.0), None, 300)), 1));
    told.assert_complete();
    let journeys = by_arrival(&got.lock().unwrap());
    assert_eq!(journeys.len() as u64, told.total("started"));
    assert_eq!((told.journeys("200"), journeys.len()), (600, 600), "whole journeys are counted once each");
    assert_eq!(told.total("done"), journeys.values().map(|asked| asked.len() as u64).sum::<u64>());
    let long: Vec<_> = journeys.values().filter(|asked| asked.len() > 4).collect();
    assert!(long.len() > 50, "{}", long.len());
    for asked in &long {
        assert!(asked.iter().all(|one| one.2 == asked[0].2), "one row a journey: {asked:?}");
        let draws: std::collections::HashSet<_> = asked.iter().map(|one| &one.1).collect();
        let rows: std::collections::HashSet<_> = asked.iter().map(|one| &one.3).collect();
        assert!(draws.len() > 1 && rows.len() > 1, "drawn anew: {asked:?}");
    }
    let repeated: usize = long.iter().map(|asked| asked.windows(2).filter(|pair| pair[0].1 == pair[1].1).count()).sum();
    assert_eq!(repeated, 0);
    let starts = journeys.values().filter(|asked| asked[0].0 == "list").count() as f64;
    assert!((starts / 600.0 - 0.75).abs() < 4.0 * (0.75f64 * 0.25 / 600.0).sqrt(), "{starts}");
}

#[test]
fn the_same_seed_walks_the_same_ways_on_one_thread_or_two() {
    let walked = |cores| {
        let (server, got) = keeping("ok");
        let mut shape = phase("poisson", Some(1500.0), None, 200);
        shape["phases"][0]["bursts"] =
            json!([{"window_ns": 10_000_000, "variance": 1.5}, {"window_ns": 50_000_000, "variance": 0.5}]);
        let told = run(&visits(server.port, &rested(shape), cores));
        told.assert_complete();
        let found = by_arrival(&got.lock().unwrap());
        (found, told.total("offered"))
    };
    let (one, offered) = walked(1);
    assert!(one.len() > 100 && one.len() as u64 == offered);
    assert_eq!((one, offered), walked(2));
}

#[test]
fn a_whole_journey_is_all_of_its_visits() {
    let (server, _) = keeping("ok");
    let mut plan = once(server.port, &[vec![request(1, "again", "/", &json!({"next": {"again": 1.0}}))]]);
    plan["record"]["exchanges"] = false.into();
    plan["journeys"][0]["most"] = json!(7);
    plan["shape"] = rested(phase("even", Some(100.0), None, 50));
    plan["thresholds"] = json!([{"journey": "journey 0", "step": null, "limit_ns": 0},
                                {"journey": null, "step": "again", "limit_ns": 0}]);
    let told = run(&plan);
    told.assert_complete();
    assert_eq!((told.count("again", "200"), told.journeys("200")), (35, 5));
    assert_eq!((&told.cell(None)["over"], &told.cell(Some("again"))["over"]), (&json!([5, 0]), &json!([0, 35])));
    for name in ["response", "service", "lag", "first_byte"] {
        let sum = |step| told.cell(step)[name]["sum_ns"].as_u64().unwrap();
        assert_eq!(sum(None), sum(Some("again")), "{name}");
    }
    assert_eq!(told.cell(None)["bytes_in"], told.cell(Some("again"))["bytes_in"]);
}

#[test]
fn pauses_are_thought_before_what_follows() {
    let (server, _) = keeping("ok");
    let pause = json!({"distribution": "constant", "value_ns": 20_000_000});
    let mut plan = once(
        server.port,
        &[vec![
            request(1, "a", "/a", &json!({"pause": pause, "next": {"b": 1.0}})),
            request(2, "b", "/b", &json!({"pause": pause, "next": {}})),
        ]],
    );
    plan["record"]["exchanges"] = false.into();
    let told = run(&plan);
    assert_eq!((told.count("a", "200"), told.count("b", "200")), (1, 1));
    plan["shape"] = rested(phase("even", Some(10.0), None, 100));
    let told = run(&plan);
    let at = |step: &str, name: &str| {
        told.samples.iter().find(|sample| sample["step"] == step).unwrap()[name].as_u64().unwrap()
    };
    assert_eq!(at("b", "intended_ns"), at("a", "done_ns") + 20_000_000);
    // A closed user thinks behind the last step too, so journeys begin 40 ms apart.
    plan["shape"] = phase("closed", None, Some(1), 300);
    plan["record"]["uniform"] = json!(100);
    let told = run(&plan);
    let mut starts: Vec<u64> =
        told.samples.iter().filter(|one| one["step"] == "a").map(|one| one["intended_ns"].as_u64().unwrap()).collect();
    starts.sort_unstable();
    starts.dedup();
    assert!(starts.len() > 1 && starts.windows(2).all(|pair| pair[1] - pair[0] >= 40_000_000), "{starts:?}");
}

#[test]
fn once_tries_every_step_without_pausing() {
    let (server, got) = keeping("{\"id\": 5}");
    let hour = json!({"distribution": "constant", "value_ns": 3_600_000_000_000_u64});
    let extract = json!([{"name": "id", "source": "json", "expression": "$.id", "pick": "first"}]);
    let detail = json!({"target": [{"text": "/detail/"}, {"var": "id"}], "next": {"list": 0.5}, "pause": hour});
    let list = json!({"extract": extract, "next": {"detail": 0.001, "rare": 0.001}, "pause": hour});
    let mut plan = once(
        server.port,
        &[
            vec![
                request(1, "detail", "", &detail),
                request(2, "list", "/list", &list),
                request(3, "rare", "/rare", &json!({"next": {}})),
            ],
            vec![request(4, "plain", "/plain", &json!({"pause": hour})), request(5, "after", "/after", &json!({}))],
        ],
    );
    plan["journeys"][0]["start"] = json!({"list": 1.0});
    let told = run(&plan);
    told.assert_complete();
    assert_eq!(*got.lock().unwrap(), ["/list", "/detail/5", "/rare", "/plain", "/after"]);
    assert_eq!(told.journeys("200"), 2);
}

#[test]
fn an_error_ends_a_journey_of_many_ways() {
    let server = Server::answering(|asked| match asked.target.as_str() {
        "/b" => reply("500 Oops", "", ""),
        _ => Some(OK.to_vec()),
    });
    let mut plan = once(
        server.port,
        &[vec![
            request(1, "a", "/a", &json!({"next": {"b": 1.0}})),
            request(2, "b", "/b", &json!({"next": {"a": 1.0}})),
        ]],
    );
    plan["shape"] = rested(phase("even", Some(100.0), None, 50));
    let told = run(&plan);
    told.assert_complete();
    assert_eq!((told.count("a", "200"), told.count("b", "500"), told.journeys("500")), (5, 5, 5));
}
