use loadstone_core::spans::batch::number;
use loadstone_core::spans::decoder::{Decoder, Format};

use crate::{cell, decode, redactor, source};

#[test]
fn otlp_json_is_read_in_every_spelling() {
    let camel = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
      "instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"lib"},"spans":[
      {"traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ=","name":"n","kind":"SPAN_KIND_SERVER",
       "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1.7000000000000001e18,
       "status":{"code":"STATUS_CODE_ERROR"},"attributes":[{"key":"k","value":{"intValue":"9007199254740993"}},
       {"key":"m","value":{"kvlistValue":{"values":[{"key":"x","value":{"doubleValue":0.5}}]}}}]}]}]}]}"#;
    let snake = r#"{"batches":[{"scope_spans":[{"spans":[{"trace_id":"5b8efff798038103d269b633813fc60c",
      "span_id":"eee19b7ec3c1b174","start_time_unix_nano":1700000000,"end_time_unix_nano":1700000001}]}]}]}"#;
    let (batches, counts, error) = decode(Format::OtlpJson, format!("{camel}\n{snake}").as_bytes(), 2);
    assert_eq!((counts.spans, counts.rescaled, error), (2, 1, None));
    let batch = &batches[0];
    assert_eq!(batch.trace_id[..16], batch.trace_id[16..]);
    assert_eq!(batch.span_id[..8], batch.span_id[8..]);
    assert_eq!((batch.numbers[number::KIND][0], batch.numbers[number::STATUS][0]), (2, 2));
    assert_eq!(batch.numbers[number::END], [1_700_000_000_000_000_000, 1_700_000_001_000_000_000]);
    assert_eq!(cell(batch, "attributes", 0), Some("{\"k\":9007199254740993,\"m\":{\"x\":0.5}}"));
    assert_eq!((cell(batch, "scope", 0), cell(batch, "service", 1)), (Some("lib"), None));
}

#[test]
fn a_file_is_read_twice_to_break_its_cycles() {
    let span = |id: &str, parent: &str, start: u64| {
        format!("{{\"traceId\":\"1\",\"spanId\":\"{id}\",\"parentSpanId\":\"{parent}\",\"startTimeUnixNano\":{start}}}")
    };
    let spans = [
        span("1", "2", 1_700_000_000_000_000_005),
        span("2", "1", 1_700_000_000_000_000_001),
        span("3", "9", 1_700_000_000_000_000_001),
        span("3", "9", 1_700_000_000_000_000_001),
    ];
    let text = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}", spans.join(","));
    let mut decoder = Decoder::new(Format::OtlpJson, (0..2).map(|_| source(text.as_bytes())).collect(), redactor());
    let batch = decoder.next_batch().unwrap().unwrap();
    assert_eq!(batch.parent_id[..8], 2u64.to_be_bytes());
    assert_eq!(batch.parent_id[8..16], [0; 8]);
    let kin = decoder.kin();
    assert_eq!((kin.cycles, kin.orphans, kin.duplicates), (1, 1, 1));
    assert_eq!(decoder.counts().spans, 4);
}

#[test]
fn an_error_says_where() {
    let text = "{\"resourceSpans\":[{},\n {\"scopeSpans\":[{\"spans\":[{\"traceId\":{}}]}]}]}";
    let (_, _, error) = decode(Format::OtlpJson, text.as_bytes(), 1);
    let error = error.unwrap();
    let near = text.find(":{}").unwrap() as u64 + 1;
    assert!(error.at.abs_diff(near) <= 1, "{error}");
    assert!(error.message.contains("a text"), "{error}");
}
