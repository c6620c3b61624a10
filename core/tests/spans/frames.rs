use loadstone_core::spans::decoder::Format;

use crate::decode;
use crate::writing::{frame, number, request, span, varint};

const JSON: &[u8] = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
    {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a","startTimeUnixNano":"1700000000000000000"}]}]}]}"#;

#[test]
fn a_spool_gives_its_bodies_in_both_encodings_and_leaves_out_what_is_torn() {
    let whole = [frame(0, &request(&[span(0, &[])])), frame(1, JSON), frame(0, b"")].concat();
    let torn = frame(0, &request(&[span(5, &[])]));
    for cut in 0..torn.len() {
        let (_, counts, error) = decode(Format::Spool, &[&whole[..], &torn[..cut]].concat(), 1);
        assert_eq!((counts.spans, counts.bodies, counts.broken, error), (2, 3, 0, None));
    }
}

#[test]
fn a_broken_body_costs_itself_alone() {
    let spool =
        [frame(0, &request(&[span(0, &[number(7, 5)])])), frame(1, b"{\"resourceSpans\":["), frame(1, JSON)].concat();
    let (_, counts, error) = decode(Format::Spool, &spool, 1);
    assert_eq!((counts.spans, counts.bodies, counts.broken, error), (1, 3, 2, None));
    assert!(counts.first_error.is_some_and(|told| told.contains("field 7 of Span")));
}

#[test]
fn what_is_no_spool_is_said() {
    for spool in [&[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[255; 40]] {
        assert!(decode(Format::Spool, spool, 1).2.is_some());
    }
}

#[test]
fn messages_stand_one_after_the_other() {
    let body = request(&[span(0, &[]), span(1, &[])]);
    let fixed: Vec<u8> = (0..3).flat_map(|_| [&(body.len() as u32).to_be_bytes()[..], &body].concat()).collect();
    let own: Vec<u8> = (0..3).flat_map(|_| [varint(body.len() as u64), body.clone()].concat()).collect();
    for (format, bytes) in [(Format::Lengths, &fixed), (Format::Delimited, &own)] {
        let (_, counts, error) = decode(format, bytes, 2);
        assert_eq!((counts.spans, counts.bodies, error), (6, 3, None));
        let (_, _, error) = decode(format, &bytes[..bytes.len() - 1], 2);
        assert!(error.is_some_and(|error| error.message.contains("it is cut")));
    }
    assert_eq!(decode(Format::Protobuf, &body, 2).1.spans, 2);
}
