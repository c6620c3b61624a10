//! OTLP in JSON (OTLP specification, "JSON Protobuf Encoding"): camelCase or snake_case, ids in hex or base64, 64-bit
//! integers as numbers or texts; also `batches` and `instrumentationLibrarySpans`, as older writers have them.

use serde::Deserialize;

use super::builder::Builder;
use super::json::{Pair, Text, pairs, read};
use super::number::{NANO, Num, nanos, unit_of};
use super::value::Value;
use super::{Error, batch::number, ids};

/// Kinds in the order of their numbers (trace.proto, SpanKind).
const KINDS: &[&str] = &["unspecified", "internal", "server", "client", "producer", "consumer"];

/// Names of the list of ResourceSpans.
pub const WRAPPERS: &[&str] = &["resourceSpans", "resource_spans", "batches", "traces"];

#[derive(Deserialize)]
struct ResourceSpans<'a> {
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    #[serde(
        borrow,
        alias = "scopeSpans",
        alias = "instrumentationLibrarySpans",
        alias = "instrumentation_library_spans"
    )]
    scope_spans: Option<Vec<ScopeSpans<'a>>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Option<Vec<Pair<'a>>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow, alias = "instrumentationLibrary", alias = "instrumentation_library")]
    scope: Option<Scope<'a>>,
    #[serde(borrow)]
    spans: Option<Vec<Span<'a>>>,
}

#[derive(Deserialize)]
struct Scope<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Span<'a> {
    #[serde(borrow, default, alias = "traceId")]
    trace_id: Text<'a>,
    #[serde(borrow, default, alias = "spanId")]
    span_id: Text<'a>,
    #[serde(borrow, default, alias = "parentSpanId")]
    parent_span_id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(alias = "startTimeUnixNano")]
    start_time_unix_nano: Option<Num>,
    #[serde(alias = "endTimeUnixNano")]
    end_time_unix_nano: Option<Num>,
    #[serde(borrow)]
    attributes: Option<Vec<Pair<'a>>>,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<Num>,
    #[serde(borrow)]
    events: Option<Vec<Event<'a>>>,
    #[serde(alias = "droppedEventsCount")]
    dropped_events_count: Option<Num>,
    #[serde(borrow)]
    links: Option<Vec<Link<'a>>>,
    #[serde(alias = "droppedLinksCount")]
    dropped_links_count: Option<Num>,
    #[serde(borrow)]
    status: Option<Status<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(alias = "timeUnixNano")]
    time_unix_nano: Option<Num>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow)]
    attributes: Option<Vec<Pair<'a>>>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow, default, alias = "traceId")]
    trace_id: Text<'a>,
    #[serde(borrow, default, alias = "spanId")]
    span_id: Text<'a>,
    #[serde(borrow)]
    attributes: Option<Vec<Pair<'a>>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow, default)]
    code: Text<'a>,
}

/// Decodes one ResourceSpans that begins at `base` of the input.
pub fn decode(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    resource_spans(read(bytes, base)?, to);
    Ok(())
}

/// Decodes one request as it came over the wire.
pub fn decode_request(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow, alias = "resourceSpans")]
        resource_spans: Option<Vec<ResourceSpans<'a>>>,
    }
    let request: Request = read(bytes, base)?;
    request.resource_spans.unwrap_or_default().into_iter().for_each(|found| resource_spans(found, to));
    Ok(())
}

fn resource_spans(found: ResourceSpans, to: &mut Builder) {
    to.resource.clear();
    for pair in found.resource.and_then(|resource| resource.attributes).unwrap_or_default() {
        to.resource_attribute(&pair.key.0, &pair.value.0);
    }
    for scope_spans in found.scope_spans.unwrap_or_default() {
        let (name, version) = scope_spans.scope.map(|scope| (scope.name.0, scope.version.0)).unwrap_or_default();
        to.scope(&name, &version);
        for span in scope_spans.spans.unwrap_or_default() {
            self::span(span, to);
        }
    }
}

/// Counts the spans of a request: it is JSON, and its lists are where they belong.
pub fn check(bytes: &[u8]) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Request {
        #[serde(alias = "resourceSpans")]
        resource_spans: Option<Vec<Outer>>,
    }
    #[derive(Deserialize)]
    struct Outer {
        #[serde(alias = "scopeSpans", alias = "instrumentationLibrarySpans")]
        scope_spans: Option<Vec<Inner>>,
    }
    #[derive(Deserialize)]
    struct Inner {
        spans: Option<Vec<Object>>,
    }
    #[derive(Deserialize)]
    struct Object {}
    let request: Request = read(bytes, 0)?;
    let scopes =
        request.resource_spans.unwrap_or_default().into_iter().flat_map(|outer| outer.scope_spans.unwrap_or_default());
    Ok(scopes.map(|scope| scope.spans.map_or(0, |spans| spans.len() as u64)).sum())
}

fn span(span: Span, to: &mut Builder) {
    to.begin();
    let row = &mut to.span.row;
    row.trace_id = ids::parse(&span.trace_id.0).unwrap_or_default();
    row.span_id = ids::parse(&span.span_id.0).unwrap_or_default();
    row.parent_id = ids::parse(&span.parent_span_id.0).unwrap_or_default();
    row.set(number::KIND, coded(&span.kind.0, "SPAN_KIND_", KINDS));
    to.span.set_name(&span.name.0);
    let start = span.start_time_unix_nano.unwrap_or(Num::Whole(0));
    let unit = unit_of(start, NANO);
    to.span.rescaled = unit != NANO;
    to.span.set_times(nanos(start, unit), nanos(span.end_time_unix_nano.unwrap_or(start), unit));
    for pair in span.attributes.unwrap_or_default() {
        to.attribute(&pair.key.0, &pair.value.0);
    }
    for (name, count) in [
        ("otel.dropped_attributes_count", span.dropped_attributes_count),
        ("otel.dropped_events_count", span.dropped_events_count),
        ("otel.dropped_links_count", span.dropped_links_count),
    ] {
        if let Some(count) = count.map(Num::whole).filter(|count| *count > 0) {
            to.own(name, &Value::Int(count));
        }
    }
    for event in span.events.unwrap_or_default() {
        let at = nanos(event.time_unix_nano.unwrap_or(Num::Whole(0)), unit);
        to.event(at, &event.name.0, &pairs(event.attributes));
    }
    for link in span.links.unwrap_or_default() {
        let trace = ids::parse::<16>(&link.trace_id.0).unwrap_or_default();
        let span = ids::parse::<8>(&link.span_id.0).unwrap_or_default();
        to.link(&trace, &span, &pairs(link.attributes));
    }
    if let Some(status) = span.status {
        to.span.row.set(number::STATUS, coded(&status.code.0, "STATUS_CODE_", &["unset", "ok", "error"]));
        if !status.message.0.is_empty() {
            to.own("otel.status_description", &Value::Text(status.message.0));
        }
    }
    to.finish();
}

/// A code as a number, or by its name with or without the prefix.
fn coded(text: &str, prefix: &str, names: &[&str]) -> i64 {
    let bare = text.strip_prefix(prefix).unwrap_or(text);
    let by_name = || names.iter().position(|name| name.eq_ignore_ascii_case(bare)).map(|place| place as i64);
    text.parse().ok().or_else(by_name).unwrap_or(0).clamp(0, 127)
}
