//! What journeys do: values from one step to the next, cookies, redirects, checks, think times, traces.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::stage::{OK, Request, Server, once, phase, reply, request, run, single};

/// A server that keeps what it got and answers by the target.
fn recording(
    answer: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> (Server, Arc<Mutex<Vec<Request>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    let server = Server::answering(move |asked| {
        let answered = answer(asked);
        let copy = Request {
            method: asked.method.clone(),
            target: asked.target.clone(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
        };
        kept.lock().unwrap().push(copy);
        answered
    });
    (server, got)
}

#[test]
fn a_login_with_a_csrf_token_and_a_cookie_works() {
    let (server, got) = recording(|asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("GET", "/login") => {
            reply("200 OK", "set-cookie: session=abc; Path=/\r\n", "<input name=csrf value=\"t0k&n\">")
        }
        ("POST", "/login") if asked.body == "csrf=t0k%26n" => reply("303 See Other", "location: /home\r\n", ""),
        ("GET", "/home") if asked.header("cookie") == Some("session=abc") => reply("200 OK", "", "{\"ids\": [7, 8]}"),
        ("GET", "/item/8") => reply("200 OK", "", "ok"),
        _ => reply("400 Bad Request", "", ""),
    });
    let csrf =
        json!({"extract": [{"name": "csrf", "source": "regex", "expression": "value=\"([^\"]+)\"", "pick": "first"}]});
    let login = json!({
        "method": "POST", "redirects": 1,
        "body": {"parts": [{"text": "csrf="}, {"var": "csrf", "encode": "form"}], "content_type": "application/x-www-form-urlencoded"},
        "extract": [{"name": "id", "source": "json", "expression": "$.ids[*]", "pick": "last"}],
    });
    let item = json!({"target": [{"text": "/item/"}, {"var": "id", "encode": "url"}]});
    let ops =
        vec![request(1, "form", "/login", &csrf), request(2, "login", "/login", &login), request(3, "item", "", &item)];
    let told = run(&once(server.port, &[ops]));
    told.assert_complete();
    assert_eq!(told.count("item", "200"), 1, "{:?}", told.exchanges);
    assert_eq!((told.total("done"), told.total("redirects"), told.journeys("200")), (3, 1, 1));
    let targets: Vec<String> = got.lock().unwrap().iter().map(|asked| asked.target.clone()).collect();
    assert_eq!(targets, ["/login", "/login", "/home", "/item/8"]);
    assert_eq!(server.connections(), 1);
    assert_eq!(told.exchanges[0]["extracted"], json!({"csrf": "t0k&n"}));
    assert_eq!(told.exchanges[1]["request_body"], Value::Null, "the hop is a GET");
}

#[test]
fn an_error_ends_its_journey() {
    let server = Server::saying(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n");
    let ops = vec![request(1, "one", "/", &json!({})), request(2, "two", "/", &json!({}))];
    let told = run(&once(server.port, &[ops]));
    assert_eq!((told.total("done"), told.count("one", "500"), told.journeys("500")), (1, 1, 1));
    assert_eq!(told.cell(Some("one"))["error"], true);
}

#[test]
fn a_status_that_the_check_allows_is_no_error() {
    let server = Server::saying(b"HTTP/1.1 404 Gone\r\ncontent-length: 0\r\n\r\n");
    let allowed = request(1, "one", "/", &json!({"check": {"status": [[200, 200], [404, 410]]}}));
    let told = run(&once(server.port, &[vec![allowed]]));
    assert_eq!((told.cell(Some("one"))["error"].as_bool(), told.count("one", "404")), (Some(false), 1));
}

#[test]
fn failed_checks_are_check_and_say_why() {
    let server = Server::saying(b"HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{\"a\": 1}");
    for (check, words) in [
        (json!({"status": [[200, 200]]}), "status 201, expected 200"),
        (json!({"contains": ["absent"]}), "does not contain"),
        (json!({"regex": ["^b"]}), "does not match"),
        (json!({"json": ["$.b"]}), "finds nothing"),
    ] {
        let told = run(&once(server.port, &[vec![request(1, "one", "/", &json!({"check": check}))]]));
        assert_eq!(told.count("one", "check"), 1, "{check}");
        assert!(told.samples[0]["message"].as_str().unwrap().contains(words), "{:?}", told.samples[0]);
        assert_eq!(told.samples[0]["status"], 201);
    }
}

#[test]
fn a_value_that_breaks_the_request_line_is_not_sent() {
    let (server, got) = recording(|_| reply("200 OK", "", "{\"v\": \"a\\r\\nb: c\"}"));
    let first = json!({"extract": [{"name": "v", "source": "json", "expression": "$.v", "pick": "first"}]});
    let second = json!({"headers": [{"name": "x-v", "value": [{"var": "v", "encode": "none"}]}]});
    let ops = vec![request(1, "first", "/", &first), request(2, "second", "/", &second)];
    let told = run(&once(server.port, &[ops]));
    told.assert_complete();
    assert_eq!((told.total("sent"), told.total("done"), told.count("second", "extract")), (1, 2, 1));
    assert_eq!(got.lock().unwrap().len(), 1);
    let cell = told.cell(Some("second"));
    assert_eq!((cell["response"]["count"].as_u64(), cell["service"]["count"].as_u64()), (Some(1), Some(0)));
}

#[test]
fn the_whole_journey_is_the_sum_of_its_steps_without_thinking() {
    let server = Server::saying(OK);
    let think = json!({"op": "think", "distribution": "constant", "value_ns": 50_000_000});
    let ops = vec![request(1, "a", "/", &json!({})), think, request(2, "b", "/", &json!({}))];
    let told = run(&once(server.port, &[ops]));
    let sum = |step, name: &str| told.cell(step)[name]["sum_ns"].as_u64().unwrap();
    for name in ["response", "service", "lag", "first_byte"] {
        assert_eq!(sum(None, name), sum(Some("a"), name) + sum(Some("b"), name), "{name}");
    }
    assert_eq!(told.cell(None)["bytes_in"], 2 * OK.len());
    let at = |i: usize, name: &str| told.samples[i][name].as_u64().unwrap();
    let done = told.samples.iter().position(|sample| sample["step"] == "a").unwrap();
    let next = told.samples.iter().position(|sample| sample["step"] == "b").unwrap();
    assert_eq!(at(next, "intended_ns"), at(done, "done_ns") + 50_000_000);
}

#[test]
fn thresholds_count_where_they_apply() {
    let server = Server::saying(OK);
    let mut plan = once(server.port, &[vec![request(1, "a", "/", &json!({})), request(2, "b", "/", &json!({}))]]);
    plan["thresholds"] = json!([
        {"journey": null, "step": null, "limit_ns": 0},
        {"journey": "journey 0", "step": "b", "limit_ns": 0},
        {"journey": "journey 0", "step": null, "limit_ns": 0},
        {"journey": "journey 0", "step": "a", "limit_ns": 60_000_000_000_u64},
    ]);
    let told = run(&plan);
    assert_eq!(told.cell(Some("a"))["over"], json!([1, 0, 0, 0]));
    assert_eq!(told.cell(Some("b"))["over"], json!([1, 1, 0, 0]));
    assert_eq!(told.cell(None)["over"], json!([0, 0, 1, 0]));
    plan["journeys"][0]["ops"].as_array_mut().unwrap().pop();
    plan["thresholds"] =
        json!([{"journey": null, "step": null, "limit_ns": 0}, {"journey": "journey 0", "step": null, "limit_ns": 0}]);
    let told = run(&plan);
    assert_eq!((&told.cell(Some("a"))["over"], &told.cell(None)["over"]), (&json!([1, 0]), &json!([0, 1])));
}

#[test]
fn traces_tell_phase_step_and_request() {
    let (server, got) = recording(|_| Some(OK.to_vec()));
    let mut plan = once(server.port, &[vec![request(1, "a", "/", &json!({})), request(7, "b", "/", &json!({}))]]);
    plan["record"]["trace"] = json!({"share": 1.0, "nonce": 0xA1B2_C3D4_u32});
    let told = run(&plan);
    let got = got.lock().unwrap();
    let parents: Vec<&str> = got.iter().map(|asked| asked.header("traceparent").unwrap()).collect();
    assert!(parents.iter().all(|parent| parent.starts_with("00-a1b2c3d4") && parent.ends_with("-01")), "{parents:?}");
    assert_eq!(&parents[0][36..52], "0000010000000001");
    assert_eq!(&parents[1][36..52], "0000070000000002");
    assert_ne!(parents[0][3..35], parents[1][3..35]);
    let ids: Vec<&str> = told.samples.iter().map(|sample| sample["trace_id"].as_str().unwrap()).collect();
    assert!(ids.contains(&&parents[0][3..35]));
    plan["record"]["trace"]["share"] = json!(0.0);
    drop(got);
    let told = run(&plan);
    assert!(told.samples.iter().all(|sample| sample["trace_id"].is_null()));
}

#[test]
fn the_same_seed_sends_the_same_traffic_on_one_thread_or_two() {
    let targets = |cores: usize| {
        let (server, got) = recording(|_| Some(OK.to_vec()));
        let mut plan = single(
            server.port,
            &json!({"shape": phase("poisson", Some(2000.0), None, 100), "limits": {"cores": cores, "connections": 1000}}),
        );
        plan["journeys"][0]["ops"][0]["target"] = json!([{"text": "/"}, {"arrival": {}}, {"text": "/"}, {"zipf": {"n": 50, "exponent": 1.0}, "encode": "url"}]);
        let told = run(&plan);
        told.assert_complete();
        let mut targets: Vec<String> = got.lock().unwrap().iter().map(|asked| asked.target.clone()).collect();
        targets.sort();
        assert_eq!(targets.len() as u64, told.count("step", "200"));
        targets
    };
    let one = targets(1);
    assert!(one.len() > 100);
    assert_eq!(one, targets(2));
}

#[test]
fn secrets_are_sent_and_never_shown() {
    let (server, got) = recording(|_| Some(OK.to_vec()));
    let secret = json!({"headers": [{"name": "x-key", "value": [{"secret": "KEY", "encode": "none"}]}],
        "target": [{"text": "/?k="}, {"secret": "KEY", "encode": "url"}, {"text": "&n="}, {"arrival": {}}]});
    let mut plan = once(server.port, &[vec![request(1, "a", "", &secret)]]);
    plan["secrets"] = json!({"KEY": "hush hush"});
    plan["target"]["auth"] = json!({"bearer": [{"secret": "KEY", "encode": "none"}]});
    let told = run(&plan);
    let got = got.lock().unwrap();
    assert_eq!(got[0].header("authorization"), Some("Bearer hush hush"));
    assert_eq!((got[0].header("x-key"), got[0].target.as_str()), (Some("hush hush"), "/?k=hush%20hush&n=1"));
    let shown = format!("{:?}{:?}", told.exchanges, told.samples);
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(told.exchanges[0]["target"], "/?k={env.KEY}&n=1");
    assert!(told.samples[0]["target"].as_str().unwrap().starts_with("/?k={env.KEY}&n=#"));
}
