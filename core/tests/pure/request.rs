use loadstone_core::load::cookies::Jar;
use loadstone_core::load::endpoint::Endpoint;
use loadstone_core::load::plan::{Op, Plan, Trace};
use loadstone_core::load::redirect::Hop;
use loadstone_core::load::request::{Prepared, Sending};
use loadstone_core::load::template::{Feeds, Names, RenderError, Scope, Show, Vars};
use loadstone_core::load::trace::Tracer;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents;

struct Step {
    prepared: Prepared,
    vars: Vars,
    feeds: Feeds,
    jar: Jar,
    trace: Option<Tracer>,
}

impl Step {
    /// The step `detail` of the documented plan with some keys replaced.
    fn new(changes: Value) -> Step {
        Step::on(changes, &documents::plan())
    }

    fn on(changes: Value, plan: &Value) -> Step {
        let mut plan = plan.clone();
        for (key, value) in changes.as_object().expect("changes") {
            plan["journeys"][0]["ops"][2][key] = value.clone();
        }
        let plan: Plan = documents::parse(&plan).expect("a plan");
        let vars = Names::vars_of(&plan.journeys[0].ops);
        let names = Names { vars: &vars, secrets: &plan.secrets, feeds: &plan.feeds };
        let endpoint = Endpoint::new(&plan.target, &names).expect("an endpoint");
        let Op::Request(request) = &plan.journeys[0].ops[2] else { panic!("a request") };
        let prepared = Prepared::compile(request, &endpoint, &names).expect("a step");
        let mut values = Vars::new(vars.len());
        values.set(0, b"17");
        Step { prepared, vars: values, feeds: Feeds::new(plan.feeds.clone()), jar: Jar::new(), trace: None }
    }

    fn sending(&self) -> Sending<'_> {
        let scope = Scope { vars: &self.vars, feeds: &self.feeds, seed: 1, arrival: 5, user: 5, op: 2 };
        let trace = self.trace.map(|tracer| tracer.stamp(1, 2, 77));
        Sending { scope, jar: Some(&self.jar), now_s: 0, trace }
    }

    fn encode(&self) -> Result<String, RenderError> {
        let mut out = b"before ".to_vec();
        let outcome = self.prepared.encode(&self.sending(), &mut out);
        let text = String::from_utf8(out).expect("UTF-8").split_off(7);
        assert!(outcome.is_ok() || text.is_empty(), "an error leaves nothing behind: {text}");
        outcome.map(|()| text)
    }

    fn sent(&self) -> String {
        self.encode().expect("sent")
    }
}

const TEXT: &str = concat!("user-agent: loadstone/", env!("CARGO_PKG_VERSION"), "\r\naccept: */*\r\n");

#[test]
fn a_get_is_written_as_it_should() {
    let expected = format!("GET /products/17 HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n{TEXT}\r\n");
    assert_eq!(Step::new(json!({})).sent(), expected);
    let constant = Step::new(json!({"target": [{"text": "/products/17"}]}));
    assert_eq!(constant.sent(), expected);
}

#[test]
fn bodies_have_their_length_and_type() {
    let constant = Step::new(json!({"method": "POST", "target": [{"text": "/a"}],
        "body": {"parts": [{"text": "{\"ü\": 1}"}], "content_type": "application/json"}}));
    let head = format!("POST /a HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n{TEXT}content-type: application/json\r\n");
    assert_eq!(constant.sent(), format!("{head}content-length: 9\r\n\r\n{{\"ü\": 1}}"));
    let varying = Step::new(json!({"method": "POST", "target": [{"text": "/a"}],
        "body": {"parts": [{"text": "id="}, {"var": "id", "encode": "form"}], "content_type": "application/json"}}));
    assert_eq!(varying.sent(), format!("{head}content-length: 5\r\n\r\nid=17"));
    let none = Step::new(json!({"method": "POST", "target": [{"text": "/a"}]}));
    assert!(none.sent().ends_with("content-length: 0\r\n\r\n"));
    let delete = Step::new(json!({"method": "DELETE", "target": [{"text": "/a"}]}));
    assert!(!delete.sent().contains("content-length"));
}

