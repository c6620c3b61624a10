use loadstone_core::spans::batch::number;
use loadstone_core::spans::decoder::{Decoder, Format};

use crate::{cell, decode, redactor, source};

const JAEGER: &str = r#"{"data":[{"traceID":"5b8efff798038103","spans":[
 {"traceID":"5b8efff798038103","spanID":"2a","operationName":"GET /p","references":[],"startTime":1700000000000000,
  "duration":1500,"tags":[{"key":"span.kind","type":"string","value":"server"},
  {"key":"http.status_code","type":"int64","value":"404"},{"key":"error","type":"bool","value":true},
  {"key":"blob","type":"binary","value":"AQI="},{"key":"otel.library.name","type":"string","value":"tracer"}],
  "logs":[{"timestamp":1700000000000500,"fields":[{"key":"event","type":"string","value":"retry"},
  {"key":"message","type":"string","value":"no user 'bob'"}]}],"processID":"p1","warnings":["clock skew"]},
 {"traceID":"5b8efff798038103","spanID":"2b","operationName":"load","references":[
  {"refType":"FOLLOWS_FROM","traceID":"5b8efff798038103","spanID":"99"},
  {"refType":"CHILD_OF","traceID":"5b8efff798038103","spanID":"2a"}],
  "startTime":1700000000000100,"duration":5,"processID":"p2","process":null}],
 "processes":{"p1":{"serviceName":"shop","tags":[{"key":"hostname","type":"string","value":"h1"}]},
  "p2":{"serviceName":"db"}}}]}"#;

#[test]
fn jaegers_traces_are_read_whole() {
    let (batches, counts, error) = decode(Format::Jaeger, JAEGER.as_bytes(), 2);
    assert_eq!((counts.spans, error), (2, None));
    let batch = &batches[0];
    assert_eq!(batch.trace_id[..16], 0x5b8e_fff7_9803_8103u128.to_be_bytes());
    assert_eq!(batch.parent_id[8..], 0x2au64.to_be_bytes());
    let numbers = [number::START, number::END, number::KIND, number::STATUS, number::HTTP_STATUS];
    let found = numbers.map(|column| batch.numbers[column][0]);
    assert_eq!(found, [1_700_000_000_000_000_000, 1_700_000_000_001_500_000, 2, 2, 404]);
    for (column, row, expected) in [
        ("service", 0, Some("shop")),
        ("service", 1, Some("db")),
        ("host_name", 0, Some("h1")),
        ("host_name", 1, None),
        ("scope", 0, Some("tracer")),
        ("scope", 1, None),
        ("name", 1, Some("load")),
        (
            "events",
            0,
            Some("[{\"time_ns\":1700000000000500000,\"name\":\"retry\",\"attributes\":{\"message\":\"no user ?\"}}]"),
        ),
    ] {
        assert_eq!(cell(batch, column, row), expected, "{column} {row}");
    }
    let links = cell(batch, "links", 1).unwrap();
    assert!(links.contains("\"span_id\":\"0000000000000099\"") && links.contains("follows_from"), "{links}");
    assert!(cell(batch, "attributes", 0).unwrap().contains("\"jaeger.warnings\":[\"clock skew\"]"));
}

#[test]
fn zipkins_shared_spans_become_a_client_and_a_server_under_it() {
    let text = r#"[[
      {"traceId":"1","id":"a","kind":"CLIENT","name":"get","timestamp":1700000000000000,"duration":900,
       "localEndpoint":{"serviceName":"front"},"remoteEndpoint":{"serviceName":"back","port":80}},
      {"traceId":"1","id":"a","kind":"SERVER","name":"get","timestamp":1700000000000100,"duration":700,"shared":true,
       "localEndpoint":{"serviceName":"back"},"remoteEndpoint":{"ipv4":"93.184.216.34"},"tags":{"error":"timeout"}},
      {"traceId":"1","id":"b","parentId":"a","name":"work","timestamp":1700000000000200,"duration":10},
      {"traceId":"1","id":"c","parentId":"a","kind":"CLIENT","timestamp":1700000000000300,"duration":1}]]"#;
    let (batches, counts, error) = decode(Format::Zipkin, text.as_bytes(), 3);
    assert_eq!((counts.spans, counts.split, error), (4, 2, None));
    let batch = &batches[0];
    let id = |row: usize| &batch.span_id[8 * row..8 * row + 8];
    let parent = |row: usize| &batch.parent_id[8 * row..8 * row + 8];
    assert_ne!(id(0), id(1));
    assert_eq!(parent(0), [0; 8]);
    assert_eq!(parent(1), id(0));
    assert_eq!((parent(2), parent(3)), (id(1), id(1)));
    assert_eq!(cell(batch, "server_address", 0), Some("back"));
    assert_eq!(batch.numbers[number::STATUS][1], 2);
    assert!(!cell(batch, "attributes", 1).unwrap().contains("93.184"));
    let (_, counts, _) = decode(Format::Zipkin, text.as_bytes(), 1);
    assert_eq!(counts.split, 0);
}

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
        format!("{{\"traceId\":\"1\",\"id\":\"{id}\",\"parentId\":\"{parent}\",\"timestamp\":{start}}}")
    };
    let text = format!(
        "[{},{},{},{}]",
        span("1", "2", 1_700_000_000_000_005),
        span("2", "1", 1_700_000_000_000_001),
        span("3", "9", 1_700_000_000_000_001),
        span("3", "9", 1_700_000_000_000_001)
    );
    let mut decoder = Decoder::new(Format::Zipkin, (0..3).map(|_| source(text.as_bytes())).collect(), redactor());
    let batch = decoder.next_batch().unwrap().unwrap();
    assert_eq!(batch.parent_id[..8], 2u64.to_be_bytes());
    assert_eq!(batch.parent_id[8..16], [0; 8]);
    let kin = decoder.kin();
    assert_eq!((kin.cycles, kin.orphans, kin.duplicates), (1, 1, 1));
    assert_eq!(decoder.counts().spans, 4);
}

#[test]
fn an_error_says_where() {
    let text = "[{\"traceId\":\"1\",\"id\":\"a\"},\n {\"traceId\":{},\"id\":\"b\"}]";
    let (_, _, error) = decode(Format::Zipkin, text.as_bytes(), 1);
    let error = error.unwrap();
    let near = text.find("{}").unwrap() as u64;
    assert!(error.at.abs_diff(near) <= 1, "{error}");
    assert!(error.message.contains("a text"), "{error}");
}
