//! The end of a span: what depended on the rest of it is worked out, and its row goes into the batch.
//!
//! A statement waits until here because which quotes hold literals depends on the system; the other side's name waits
//! for the kind, a function's namespace for the function.

use std::borrow::Cow;

use super::batch::{BYTES, number, text};
use super::builder::Builder;
use super::kin::Relation;
use super::memo::Masked;
use super::names::{NEW, OLD};
use super::value::{Value, clip};
use crate::hash::hex;
use crate::redact::attribute::Treatment;

/// Tags of names among the originals; those of statements are their systems' words.
const NAME: u64 = 1 << 40;
const FURTHER: u64 = 1 << 41;

impl Builder {
    /// The span is complete.
    pub fn finish(&mut self) {
        let row = &self.span.row;
        if row.trace_id == [0; 16] || row.span_id == [0; 8] {
            self.counts.rejected += 1;
            return;
        }
        let trace = u128::from_be_bytes(row.trace_id);
        let span = u64::from_be_bytes(row.span_id);
        let start = row.numbers[number::START];
        let end = row.numbers[number::END];
        if self.surveying {
            let parent = u64::from_be_bytes(row.parent_id);
            return self.kin.note(Relation { trace, span, kind: self.span.kind() as u8, parent, start, end });
        }
        self.counts.rescaled += u64::from(self.span.rescaled);
        self.counts.absurd += u64::from(end < start || !SENSIBLE.contains(&start) || !SENSIBLE.contains(&end));
        if !self.kin.without_parent.is_empty() && self.kin.without_parent.contains(&(trace, span)) {
            self.span.row.parent_id = [0; 8];
        }
        self.settle();
        self.batch.push(&self.span.row);
        self.counts.spans += 1;
        if self.batch.is_full() || self.memo.held() > BYTES {
            self.flush();
        }
    }

    /// Fills the cells that waited for the whole span.
    fn settle(&mut self) {
        self.common();
        let system = self.span.row.texts[text::SYSTEM];
        let name = self.span.take_name();
        self.span.row.texts[text::NAME] = self.name(&name, system);
        self.span.put_name_back(name);
        if let Some((statement, _)) = self.span.statement {
            self.statement(statement, system);
        } else if !self.span.parameters.is_empty() {
            self.parameters(0);
        }
        for place in 0..self.span.further.len() {
            let (key, text) = self.span.further[place];
            let mut original = [0; 8];
            original[..4].copy_from_slice(&key.to_le_bytes());
            original[4..].copy_from_slice(&text.to_le_bytes());
            let (place, fresh) = self.memo.originals.intern(FURTHER | u64::from(system), &original);
            if fresh {
                let system = self.batch.text(system).unwrap_or("").to_owned();
                let statement = self.memo.text_at(text).to_owned();
                let word = self.fragment(key as usize, &Value::Text(Cow::Owned(statement)), &system);
                self.memo.masked.push(Masked { word, ..Masked::default() });
            }
            self.span.fragments.push(self.memo.masked[place].word);
        }
        self.sides();
        let fragments = std::mem::take(&mut self.span.fragments);
        self.span.row.texts[text::ATTRIBUTES] = self.set(&fragments);
        self.span.fragments = fragments;
        for (column, json) in [(text::EVENTS, &mut self.span.events), (text::LINKS, &mut self.span.links)] {
            if !json.is_empty() {
                json.insert(0, b'[');
                json.push(b']');
                self.span.row.texts[column] = self.batch.words.intern(0, json).0 as u32;
            }
        }
    }

    /// What the resource and the scope say.
    fn common(&mut self) {
        if self.resource.generation != self.generation {
            let resource = &mut self.resource;
            resource.generation = self.generation;
            for (word, text) in resource.words.iter_mut().zip(&resource.texts) {
                *word = self.batch.word_or_none(text);
            }
            let scope = self.redactor.treated(Treatment::Keep, "scope", clip(&resource.scope, &mut 0), "");
            resource.words[3] = self.batch.word_or_none(&scope);
            resource.set_tag = self.memo.resources.intern(0, &resource.members).0 as u64;
            resource.version_fragment = None;
            if !resource.scope_version.is_empty() {
                let version = std::mem::take(&mut resource.scope_version);
                let key = self.key("otel.scope.version");
                let fragment = self.fragment(key, &Value::Text(Cow::Borrowed(&version)), "");
                self.resource.version_fragment = Some(fragment);
                self.resource.scope_version = version;
            }
        }
        let words = self.resource.words;
        self.span.row.texts[text::SERVICE] = words[0];
        self.span.row.texts[text::INSTANCE] = words[1];
        self.span.row.texts[text::HOST] = words[2];
        self.span.row.texts[text::SCOPE] = words[3];
        self.span.fragments.extend(self.resource.version_fragment);
        if let (0, Some(pid)) = (self.span.number_ranks[number::PID], self.resource.pid) {
            self.span.row.set(number::PID, pid);
        }
    }

