//! What the internet writes into logs: garbage is counted, never fatal, and nothing of it is shown.

use loadstone_core::lines::address::{self, Address};
use loadstone_core::lines::agents::{PERSON, SCANNER};
use loadstone_core::lines::request;
use loadstone_core::lines::sample::shape;
use proptest::prelude::*;

use crate::{BALANCER, COMBINED, COMMON_TIMED, FORMATS, JSON, MIDNIGHT_NS, combined, read};

const LINES: &[&str] = &[
    r#"203.0.113.9 - ann [04/May/2026:00:00:00 +0000] "GET /p/1?q=\"x\" HTTP/1.1" 200 2326 "https://shop.example/p" "Mozilla/5.0""#,
    r#"203.0.113.9 - - [04/May/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 2326 0.125"#,
    r#"{"ts":1777852800.5,"request":{"client_ip":"2001:db8::1","method":"GET","uri":"/a\u0026b","headers":{"User-Agent":["x"]}},"status":200}"#,
    "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-05-04\t00:00:01\t203.0.113.9\tGET\t/a\t200",
    r#"h2 2026-05-04T00:00:01.5Z 203.0.113.9:80 0.001 0.002 0.003 200 "GET http://a:80/b HTTP/1.1" "agent" y"#,
    r#"{"log":"203.0.113.9 \"GET /a HTTP/1.1\" 204\n","time":"2026-05-04T00:00:01Z"}"#,
];

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (prop::sample::select(LINES), prop::collection::vec(change, 0..5), any::<prop::sample::Index>(), any::<bool>())
        .prop_map(|(line, changes, cut, whole)| {
            let mut bytes = line.as_bytes().to_vec();
            for (at, byte, how) in changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes[at] ^= 1 << (byte & 7),
                    2 => bytes.insert(at, byte),
                    _ if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => {}
                }
            }
            let cut = cut.index(bytes.len() + 1);
            bytes.truncate(if whole { bytes.len() } else { cut });
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 3000 }))]

    #[test]
    fn garbage(bytes in prop::collection::vec(any::<u8>(), 0..400), format in prop::sample::select(FORMATS)) {
        let (rows, told) = read(format, &bytes);
        prop_assert_eq!(rows.len() as u64, told.reading.hits);
        prop_assert!(told.reading.hits + told.reading.malformed <= told.reading.lines);
    }

    #[test]
    fn mutations(lines in prop::collection::vec(mutated(), 1..6), format in prop::sample::select(FORMATS)) {
        let text = lines.join(&b'\n');
        let (rows, told) = read(format, &text);
        prop_assert_eq!(rows.len() as u64, told.reading.hits);
        for row in rows {
            prop_assert!(row.route < told.map.len() as i32 && row.referer < told.map.len() as i32);
            prop_assert!(row.method < 10 && row.kind < 4 && row.status < 1000);
        }
    }

    #[test]
    fn no_word_of_a_line_that_was_not_understood_is_shown(
        secret in "[a-z]{3}[A-Za-z0-9]{5,20}", before in "[ -/:-@\\[-`{-~]{0,10}", after in "[ -/:-@\\[-`{-~]{0,10}",
    ) {
        let shown = shape(format!("GET {before}{secret}{after} HTTP/1.1").as_bytes());
        prop_assert!(!shown.contains(&secret), "{}", shown);
        prop_assert!(shown.starts_with("GET ") && shown.chars().all(|shown| (' '..='~').contains(&shown)));
    }

    #[test]
    fn an_address_is_one_however_it_is_written(bytes in any::<[u8; 16]>(), v4 in any::<[u8; 4]>(), port in any::<u16>()) {
        let address = std::net::Ipv6Addr::from(bytes);
        let long: Vec<String> = address.segments().iter().map(|part| format!("{part:04X}")).collect();
        for text in [address.to_string(), long.join(":"), format!("[{address}]:{port}"), format!("[{address}]"), format!("{address}%eth0")] {
            let found = address::parsed(text.as_bytes());
            match address.to_ipv4_mapped() {
                Some(mapped) => prop_assert_eq!(found, Some(Address::V4(mapped.octets()))),
                None => prop_assert_eq!(found, Some(Address::V6(bytes)), "{}", text),
            }
        }
        let address = std::net::Ipv4Addr::from(v4);
        for text in [address.to_string(), format!("{address}:{port}"), format!("::ffff:{address}"), format!("[::FFFF:{address}]:1")] {
            prop_assert_eq!(address::parsed(text.as_bytes()), Some(Address::V4(v4)), "{}", text);
        }
    }

    #[test]
    fn a_path_keeps_its_meaning(path in "/[a-z/%0-9A-F~.-]{0,30}") {
        let normal = request::normal(path.as_bytes()).into_owned();
        prop_assert_eq!(request::normal(&normal).into_owned(), normal.clone());
        let decoded = |text: &[u8]| loadstone_core::lines::escape::percents(text, false).into_owned();
        prop_assert_eq!(decoded(&normal), decoded(path.as_bytes()));
    }
}

