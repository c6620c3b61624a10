//! What was written by a format is what is read by it.

use loadstone_core::lines::format::{Cut, Format};
use loadstone_core::lines::record::Field;
use proptest::prelude::*;

use crate::{BALANCER, COMBINED, COMMON_TIMED, INSIDE, JSON, MIDNIGHT_NS, combined, read};

/// Any bytes that a client may send in a header.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
        "\\PC{0,20}".prop_map(String::into_bytes),
    ]
    .prop_filter("what says that there is nothing", |value| value != b"-")
}

/// As Apache writes it (util.c, ap_escape_logitem).
fn apache(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in value {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            8 => out.extend(b"\\b"),
            11 => out.extend(b"\\v"),
            0x20..=0x7e => out.push(*byte),
            other => out.extend(format!("\\x{other:02x}").into_bytes()),
        }
    }
    out
}

/// As nginx writes it (ngx_http_log_module.c, ngx_http_log_escape).
fn nginx(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in value {
        match byte {
            b'"' | b'\\' | 0..0x20 | 0x7f.. => out.extend(format!("\\x{byte:02X}").into_bytes()),
            other => out.push(*other),
        }
    }
    out
}

fn fields(format: &Format, line: &[u8], of: &[Field]) -> (Cut, Vec<Vec<u8>>) {
    format.read(line, |cut, record| (cut, of.iter().map(|field| record.raw(*field).to_vec()).collect()))
}