#[test]
fn what_the_plan_gives_is_not_added() {
    let header = |name: &str, text: &str| json!({"name": name, "value": [{"text": text}]});
    let mut step = Step::new(
        json!({"method": "POST", "body": {"parts": [{"text": "x"}], "content_type": "a/b"}, "headers": [
            header("Host", "shop"), header("User-Agent", "me"), header("Accept", "a"), header("Cookie", "c=d"),
            header("Content-Type", "text/plain"), header("Content-Length", "7"), header("Authorization", "mine"), header("Connection", "close"),
        ]}),
    );
    step.jar.store(b"jar=1", "127.0.0.1", b"/", 0);
    assert_eq!(
        step.sent(),
        "POST /products/17 HTTP/1.1\r\nHost: shop\r\nUser-Agent: me\r\nAccept: a\r\nCookie: c=d\r\nAuthorization: mine\r\n\
         Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nx"
    );
    assert!(step.prepared.closes());
    assert!(!Step::new(json!({})).prepared.closes());
}

#[test]
fn host_names_the_port_only_where_it_must() {
    for (scheme, host, port, expected) in [
        ("http", "shop.example", 80, "shop.example"),
        ("https", "shop.example", 443, "shop.example"),
        ("https", "shop.example", 8443, "shop.example:8443"),
        ("http", "::1", 80, "[::1]"),
        ("http", "::1", 8000, "[::1]:8000"),
    ] {
        let plan = documents::bent(
            "/target",
            json!({"scheme": scheme, "host": host, "port": port, "tls": {"ca_file": null, "verify": true}, "auth": null}),
        );
        assert!(Step::on(json!({}), &plan).sent().contains(&format!("\r\nhost: {expected}\r\n")), "{host}");
    }
}

