//! Jaeger's JSON, as its query API and its page's "download" write it: traces with processes, times in microseconds,
//! typed tags, logs, references.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::batch::number;
use super::builder::Builder;
use super::json::{Any, Text, read};
use super::number::{MICRO, Num, nanos, unit_of};
use super::value::Value;
use super::{Error, ids, zipkin};

/// The name of the list of traces.
pub const WRAPPERS: &[&str] = &["data"];

/// A trace, or a span by itself as dumps of Jaeger's storage have it.
#[derive(Deserialize)]
struct Trace<'a> {
    #[serde(borrow)]
    spans: Option<Vec<Span<'a>>>,
    #[serde(borrow)]
    processes: Option<HashMap<Text<'a>, Process<'a>>>,
}

#[derive(Deserialize)]
struct Process<'a> {
    #[serde(borrow, default, rename = "serviceName", alias = "service_name")]
    service: Text<'a>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

#[derive(Deserialize)]
struct Span<'a> {
    #[serde(borrow, default, rename = "traceID", alias = "traceId", alias = "trace_id")]
    trace: Text<'a>,
    #[serde(borrow, default, rename = "spanID", alias = "spanId", alias = "span_id")]
    span: Text<'a>,
    #[serde(borrow, default, rename = "parentSpanID", alias = "parentSpanId")]
    parent: Text<'a>,
    #[serde(borrow, default, rename = "operationName", alias = "operation_name")]
    name: Text<'a>,
    #[serde(borrow)]
    references: Option<Vec<Reference<'a>>>,
    #[serde(rename = "startTime", alias = "start_time")]
    start: Option<Num>,
    duration: Option<Num>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    logs: Option<Vec<Log<'a>>>,
    #[serde(borrow, default, rename = "processID", alias = "processId")]
    process_id: Text<'a>,
    #[serde(borrow)]
    process: Option<Process<'a>>,
    #[serde(borrow)]
    warnings: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default, rename = "refType", alias = "ref_type")]
    kind: Text<'a>,
    #[serde(borrow, default, rename = "traceID", alias = "traceId", alias = "trace_id")]
    trace: Text<'a>,
    #[serde(borrow, default, rename = "spanID", alias = "spanId", alias = "span_id")]
    span: Text<'a>,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    value: Any<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    timestamp: Option<Num>,
    #[serde(borrow)]
    fields: Option<Vec<Tag<'a>>>,
}

/// Decodes one trace, or one span by itself, that begins at `base` of the input.
pub fn decode(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let trace: Trace = read(bytes, base)?;
    let Some(spans) = trace.spans else {
        let span: Span = read(bytes, base)?;
        if span.span.0.is_empty() {
            return Err(Error::new(base, "found neither a trace (\"spans\") nor a span (\"spanID\") of Jaeger"));
        }
        self::span(span, &HashMap::new(), to);
        return Ok(());
    };
    let processes = trace.processes.unwrap_or_default();
    let mut before: Option<Cow<str>> = None;
    for span in spans {
        // The process of the span before is often this one's too.
        if span.process.is_none() && before.as_ref() != Some(&span.process_id.0) {
            before = Some(span.process_id.0.clone());
            process(processes.get(&span.process_id), to);
        } else if span.process.is_some() {
            before = None;
        }
        self::span(span, &processes, to);
    }
    Ok(())
}

fn process(process: Option<&Process>, to: &mut Builder) {
    to.resource.clear();
    let Some(process) = process else { return };
    to.resource_attribute("service.name", &Value::Text(process.service.0.clone()));
    for tag in process.tags.as_deref().unwrap_or_default() {
        let name = match tag.key.0.as_ref() {
            "hostname" => "host.name",
            "otel.library.name" => continue,
            other => other,
        };
        to.resource_attribute(name, &typed(tag));
    }
}

