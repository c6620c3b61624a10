//! OTLP in protobuf (opentelemetry-proto 1, trace.proto, resource.proto, common.proto): ExportTraceServiceRequest,
//! which reads like TracesData. Unknown fields are skipped; a known field of another wire type is an error.

use std::borrow::Cow;

use super::batch::number;
use super::builder::Builder;
use super::value::Value;
use super::wire::{Field, Fields};
use super::{DEPTH, Error};

type Attributes<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Decodes one request that begins at `base` of the input.
pub fn decode(body: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let mut fields = Fields::new(body, base);
    while let Some((number, field)) = fields.next()? {
        if number == 1 {
            let (bytes, at) = message(&fields, field, "ResourceSpans")?;
            resource_spans(bytes, at, to)?;
        }
    }
    Ok(())
}

/// Counts the spans of a request and looks at its frame, not into attributes: cheap enough to answer an exporter by.
pub fn check(body: &[u8]) -> Result<u64, Error> {
    let mut spans = 0;
    let mut request = Fields::new(body, 0);
    while let Some((number, field)) = request.next()? {
        if number != 1 {
            continue;
        }
        let (bytes, at) = message(&request, field, "ResourceSpans")?;
        let mut resource = Fields::new(bytes, at);
        while let Some((number, field)) = resource.next()? {
            if !matches!(number, 2 | 1000) {
                continue;
            }
            let (bytes, at) = message(&resource, field, "ScopeSpans")?;
            let mut scope = Fields::new(bytes, at);
            while let Some((number, field)) = scope.next()? {
                if number == 2 {
                    let (bytes, at) = message(&scope, field, "Span")?;
                    let mut span = Fields::new(bytes, at);
                    while let Some((number, field)) = span.next()? {
                        fits(&span, number, field)?;
                    }
                    spans += 1;
                }
            }
        }
    }
    Ok(spans)
}

fn resource_spans(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    to.resource.clear();
    let mut fields = Fields::new(bytes, base);
    while let Some((number, field)) = fields.next()? {
        if number == 1 {
            let (bytes, at) = message(&fields, field, "Resource")?;
            for (name, value) in attributes_of(bytes, at, 1, to)? {
                to.resource_attribute(&name, &value);
            }
        }
    }
    let mut fields = Fields::new(bytes, base);
    while let Some((number, field)) = fields.next()? {
        if matches!(number, 2 | 1000) {
            let (bytes, at) = message(&fields, field, "ScopeSpans")?;
            scope_spans(bytes, at, to)?;
        }
    }
    Ok(())
}

fn scope_spans(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let mut fields = Fields::new(bytes, base);
    let (mut name, mut version) = (Cow::Borrowed(""), Cow::Borrowed(""));
    while let Some((number, field)) = fields.next()? {
        if number == 1 {
            let (bytes, at) = message(&fields, field, "InstrumentationScope")?;
            let mut scope = Fields::new(bytes, at);
            while let Some((number, field)) = scope.next()? {
                match number {
                    1 => name = text(&scope, field, to)?,
                    2 => version = text(&scope, field, to)?,
                    _ => {}
                }
            }
        }
    }
    to.scope(&name, &version);
    let mut fields = Fields::new(bytes, base);
    while let Some((number, field)) = fields.next()? {
        if number == 2 {
            let (bytes, at) = message(&fields, field, "Span")?;
            span(bytes, at, to)?;
        }
    }
    Ok(())
}

/// A span's fields have these wire types; in the error is what the field is.
#[inline]
fn fits(fields: &Fields, number: u32, field: Field) -> Result<(), Error> {
    let fine = match number {
        1..=5 | 9 | 11 | 13 | 15 => matches!(field, Field::Bytes(_)),
        6 | 10 | 12 | 14 => matches!(field, Field::Varint(_)),
        7 | 8 => matches!(field, Field::Fixed64(_)),
        16 => matches!(field, Field::Fixed32(_)),
        _ => true,
    };
    if fine { Ok(()) } else { Err(fields.wrong(&format!("field {number} of Span has another type"))) }
}

