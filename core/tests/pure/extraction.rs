use loadstone_core::load::cookies::Jar;
use loadstone_core::load::extract::{Failure, Reading, Verdict, expression_error};
use loadstone_core::load::plan::{Check, Extract};
use loadstone_core::load::template::{Names, Vars};
use loadstone_core::load::wire::{Fed, Limits, ResponseMachine};
use serde_json::{Value, json};

const BODY: &str = r#"{"items": [{"id": 7, "name": "a\u0062c"}, {"id": 8, "tags": ["x", 1.5, null]}], "csrf": "t0ken", "big": 12345678901234567890123}"#;

fn reading(check: Value, extract: Value) -> (Reading, Vec<String>) {
    let check: Check = serde_json::from_value(check).expect("a check");
    let extract: Vec<Extract> = serde_json::from_value(extract).expect("extractions");
    let vars: Vec<String> = extract.iter().map(|extract| extract.name.clone()).collect();
    let names = Names { vars: &vars, secrets: &Default::default(), feeds: &[] };
    (Reading::compile(&check, &extract, &names).expect("compiles"), vars)
}

fn read(check: Value, extract: Value, body: &str, arrival: u64) -> Result<Vec<String>, Failure> {
    let (reading, names) = reading(check, extract);
    let mut machine = ResponseMachine::new();
    machine.begin(false, false, reading.keep(), Limits { head_bytes: 9999, body_bytes: 9999 });
    let head = "HTTP/1.1 200 OK\r\nX-Id: one\r\nSet-Cookie: sid=abc; Path=/\r\nx-id: two\r\n";
    let reply = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(machine.feed(reply.as_bytes()), Ok(Fed::Done { consumed: reply.len() }));
    let mut jar = Jar::new();
    jar.store(b"old=jar", "h", b"/", 0);
    jar.store(b"sid=stale", "h", b"/", 0);
    let mut vars = Vars::new(names.len());
    reading.read(&machine, Some(&jar), 0, (1, arrival, 2), &mut vars)?;
    Ok((0..names.len()).map(|slot| String::from_utf8_lossy(vars.get(slot).expect("set")).into_owned()).collect())
}

fn one(source: &str, expression: &str, pick: &str) -> Result<String, Failure> {
    let extract = json!([{"name": "x", "source": source, "expression": expression, "pick": pick}]);
    read(json!({}), extract, BODY, 1).map(|mut values| values.remove(0))
}

