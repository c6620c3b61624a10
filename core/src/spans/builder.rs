//! The builder: every format tells its spans to it, part by part; it masks, folds names into columns and fills batches.
//!
//! What is worked out for a text (its mask, its JSON) is remembered for the batch, so that a text that comes again
//! costs a look-up. What depends on the rest of the span waits for its end; see `settle`.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::batch::{Batch, number, text};
use super::kin::Kin;
use super::memo::Memo;
use super::names::{self, GUESSED, Known, OLD, Slot};
use super::resource::Resource;
use super::span::Span;
use super::value::{Masking, Value, clip, string};
use super::{ATTRIBUTES, Counts, ids};
use crate::redact::Redactor;
use crate::redact::attribute::Treatment;

/// Spans in, batches out.
pub struct Builder {
    pub(super) redactor: Redactor,
    pub(super) batch: Batch,
    ready: VecDeque<Batch>,
    pub(super) memo: Memo,
    pub resource: Resource,
    pub span: Span,
    pub counts: Counts,
    pub(super) generation: u64,
    /// A first reading notes relations and builds nothing.
    pub surveying: bool,
    pub kin: Kin,
}

impl Builder {
    pub fn new(redactor: Redactor) -> Builder {
        Builder {
            redactor,
            batch: Batch::new(),
            ready: VecDeque::new(),
            memo: Memo::new(),
            resource: Resource::default(),
            span: Span::default(),
            counts: Counts::default(),
            generation: 1,
            surveying: false,
            kin: Kin::default(),
        }
    }

    /// A batch that is full, or at the end of the input what there is.
    pub fn take(&mut self, at_end: bool) -> Option<Batch> {
        if self.ready.is_empty() && at_end && !self.batch.is_empty() {
            self.flush();
        }
        self.ready.pop_front()
    }

    pub(super) fn flush(&mut self) {
        self.ready.push_back(std::mem::take(&mut self.batch));
        self.generation += 1;
        self.memo.clear();
    }

    pub fn resource_attribute(&mut self, name: &str, value: &Value) {
        if !self.surveying {
            self.resource.attribute(&self.redactor, name, value, &mut self.counts.clipped);
        }
    }

    pub fn scope(&mut self, name: &str, version: &str) {
        self.resource.generation = 0;
        name.clone_into(&mut self.resource.scope);
        version.clone_into(&mut self.resource.scope_version);
    }

    pub fn begin(&mut self) {
        self.span.clear();
    }

    /// An attribute of the span.
    #[inline]
    pub fn attribute(&mut self, name: &str, value: &Value) {
        if self.surveying || *value == Value::Null {
            return;
        }
        self.span.attributes += 1;
        if self.span.attributes > ATTRIBUTES {
            self.counts.clipped += 1;
            return;
        }
        let key = self.key(name);
        match (self.memo.known[key].slot, value) {
            (Slot::Text(column, rank), Value::Text(text)) => {
                let word = self.masked(key, text, column == text::SYSTEM);
                self.span.set_text(column, rank, word);
            }
            (Slot::Number(column, rank), value) if value.whole().is_some() => {
                self.span.set_number(column, rank, value.whole().unwrap_or(0));
            }
            (Slot::Url(rank) | Slot::Target(rank), Value::Text(text)) => self.target(key, text, rank),
            (Slot::Query(rank), Value::Text(text)) => {
                let word = self.masked(key, text.strip_prefix('?').unwrap_or(text), false);
                self.span.set_text(text::QUERY, rank, word);
            }
            (Slot::Statement(rank), Value::Text(text)) => {
                let better = self.span.statement.as_ref().is_none_or(|(_, before)| rank >= *before);
                let text = clip(text, &mut self.counts.clipped);
                if better {
                    self.span.statement = Some((text.to_owned(), rank));
                }
            }
            (Slot::Parameter, value) => {
                self.span.parameters.extend_from_slice(name.as_bytes());
                self.span.parameters.push(0xFF);
                match value {
                    Value::Text(text) => self.span.parameters.extend_from_slice(text.as_bytes()),
                    other => self.span.parameters.extend_from_slice(format!("{other:?}").as_bytes()),
                }
                self.span.parameters.push(0xFF);
            }
            (Slot::Peer, Value::Text(text)) => self.span.peer = Some(text.clone().into_owned()),
            (Slot::Namespace, Value::Text(text)) => self.span.namespace = Some(text.clone().into_owned()),
            (Slot::Failed, value) => self.failed(key, value),
            (_, Value::Text(text)) if self.memo.known[key].how == Treatment::Statement => {
                let text = clip(text, &mut self.counts.clipped).to_owned();
                self.span.further.push((key, text));
            }
            (_, value) => self.fragment(key, value, ""),
        }
    }

