//! The builder: every format tells its spans to it, part by part; it masks, folds names into columns and fills batches.
//!
//! What is worked out for a text (its mask, its JSON) is remembered for the batch, so that a text that comes again
//! costs a look-up. What depends on the rest of the span waits for its end; see `settle`.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::batch::{Batch, number, text};
use super::kin::Kin;
use super::memo::{Action, Memo};
use super::names::{self, GUESSED, Known, OLD, Slot};
use super::resource::Resource;
use super::span::Span;
use super::value::{Masking, Value, clip, string};
use super::{ATTRIBUTES, Counts, TEXT_BYTES, ids};
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
        let next = self.batch.next();
        self.ready.push_back(std::mem::replace(&mut self.batch, next));
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
    pub fn attribute(&mut self, name: &str, value: &Value) {
        if !self.counts_in() || *value == Value::Null {
            return;
        }
        let key = self.key(name);
        let whole;
        let found: Option<(u64, &[u8])> = match value {
            Value::Text(text) if text.len() <= TEXT_BYTES => Some((1, text.as_bytes())),
            Value::Int(number) => {
                whole = number.to_le_bytes();
                Some((2, &whole))
            }
            Value::Float(number) => {
                whole = number.to_le_bytes();
                Some((3, &whole))
            }
            Value::Bool(truth) => Some((4, if *truth { b"1" } else { b"0" })),
            _ => None,
        };
        let action = match found {
            None => self.action(key, value),
            Some((tag, bytes)) => {
                let (place, fresh) = self.memo.values.intern((key as u64) << 3 | tag, bytes);
                if fresh {
                    let action = self.action(key, value);
                    self.memo.actions.push(action);
                }
                self.memo.actions[place]
            }
        };
        self.apply(action, name, value);
    }

    /// The same for an attribute as protobuf has it: true where it was there before and nothing of it need be read.
    #[inline]
    pub fn replay(&mut self, pair: &[u8]) -> bool {
        if self.surveying {
            return true;
        }
        let Some(action) = self.memo.replay(self.span.attributes, pair) else { return false };
        if self.counts_in() {
            self.apply(action, "", &Value::Null);
        }
        true
    }

    /// An attribute that was not there before.
    pub fn new_pair(&mut self, pair: &[u8], name: &str, value: &Value, faultless: bool) {
        if !self.counts_in() || *value == Value::Null {
            return;
        }
        let clipped = self.counts.clipped;
        let key = self.key(name);
        let action = self.action(key, value);
        // What was clipped or repaired is to be counted each time that it comes.
        if action != Action::Parameter && faultless && self.counts.clipped == clipped {
            self.memo.remember(pair, action);
        }
        self.apply(action, name, value);
    }

    /// Counts one more attribute; false where it is beyond the limit.
    #[inline]
    fn counts_in(&mut self) -> bool {
        if self.surveying {
            return false;
        }
        self.span.attributes += 1;
        self.counts.clipped += u64::from(self.span.attributes > ATTRIBUTES);
        self.span.attributes <= ATTRIBUTES
    }

    /// The number of an attribute's name.
    pub(super) fn key(&mut self, name: &str) -> usize {
        let (key, fresh) = self.memo.keys.intern(0, name.as_bytes());
        if fresh {
            self.memo.known.push(Known::new(clip(name, &mut self.counts.clipped)));
        }
        key
    }

    /// What an attribute does.
    fn action(&mut self, key: usize, value: &Value) -> Action {
        let slot = self.memo.known[key].slot;
        let how = self.memo.known[key].how;
        match (slot, value) {
            (Slot::Text(column, rank), Value::Text(text)) => {
                let word = self.masked(key, text, column == text::SYSTEM);
                Action::Text { column: column as u8, rank, word }
            }
            (Slot::Number(column, rank), value) => match value.whole() {
                Some(value) => Action::Number { column: column as u8, rank, value },
                None => Action::Fragment(self.fragment(key, value, "")),
            },
            (Slot::Url(rank) | Slot::Target(rank), Value::Text(text)) => self.target(text, rank),
            (Slot::Query(rank), Value::Text(text)) => {
                let word = self.masked(key, text.strip_prefix('?').unwrap_or(text), false);
                Action::Text { column: text::QUERY as u8, rank, word }
            }
            (Slot::Parameter, _) => Action::Parameter,
            (Slot::Failed, value) => self.failed(key, value),
            (Slot::Statement(_) | Slot::Peer | Slot::Namespace, Value::Text(text)) | (_, Value::Text(text))
                if how == Treatment::Statement || slot != Slot::Rest =>
            {
                let text = self.memo.text(clip(text, &mut self.counts.clipped));
                match slot {
                    Slot::Statement(rank) => Action::Statement { rank, text },
                    Slot::Peer => Action::Peer { text },
                    Slot::Namespace => Action::Namespace { text },
                    _ => Action::Further { key: key as u32, text },
                }
            }
            (_, value) => Action::Fragment(self.fragment(key, value, "")),
        }
    }

    #[inline]
    fn apply(&mut self, action: Action, name: &str, value: &Value) {
        let span = &mut self.span;
        match action {
            Action::Text { column, rank, word } => span.set_text(column as usize, rank, word),
            Action::Number { column, rank, value } => span.set_number(column as usize, rank, value),
            Action::Target { rank, path, query, server } => {
                span.set_text(text::PATH, rank, path);
                span.set_text(text::QUERY, rank, query);
                span.set_text(text::SERVER, GUESSED, server);
            }
            Action::Statement { rank, text } => {
                if span.statement.is_none_or(|(_, before)| rank >= before) {
                    span.statement = Some((text, rank));
                }
            }
            Action::Further { key, text } => span.further.push((key, text)),
            Action::Peer { text } => span.peer = Some(text),
            Action::Namespace { text } => span.namespace = Some(text),
            Action::Fragment(fragment) => span.fragments.push(fragment),
            Action::Failed(why) => {
                span.row.set(number::STATUS, 2);
                span.fragments.extend(why);
            }
            Action::Parameter => span.parameter(name, value),
            Action::Nothing => {}
        }
    }

    /// The word of an attribute's text, masked.
    fn masked(&mut self, key: usize, text: &str, system: bool) -> u32 {
        let known = &self.memo.known[key];
        let masked = self.redactor.treated(known.how, &known.name, clip(text, &mut self.counts.clipped), "");
        self.batch.word_or_none(if system { names::system(&masked) } else { &masked })
    }

    /// A path with its query, or a whole URL: path, query and server.
    fn target(&mut self, text: &str, rank: u8) -> Action {
        let masked = self.redactor.url(clip(text, &mut self.counts.clipped));
        let (host, target) = match masked.split_once("://") {
            Some((_, rest)) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
            None => ("", masked.as_str()),
        };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Action::Target {
            rank,
            path: self.batch.word_or_none(if path.is_empty() && !host.is_empty() { "/" } else { path }),
            query: self.batch.word_or_none(query),
            server: self.batch.word_or_none(name.trim_matches(['[', ']'])),
        }
    }

    /// OpenTracing's mark of a failure, which converters of Jaeger's and Zipkin's spans carry on.
    fn failed(&mut self, key: usize, value: &Value) -> Action {
        match value {
            Value::Bool(false) => Action::Nothing,
            Value::Text(text) if matches!(text.as_ref(), "false" | "0") => Action::Nothing,
            Value::Text(text) if !matches!(text.as_ref(), "true" | "1" | "") => {
                let masked = crate::redact::message::message(clip(text, &mut self.counts.clipped));
                Action::Failed(Some(self.fragment(key, &Value::Text(Cow::Owned(masked)), "")))
            }
            _ => Action::Failed(None),
        }
    }

    /// An attribute that has no column: its JSON is kept and numbered.
    pub(super) fn fragment(&mut self, key: usize, value: &Value, system: &str) -> u32 {
        let memo = &mut self.memo;
        let start = memo.json.len();
        let known = &memo.known[key];
        memo.json.extend_from_slice(&known.quoted);
        let mut masking = Masking { redactor: &self.redactor, system, clipped: 0 };
        masking.value(known.how, &known.name, value, &mut memo.json);
        self.counts.clipped += masking.clipped;
        memo.fragments.push((start, memo.json.len()));
        memo.fragments.len() as u32 - 1
    }

    /// An attribute that OpenTelemetry has no attribute for in OTLP: what was dropped, a status's description.
    pub fn own(&mut self, name: &str, value: &Value) {
        if !self.surveying {
            self.attribute(name, value);
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
