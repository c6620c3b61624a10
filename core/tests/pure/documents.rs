//! A plan as Python writes it, and ways to bend it; and the plans that are refused.

use loadstone_core::error::Error;
use loadstone_core::load::plan::{Op, Part, Plan, Source, Think};
use loadstone_core::load::random::Draw;
use serde_json::{Value, json};

/// The plan of docs/formats.md, spelled out.
pub fn plan() -> Value {
    json!({
        "format": 1,
        "seed": 41,
        "target": {
            "scheme": "http", "host": "127.0.0.1", "port": 8000,
            "tls": {"ca_file": null, "verify": true}, "auth": null
        },
        "secrets": {"SHOP_TOKEN": "the value"},
        "feeds": [{
            "name": "users", "columns": ["email", "password"],
            "rows": [["a@x", "p"], ["b@x", "q"]], "order": "sequential"
        }],
        "journeys": [{
            "name": "browse", "weight": 70.0,
            "ops": [
                {
                    "op": "request", "step": "list", "number": 1, "method": "GET",
                    "target": [{"text": "/products?page="},
                               {"zipf": {"n": 50, "exponent": 1.0}, "encode": "url"}],
                    "headers": [{"name": "accept", "value": [{"text": "application/json"}]}],
                    "body": null, "timeout_ns": 10_000_000_000u64, "redirects": 0,
                    "check": {"status": [[200, 200]], "contains": [], "regex": [], "json": []},
                    "extract": [{"name": "id", "source": "json", "expression": "$.items[*].id",
                                 "pick": "random"}]
                },
                {"op": "think", "distribution": "lognormal", "median_ns": 2_000_000_000u64, "sigma": 0.6},
                {
                    "op": "request", "step": "detail", "number": 2, "method": "GET",
                    "target": [{"text": "/products/"}, {"var": "id", "encode": "url"}],
                    "headers": [], "body": null, "timeout_ns": 10_000_000_000u64, "redirects": 0,
                    "check": {"status": null, "contains": [], "regex": [], "json": []}, "extract": []
                }
            ]
        }],
        "shape": {
            "arrivals": "poisson",
            "phases": [
                {"name": "warm-up", "rate_per_s": 40.0, "users": null,
                 "duration_ns": 20_000_000_000u64, "measured": false},
                {"name": "steady", "rate_per_s": 40, "users": null,
                 "duration_ns": 120_000_000_000u64, "measured": true}
            ]
        },
        "thresholds": [{"journey": null, "step": "detail", "limit_ns": 300_000_000}],
        "limits": {"cores": 1, "connections": 10000, "journeys": 100_000, "head_bytes": 262_144,
                   "body_bytes": 67_108_864},
        "record": {"interval_ns": 1_000_000_000, "slowest": 50, "failed": 50, "uniform": 100,
                   "exchanges": false, "hash_key": "000102030405060708090a0b0c0d0e0f", "trace": null}
    })
}

