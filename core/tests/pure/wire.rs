//! Responses fed whole, in pieces and byte by byte.

use loadstone_core::load::wire::{Fed, Keep, Limits, ResponseMachine, WireError};
use proptest::prelude::*;

pub const LIMITS: Limits = Limits { head_bytes: 1024, body_bytes: 4096 };
pub const EVERYTHING: Keep = Keep { headers: true, body: true };

/// Everything that can be seen of a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub end: Result<End, WireError>,
    pub status: u16,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub keep_alive: bool,
    pub bytes_in: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// Whole after so many bytes.
    At(usize),
    /// Whole at the connection's end.
    Eof,
}

pub fn see(machine: &mut ResponseMachine, head: bool, pieces: &[&[u8]]) -> Seen {
    machine.begin(head, false, EVERYTHING, LIMITS);
    let mut before = 0;
    let mut end = None;
    for piece in pieces {
        match machine.feed(piece) {
            Ok(Fed::More) => before += piece.len(),
            Ok(Fed::Done { consumed }) => end = Some(Ok(End::At(before + consumed))),
            Err(error) => end = Some(Err(error)),
        }
        if end.is_some() {
            break;
        }
    }
    let end = end.unwrap_or_else(|| machine.eof().map(|()| End::Eof));
    let failed = end.is_err();
    Seen {
        end,
        status: if failed { 0 } else { machine.status() },
        headers: machine.headers().filter(|_| !failed).map(|(n, v)| (n.to_vec(), v.to_vec())).collect(),
        body: if failed { Vec::new() } else { machine.body().to_vec() },
        keep_alive: !failed && machine.keep_alive(),
        bytes_in: if failed { 0 } else { machine.bytes_in() },
    }
}

pub fn whole(bytes: &[u8]) -> Seen {
    see(&mut ResponseMachine::new(), false, &[bytes])
}

fn protocol(bytes: &[u8]) -> &'static str {
    match whole(bytes).end {
        Err(WireError::Protocol(message)) => message,
        other => panic!("{}: {other:?}", String::from_utf8_lossy(bytes)),
    }
}

#[test]
fn a_sized_response() {
    let seen = whole(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhelloHTTP/1.1");
    assert_eq!((seen.end, seen.status, seen.body.as_slice()), (Ok(End::At(53)), 200, b"hello".as_slice()));
    assert_eq!(seen.headers[1], (b"X-A".to_vec(), b"b".to_vec()));
    assert!(seen.keep_alive);
    assert_eq!(seen.bytes_in, 53);
}

#[test]
fn chunks_with_extensions_and_trailers() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
                  3;a=b\r\nabc\r\n00A ; x\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nrest";
    let seen = whole(bytes);
    assert_eq!((seen.end, seen.body.as_slice()), (Ok(End::At(bytes.len() - 4)), b"abc0123456789".as_slice()));
    assert!(seen.keep_alive);
    assert_eq!(seen.bytes_in, bytes.len() as u64 - 4);
}