#[test]
fn addresses() {
    for wrong in [
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4:x",
        "unix:",
        "-",
        "",
        "shop.example",
        ":::",
        "1.2..3",
        "0001.2.3.4",
    ] {
        assert_eq!(address::parsed(wrong.as_bytes()), None, "{wrong}");
    }
    let forwarded =
        |list: &str| address::forwarded(list.as_bytes()).map(|found| String::from_utf8_lossy(found).into_owned());
    assert_eq!(forwarded("198.51.100.7, 10.0.0.1").as_deref(), Some("198.51.100.7"));
    assert_eq!(forwarded("unknown, [2001:db8::1]:80").as_deref(), Some("[2001:db8::1]:80"));
    assert_eq!(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43").as_deref(), Some("192.0.2.60"));
    assert_eq!(forwarded("proto=https; For=\"[2001:db8:cafe::17]:4711\"").as_deref(), Some("[2001:db8:cafe::17]:4711"));
    assert_eq!(forwarded("-"), None);
    assert_eq!(forwarded("; DROP TABLE"), None);
}

#[test]
fn a_client_is_one_by_session_then_by_address_and_agent() {
    let client = |line: String| read(COMBINED, line.as_bytes()).0[0].client;
    let one = client(combined(0, "203.0.113.9", "/"));
    assert_eq!(one, client(combined(9, "::ffff:203.0.113.9", "/other")));
    assert_ne!(one, client(combined(0, "203.0.113.10", "/")));
    assert_ne!(one, client(combined(0, "203.0.113.9", "/").replace("Firefox", "Seamonkey")));
    let json = |ip: &str, agent: &str, cookie: &str| {
        let request = serde_json::json!({"client_ip": ip, "method": "GET", "uri": "/", "headers": {"User-Agent": [agent]}, "cookie": cookie});
        read(JSON, serde_json::json!({"ts": 1777852800, "request": request, "status": 200}).to_string().as_bytes()).0[0]
            .client
    };
    assert_eq!(json("1.1.1.1", "a", "s=1"), json("2.2.2.2", "b", "s=1"));
    assert_ne!(json("1.1.1.1", "a", "s=1"), json("1.1.1.1", "a", "s=2"));
    assert_ne!(json("1.1.1.1", "a", "-"), json("2.2.2.2", "a", "-"));
}

#[test]
fn what_is_no_request_of_http_is_a_scanners() {
    for request in
        [r"\x16\x03\x01\x02", r"\x03\x00\x00/*\xe0", "SSH-2.0-Go", r"t3 12.1.2\n", "GET", r"\x01\x02 / HTTP/1.1"]
    {
        let line = format!("203.0.113.9 - - [04/May/2026:00:00:00 +0000] \"{request}\" 400 150 \"-\" \"-\"\n");
        let (rows, told) = read(COMBINED, line.as_bytes());
        assert_eq!((rows.len(), told.reading.malformed), (1, 0), "{request}");
        assert_eq!(
            (rows[0].kind, rows[0].route, rows[0].method),
            (SCANNER, -1, if request == "GET" { 9 } else { rows[0].method }),
            "{request}"
        );
    }
    let line = "203.0.113.9 - - [04/May/2026:00:00:00 +0000] \"-\" 408 - \"-\" \"-\"\n";
    let (rows, _) = read(COMBINED, line.as_bytes());
    assert_eq!((rows[0].kind, rows[0].route, rows[0].bytes, rows[0].value), (PERSON, -1, -1, 0));
}

#[test]
fn targets() {
    let of = |line: &'static str| {
        let asked = request::of_line(line.as_bytes());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (asked.method, text(asked.path), text(asked.query), text(asked.authority))
    };
    let told = |method, path: &str, query: &str, authority: &str| {
        (method, path.to_owned(), query.to_owned(), authority.to_owned())
    };
    assert_eq!(of("GET /a/b?c=d?e HTTP/1.1"), told(0, "/a/b", "c=d?e", ""));
    assert_eq!(of("GET /a b c HTTP/1.0"), told(0, "/a b c", "", ""));
    assert_eq!(of("GET /old"), told(0, "/old", "", ""));
    assert_eq!(of("POST https://user@shop.example:443/a?b HTTP/2.0"), told(2, "/a", "b", "shop.example:443"));
    assert_eq!(of("GET http://shop.example HTTP/1.1"), told(0, "/", "", "shop.example"));
    assert_eq!(of("OPTIONS * HTTP/1.1"), told(6, "", "", ""));
    assert_eq!(of("CONNECT shop.example:443 HTTP/1.1"), told(8, "", "", "shop.example:443"));
    assert_eq!(of("PROPFIND /dav HTTP/1.1"), told(9, "/dav", "", ""));
    assert_eq!(of("GET /a#b?c HTTP/1.1"), told(0, "/a", "", ""));
    assert!(request::of_line(b"GET a HTTP/1.1").garbage);
    assert!(request::of_line(b"\x16\x03").garbage);
    let parts = request::of_parts(b"GET", b"/a", b"?x=1");
    assert_eq!((parts.path, parts.query), (&b"/a"[..], &b"x=1"[..]));
}