#[test]
fn values_come_out_as_text() {
    let cases = [
        ("json", "$.items[*].id", "first", "7"),
        ("json", "$.items[*].id", "last", "8"),
        ("json", "$.items[0].name", "first", "abc"),
        ("json", "$.items[1].tags", "first", r#"["x",1.5,null]"#),
        ("json", "$.items[1].tags[2]", "first", "null"),
        ("json", "$.items[1]", "first", r#"{"id":8,"tags":["x",1.5,null]}"#),
        ("json", "$['csrf']", "first", "t0ken"),
        ("json", "$.big", "first", "12345678901234567890123"),
        ("json", "$..id", "last", "8"),
        ("json", "$.items[?@.id > 7].id", "first", "8"),
        ("json", "$.items[-1].id", "first", "8"),
        ("regex", r#""csrf": "([^"]+)""#, "first", "t0ken"),
        ("regex", r"t\dken", "first", "t0ken"),
        ("regex", r#""id": (\d)"#, "last", "8"),
        ("header", "x-ID", "first", "one"),
        ("header", "x-id", "last", "two"),
        ("cookie", "sid", "first", "abc"),
        ("cookie", "old", "first", "jar"),
    ];
    for (source, expression, pick, expected) in cases {
        assert_eq!(one(source, expression, pick).as_deref(), Ok(expected), "{source} {expression} {pick}");
    }
}

#[test]
fn random_picks_reach_every_match_and_depend_on_the_arrival() {
    let extract = json!([{"name": "x", "source": "json", "expression": "$.items[*].id", "pick": "random"}]);
    let pick = |arrival| read(json!({}), extract.clone(), BODY, arrival).expect("found").remove(0);
    let all: Vec<String> = (1..40).map(pick).collect();
    assert!(all.contains(&"7".to_owned()) && all.contains(&"8".to_owned()));
    assert_eq!(all, (1..40).map(pick).collect::<Vec<_>>());
}

#[test]
fn what_is_not_there_is_an_extract_error_that_names_it() {
    for (source, expression) in [
        ("json", "$.nothing"),
        ("json", "$.items[9].id"),
        ("json", "$..nothing"),
        ("regex", "nothing(.)"),
        ("header", "x-none"),
        ("cookie", "none"),
    ] {
        match one(source, expression, "random") {
            Err(Failure::Extract(message)) => assert!(message.starts_with("x: "), "{message}"),
            other => panic!("{source} {expression}: {other:?}"),
        }
    }
    let extract = json!([{"name": "x", "source": "json", "expression": "$.a"}]);
    let error = read(json!({}), extract, "<html>", 1).expect_err("not JSON");
    assert!(matches!(error, Failure::Extract(message) if message.contains("not JSON")));
}

#[test]
fn checks_hold_the_body_to_what_was_asked() {
    for (check, good) in [
        (json!({"contains": ["t0ken", "\"id\""]}), true),
        (json!({"contains": ["t0ken", "absent"]}), false),
        (json!({"regex": ["id\": \\d", "^\\{"]}), true),
        (json!({"regex": ["id\": x"]}), false),
        (json!({"json": ["$.csrf", "$.items[?@.id == 8]"]}), true),
        (json!({"json": ["$.items[?@.id == 9]"]}), false),
        (json!({"json": ["$.absent"]}), false),
    ] {
        let outcome = read(check.clone(), json!([]), BODY, 1);
        assert_eq!(outcome.is_ok(), good, "{check}: {outcome:?}");
        assert!(good || matches!(outcome, Err(Failure::Check(_))));
    }
}

#[test]
fn statuses_are_judged() {
    let judge = |status: Value, found| reading(json!({"status": status}), json!([])).0.judge(found);
    assert_eq!(judge(json!(null), 399), Verdict::Good);
    assert_eq!(judge(json!(null), 400), Verdict::ErrorStatus);
    assert_eq!(judge(json!([[200, 299], [404, 404]]), 404), Verdict::Good);
    assert_eq!(judge(json!([[200, 299], [404, 404]]), 405), Verdict::ErrorStatus);
    assert_eq!(judge(json!([[200, 299], [404, 404]]), 302), Verdict::WrongStatus);
    let message = reading(json!({"status": [[200, 299], [404, 404]]}), json!([])).0.status_message(302);
    assert_eq!(message, "status 302, expected 200 to 299 or 404");
}

#[test]
fn only_what_is_read_is_kept() {
    let keep = |check, extract| {
        let keep = reading(check, extract).0.keep();
        (keep.headers, keep.body)
    };
    let extract = |source: &str, expression: &str| json!([{"name": "x", "source": source, "expression": expression}]);
    assert_eq!(keep(json!({"status": [[200, 200]]}), json!([])), (false, false));
    assert_eq!(keep(json!({}), extract("cookie", "a")), (false, false));
    assert_eq!(keep(json!({}), extract("header", "a")), (true, false));
    assert_eq!(keep(json!({}), extract("json", "$.a")), (false, true));
    assert_eq!(keep(json!({"contains": ["a"]}), json!([])), (false, true));
}

#[test]
fn expressions_are_explained() {
    for (source, expression) in [("json", "$.items[*].id"), ("regex", "a(b)?"), ("header", "etag"), ("cookie", "sid")] {
        assert_eq!(expression_error(source, expression), None);
    }
    for (source, expression) in
        [("json", "items"), ("json", "$["), ("regex", "a("), ("header", "a b"), ("cookie", ""), ("xpath", "//a")]
    {
        assert!(expression_error(source, expression).is_some_and(|message| !message.is_empty()));
    }
}