    /// The number of an attribute's name.
    pub(super) fn key(&mut self, name: &str) -> usize {
        let (key, fresh) = self.memo.keys.intern(0, name.as_bytes());
        if fresh {
            self.memo.known.push(Known::new(clip(name, &mut self.counts.clipped)));
        }
        key
    }

    /// The word of an attribute's text, masked.
    pub(super) fn masked(&mut self, key: usize, text: &str, system: bool) -> u32 {
        let text = clip(text, &mut self.counts.clipped);
        let (place, fresh) = self.memo.values.intern((key as u64) << 3, text.as_bytes());
        if fresh {
            let known = &self.memo.known[key];
            let masked = self.redactor.treated(known.how, &known.name, text, "");
            let word = self.batch.word_or_none(if system { names::system(&masked) } else { &masked });
            self.memo.meanings.push((word, 0));
        }
        self.memo.meanings[place].0
    }

    /// A path with its query, or a whole URL: path, query and server.
    fn target(&mut self, key: usize, text: &str, rank: u8) {
        let text = clip(text, &mut self.counts.clipped);
        let (place, fresh) = self.memo.values.intern((key as u64) << 3, text.as_bytes());
        if fresh {
            let masked = self.redactor.url(text);
            let (host, target) = match masked.split_once("://") {
                Some((_, rest)) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
                None => ("", masked.as_str()),
            };
            let name = match host.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
                _ => host,
            };
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let path = if path.is_empty() && !host.is_empty() { "/" } else { path };
            let path = self.batch.word_or_none(path);
            let query = self.batch.word_or_none(query);
            let server = self.batch.word_or_none(name.trim_matches(['[', ']']));
            self.memo.meanings.push((path, u64::from(server) << 32 | u64::from(query)));
        }
        let (path, both) = self.memo.meanings[place];
        self.span.set_text(text::PATH, rank, path);
        self.span.set_text(text::QUERY, rank, both as u32);
        self.span.set_text(text::SERVER, GUESSED, (both >> 32) as u32);
    }

    /// Jaeger's and Zipkin's mark of a failure.
    fn failed(&mut self, key: usize, value: &Value) {
        let failed = match value {
            Value::Bool(failed) => *failed,
            Value::Text(text) => !matches!(text.as_ref(), "false" | "0"),
            _ => true,
        };
        if failed {
            self.span.row.numbers[number::STATUS] = Some(2);
        }
        if let Value::Text(text) = value
            && !matches!(text.as_ref(), "true" | "false" | "0" | "1" | "")
        {
            let masked = crate::redact::message::message(clip(text, &mut self.counts.clipped));
            self.fragment(key, &Value::Text(Cow::Owned(masked)), "");
        }
    }

    /// An attribute that has no column: its JSON is remembered and numbered.
    pub(super) fn fragment(&mut self, key: usize, value: &Value, system: &str) {
        let tag = (key as u64) << 3;
        let found = match value {
            _ if !system.is_empty() => None,
            Value::Text(text) => Some(self.memo.values.intern(tag | 1, clip(text, &mut 0).as_bytes())),
            Value::Int(number) => Some(self.memo.values.intern(tag | 2, &number.to_le_bytes())),
            Value::Float(number) => Some(self.memo.values.intern(tag | 3, &number.to_le_bytes())),
            Value::Bool(truth) => Some(self.memo.values.intern(tag | 4, &[u8::from(*truth)])),
            _ => None,
        };
        if let Some((place, false)) = found {
            self.span.fragments.push(self.memo.meanings[place].0);
            return;
        }
        let memo = &mut self.memo;
        let start = memo.json.len();
        let known = &memo.known[key];
        memo.json.extend_from_slice(&known.quoted);
        let mut masking = Masking { redactor: &self.redactor, system, clipped: 0 };
        masking.value(known.how, &known.name, value, &mut memo.json);
        self.counts.clipped += masking.clipped;
        let fragment = memo.fragments.len() as u32;
        memo.fragments.push((start, memo.json.len()));
        if found.is_some() {
            memo.meanings.push((fragment, 0));
        }
        self.span.fragments.push(fragment);
    }

    /// An attribute that OpenTelemetry has no attribute for in OTLP: what was dropped, a status's description.
    pub fn own(&mut self, name: &str, value: &Value) {
        if !self.surveying {
            let key = self.key(name);
            self.fragment(key, value, "");
        }
    }

    /// An event of the span.
    pub fn event(&mut self, at_ns: i64, name: &str, attributes: &[(Cow<str>, Value)]) {
        if self.surveying {
            return;
        }
        self.span.event_count += 1;
        if self.span.event_count > ATTRIBUTES {
            self.counts.clipped += 1;
            return;
        }
        for (name, value) in attributes {
            if let ("exception.type", Value::Text(text)) = (name.as_ref(), value) {
                let key = self.key("exception.type");
                let word = self.masked(key, text, false);
                self.span.set_text(text::ERROR, OLD, word);
            }
        }
        let kept = attributes.len().min(ATTRIBUTES);
        self.counts.clipped += (attributes.len() - kept) as u64;
        let out = &mut self.span.events;
        out.extend_from_slice(if out.is_empty() { b"{\"time_ns\":" } else { b",{\"time_ns\":" });
        out.extend_from_slice(at_ns.to_string().as_bytes());
        out.extend_from_slice(b",\"name\":");
        string(&self.redactor.treated(Treatment::Keep, "name", clip(name, &mut self.counts.clipped), ""), out);
        let mut masking = Masking { redactor: &self.redactor, system: "", clipped: 0 };
        if kept > 0 {
            out.extend_from_slice(b",\"attributes\":");
            masking.object(attributes[..kept].iter().map(|(name, value)| (name.as_ref(), value)), out);
        }
        out.push(b'}');
        self.counts.clipped += masking.clipped;
    }

    /// A link to another span.
    pub fn link(&mut self, trace_id: &[u8], span_id: &[u8], attributes: &[(Cow<str>, Value)]) {
        if self.surveying {
            return;
        }
        self.span.link_count += 1;
        if self.span.link_count > ATTRIBUTES {
            self.counts.clipped += 1;
            return;
        }
        let kept = attributes.len().min(ATTRIBUTES);
        let out = &mut self.span.links;
        out.extend_from_slice(if out.is_empty() { b"{\"trace_id\":\"" } else { b",{\"trace_id\":\"" });
        ids::write(trace_id, out);
        out.extend_from_slice(b"\",\"span_id\":\"");
        ids::write(span_id, out);
        out.push(b'"');
        if kept > 0 {
            out.extend_from_slice(b",\"attributes\":");
            let mut masking = Masking { redactor: &self.redactor, system: "", clipped: 0 };
            masking.object(attributes[..kept].iter().map(|(name, value)| (name.as_ref(), value)), out);
            self.counts.clipped += masking.clipped;
        }
        out.push(b'}');
    }
}