fn span(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    to.begin();
    let (mut start, mut end) = (0, 0);
    let mut fields = Fields::new(bytes, base);
    while let Some((number, field)) = fields.next()? {
        fits(&fields, number, field)?;
        match (number, field) {
            (1, Field::Bytes(id)) => id.try_into().map_or((), |id| to.span.row.trace_id = id),
            (2, Field::Bytes(id)) => id.try_into().map_or((), |id| to.span.row.span_id = id),
            (4, Field::Bytes(id)) => id.try_into().map_or((), |id| to.span.row.parent_id = id),
            (5, Field::Bytes(name)) if to.span.has_name_again(name) => {}
            (5, Field::Bytes(name)) => {
                let name = sound(name, to);
                to.span.set_name(&name);
            }
            (6, Field::Varint(kind)) => to.span.row.set(number::KIND, kind.min(127) as i64),
            (7, Field::Fixed64(at)) => start = at,
            (8, Field::Fixed64(at)) => end = at,
            (9, Field::Bytes(pair)) if to.replay(pair) => {}
            (9, Field::Bytes(pair)) => {
                let repaired = to.counts.repaired;
                let (name, value) = key_value(pair, fields.start_of(pair), DEPTH, to)?;
                to.new_pair(pair, &name, &value, to.counts.repaired == repaired);
            }
            (10, Field::Varint(count)) => dropped("otel.dropped_attributes_count", count, to),
            (11, Field::Bytes(event)) => self::event(event, fields.start_of(event), to)?,
            (12, Field::Varint(count)) => dropped("otel.dropped_events_count", count, to),
            (13, Field::Bytes(link)) => self::link(link, fields.start_of(link), to)?,
            (14, Field::Varint(count)) => dropped("otel.dropped_links_count", count, to),
            (15, Field::Bytes(status)) => self::status(status, fields.start_of(status), to)?,
            _ => {}
        }
    }
    to.span.set_times(instant(start), instant(end));
    to.finish();
    Ok(())
}

fn event(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let mut fields = Fields::new(bytes, base);
    let (mut at, mut name, mut attributes) = (0, Cow::Borrowed(""), Vec::new());
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Fixed64(time)) => at = time,
            (1, _) => return Err(fields.wrong("an Event's time has another type")),
            (2, field) => name = text(&fields, field, to)?,
            (3, field) => {
                let (pair, at) = message(&fields, field, "KeyValue")?;
                attributes.push(key_value(pair, at, DEPTH, to)?);
            }
            _ => {}
        }
    }
    to.event(instant(at), &name, &attributes);
    Ok(())
}

fn link(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let mut fields = Fields::new(bytes, base);
    let (mut trace, mut span, mut attributes) = (&b""[..], &b""[..], Vec::new());
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => trace = message(&fields, field, "a trace id")?.0,
            2 => span = message(&fields, field, "a span id")?.0,
            4 => {
                let (pair, at) = message(&fields, field, "KeyValue")?;
                attributes.push(key_value(pair, at, DEPTH, to)?);
            }
            _ => {}
        }
    }
    let (trace, span) = (trace.get(..16).unwrap_or(trace), span.get(..8).unwrap_or(span));
    to.link(trace, span, &attributes);
    Ok(())
}

fn status(bytes: &[u8], base: u64, to: &mut Builder) -> Result<(), Error> {
    let mut fields = Fields::new(bytes, base);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (2, field) => {
                let message = text(&fields, field, to)?;
                if !message.is_empty() {
                    to.own("otel.status_description", &Value::Text(message));
                }
            }
            (3, Field::Varint(code)) => to.span.row.set(number::STATUS, code.min(127) as i64),
            (3, _) => return Err(fields.wrong("a Status's code has another type")),
            _ => {}
        }
    }
    Ok(())
}

fn dropped(name: &str, count: u64, to: &mut Builder) {
    if count > 0 {
        to.own(name, &Value::Int(count.min(u64::from(u32::MAX)) as i64));
    }
}

