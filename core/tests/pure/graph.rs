use loadstone_core::error::Error;
use loadstone_core::load::graph::{END, Graph};
use loadstone_core::load::plan::Journey;
use loadstone_core::load::random::operation;
use serde_json::{Value, json};

use crate::documents;

/// A journey of requests and pauses: `("list", {"detail": 0.5})` is a step and what follows it, `("", null)` a pause.
fn journey(steps: &[(&str, Value)], more: &Value) -> Value {
    let ops: Vec<Value> = steps
        .iter()
        .zip(1..)
        .map(|((name, next), number)| match *name {
            "" => json!({"op": "think", "distribution": "constant", "value_ns": 1}),
            name => json!({"op": "request", "step": name, "number": number, "method": "GET", "target": [{"text": "/"}],
                           "timeout_ns": 1, "next": next}),
        })
        .collect();
    let mut journey = json!({"name": "visit", "weight": 1.0, "ops": ops});
    journey.as_object_mut().expect("made above").extend(more.as_object().cloned().unwrap_or_default());
    journey
}

fn compile(steps: &[(&str, Value)], more: &Value, once: bool) -> Result<Option<Graph>, Error> {
    let read: Journey = serde_json::from_value(journey(steps, more)).expect("a journey");
    Graph::compile(&read, once)
}

fn graph(steps: &[(&str, Value)], more: &Value, once: bool) -> Graph {
    compile(steps, more, once).expect("a good graph").expect("a graph")
}

/// The operations that a journey comes to; pauses are passed.
fn walk(graph: &Graph, steps: &[(&str, Value)], seed: u64, arrival: u64) -> Vec<usize> {
    let mut visits = vec![0; steps.len()];
    let (mut at, mut made) = (graph.first(seed, arrival), 0);
    let mut found = Vec::new();
    while let Some((name, _)) = steps.get(at) {
        if name.is_empty() {
            at += 1;
            continue;
        }
        found.push(at);
        made += 1;
        visits[at] += 1;
        at = graph.follow(seed, arrival, at, operation(at as u32, visits[at] - 1), made);
    }
    found
}

#[test]
fn steps_follow_each_other_as_often_as_they_should() {
    let steps = [
        ("list", json!({"detail": 0.6, "list": 0.1})),
        ("detail", json!({"list": 0.25, "buy": 0.25, "detail": 0.5})),
        ("buy", json!({})),
    ];
    let graph = graph(&steps, &json!({"start": {"list": 0.7, "detail": 0.3}}), false);
    let journeys = 20_000;
    let (mut counts, mut starts, mut length) = ([[0f64; 4]; 3], [0f64; 3], 0);
    for arrival in 0..journeys {
        let walked = walk(&graph, &steps, 7, arrival);
        starts[walked[0]] += 1.0;
        length += walked.len();
        for pair in walked.windows(2) {
            counts[pair[0]][pair[1]] += 1.0;
        }
        counts[walked[walked.len() - 1]][3] += 1.0;
    }
    for (from, expected) in [[0.1, 0.6, 0.0, 0.3], [0.25, 0.5, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]].iter().enumerate() {
        let total: f64 = counts[from].iter().sum();
        for (to, expected) in expected.iter().enumerate() {
            let error = (expected * (1.0 - expected) / total).sqrt();
            let found = counts[from][to] / total;
            assert!((found - expected).abs() <= 4.0 * error, "{from} to {to}: {found}, not {expected}");
        }
    }
    assert!((starts[0] / journeys as f64 - 0.7).abs() < 4.0 * (0.21 / journeys as f64).sqrt());
    // Requests of each step: what the starts and the steps before it bring, solved for.
    let detail = (0.3 + 0.7 * 0.6 / 0.9) / (1.0 - 0.5 - 0.25 * 0.6 / 0.9);
    let list = (0.7 + 0.25 * detail) / 0.9;
    let expected = list + detail + 0.25 * detail;
    let found = length as f64 / journeys as f64;
    assert!((found - expected).abs() < 0.12, "{found}, not {expected}");
}

