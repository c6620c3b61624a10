use loadstone_core::spans::batch::number;
use loadstone_core::spans::decoder::Format;
use loadstone_core::spans::{DEPTH, TEXT_BYTES, otlp};

use crate::writing::{bytes, fixed, number, pair, request, span, text};
use crate::{cell, decode};

#[test]
fn every_part_of_a_span_finds_its_column() {
    let (batches, counts, error) = decode(Format::Protobuf, &request(&[span(0, &[]), span(1, &[])]), 1);
    assert_eq!((counts.spans, counts.rejected, error), (2, 0, None));
    let batch = &batches[0];
    assert_eq!(batch.trace_id[16..32], 2u128.to_be_bytes());
    assert_eq!(batch.parent_id[..8], 9u64.to_be_bytes());
    assert_eq!(batch.numbers[number::END][0], 1_700_000_000_000_000_500);
    assert_eq!((batch.numbers[number::KIND][1], batch.numbers[number::STATUS][1]), (3, 2));
    for (column, expected) in [
        ("service", "shop"),
        ("name", "SELECT product"),
        ("scope", "tracer"),
        ("db_system_name", "postgresql"),
        ("db_query_text", "SELECT * FROM product WHERE id = ?"),
        ("error_type", "KeyError"),
        (
            "attributes",
            "{\"app.rows\":7,\"app.list\":[true],\"otel.status_description\":\"no ?\",\"otel.scope.version\":\"1.0\",\
             \"resource\":{\"app.zone\":\"a\"}}",
        ),
        ("events", "[{\"time_ns\":5,\"name\":\"exception\",\"attributes\":{\"exception.type\":\"KeyError\"}}]"),
        ("links", "[{\"trace_id\":\"01010101010101010101010101010101\",\"span_id\":\"0202020202020202\"}]"),
    ] {
        assert_eq!(cell(batch, column, 0), Some(expected), "{column}");
        assert_eq!(cell(batch, column, 1), Some(expected), "{column}");
    }
    assert_eq!(cell(batch, "db_query_parameters_hash", 0).map(str::len), Some(16));
    assert_eq!(cell(batch, "http_route", 0), None);
}

#[test]
fn new_names_win_over_old_ones_in_any_order() {
    for (first, second) in [("http.method", "http.request.method"), ("http.request.method", "http.method")] {
        let value = |name: &str| if name == "http.method" { "OLD" } else { "NEW" };
        let more = [bytes(9, &text(first, value(first))), bytes(9, &text(second, value(second)))];
        let (batches, _, _) = decode(Format::Protobuf, &request(&[span(0, &more)]), 1);
        assert_eq!(cell(&batches[0], "http_request_method", 0), Some("NEW"));
    }
    let more = [
        bytes(9, &text("http.url", "https://bob:pw@shop.example:8000/p/1?q=shoes")),
        bytes(9, &pair("http.status_code", &number(3, 503))),
        bytes(9, &text("code.function", "detail")),
        bytes(9, &text("code.namespace", "shop.views")),
        bytes(9, &text("code.lineno", "12")),
        bytes(9, &pair("loadstone.thread_cpu_ns", &number(3, 99))),
    ];
    let (batches, _, _) = decode(Format::Protobuf, &request(&[span(0, &more)]), 1);
    let batch = &batches[0];
    assert_eq!(cell(batch, "url_path", 0), Some("/p/1"));
    assert!(cell(batch, "url_query", 0).is_some_and(|query| query.starts_with("q=#") && query.len() == 11));
    assert_eq!(cell(batch, "server_address", 0), Some("shop.example"));
    assert_eq!(cell(batch, "code_function_name", 0), Some("shop.views.detail"));
    let numbers = [number::HTTP_STATUS, number::LINE, number::CPU].map(|column| batch.numbers[column][0]);
    assert_eq!(numbers, [503, 12, 99]);
}

#[test]
fn the_other_side_is_the_server_of_a_client_and_nobody_to_a_server() {
    let peer = bytes(9, &text("net.peer.name", "10.1.2.3"));
    let (client, _, _) = decode(Format::Protobuf, &request(&[span(0, std::slice::from_ref(&peer))]), 1);
    assert_eq!(cell(&client[0], "server_address", 0), Some("10.1.2.3"));
    let (server, _, _) = decode(Format::Protobuf, &request(&[span(0, &[number(6, 2), peer])]), 1);
    assert_eq!(cell(&server[0], "server_address", 0), None);
    assert!(!cell(&server[0], "attributes", 0).unwrap().contains("10.1.2.3"));
}