/// The KeyValues in field `wanted` of a message.
fn attributes_of<'a>(bytes: &'a [u8], base: u64, wanted: u32, to: &mut Builder) -> Result<Attributes<'a>, Error> {
    let mut fields = Fields::new(bytes, base);
    let mut found = Vec::new();
    while let Some((number, field)) = fields.next()? {
        if number == wanted {
            let (pair, at) = message(&fields, field, "KeyValue")?;
            found.push(key_value(pair, at, DEPTH, to)?);
        }
    }
    Ok(found)
}

#[inline]
fn key_value<'a>(
    bytes: &'a [u8],
    base: u64,
    depth: usize,
    to: &mut Builder,
) -> Result<(Cow<'a, str>, Value<'a>), Error> {
    let mut fields = Fields::new(bytes, base);
    let (mut key, mut value) = (Cow::Borrowed(""), Value::Null);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => key = text(&fields, field, to)?,
            2 => {
                let (bytes, at) = message(&fields, field, "AnyValue")?;
                value = any_value(bytes, at, depth, to)?;
            }
            _ => {}
        }
    }
    Ok((key, value))
}

#[inline]
fn any_value<'a>(bytes: &'a [u8], base: u64, depth: usize, to: &mut Builder) -> Result<Value<'a>, Error> {
    let mut fields = Fields::new(bytes, base);
    let mut value = Value::Null;
    while let Some((number, field)) = fields.next()? {
        value = match (number, field) {
            (1, Field::Bytes(text)) => Value::Text(sound(text, to)),
            (2, Field::Varint(truth)) => Value::Bool(truth != 0),
            (3, Field::Varint(number)) => Value::Int(number as i64),
            (4, Field::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
            (5 | 6, Field::Bytes(_)) if depth == 0 => {
                return Err(fields.wrong(&format!("values are nested deeper than {DEPTH}")));
            }
            (5, Field::Bytes(list)) => {
                let mut inner = Fields::new(list, fields.start_of(list));
                let mut values = Vec::new();
                while let Some((number, field)) = inner.next()? {
                    if number == 1 {
                        let (bytes, at) = message(&inner, field, "AnyValue")?;
                        values.push(any_value(bytes, at, depth - 1, to)?);
                    }
                }
                Value::List(values)
            }
            (6, Field::Bytes(map)) => {
                let mut inner = Fields::new(map, fields.start_of(map));
                let mut members = Vec::new();
                while let Some((number, field)) = inner.next()? {
                    if number == 1 {
                        let (bytes, at) = message(&inner, field, "KeyValue")?;
                        members.push(key_value(bytes, at, depth - 1, to)?);
                    }
                }
                Value::Map(members)
            }
            (7, Field::Bytes(bytes)) => Value::Bytes(Cow::Borrowed(bytes)),
            (1..=7, _) => return Err(fields.wrong(&format!("field {number} of AnyValue has another type"))),
            _ => continue,
        };
    }
    Ok(value)
}

#[inline]
fn message<'a>(fields: &Fields, field: Field<'a>, what: &str) -> Result<(&'a [u8], u64), Error> {
    match field {
        Field::Bytes(bytes) => Ok((bytes, fields.start_of(bytes))),
        _ => Err(fields.wrong(&format!("{what} has another type"))),
    }
}

#[inline]
fn text<'a>(fields: &Fields, field: Field<'a>, to: &mut Builder) -> Result<Cow<'a, str>, Error> {
    let (bytes, _) = message(fields, field, "a text")?;
    Ok(sound(bytes, to))
}

/// A text; what is not UTF-8 in it is replaced and counted.
#[inline]
fn sound<'a>(bytes: &'a [u8], to: &mut Builder) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            to.counts.repaired += 1;
            String::from_utf8_lossy(bytes)
        }
    }
}

/// Nanoseconds as the column holds them; what it cannot hold is its last.
fn instant(at: u64) -> i64 {
    at.min(i64::MAX as u64) as i64
}
