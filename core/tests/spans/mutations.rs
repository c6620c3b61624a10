//! Bodies that were changed anywhere, and garbage: an error or fewer spans, never a panic, never a hang.

use loadstone_core::spans::decoder::Format;
use loadstone_core::spans::{otlp, otlp_json};
use proptest::prelude::*;

use crate::decode;
use crate::writing::{frame, request, span};

const FORMATS: &[Format] = &[Format::Spool, Format::Protobuf, Format::Lengths, Format::Delimited, Format::OtlpJson];

const DOCUMENT: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"t"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","kind":2,"name":"a","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000000000100,"attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"5"}]}}}],"status":{"code":2}}]}]}]}"#;

fn mutated(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = original.len();
    let change = (0..length, any::<u8>(), 0..4u8);
    (prop::collection::vec(change, 0..6), 0..=length, any::<bool>()).prop_map(move |(changes, cut, whole)| {
        let mut bytes = original.clone();
        for (at, byte, how) in changes {
            let at = at.min(bytes.len() - 1);
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte & 7),
                2 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes.truncate(if whole { bytes.len() } else { cut });
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn mutated_protobuf(bytes in mutated(request(&[span(0, &[]), span(1, &[])]))) {
        let checked = otlp::check(&bytes);
        let (batches, counts, error) = decode(Format::Protobuf, &bytes, 1);
        let rows: usize = batches.iter().map(|batch| batch.len()).sum();
        if error.is_none() {
            prop_assert_eq!(rows as u64, counts.spans);
            prop_assert_eq!(checked, Ok(counts.spans + counts.rejected));
        }
        let (_, counts, error) = decode(Format::Spool, &frame(0, &bytes), 1);
        prop_assert_eq!((error, counts.bodies), (None, 1));
    }

    #[test]
    fn mutated_json(bytes in mutated(DOCUMENT.as_bytes().to_vec())) {
        for times in 1..=2 {
            let (batches, counts, error) = decode(Format::OtlpJson, &bytes, times);
            let rows: usize = batches.iter().map(|batch| batch.len()).sum();
            prop_assert!(error.is_some() || rows as u64 == counts.spans);
        }
        let _ = otlp_json::check(&bytes);
        decode(Format::Spool, &frame(1, &bytes), 1);
    }

    #[test]
    fn garbage(bytes in prop::collection::vec(any::<u8>(), 0..300), format in prop::sample::select(FORMATS)) {
        decode(format, &bytes, 2);
        let _ = (otlp::check(&bytes), otlp_json::check(&bytes));
    }

    #[test]
    fn nonsense_in_brackets(text in "[\\[\\]{},:\"a1 \\\\]{0,80}", format in prop::sample::select(FORMATS)) {
        decode(format, text.as_bytes(), 1);
    }
}

#[test]
fn deep_and_long_documents_end_soon() {
    for piece in ["[", "{\"a\":", "{\"data\":[", "\"", "\\", "{", "[[{\"spans\":["] {
        let text = piece.repeat(100_000 / piece.len());
        for format in FORMATS {
            assert!(decode(*format, text.as_bytes(), 1).1.spans == 0);
        }
        assert!(otlp_json::check(text.as_bytes()).is_err());
    }
}