    fn name(&mut self, name: &str, system: u32) -> u32 {
        if let Some((before, place)) = self.memo.last_name
            && before == system
            && self.memo.originals.get(place) == name.as_bytes()
        {
            return self.memo.masked[place].word;
        }
        let name = clip(name, &mut self.counts.clipped);
        let (place, fresh) = self.memo.originals.intern(NAME | u64::from(system), name.as_bytes());
        if fresh {
            let masked = self.redactor.span_name(name, self.batch.text(system).unwrap_or(""));
            let word = self.batch.word_or_none(&masked);
            self.memo.masked.push(Masked { word, ..Masked::default() });
        }
        self.memo.last_name = Some((system, place));
        self.memo.masked[place].word
    }

    fn statement(&mut self, statement: u32, system: u32) {
        let (place, fresh) = self.memo.originals.intern(u64::from(system), &statement.to_le_bytes());
        if fresh {
            let system = self.batch.text(system).unwrap_or("");
            let (masked, literals) = self.redactor.masked(self.memo.text_at(statement), system);
            let word = self.batch.word_or_none(&masked);
            let hash = self.hash_word(literals);
            self.memo.masked.push(Masked { word, literals, hash });
        }
        let masked = self.memo.masked[place];
        self.span.row.texts[text::STATEMENT] = masked.word;
        if self.span.parameters.is_empty() {
            self.span.row.texts[text::PARAMETERS] = masked.hash;
        } else {
            self.parameters(masked.literals);
        }
    }

    /// One hash of the parameters and of the literals in the text.
    fn parameters(&mut self, literals: u64) {
        let hash = literals ^ self.redactor.hash(&self.span.parameters);
        self.span.row.texts[text::PARAMETERS] = self.hash_word(hash);
    }

    fn hash_word(&mut self, hash: u64) -> u32 {
        let mut digits = Vec::with_capacity(16);
        hex(u128::from(hash), 16, &mut digits);
        if hash == 0 { 0 } else { self.batch.words.intern(0, &digits).0 as u32 }
    }

    /// The other side's name and the function's, which need the kind and the rank of what else came.
    fn sides(&mut self) {
        if let Some(peer) = self.span.peer {
            let peer = self.memo.text_at(peer);
            if matches!(self.span.kind(), 2 | 5) {
                let masked = Value::Text(Cow::Owned(self.redactor.value(peer)));
                let key = self.key("net.peer.name");
                let fragment = self.fragment(key, &masked, "");
                self.span.fragments.push(fragment);
            } else {
                let word = self.batch.word_or_none(peer);
                self.span.set_text(text::SERVER, OLD, word);
            }
        }
        let Some(namespace) = self.span.namespace else { return };
        if self.span.ranks[text::FUNCTION] == OLD {
            let function = self.batch.text(self.span.row.texts[text::FUNCTION]).unwrap_or("");
            let full = format!("{}.{function}", self.memo.text_at(namespace));
            let word = self.batch.word(&full);
            self.span.set_text(text::FUNCTION, NEW, word);
        }
    }

    /// The word of all attributes' JSON.
    fn set(&mut self, fragments: &[u32]) -> u32 {
        let members = &self.resource.members;
        if fragments.is_empty() && members.is_empty() {
            return 0;
        }
        let mut key = [0; 4 * 32];
        let long: Vec<u8>;
        let key = match key.get_mut(..4 * fragments.len()) {
            Some(short) => {
                short.chunks_exact_mut(4).zip(fragments).for_each(|(to, from)| to.copy_from_slice(&from.to_le_bytes()));
                &*short
            }
            None => {
                long = fragments.iter().flat_map(|fragment| fragment.to_le_bytes()).collect();
                &long
            }
        };
        let memo = &mut self.memo;
        let (place, fresh) = memo.sets.intern(self.resource.set_tag, key);
        if fresh {
            let mut json = std::mem::take(&mut memo.scratch);
            json.clear();
            json.push(b'{');
            for fragment in fragments {
                let (from, to) = memo.fragments[*fragment as usize];
                json.extend_from_slice(&memo.json[from..to]);
                json.push(b',');
            }
            if members.is_empty() {
                json.pop();
            } else {
                json.extend_from_slice(b"\"resource\":{");
                json.extend_from_slice(members);
                json.push(b'}');
            }
            json.push(b'}');
            memo.set_words.push(self.batch.words.intern(0, &json).0 as u32);
            memo.scratch = json;
        }
        memo.set_words[place]
    }
}

/// Instants of 1990 to 2100: what lies outside was not read from a clock of our time.
const SENSIBLE: std::ops::Range<i64> = 631_152_000_000_000_000..4_102_444_800_000_000_000;