#[test]
fn credentials_are_sent_and_not_shown() {
    let bearer = documents::bent("/target/auth", json!({"bearer": [{"secret": "SHOP_TOKEN", "encode": "none"}]}));
    let step = Step::on(json!({}), &bearer);
    assert!(step.sent().contains("authorization: Bearer the value\r\n"));
    let basic = json!({"basic": {"user": [{"text": "Aladdin"}], "password": [{"text": "open "}, {"text": "sesame"}]}});
    let step = Step::on(json!({}), &documents::bent("/target/auth", basic));
    // RFC 7617, 2.
    assert!(step.sent().contains("authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    let step =
        Step::on(json!({"headers": [{"name": "x-key", "value": [{"text": "k "}, {"secret": "SHOP_TOKEN"}]}]}), &bearer);
    let shown = step.prepared.show(None, &step.sending(), Show::Named);
    let find = |name: &str| shown.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(find("authorization"), Some("Bearer {env.SHOP_TOKEN}"));
    assert_eq!(find("x-key"), Some("k {env.SHOP_TOKEN}"));
    assert!(!format!("{shown:?}").contains("the value"));
}

#[test]
fn cookies_and_trace_context_join_constant_and_varying_requests_alike() {
    for target in [json!([{"text": "/products/17"}]), json!([{"text": "/products/"}, {"var": "id"}])] {
        let mut step = Step::new(
            json!({"target": target, "method": "POST", "body": {"parts": [{"text": "b"}], "content_type": null}}),
        );
        step.jar.store(b"a=1; Path=/products", "127.0.0.1", b"/", 0);
        step.jar.store(b"b=2; Path=/other", "127.0.0.1", b"/", 0);
        step.jar.store(b"c=3", "127.0.0.1", b"/", 0);
        step.trace = Some(Tracer::new(Trace { share: 1.0, nonce: 0xA3CB_2F71 }, 1));
        let sent = step.sent();
        assert!(sent.contains("\r\ncookie: a=1; c=3\r\n"), "{sent}");
        let parent = sent.split("traceparent: 00-").nth(1).expect("a traceparent");
        assert!(
            parent.starts_with("a3cb2f71") && &parent[32..] == "-010002000000004d-01\r\n\r\nb".to_owned().as_str(),
            "{parent}"
        );
        let shown = step.prepared.show(None, &step.sending(), Show::Named);
        assert!(shown.headers.contains(&("cookie".to_owned(), "a=1; c=3".to_owned())));
        assert_eq!(shown.body.as_deref(), Some("b"));
    }
}

#[test]
fn trace_ids_are_unique_and_sampled_by_share() {
    let tracer = Tracer::new(Trace { share: 0.25, nonce: 7 }, 3);
    let stamps: Vec<_> = (1..=20_000).map(|request| tracer.stamp(0, 1, request)).collect();
    let ids: std::collections::HashSet<u128> = stamps.iter().map(|stamp| stamp.trace_id).collect();
    assert_eq!(ids.len(), stamps.len());
    let share = stamps.iter().filter(|stamp| stamp.sampled).count() as f64 / 20_000.0;
    assert!((share - 0.25).abs() < 0.0125, "{share}");
    assert!(stamps[0].trace_id().starts_with("00000007") && stamps[0].trace_id().len() == 32);
    assert_eq!(tracer.stamp(255, 65535, u64::MAX).parent_id, u64::MAX);
}

#[test]
fn a_hop_changes_method_target_and_body() {
    let mut step = Step::new(json!({"method": "POST", "headers": [{"name": "x-a", "value": [{"var": "id"}]}],
        "body": {"parts": [{"text": "x="}, {"var": "id"}], "content_type": "text/plain"}}));
    step.jar.store(b"s=1", "127.0.0.1", b"/", 0);
    let encode = |hop: &Hop| {
        let mut out = Vec::new();
        step.prepared.encode_hop(hop, &step.sending(), &mut out).expect("sent");
        String::from_utf8(out).expect("UTF-8")
    };
    let get = encode(&Hop { method: "GET".to_owned(), target: b"/done".to_vec(), body: false });
    assert_eq!(get, format!("GET /done HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n{TEXT}x-a: 17\r\ncookie: s=1\r\n\r\n"));
    let kept = encode(&Hop { method: "POST".to_owned(), target: b"/done".to_vec(), body: true });
    assert!(
        kept.starts_with("POST /done ")
            && kept.ends_with("content-type: text/plain\r\ncookie: s=1\r\ncontent-length: 4\r\n\r\nx=17"),
        "{kept}"
    );
}

#[test]
fn targets_from_values_stay_on_one_line_and_on_this_server() {
    let mut step = Step::new(json!({"target": [{"var": "id", "encode": "none"}]}));
    let cases = [
        ("/a b/ü", Some("/a%20b/%C3%BC")),
        ("http://127.0.0.1:8000/next?page=2#top", Some("/next?page=2")),
        ("http://127.0.0.1:8000", Some("/")),
        ("*", Some("*")),
        ("http://elsewhere:8000/next", None),
        ("next.html", None),
        ("", None),
        ("/a\r\nx: y", None),
        ("/a\0", None),
    ];
    for (value, expected) in cases {
        step.vars.set(0, value.as_bytes());
        let target = step.encode().map(|text| text.split(' ').nth(1).unwrap_or_default().to_owned());
        match expected {
            Some(expected) => assert_eq!(target.as_deref(), Ok(expected), "{value:?}"),
            None => {
                let Err(RenderError::Unsendable(message)) = &target else { panic!("{value:?}: {target:?}") };
                assert!(value.is_empty() || !message.contains(value), "a value may be a secret: {message}");
            }
        }
    }
}

proptest! {
    /// Whatever values hold, what is sent is one request, and httparse reads back what was meant.
    #[test]
    fn a_request_is_read_back(value in prop::collection::vec(any::<u8>(), 0..40), how in prop::sample::select(vec!["none", "url", "form", "json"])) {
        let mut step = Step::new(json!({"method": "PUT", "target": [{"text": "/p/"}, {"var": "id", "encode": how}],
            "headers": [{"name": "x-value", "value": [{"text": "v="}, {"var": "id", "encode": how}]}],
            "body": {"parts": [{"var": "id", "encode": "none"}], "content_type": null}}));
        step.vars.set(0, &value);
        let mut out = Vec::new();
        if step.prepared.encode(&step.sending(), &mut out).is_err() {
            prop_assert!(how == "none" && value.iter().any(|byte| b"\r\n\0".contains(byte)));
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&out);
        let control = matches!(how, "none" | "json") && value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7F);
        if control {
            return Ok(());
        }
        let length = parsed.expect("a request").unwrap();
        prop_assert_eq!(request.method, Some("PUT"));
        let declared = request.headers.iter().find(|field| field.name == "content-length").expect("a length");
        prop_assert_eq!(std::str::from_utf8(declared.value).expect("digits"), value.len().to_string());
        prop_assert_eq!(&out[length..], &value[..]);
    }
}
