//! Heads held against httparse, an independent parser.

use loadstone_core::load::wire::{ResponseMachine, WireError};
use proptest::prelude::*;

use crate::wire::{garbage, see};

type Head = (u16, Vec<(Vec<u8>, Vec<u8>)>);

enum Oracle {
    Whole(Head),
    Partial,
    Refused,
}

fn oracle(bytes: &[u8]) -> Oracle {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {
            let fields = response.headers.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec()));
            Oracle::Whole((response.code.unwrap_or(0), fields.collect()))
        }
        Ok(httparse::Status::Partial) => Oracle::Partial,
        Err(_) => Oracle::Refused,
    }
}

/// Reads a head alone: as the reply to HEAD it has no body.
fn ours(bytes: &[u8]) -> Result<Head, WireError> {
    let seen = see(&mut ResponseMachine::new(), true, &[bytes]);
    seen.end.map(|_| (seen.status, seen.headers))
}

/// Where the two differ on purpose: an empty line before a status line and a status below 100 are refused here, 1xx
/// is skipped, names may hold any printable ASCII, and content-length and the head's size are judged.
fn comparable(bytes: &[u8], head: &Head) -> bool {
    let lengths = head.1.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-length")).count();
    bytes.starts_with(b"HTTP") && head.0 >= 200 && lengths == 0 && bytes.len() < 1000
}

fn heads() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        3 => "[A-Za-z0-9-]{1,20}: ?[ -~\t]{0,30}",
        1 => "[!-~]{1,12}:[ -~]{0,9}",
        1 => "[ -~]{0,12}",
    ];
    let end = || prop::sample::select(vec!["\r\n", "\r\n", "\r\n", "\n"]);
    (
        prop::sample::select(vec!["HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found", "HTTP/1.1 503", "HTTP/1.1 299 "]),
        end(),
        prop::collection::vec((line, end()), 0..6),
        any::<prop::sample::Index>(),
        any::<Option<u8>>(),
    )
        .prop_map(|(status, end, lines, place, noise)| {
            let mut bytes = [status.as_bytes(), end.as_bytes()].concat();
            lines.iter().for_each(|(line, end)| bytes.extend_from_slice(&[line.as_bytes(), end.as_bytes()].concat()));
            bytes.extend_from_slice(b"\r\n");
            if let Some(noise) = noise {
                let place = place.index(bytes.len());
                bytes[place] = noise;
            }
            bytes
        })
}

fn exotic_name(head: &Head) -> bool {
    head.1.iter().any(|(name, _)| !loadstone_core::load::wire::is_token(name))
}

fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    match (oracle(bytes), ours(bytes)) {
        (Oracle::Whole(theirs), ours) if comparable(bytes, &theirs) => prop_assert_eq!(ours, Ok(theirs)),
        (Oracle::Partial, Ok(head)) => prop_assert!(head.0 < 200, "{:?} is whole here only", bytes),
        (Oracle::Refused, Ok(head)) => prop_assert!(exotic_name(&head), "{:?} is accepted here only", bytes),
        _ => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn heads_are_read_like_httparse_reads_them(bytes in heads()) {
        agree(&bytes)?;
    }

    #[test]
    fn garbage_is_judged_like_httparse_judges_it(bytes in garbage()) {
        // What follows an interim response is another head, which httparse does not read.
        let interim = bytes.windows(9).any(|window| window == b"HTTP/1.1 " ) && bytes.windows(12).any(|window| window == b"HTTP/1.1 100");
        if !interim {
            agree(&bytes)?;
        }
    }
}
