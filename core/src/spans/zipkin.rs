//! Zipkin's v2 JSON (zipkin-api, zipkin2-api.yaml): spans in a list or a list of lists, times in microseconds. A client
//! and a server may share one id; they become two spans, the server under the client.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::batch::number;
use super::builder::Builder;
use super::json::{Any, Text, read};
use super::number::{MICRO, Num, nanos, unit_of};
use super::value::Value;
use super::{Error, ids};
use crate::hash::Key;

/// Kinds in OpenTelemetry's order.
pub const KINDS: &[&str] = &["unspecified", "internal", "server", "client", "producer", "consumer"];

/// Zipkin wraps its lists in nothing.
pub const WRAPPERS: &[&str] = &[];

/// A kind's number by its name.
pub fn kind(name: &str) -> i64 {
    KINDS.iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or(0) as i64
}

#[derive(Deserialize)]
struct Span<'a> {
    #[serde(borrow, default, rename = "traceId")]
    trace: Text<'a>,
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default, rename = "parentId")]
    parent: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    timestamp: Option<Num>,
    duration: Option<Num>,
    #[serde(borrow, rename = "localEndpoint")]
    local: Option<Endpoint<'a>>,
    #[serde(borrow, rename = "remoteEndpoint")]
    remote: Option<Endpoint<'a>>,
    #[serde(borrow)]
    annotations: Option<Vec<Annotation<'a>>>,
    #[serde(borrow)]
    tags: Option<BTreeMap<Text<'a>, Any<'a>>>,
    shared: Option<bool>,
}

#[derive(Deserialize)]
struct Endpoint<'a> {
    #[serde(borrow, default, rename = "serviceName")]
    service: Text<'a>,
    #[serde(borrow, default)]
    ipv4: Text<'a>,
    #[serde(borrow, default)]
    ipv6: Text<'a>,
    port: Option<Num>,
}

#[derive(Deserialize)]
struct Annotation<'a> {
    timestamp: Option<Num>,
    #[serde(borrow, default)]
    value: Text<'a>,
}

/// Which sides of an id were seen in a first reading: 1 for a client, 2 for a server.
#[derive(Debug, Default, Clone)]
pub struct Shared(HashMap<(u128, u64), u8>);

impl Shared {
    fn both(&self, trace: u128, span: u64) -> bool {
        self.0.get(&(trace, span)) == Some(&3)
    }
}

const SERVER: i64 = 2;
const CLIENT: i64 = 3;

/// Notes the sides of the span at `base`.
pub fn note(bytes: &[u8], base: u64, shared: &mut Shared) -> Result<(), Error> {
    let span: Span = read(bytes, base)?;
    let trace: [u8; 16] = ids::parse(&span.trace.0).unwrap_or_default();
    let id: [u8; 8] = ids::parse(&span.id.0).unwrap_or_default();
    let side = match kind(&span.kind.0) {
        CLIENT => 1,
        SERVER => 2,
        _ => return Ok(()),
    };
    *shared.0.entry((u128::from_be_bytes(trace), u64::from_be_bytes(id))).or_default() |= side;
    Ok(())
}

/// Decodes one span that begins at `base` of the input.
pub fn decode(bytes: &[u8], base: u64, shared: &Shared, to: &mut Builder) -> Result<(), Error> {
    let span: Span = read(bytes, base)?;
    if span.id.0.is_empty() && span.trace.0.is_empty() {
        return Err(Error::new(base, "found no span of Zipkin (\"traceId\" and \"id\")"));
    }
    let local = span.local.as_ref();
    to.resource.clear();
    to.scope("", "");
    if let Some(local) = local.filter(|local| !local.service.0.is_empty()) {
        to.resource_attribute("service.name", &Value::Text(local.service.0.clone()));
    }
    to.begin();
    let kind = kind(&span.kind.0);
    let trace: [u8; 16] = ids::parse(&span.trace.0).unwrap_or_default();
    let id: [u8; 8] = ids::parse(&span.id.0).unwrap_or_default();
    let (trace_number, number) = (u128::from_be_bytes(trace), u64::from_be_bytes(id));
    let row = &mut to.span.row;
    row.trace_id = trace;
    row.span_id = id;
    row.parent_id = ids::parse(&span.parent.0).unwrap_or_default();
    row.set(number::KIND, kind);
    if shared.both(trace_number, number) && (kind == CLIENT || kind == SERVER) {
        // The client's half takes an id of its own, so that what the server did stays under the server.
        let own = client_id(trace_number, number).to_be_bytes();
        if kind == CLIENT {
            row.span_id = own;
        } else {
            row.parent_id = own;
        }
        if !to.surveying {
            to.counts.split += 1;
        }
    }
    let start = span.timestamp.unwrap_or(Num::Whole(0));
    let unit = unit_of(start, MICRO);
    to.span.rescaled = unit != MICRO;
    let start_ns = nanos(start, unit);
    to.span.set_times(start_ns, start_ns.saturating_add(nanos(span.duration.unwrap_or(Num::Whole(0)), unit)));
    to.span.set_name(&span.name.0);
    for (name, value) in span.tags.unwrap_or_default() {
        match (name.0.as_ref(), &value.0) {
            ("otel.scope.name" | "otel.library.name", Value::Text(scope)) => {
                let version = to.resource.scope_version.clone();
                to.scope(scope, &version);
            }
            ("otel.scope.version" | "otel.library.version", Value::Text(version)) => {
                let scope = to.resource.scope.clone();
                to.scope(&scope, version);
            }
            ("otel.status_code", Value::Text(code)) => {
                let code = ["UNSET", "OK", "ERROR"].iter().position(|known| *known == code).unwrap_or(0);
                to.span.row.set(number::STATUS, code as i64);
            }
            (name, value) => to.attribute(name, value),
        }
    }
    if let Some(remote) = span.remote {
        endpoint(&remote, kind, to);
    }
    if span.shared == Some(true) {
        to.own("zipkin.shared", &Value::Bool(true));
    }
    for annotation in span.annotations.unwrap_or_default() {
        let at = annotation.timestamp.unwrap_or(start);
        let masked = crate::redact::message::message(&annotation.value.0);
        to.event(nanos(at, unit_of(at, unit)), &masked, &[]);
    }
    to.finish();
    Ok(())
}

/// The other side: the server's name for a client, an address that is masked for a server.
fn endpoint(remote: &Endpoint, kind: i64, to: &mut Builder) {
    let address = if remote.ipv4.0.is_empty() { &remote.ipv6.0 } else { &remote.ipv4.0 };
    let name = if remote.service.0.is_empty() { address } else { &remote.service.0 };
    if name.is_empty() {
        return;
    }
    let (address, port) = match kind {
        SERVER => ("client.address", "client.port"),
        _ => ("net.peer.name", "server.port"),
    };
    to.attribute(address, &Value::Text(Cow::Borrowed(name)));
    if let Some(number) = remote.port {
        to.attribute(port, &Value::Int(number.whole()));
    }
}

/// The id of a client's half: the same for the same span in every file.
fn client_id(trace: u128, span: u64) -> u64 {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&trace.to_be_bytes());
    bytes[16..].copy_from_slice(&span.to_be_bytes());
    Key { k0: 0, k1: 0 }.hash(&bytes).max(1)
}
