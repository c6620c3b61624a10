//! The walk over the text held against a parsed document and serde_json_path.

use loadstone_core::load::jsonpath::{Document, Nodes, Query};
use proptest::prelude::*;
use serde_json::Value;
use serde_json_path::JsonPath;

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1000i32..1000).prop_map(|n| Value::from(f64::from(n) / 8.0)),
        any::<String>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        let name = prop_oneof![4 => "[a-c]", 1 => any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn queries() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        3 => "[a-c]".prop_map(|name| format!(".{name}")), 1 => "[a-c]".prop_map(|name| format!("['{name}']")),
        1 => "[a-c]".prop_map(|name| format!("[\"{name}\"]")), 2 => (0..4u8).prop_map(|index| format!("[{index}]")),
        3 => Just("[*]".to_owned()), 1 => Just(".*".to_owned()), 1 => Just("[-1]".to_owned()), 1 => Just("..a".to_owned()),
    ];
    prop::collection::vec(segment, 0..4).prop_map(|segments| format!("${}", segments.concat()))
}

fn texts(nodes: &Nodes) -> Vec<String> {
    (0..nodes.len())
        .map(|index| String::from_utf8(nodes.text(index).expect("text").into_owned()).expect("UTF-8"))
        .collect()
}

fn found(query: &str, body: &str) -> Result<Vec<String>, String> {
    let query = Query::parse(query).expect("a query");
    query.find(&mut Document::new(body.as_bytes()), false).map(|nodes| texts(&nodes))
}

#[test]
fn plain_queries_are_not_parsed_into_documents() {
    for (query, body) in
        [("$.a", "{\"a\":1}"), ("$['a b'][0]", "{\"a b\":[1]}"), ("$[*].id", " [ {\"id\" : \"x\\n\" } ] "), ("$", "3")]
    {
        let query = Query::parse(query).expect("a query");
        assert!(matches!(query.find(&mut Document::new(body.as_bytes()), false), Ok(Nodes::Plain { .. })), "{body}");
    }
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    for body in ["", "<html>", "{", "{\"a\":1,}", "[1 2", "{\"b\": 1} x", "\u{feff}{}", "{\"b\"", "nul"] {
        assert!(found("$.a", body).is_err_and(|message| message.contains("not JSON")), "{body}");
    }
    assert!(found("$.a", &"[".repeat(100_000)).is_err());
    assert!(found(&format!("${}", "[*]".repeat(300)), &"[".repeat(300)).is_err());
}

#[test]
fn a_name_given_twice_counts_as_the_parser_counts_it() {
    assert_eq!(found("$.a", r#"{"a":1,"a":2}"#), Ok(vec!["2".to_owned()]));
    assert_eq!(found("$.a", r#"{"\u0061":1}"#), Ok(vec!["1".to_owned()]));
}

proptest! {
    #[test]
    fn the_walk_finds_what_the_parser_finds(document in documents(), query in queries(), pretty in any::<bool>()) {
        let body = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.expect("JSON");
        let path = JsonPath::parse(&query).expect("a query");
        let parsed: Value = serde_json::from_str(&body).expect("JSON");
        let expected: Vec<String> = path.query(&parsed).all().into_iter().map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }).collect();
        prop_assert_eq!(found(&query, &body), Ok(expected.clone()));
        let query = Query::parse(&query).expect("a query");
        let mut text = Document::new(body.as_bytes());
        let first = query.find(&mut text, true).expect("JSON");
        let first = texts(&first);
        prop_assert_eq!(first.first(), expected.first());
    }

    #[test]
    fn any_text_is_read_without_a_panic(body in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ab1- ".to_vec()), 0..40), query in queries(), first in any::<bool>()) {
        let query = Query::parse(&query).expect("a query");
        if let Ok(nodes) = query.find(&mut Document::new(&body), first) {
            (0..=nodes.len()).for_each(|index| drop(nodes.text(index)));
        }
    }
}