#[test]
fn paths_are_one_however_they_are_encoded() {
    let normal = |path: &str| String::from_utf8(request::normal(path.as_bytes()).into_owned()).unwrap();
    assert_eq!(normal("/%61%2fb%7e"), "/a%2Fb~");
    assert_eq!(normal("/%61%zz%"), "/%61%zz%");
    assert_eq!(normal("/caf%c3%a9"), "/caf%C3%A9");
    assert_eq!(normal(""), "/");
    let leaf = |target: &str| read(COMBINED, combined(0, "203.0.113.9", target).as_bytes()).0[0].value;
    assert_eq!(leaf("/%70/%7Eann"), leaf("/p/~ann"));
}

#[test]
fn referers_of_this_service_lead_to_their_route() {
    let line = |second, target: &str, referer: &str| {
        combined(second, "203.0.113.9", target).replace("https://shop.example/\"", &format!("{referer}\""))
    };
    let text = [
        line(0, "/list", "https://shop.example/list"),
        line(1, "/list", "https://www.shop.example:443/list?a=b"),
        line(2, "/list", "https://search.example/list"),
        line(3, "/list", "-"),
        line(4, "/list", "https://shop.example/nowhere"),
        line(5, "/list", "android-app://shop.example/list"),
    ];
    let (rows, told) = read(COMBINED, text.concat().as_bytes());
    let list = rows[0].route;
    assert_eq!(rows.iter().map(|row| row.referer).collect::<Vec<_>>(), [list, list, -1, -1, -1, -1]);
    assert_eq!(told.routes.iter().map(|route| route.requests).sum::<u64>(), 6, "referers are not requests");
}