#[test]
fn what_follows_is_drawn_anew_at_each_visit_and_the_same_for_all_who_ask() {
    let steps = [("a", json!({"a": 0.5, "b": 0.25})), ("b", json!({"a": 0.5}))];
    let graph = graph(&steps, &json!({}), false);
    let walked: Vec<Vec<usize>> = (0..200).map(|arrival| walk(&graph, &steps, 3, arrival)).collect();
    assert!(walked.iter().any(|one| one.len() > 5), "with a draw by step alone nobody would come back but for ever");
    assert!((0..200).rev().all(|arrival| walk(&graph, &steps, 3, arrival as u64) == walked[arrival]));
    assert!((0..200).any(|arrival| walk(&graph, &steps, 4, arrival as u64) != walked[arrival]));
}

#[test]
fn a_journey_ends_at_its_most() {
    let steps = [("a", json!({"b": 1.0})), ("b", json!({"a": 1.0}))];
    assert_eq!(walk(&graph(&steps, &json!({"most": 5}), false), &steps, 1, 1), [0, 1, 0, 1, 0]);
    assert_eq!(walk(&graph(&steps, &json!({}), false), &steps, 1, 1).len(), 1000);
    // Shares that add up to 1 but for rounding leave no way out.
    let thirds = json!({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4});
    let steps: Vec<(&str, Value)> = ["a", "b", "c", "d"].iter().map(|name| (*name, thirds.clone())).collect();
    assert_eq!(walk(&graph(&steps, &json!({"most": 9999}), false), &steps, 1, 1).len(), 9999);
}

#[test]
fn without_next_the_following_operation_follows() {
    let steps = [("", Value::Null), ("a", Value::Null), ("", Value::Null), ("b", json!({"a": 0.5})), ("c", json!({}))];
    let graph = graph(&steps, &json!({}), false);
    assert_eq!(graph.first(1, 1), 0);
    let walked = walk(&graph, &steps, 1, 1);
    assert!(walked.chunks(2).all(|pair| pair == [1, 3]), "{walked:?}");
    assert!(!graph.begins_anywhere());
    assert!(compile(&[("a", Value::Null), ("b", Value::Null)], &json!({}), false).expect("good").is_none());
}

#[test]
fn once_comes_to_every_step_as_users_first_do() {
    let steps = [
        ("detail", json!({"buy": 0.5})),
        ("buy", Value::Null),
        ("", Value::Null),
        ("thanks", json!({})),
        ("login", json!({"list": 1.0})),
        ("list", json!({"detail": 0.5, "login": 0.1, "list": 0.1})),
        ("nowhere", json!({})),
    ];
    let graph = graph(&steps, &json!({"start": {"login": 1.0}}), true);
    assert_eq!(walk(&graph, &steps, 1, 1), [4, 5, 0, 1, 3, 6]);
    assert_eq!(walk(&graph, &steps, 2, 9), walk(&graph, &steps, 1, 1));
    assert_eq!(graph.follow(1, 1, 6, 6, 6), END);
}

#[test]
fn a_graph_that_cannot_be_is_refused_with_its_place() {
    let steps = |next: Value| [("a", next), ("b", Value::Null)];
    let refused = |steps: &[(&str, Value)], more: Value| match compile(steps, &more, false) {
        Err(Error::Plan(message)) => message,
        other => panic!("{more}: {other:?}"),
    };
    for (next, more, expected) in [
        (json!({"c": 0.5}), json!({}), "journeys.visit.a.next: the journey has no step \"c\""),
        (json!({"b": 0.0}), json!({}), "above 0"),
        (json!({"b": -0.1}), json!({}), "above 0"),
        (json!({"b": 1.5}), json!({}), "at most 1"),
        (json!({"a": 0.6, "b": 0.6}), json!({}), "add up to 1.2"),
        (Value::Null, json!({"start": {"c": 1.0}}), "journeys.visit.start: the journey has no step"),
        (Value::Null, json!({"start": {"a": 0.5}}), "add up to 0.5, not to 1"),
        (Value::Null, json!({"start": {}}), "add up to 0, not to 1"),
        (Value::Null, json!({"most": 0}), "most is from 1 to 10000"),
        (Value::Null, json!({"most": 10_001}), "most is from 1 to 10000"),
    ] {
        let message = refused(&steps(next.clone()), more.clone());
        assert!(message.contains(expected), "{next} {more}: {message}");
    }
    let mut plan = documents::plan();
    plan["journeys"][0]["ops"][0]["next"] = json!({"nobody": 1.0});
    assert!(documents::parse(&plan).is_err_and(|error| error.to_string().contains("nobody")));
}