#[test]
fn limits_are_counted() {
    let long = "x".repeat(TEXT_BYTES + 1);
    let many: Vec<Vec<u8>> = (0..1100).map(|at| bytes(9, &text(&format!("k{at}"), "v"))).collect();
    let (batches, counts, _) =
        decode(Format::Protobuf, &request(&[span(0, &[bytes(9, &text("long", &long))]), span(1, &many)]), 1);
    assert!(cell(&batches[0], "attributes", 0).unwrap().len() < TEXT_BYTES + 200);
    // One text, and what is beyond 1,024 of the 1,100 and of the five that every span here has.
    assert_eq!(counts.clipped, 1 + 1100 + 5 - 1024);
}

#[test]
fn what_is_odd_is_kept_and_counted_and_what_has_no_id_is_not() {
    let absurd = span(0, &[fixed(8, 5)]);
    let last = span(1, &[fixed(8, u64::MAX)]);
    let nameless = [bytes(1, &[0; 16]), bytes(2, &[1; 8])].concat();
    let short = [bytes(1, &[1; 4]), bytes(2, &[1; 8])].concat();
    let garbled = span(2, &[bytes(9, &[bytes(1, b"k"), bytes(2, &bytes(1, b"a\xFFb"))].concat())]);
    let (batches, counts, _) = decode(Format::Protobuf, &request(&[absurd, last, nameless, short, garbled]), 1);
    assert_eq!((counts.spans, counts.rejected, counts.absurd, counts.repaired), (3, 2, 2, 1));
    assert_eq!(batches[0].numbers[number::END][..2], [5, i64::MAX]);
    assert!(cell(&batches[0], "attributes", 2).unwrap().contains("\"k\":\"a\u{FFFD}b\""));
}

#[test]
fn a_name_is_not_the_one_of_the_span_before() {
    let unnamed = [bytes(1, &[1; 16]), bytes(2, &[1; 8])].concat();
    let (batches, _, _) = decode(Format::Protobuf, &request(&[span(0, &[]), unnamed, span(2, &[])]), 1);
    let names = [0, 1, 2].map(|row| cell(&batches[0], "name", row));
    assert_eq!(names, [Some("SELECT product"), None, Some("SELECT product")]);
}

#[test]
fn a_wrong_type_is_an_error_with_its_place() {
    let wrong = request(&[span(0, &[number(7, 5)])]);
    let found = otlp::check(&wrong).unwrap_err();
    assert!(found.message.contains("field 7 of Span"), "{found}");
    let (_, _, error) = decode(Format::Protobuf, &wrong, 1);
    assert_eq!(error, Some(found));
    for broken in [&b"\x0A\xFF"[..], b"\x0C", b"\x00", b"<html>", b"\x0A\x05ab"] {
        assert!(otlp::check(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn values_nest_so_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let any = (0..depth).fold(number(3, 1), |inner, _| bytes(5, &bytes(1, &inner)));
        decode(Format::Protobuf, &request(&[span(0, &[bytes(9, &pair("deep", &any))])]), 1).2
    };
    assert_eq!(nested(DEPTH), None);
    assert!(nested(DEPTH + 1).is_some_and(|error| error.message.contains("nested deeper")));
    assert!(nested(5000).is_some());
}

#[test]
fn unknown_fields_and_groups_are_skipped() {
    let group = [vec![0xA3, 0x06], number(1, 5), bytes(2, b"x"), vec![0xA4, 0x06]].concat();
    let more = [group, bytes(99, b"later"), number(500, 1), fixed(77, 2)];
    let (batches, counts, error) = decode(Format::Protobuf, &request(&[span(0, &more)]), 1);
    assert_eq!((counts.spans, error), (1, None));
    assert_eq!(cell(&batches[0], "name", 0), Some("SELECT product"));
}

#[test]
fn batches_are_bounded() {
    let spans: Vec<Vec<u8>> = (0..1000).map(|number| span(number, &[])).collect();
    let body = request(&spans);
    let bodies: Vec<u8> = (0..140).flat_map(|_| crate::writing::frame(0, &body)).collect();
    let (batches, counts, _) = decode(Format::Spool, &bodies, 1);
    assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [65_536, 65_536, 8_928]);
    assert_eq!((counts.spans, counts.bodies), (140_000, 140));
    let last = &batches[2];
    assert_eq!(cell(last, "service", last.len() - 1), Some("shop"));
    assert_eq!(cell(last, "attributes", last.len() - 1), cell(&batches[0], "attributes", 0));
}