/// The plan with the value at a JSON pointer replaced; a pointer that ends in `/-` adds to an array.
pub fn bent(pointer: &str, value: Value) -> Value {
    let mut plan = plan();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match plan.pointer_mut(parent).expect("the parent exists") {
        Value::Object(object) => {
            object.insert(key.to_owned(), value);
        }
        Value::Array(array) if key == "-" => array.push(value),
        Value::Array(array) => array[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{other} has no {key}"),
    }
    plan
}

pub fn parse(plan: &Value) -> Result<Plan, Error> {
    Plan::parse(plan.to_string().as_bytes())
}

#[test]
fn the_documented_plan_is_read() {
    let plan = parse(&plan()).expect("a good plan");
    assert_eq!(plan.seed, 41);
    let Op::Request(list) = &plan.journeys[0].ops[0] else { panic!("a request") };
    assert_eq!(list.target[0], Part::Text("/products?page=".to_owned()));
    assert!(matches!(&list.target[1], Part::Value { source: Source::Zipf { n: 50, .. }, .. }));
    assert!(matches!(&plan.journeys[0].ops[1], Op::Think(Think::Lognormal { median_ns: 2_000_000_000, .. })));
    assert_eq!(plan.shape.phases[1].rate_per_s, Some(40.0));
}

#[test]
fn every_part_and_pause_is_read() {
    let parts = json!([
        {"text": "/"}, {"var": "id", "encode": "url"}, {"feed": 0, "column": 1, "encode": "form"},
        {"secret": "SHOP_TOKEN", "encode": "none"}, {"int": {"low": -1, "high": 9}, "encode": "json"},
        {"choice": ["a", "b"], "encode": "none"}, {"uuid": {}, "encode": "none"},
        {"arrival": {}, "encode": "none"}, {"user": {}, "encode": "none"}
    ]);
    parse(&bent("/journeys/0/ops/0/target", parts)).expect("every part");
    for think in [
        json!({"op": "think", "distribution": "constant", "value_ns": 5}),
        json!({"op": "think", "distribution": "exponential", "mean_ns": 5}),
        json!({"op": "think", "distribution": "uniform", "low_ns": 5, "high_ns": 9}),
    ] {
        parse(&bent("/journeys/0/ops/1", think)).expect("every pause");
    }
    let auth = json!({"basic": {"user": [{"text": "u"}], "password": [{"secret": "SHOP_TOKEN", "encode": "none"}]}});
    parse(&bent("/target/auth", auth)).expect("basic");
    parse(&bent("/target/auth", json!({"bearer": [{"secret": "SHOP_TOKEN"}]}))).expect("bearer");
    parse(&bent("/record/trace", json!({"share": 0.1, "nonce": 2_748_001_521u32}))).expect("trace");
}

#[test]
fn what_a_plan_may_not_be_is_refused_with_its_place() {
    let request = plan()["journeys"][0]["ops"][0].clone();
    let journey = plan()["journeys"][0].clone();
    let phase = |rate: Value, users: Value| {
        json!({"name": "p", "rate_per_s": rate, "users": users,
                                                   "duration_ns": 1, "measured": true})
    };
    let cases = [
        ("/format", json!(2), "format 2 is not known"),
        ("/surprise", json!(1), "surprise"),
        ("/target/surprise", json!(1), "surprise"),
        ("/target/host", json!("a/b"), "target.host"),
        ("/target/port", json!(0), "target.port"),
        ("/target/scheme", json!("ftp"), "ftp"),
        ("/target/auth", json!({"bearer": [{"uuid": {}}]}), "only texts and secrets"),
        ("/target/auth", json!({"bearer": [{"text": "a\r\nb: c"}]}), "CR, LF or NUL"),
        ("/target/auth", json!({"digest": []}), "digest"),
        ("/feeds/0/rows/1", json!(["one"]), "row 2 has 1 values, not 2"),
        ("/feeds/0/rows", json!([]), "at least one row"),
        ("/feeds/-", plan()["feeds"][0].clone(), "given twice"),
        ("/feeds/0/order", json!("backwards"), "backwards"),
        ("/feeds/0/exponent", json!(-1), "not below 0"),
        ("/feeds/0/shift", json!(-0.1), "not below 0"),
        ("/feeds/0/per", json!("request"), "the order is random or zipf"),
        ("/feeds/0/per", json!("day"), "day"),
        ("/journeys", json!([]), "there is none"),
        ("/journeys/-", journey, "given twice"),
        ("/journeys/0/weight", json!(0.0), "weight"),
        ("/journeys/0/weight", json!(-1), "weight"),
        ("/journeys/0/ops", json!([]), "at least one request"),
        ("/journeys/0/ops/-", request, "given twice"),
        ("/journeys/0/ops/2/number", json!(1), "number 1 is given twice"),
        ("/journeys/0/ops/2/number", json!(0), "from 1 to 65535"),
        ("/journeys/0/ops/2/number", json!(65536), "from 1 to 65535"),
        ("/journeys/0/ops/1", json!({"op": "pause"}), "pause"),
        ("/journeys/0/ops/1", json!({"op": "think", "distribution": "constant", "value_ns": 1, "x": 1}), "x"),
        ("/journeys/0/ops/1", json!({"op": "think", "distribution": "uniform", "low_ns": 2, "high_ns": 1}), "low_ns"),
        ("/journeys/0/ops/2/surprise", json!(1), "surprise"),
        ("/journeys/0/ops/2/next", json!({"nobody": 1.0}), "journeys.browse.detail.next"),
        ("/journeys/0/ops/2/pause", json!({"distribution": "uniform", "low_ns": 2, "high_ns": 1}), "low_ns"),
        ("/journeys/0/most", json!(0), "most is from 1"),
        ("/journeys/0/ops/2/method", json!("GET /"), "method"),
        ("/journeys/0/ops/2/timeout_ns", json!(0), "timeout_ns"),
        ("/journeys/0/ops/2/target", json!([{"text": "products"}]), "begins with /"),
        ("/journeys/0/ops/2/target", json!([{"text": "/a\nb"}]), "CR, LF or NUL"),
        ("/journeys/0/ops/2/target", json!([{"var": "nobody"}]), "journeys.browse.detail"),
        ("/journeys/0/ops/2/target", json!([{"feed": 1, "column": 0}]), "no feed 1"),
        ("/journeys/0/ops/2/target", json!([{"feed": 0, "column": 2}]), "no column 2"),
        ("/journeys/0/ops/2/target", json!([{"feed": 0}]), "column"),
        ("/journeys/0/ops/2/target", json!([{"secret": "OTHER"}]), "OTHER"),
        ("/journeys/0/ops/2/target", json!([{"int": {"low": 2, "high": 1}}]), "low <= high"),
        ("/journeys/0/ops/2/target", json!([{"choice": []}]), "at least one"),
        ("/journeys/0/ops/2/target", json!([{"zipf": {"n": 0, "exponent": 1.0}}]), "zipf"),
        ("/journeys/0/ops/2/target", json!([{"zipf": {"n": 5, "exponent": 1.0, "shift": -1.0}}]), "zipf"),
        ("/journeys/0/ops/2/target", json!([{"text": "/", "var": "id"}]), "exactly one"),
        ("/journeys/0/ops/2/target", json!([{"encode": "url"}]), "exactly one"),
        ("/journeys/0/ops/2/target", json!([{"text": "/", "encode": "url"}]), "no \\\"encode\\\""),
        ("/journeys/0/ops/2/target", json!([{"var": "id", "encode": "html"}]), "html"),
        ("/journeys/0/ops/2/headers", json!([{"name": "a b", "value": []}]), "header's name"),
        ("/journeys/0/ops/2/headers", json!([{"name": "a", "value": [{"text": "x\r\ny"}]}]), "CR, LF or NUL"),
        ("/journeys/0/ops/2/headers", json!([{"name": "Transfer-Encoding", "value": []}]), "transfer-encoding"),
        ("/journeys/0/ops/2/check/regex", json!(["("]), "regular expression"),
        ("/journeys/0/ops/2/check/json", json!(["items"]), "JSONPath"),
        ("/journeys/0/ops/2/check/status", json!([[300, 200]]), "no range"),
        ("/journeys/0/ops/0/extract/0/expression", json!("$["), "JSONPath"),
        ("/journeys/0/ops/0/extract/0/source", json!("xml"), "xml"),
        ("/shape/phases", json!([]), "phase"),
        ("/shape/phases", json!(vec![phase(json!(1), json!(null)); 257]), "at most 256"),
        ("/shape/phases/0", phase(json!(null), json!(1)), "rate_per_s"),
        ("/shape/phases/0", phase(json!(1), json!(1)), "rate_per_s"),
        ("/shape/phases/0", phase(json!(-1), json!(null)), "rate"),
        ("/shape/phases/0/duration_ns", json!(0), "longer than 0"),
        ("/shape/phases/0/bursts", json!([{"window_ns": 1_000_000, "variance": 50.1}]), "from 0 to 50"),
        ("/shape/phases/0/bursts", json!([{"window_ns": 999_999, "variance": 1}]), "at least a millisecond"),
        (
            "/shape/phases/0/bursts",
            json!([{"window_ns": 2_000_000, "variance": 1}, {"window_ns": 1_000_000, "variance": 1}]),
            "the shortest window first",
        ),
        ("/shape/arrivals", json!("closed"), "users"),
        ("/shape/arrivals", json!("once"), "once"),
        ("/thresholds/0/step", json!("nobody"), "thresholds[0]"),
        ("/limits/cores", json!(0), "limits.cores"),
        ("/record/interval_ns", json!(0), "interval"),
        ("/record/hash_key", json!("00"), "32 hex digits"),
        ("/record/trace", json!({"share": 1.5, "nonce": 1}), "share"),
    ];
    for (pointer, value, expected) in cases {
        match parse(&bent(pointer, value.clone())) {
            Err(Error::Plan(message)) => {
                let expected = expected.replace("\\\"", "\"");
                assert!(message.contains(&expected), "{pointer} = {value}: {message}");
            }
            other => panic!("{pointer} = {value}: {other:?}"),
        }
    }
    assert!(matches!(Plan::parse(b"{"), Err(Error::Plan(_))));
    assert!(matches!(Plan::parse(b"\xff"), Err(Error::Plan(_))));
}

#[test]
fn pauses_have_the_means_that_were_asked() {
    let mean = |think: &Think| {
        let count = 100_000;
        (0..count).map(|n| think.draw(&mut Draw::new(7, n, 1, 0)) as f64).sum::<f64>() / f64::from(count as u32)
    };
    assert_eq!(mean(&Think::Constant { value_ns: 17 }), 17.0);
    assert!((mean(&Think::Exponential { mean_ns: 1_000_000 }) / 1e6 - 1.0).abs() < 0.02);
    assert!((mean(&Think::Uniform { low_ns: 1_000_000, high_ns: 3_000_000 }) / 2e6 - 1.0).abs() < 0.01);
    // The mean of a lognormal is its median times e^(sigma²/2).
    let lognormal = mean(&Think::Lognormal { median_ns: 1_000_000, sigma: 0.6 });
    assert!((lognormal / (1e6 * 0.18f64.exp()) - 1.0).abs() < 0.02);
}