fn span(span: Span, processes: &HashMap<Text, Process>, to: &mut Builder) {
    if span.process.is_some() || processes.is_empty() {
        process(span.process.as_ref(), to);
    }
    to.begin();
    let trace_id: [u8; 16] = ids::parse(&span.trace.0).unwrap_or_default();
    let row = &mut to.span.row;
    row.trace_id = trace_id;
    row.span_id = ids::parse(&span.span.0).unwrap_or_default();
    row.parent_id = ids::parse(&span.parent.0).unwrap_or_default();
    let start = span.start.unwrap_or(Num::Whole(0));
    let unit = unit_of(start, MICRO);
    to.span.rescaled = unit != MICRO;
    let start_ns = nanos(start, unit);
    to.span.set_times(start_ns, start_ns.saturating_add(nanos(span.duration.unwrap_or(Num::Whole(0)), unit)));
    to.span.set_name(&span.name.0);
    references(span.references.unwrap_or_default(), &trace_id, to);
    let mut scope = (Cow::Borrowed(""), Cow::Borrowed(""));
    for tag in span.tags.unwrap_or_default() {
        let value = typed(&tag);
        match tag.key.0.as_ref() {
            "span.kind" => {
                let kind = zipkin::kind(value.text().unwrap_or(""));
                to.span.row.set(number::KIND, kind);
            }
            "otel.status_code" => {
                let code = match value.text().unwrap_or("") {
                    "OK" => 1,
                    "ERROR" => 2,
                    _ => 0,
                };
                to.span.row.set(number::STATUS, code);
            }
            "otel.scope.name" | "otel.library.name" => scope.0 = text_of(value),
            "otel.scope.version" | "otel.library.version" => scope.1 = text_of(value),
            "internal.span.format" => {}
            _ => to.attribute(&tag.key.0, &value),
        }
    }
    if to.resource.scope != scope.0 || to.resource.scope_version != scope.1 {
        to.scope(&scope.0, &scope.1);
    }
    for log in span.logs.unwrap_or_default() {
        let mut name = Cow::Borrowed("log");
        let mut fields = Vec::new();
        for tag in log.fields.unwrap_or_default() {
            let value = typed(&tag);
            if tag.key.0 == "event" {
                name = text_of(value);
            } else {
                fields.push((tag.key.0, value));
            }
        }
        let at = log.timestamp.unwrap_or(start);
        to.event(nanos(at, unit_of(at, unit)), &name, &fields);
    }
    let warnings: Vec<Value> =
        span.warnings.unwrap_or_default().into_iter().map(|warning| Value::Text(warning.0)).collect();
    if !warnings.is_empty() {
        to.own("jaeger.warnings", &Value::List(warnings));
    }
    to.finish();
}

/// The first CHILD_OF within the trace is the parent, else the first FOLLOWS_FROM; all others become links
/// (OpenTelemetry specification, "OpenTelemetry to Jaeger").
fn references(references: Vec<Reference>, trace_id: &[u8; 16], to: &mut Builder) {
    let within = |reference: &Reference| ids::parse::<16>(&reference.trace.0).is_none_or(|trace| trace == *trace_id);
    let parent = references
        .iter()
        .position(|one| one.kind.0 == "CHILD_OF" && within(one))
        .or_else(|| references.iter().position(within));
    for (place, reference) in references.into_iter().enumerate() {
        let span = ids::parse::<8>(&reference.span.0).unwrap_or_default();
        if Some(place) == parent {
            to.span.row.parent_id = span;
        }
        let follows = reference.kind.0 == "FOLLOWS_FROM";
        if Some(place) != parent || follows {
            let trace = ids::parse::<16>(&reference.trace.0).unwrap_or(*trace_id);
            let kind = Value::Text(Cow::Borrowed(if follows { "follows_from" } else { "child_of" }));
            to.link(&trace, &span, &[(Cow::Borrowed("opentracing.ref_type"), kind)]);
        }
    }
}

fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Text(text) => text,
        _ => Cow::Borrowed(""),
    }
}

/// A tag's value in its type; numbers and truth values come as texts too.
fn typed<'a>(tag: &Tag<'a>) -> Value<'a> {
    match (&tag.value.0, tag.kind.0.as_ref()) {
        (Value::Text(text), "int64") => text.parse().map_or_else(|_| tag.value.0.clone(), Value::Int),
        (Value::Text(text), "float64") => text.parse().map_or_else(|_| tag.value.0.clone(), Value::Float),
        (Value::Text(text), "bool") => match text.as_ref() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => tag.value.0.clone(),
        },
        (Value::Text(text), "binary") => {
            ids::base64(text).map_or_else(|| tag.value.0.clone(), |bytes| Value::Bytes(Cow::Owned(bytes)))
        }
        (value, _) => value.clone(),
    }
}