#[test]
fn what_is_no_number_is_malformed_or_none() {
    let read_one = |status: &str, bytes: &str, duration: &str| {
        let line =
            format!("203.0.113.9 - - [04/May/2026:00:00:10 +0000] \"GET / HTTP/1.1\" {status} {bytes} {duration}\n");
        let (rows, told) = read(COMMON_TIMED, line.as_bytes());
        assert_eq!(rows.len() as u64 + told.reading.malformed, 1);
        rows.first().map(|row| (row.status, row.bytes, row.duration_ns))
    };
    assert_eq!(read_one("200", "5", "0.5"), Some((200, 5, 500_000_000)));
    assert_eq!(read_one("-", "-", "-"), Some((0, -1, -1)));
    assert_eq!(read_one("000", "0", "x"), Some((0, 0, -1)));
    assert_eq!(read_one("2000", "5", "0.5"), None);
    assert_eq!(read_one("OK", "5", "0.5"), None);
    assert_eq!(read_one("200", "five", "0.5"), None);
    assert_eq!(read_one("200", "99999999999999999999999", "0.5"), None);
}

#[test]
fn mixed_zones_are_one_time() {
    let lines = ["04/May/2026:02:00:00 +0200", "03/May/2026:17:00:00 -0700", "04/May/2026:05:30:01 +0530"];
    let text: String =
        lines.iter().map(|time| format!("203.0.113.9 - - [{time}] \"GET / HTTP/1.1\" 200 5 -\n")).collect();
    let (rows, told) = read(COMMON_TIMED, text.as_bytes());
    let times: Vec<i64> = rows.iter().map(|row| row.time_ns - MIDNIGHT_NS).collect();
    assert_eq!(times, [0, 0, 1_000_000_000]);
    assert_eq!(told.reading.backwards, 0);
}

#[test]
fn samples_are_few_and_name_their_place() {
    let mut text = b"\xef\xbb\xbf".to_vec();
    text.extend(combined(0, "203.0.113.9", "/").into_bytes());
    for number in 0..1000 {
        text.extend(format!("password=hunter{number} for wilma@example.org\n").into_bytes());
    }
    text.extend(vec![b'x'; 2_000_000]);
    text.push(b'\n');
    text.extend(combined(1, "203.0.113.9", "/").into_bytes());
    let (rows, told) = read(COMBINED, &text);
    assert_eq!((rows.len(), told.reading.malformed, told.reading.lines), (2, 1001, 1003));
    assert!(told.reading.samples.len() <= 20);
    assert_eq!((told.reading.samples[0].file.as_str(), told.reading.samples[0].line), ("a.log", 2));
    assert!(told.reading.samples.iter().any(|sample| sample.reason.contains("1 MiB") && sample.line == 1002));
    let shown = serde_json::to_string(&told).unwrap();
    assert!(!shown.contains("hunter") && !shown.contains("wilma") && !shown.contains("example.org"), "{shown}");
}

#[test]
fn a_deep_document_ends_soon() {
    for piece in ["[", "{\"request\":", "{\"a\":[", "\"", "\\", "{"] {
        let text = format!("{{\"request\":{}", piece.repeat(100_000 / piece.len()));
        assert_eq!(read(JSON, text.as_bytes()).1.reading.malformed, 1, "{piece}");
    }
    let quotes = format!("x 2026-05-04T00:00:01Z 1.2.3.4 0 0 0 200 {}", "\"\\".repeat(50_000));
    assert_eq!(read(BALANCER, quotes.as_bytes()).1.reading.malformed, 1);
    let quotes = format!("1.2.3.4 - - [04/May/2026:00:00:00 +0000] \"{}", "\\\\\"".repeat(30_000));
    assert_eq!(read(COMBINED, quotes.as_bytes()).1.reading.malformed, 1);
}