proptest! {
    #[test]
    fn texts_with_the_escapes_of_servers(request in value(), referer in value(), agent in value(), bytes in 0u32..) {
        let written = |escape: fn(&[u8]) -> Vec<u8>| {
            let quoted = |value: &[u8]| [b"\"", &escape(value)[..], b"\""].concat();
            [
                b"2001:db8::1 - ann b [10/Oct/2000:13:55:36 -0700] ", &quoted(&request)[..], b" 200 ",
                bytes.to_string().as_bytes(), b" ", &quoted(&referer), b" ", &quoted(&agent),
            ].concat()
        };
        let of = [Field::Client, Field::Request, Field::Bytes, Field::Referer, Field::Agent, Field::User];
        let told = vec![
            b"2001:db8::1".to_vec(), request.clone(), bytes.to_string().into_bytes(), referer.clone(), agent.clone(), vec![],
        ];
        let format = Format::of(COMBINED.as_bytes()).unwrap();
        prop_assert_eq!(fields(&format, &written(apache), &of), (Cut::Fields, told.clone()));
        let format = Format::of(COMBINED.replace("apache", "nginx").as_bytes()).unwrap();
        prop_assert_eq!(fields(&format, &written(nginx), &of), (Cut::Fields, told));
    }

    #[test]
    fn documents_of_any_shape(
        uri in "\\PC{0,30}", agent in "\\PC{0,30}", noise in "\\PC{0,20}", pretty in any::<bool>(), number in any::<f64>(),
    ) {
        let document = serde_json::json!({
            "noise": {"request": {"uri": noise, "list": [1, [noise, "]}"], {"ts": null}]}, "number": number}, "ts": 12.5,
            "request": {"remote_ip": "192.0.2.1", "method": "GET", "headers": {"User-Agent": [agent, "b"]}, "uri": uri},
            "status": 200, "size": true,
        });
        let line = if pretty { serde_json::to_vec_pretty(&document) } else { serde_json::to_vec(&document) }.unwrap();
        let of = [Field::Client, Field::Time, Field::Method, Field::Target, Field::Status, Field::Agent, Field::Bytes];
        let format = Format::of(JSON.as_bytes()).unwrap();
        let told = ["192.0.2.1", "12.5", "GET", &uri, "200", &agent, "true"].map(|text| text.as_bytes().to_vec());
        prop_assert_eq!(fields(&format, &line, &of), (Cut::Fields, told.to_vec()));
    }

    #[test]
    fn any_document_is_read_as_a_parser_of_json_reads_it(text in "[\\[\\]{},:\"a1 \\\\.-]{0,60}") {
        let format = Format::of(br#"{"name": "a", "kind": "json", "fields": {"target": {"path": ["a"]}}}"#).unwrap();
        let read = fields(&format, text.as_bytes(), &[Field::Target]);
        if let Ok(serde_json::Value::Object(_)) = serde_json::from_str(&text) {
            prop_assert_eq!(read.0, Cut::Fields, "{}", text);
        }
    }

    #[test]
    fn tables_with_quotes(agent in "[ !#-~]{0,30}", target in "/[!#-~]{0,20}") {
        let line = format!("x 2026-05-04T00:00:01.5Z 203.0.113.9:80 0.001 0.002 0.003 200 \"GET {target} HTTP/1.1\" \"{agent}\" y");
        let of = [Field::Client, Field::Duration, Field::Request, Field::Agent];
        let format = Format::of(BALANCER.as_bytes()).unwrap();
        let told = ["203.0.113.9:80", "0.001 0.002 0.003", &format!("GET {target} HTTP/1.1"), &agent];
        let told = told.map(|text| text.as_bytes().to_vec()).to_vec();
        if !agent.ends_with('\\') && !target.ends_with('\\') {
            prop_assert_eq!(fields(&format, line.as_bytes(), &of), (Cut::Fields, told));
        }
    }
}

#[test]
fn escapes_of_json() {
    let format = Format::of(JSON.as_bytes()).unwrap();
    let line = br#"{"request": {"uri": "\/a\u0026b\u00e9\ud83d\ude00\ud83d!\"\\", "client_ip": null, "remote_ip": "1.2.3.4"}}"#;
    let (cut, found) = fields(&format, line, &[Field::Target, Field::Client]);
    assert_eq!(cut, Cut::Fields);
    assert_eq!(String::from_utf8_lossy(&found[0]), "/a&bé😀\u{fffd}!\"\\");
    assert_eq!(found[1], b"1.2.3.4");
}

#[test]
fn a_quote_that_was_not_escaped_is_passed_over() {
    let line = combined(0, "203.0.113.9", "/\"quoted\"x").replace("shop.example/", "shop.example/?q=\"a\"b");
    let format = Format::of(COMBINED.as_bytes()).unwrap();
    let (cut, found) = fields(&format, line.trim_end().as_bytes(), &[Field::Request, Field::Referer]);
    assert_eq!(cut, Cut::Fields);
    assert_eq!(found[0], b"GET /\"quoted\"x HTTP/1.1");
    assert_eq!(found[1], b"https://shop.example/?q=\"a\"b");
}

#[test]
fn the_start_is_the_end_less_the_duration_where_the_log_tells_the_end() {
    let line = b"203.0.113.9 - - [04/May/2026:00:00:10 +0000] \"GET / HTTP/1.1\" 200 5 2.5\n";
    assert_eq!(read(COMMON_TIMED, line).0[0].time_ns, MIDNIGHT_NS + 7_500_000_000);
    let start = COMMON_TIMED.replace("\"kind\"", "\"time_at\": \"start\", \"kind\"");
    assert_eq!(read(&start, line).0[0].time_ns, MIDNIGHT_NS + 10_000_000_000);
}

#[test]
fn a_line_within_a_document() {
    let line = br#"{"log": "203.0.113.9 \"GET /a?b HTTP/1.1\" 204\n", "time": "2026-05-04T00:00:01Z", "status": 500}"#;
    let (rows, told) = read(INSIDE, &[&line[..], b"\n{\"log\": 1}\n{}\n"].concat());
    assert_eq!((rows.len(), rows[0].status, rows[0].time_ns), (1, 204, MIDNIGHT_NS + 1_000_000_000));
    assert_eq!(told.reading.malformed, 2);
}

#[test]
fn formats_that_make_no_sense_are_refused() {
    for (format, what) in [
        (r#"{"name": "a", "kind": "text", "parts": []}"#, "no parts"),
        (r#"{"name": "a", "kind": "text", "parts": [{"field": "client"}, {"field": "time"}]}"#, "side by side"),
        (r#"{"name": "a", "kind": "text", "parts": [{"field": "client", "literal": "x"}]}"#, "literal or a field"),
        (r#"{"name": "a", "kind": "json", "fields": {}}"#, "no fields"),
        (r#"{"name": "a", "kind": "json", "fields": {"colour": {"path": ["a"]}}}"#, "colour"),
        (r#"{"name": "a", "kind": "json", "fields": {"time": {}}}"#, "0 paths"),
        (r#"{"name": "a", "kind": "table"}"#, "no columns"),
        (r#"{"name": "a", "kind": "table", "separator": "ab", "columns": [null]}"#, "one byte"),
        (r#"{"name": "a", "kind": "picture"}"#, "picture"),
        (r#"{"name": "a", "kind": "text", "parts": [{"field": "time", "style": "roman"}]}"#, "roman"),
        ("[]", "not understood"),
    ] {
        let error = Format::of(format.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}