#[test]
fn responses_without_a_body() {
    for bytes in [
        b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n".as_slice(),
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    ] {
        let seen = whole(bytes);
        assert_eq!((seen.end, seen.keep_alive), (Ok(End::At(bytes.len())), true));
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    assert_eq!(see(&mut ResponseMachine::new(), true, &[head]).end, Ok(End::At(head.len())));
    let mut machine = ResponseMachine::new();
    machine.begin(false, true, EVERYTHING, LIMITS);
    let tunnel = b"HTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(machine.feed(tunnel), Ok(Fed::Done { consumed: tunnel.len() }));
}

#[test]
fn interim_responses_are_skipped() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 3\r\n\r\n\
                  HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nz";
    let seen = whole(bytes);
    assert_eq!((seen.status, seen.headers.len(), seen.end), (201, 1, Ok(End::At(bytes.len()))));
    assert!(protocol(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").contains("switched protocols"));
    let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    assert!(protocol(&endless).contains("longer"));
}

#[test]
fn a_body_may_last_until_the_end() {
    let seen = whole(b"HTTP/1.1 200 OK\r\n\r\nall of it");
    assert_eq!((seen.end, seen.body.as_slice(), seen.keep_alive), (Ok(End::Eof), b"all of it".as_slice(), false));
    let coded = whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx");
    assert_eq!((coded.end, coded.keep_alive), (Ok(End::Eof), false));
}

#[test]
fn what_ends_too_early_is_truncated() {
    for bytes in [
        b"".as_slice(),
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        assert_eq!(whole(bytes).end, Err(WireError::Truncated), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn which_connections_live_on() {
    let cases: [(&[u8], bool); 9] = [
        (b"HTTP/1.1 204 X\r\n\r\n", true),
        (b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n", false),
        (b"HTTP/1.1 204 X\r\nConnection: upgrade, CLOSE\r\n\r\n", false),
        (b"HTTP/1.1 204 X\r\nconnection: keep-alive\r\nConnection: close\r\n\r\n", false),
        (b"HTTP/1.0 204 X\r\n\r\n", false),
        (b"HTTP/1.0 204 X\r\nConnection: Keep-Alive\r\n\r\n", true),
        (b"HTTP/1.0 200 X\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
        (b"HTTP/1.1 200 X\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
        (b"HTTP/1.1 200 X\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", true),
    ];
    for (bytes, expected) in cases {
        let seen = whole(bytes);
        assert_eq!(
            (seen.end, seen.keep_alive),
            (Ok(End::At(bytes.len())), expected),
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn lies_about_length_are_refused() {
    for value in ["", "-1", "+1", "1x", "0x1", "1 2", "5, 6", "18446744073709551616", "5,"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n");
        assert!(protocol(bytes.as_bytes()).contains("content-length"), "{value}");
    }
    protocol(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    let agreed = whole(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab");
    assert_eq!(agreed.body, b"ab");
    let largest = whole(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nab");
    assert_eq!(largest.end, Err(WireError::Truncated));
}

#[test]
fn broken_chunks_are_refused() {
    for chunks in [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "5 5\r\n",
        "fffffffffffffffff\r\n",
        "1\r\nab\r\n",
        "1\r\na0\r\n\r\n",
        "0\r\n: x\r\n\r\n",
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        protocol(bytes.as_bytes());
    }
}

#[test]
fn heads_that_are_none_are_refused() {
    for bytes in [
        b"HTTP/2 200 OK\r\n\r\n".as_slice(),
        b"HTTP/1.2 200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 200 \x01\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nspace : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: nul \0 here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: bare \r here\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        protocol(bytes);
    }
    for begun in [b"X".as_slice(), b"HTTP/2", b"\x15\x03\x03\x00\x02"] {
        assert!(protocol(begun).contains("not HTTP/1"), "no line end is waited for");
    }
    assert_eq!(whole(b"HTTP/1").end, Err(WireError::Truncated));
    assert_eq!(whole(b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx").end, Ok(End::At(36)), "a bare LF ends a line");
}

#[test]
fn a_head_beyond_its_limit_is_refused_while_it_comes() {
    let mut machine = ResponseMachine::new();
    machine.begin(false, false, Keep::default(), LIMITS);
    assert_eq!(machine.feed(b"HTTP/1.1 200 OK\r\nx: "), Ok(Fed::More));
    let outcome = (0..).find_map(|_| machine.feed(b"yyyyyyyyyyyyyyyy").err());
    assert!(matches!(outcome, Some(WireError::Protocol(message)) if message.contains("longer")));
    let mut extension = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;".to_vec();
    extension.extend(vec![b'x'; 2000]);
    assert!(protocol(&extension).contains("longer"));
    let mut many = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    (0..1000).for_each(|_| many.extend_from_slice(b"1\r\na\r\n"));
    many.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(whole(&many).body.len(), 1000, "many small chunks are no long head");
}

#[test]
fn a_body_is_bounded_only_when_it_is_kept() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".to_vec();
    bytes.extend(vec![b'x'; 5000]);
    assert!(protocol(&bytes).contains("limit"));
    let mut machine = ResponseMachine::new();
    machine.begin(false, false, Keep::default(), LIMITS);
    assert_eq!(machine.feed(&bytes), Ok(Fed::Done { consumed: bytes.len() }));
    assert_eq!((machine.body(), machine.body_bytes()), (b"".as_slice(), 5000));
    assert_eq!(machine.headers().count(), 0);
}

#[test]
fn cookies_and_location_are_always_kept() {
    let mut machine = ResponseMachine::new();
    machine.begin(false, false, Keep::default(), LIMITS);
    let bytes = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nX: y\r\nLOCATION: /next\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(machine.feed(bytes), Ok(Fed::Done { consumed: bytes.len() }));
    assert_eq!(machine.location(), Some(b"/next".as_slice()));
    assert_eq!(machine.set_cookies().collect::<Vec<_>>(), [b"a=1", b"b=2"]);
    assert_eq!(machine.header(b"x").count(), 0);
}

/// A valid response and how it must be seen.
#[derive(Debug, Clone)]
struct Sample {
    bytes: Vec<u8>,
    status: u16,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    eof: bool,
}

fn samples() -> impl Strategy<Value = Sample> {
    let field = ("[A-Za-z][A-Za-z0-9-]{0,12}", "([!-~]([ -~\t]{0,18}[!-~])?)?")
        .prop_map(|(name, value)| (format!("X-{name}"), value));
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let cuts = prop::collection::vec(1..40usize, 0..12);
    (200u16..600, prop::collection::vec(field, 0..6), body, cuts, 0..4u8, any::<bool>()).prop_map(
        |(status, fields, mut body, cuts, framing, interim)| {
            let mut bytes = Vec::new();
            if interim {
                bytes.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
            }
            bytes.extend_from_slice(format!("HTTP/1.1 {status} Reason\r\n").as_bytes());
            let mut headers: Vec<(Vec<u8>, Vec<u8>)> =
                fields.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
            let bodiless = status == 204 || status == 304;
            let (name, value) = match framing {
                0 => ("Content-Length", body.len().to_string()),
                1 => ("Transfer-Encoding", "chunked".to_owned()),
                2 => ("Content-Type", "text/plain".to_owned()),
                _ => ("content-length", format!("{0}, {0}", body.len())),
            };
            headers.push((name.into(), value.into()));
            for (name, value) in &headers {
                bytes.extend_from_slice(&[name.as_slice(), b": ", value, b"\r\n"].concat());
            }
            bytes.extend_from_slice(b"\r\n");
            if bodiless {
                body.clear();
            } else if framing == 1 {
                let mut rest = body.as_slice();
                for cut in cuts {
                    let (chunk, after) = rest.split_at(cut.min(rest.len()));
                    if !chunk.is_empty() {
                        bytes.extend_from_slice(format!("{:X};e=\"x\"\r\n", chunk.len()).as_bytes());
                        bytes.extend_from_slice(chunk);
                        bytes.extend_from_slice(b"\r\n");
                    }
                    rest = after;
                }
                body.truncate(body.len() - rest.len());
                bytes.extend_from_slice(b"0\r\nTrailer: t\r\n\r\n");
            } else {
                bytes.extend_from_slice(&body);
            }
            Sample { bytes, status, headers, body, eof: framing == 2 && !bodiless }
        },
    )
}

/// The same bytes cut at the given places.
pub fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut rest = 0;
    let mut found: Vec<&[u8]> =
        places.iter().map(|place| &bytes[std::mem::replace(&mut rest, *place)..*place]).collect();
    found.push(&bytes[rest..]);
    found
}

/// Bytes that look like responses until they do not.
pub fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "HTTP/1.1 200 OK\r\n", "HTTP/1.0 404\r\n", "HTTP/1.1 100 \r\n", "\r\n", "\n", "\r", "Content-Length: 3\r\n",
            "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
            "3\r\nabc\r\n", "0\r\n", "0\r\n\r\n", "fffffff\r\n", "a: b\r\n", " fold\r\n", ":\r\n", "Set-Cookie: a=b\r\n", "1;", "abc",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_valid_response_is_seen_as_it_was_written(sample in samples(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8), tail in prop::collection::vec(any::<u8>(), 0..9)) {
        let mut bytes = sample.bytes.clone();
        if !sample.eof {
            bytes.extend_from_slice(&tail);
        }
        let mut machine = ResponseMachine::new();
        let seen = see(&mut machine, false, &pieces(&bytes, &cuts));
        let end = if sample.eof { End::Eof } else { End::At(sample.bytes.len()) };
        prop_assert_eq!(seen.end, Ok(end));
        prop_assert_eq!(seen.status, sample.status);
        prop_assert_eq!(&seen.headers, &sample.headers);
        prop_assert_eq!(&seen.body, &sample.body);
        prop_assert_eq!(seen.bytes_in, sample.bytes.len() as u64);
        prop_assert_eq!(&whole(&bytes), &seen);
        // The same machine again, byte by byte: nothing of the last response is left.
        prop_assert_eq!(see(&mut machine, false, &bytes.chunks(1).collect::<Vec<_>>()), seen);
    }

    #[test]
    fn garbage_is_seen_alike_in_any_fragments(bytes in garbage(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8), head in any::<bool>()) {
        let at_once = see(&mut ResponseMachine::new(), head, &[&bytes]);
        prop_assert_eq!(&see(&mut ResponseMachine::new(), head, &pieces(&bytes, &cuts)), &at_once);
        prop_assert_eq!(&see(&mut ResponseMachine::new(), head, &bytes.chunks(1).collect::<Vec<_>>()), &at_once);
    }

    #[test]
    fn any_bytes_are_taken_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), prefix in prop::sample::select(vec!["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])) {
        let bytes = [prefix.as_bytes(), &bytes].concat();
        let seen = whole(&bytes);
        if let Ok(End::At(end)) = seen.end {
            prop_assert!(end <= bytes.len());
        }
    }
}
