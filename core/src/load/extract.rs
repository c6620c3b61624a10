//! What a step reads from its reply: checks and extractions, compiled once.

use std::borrow::Cow;
use std::fmt;

use regex::bytes::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::cookies::{self, Jar};
use super::plan::{Check, Extract, ExtractSource, Pick};
use super::random::{Draw, stream};
use super::template::{Names, Vars};
use super::wire::{Keep, ResponseMachine, is_token};
use crate::error::Error;

/// What is wrong with an expression of a source (`json`, `regex`, `header`, `cookie`); None when nothing is.
pub fn expression_error(source: &str, expression: &str) -> Option<String> {
    match source {
        "json" => JsonPath::parse(expression).err().map(|error| error.to_string()),
        "regex" => Regex::new(expression).err().map(|error| error.to_string()),
        "header" | "cookie" => {
            (!is_token(expression.as_bytes())).then(|| format!("{expression:?} is not a {source}'s name"))
        }
        _ => Some(format!("{source:?} is not a source; it is json, regex, header or cookie")),
    }
}

/// How a status stands to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// 400 or above and not allowed: the status is the result, and an error.
    ErrorStatus,
    /// Below 400 and not what was asked: the result is `check`.
    WrongStatus,
}

/// Why a reply that arrived is an error all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Check(String),
    Extract(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Check(message) | Failure::Extract(message) => f.write_str(message),
        }
    }
}

#[derive(Debug, Clone)]
enum Source {
    Json(JsonPath),
    Regex(Regex),
    Header(String),
    Cookie(String),
}

#[derive(Debug, Clone)]
struct Extraction {
    name: String,
    slot: usize,
    source: Source,
    expression: String,
    pick: Pick,
    part: u32,
}

/// A step's checks and extractions.
#[derive(Debug, Clone)]
pub struct Reading {
    status: Option<Vec<(u16, u16)>>,
    contains: Vec<memchr::memmem::Finder<'static>>,
    regex: Vec<Regex>,
    json: Vec<(String, JsonPath)>,
    extractions: Vec<Extraction>,
}

impl Reading {
    pub fn compile(check: &Check, extract: &[Extract], names: &Names) -> Result<Reading, Error> {
        let path = |text: &String| JsonPath::parse(text).map_err(|error| refuse("JSONPath", text, &error));
        let pattern = |text: &String| Regex::new(text).map_err(|error| refuse("regular expression", text, &error));
        for (low, high) in check.status.iter().flatten() {
            if low > high {
                return Err(Error::Plan(format!("check.status: {low} to {high} is no range")));
            }
        }
        let mut extractions = Vec::new();
        for (extract, index) in extract.iter().zip(0..) {
            let source = match extract.source {
                ExtractSource::Json => Source::Json(path(&extract.expression)?),
                ExtractSource::Regex => Source::Regex(pattern(&extract.expression)?),
                ExtractSource::Header => Source::Header(extract.expression.clone()),
                ExtractSource::Cookie => Source::Cookie(extract.expression.clone()),
            };
            let named = matches!(extract.source, ExtractSource::Header | ExtractSource::Cookie);
            if named && !is_token(extract.expression.as_bytes()) {
                return Err(Error::Plan(format!("{:?} is not a header's or cookie's name", extract.expression)));
            }
            let slot = names
                .slot(&extract.name)
                .ok_or_else(|| Error::Plan(format!("the variable {:?} has no slot", extract.name)))?;
            extractions.push(Extraction {
                name: extract.name.clone(),
                slot,
                source,
                expression: extract.expression.clone(),
                pick: extract.pick,
                part: stream::EXTRACTION + index,
            });
        }
        Ok(Reading {
            status: check.status.clone(),
            contains: check.contains.iter().map(|text| memchr::memmem::Finder::new(text).into_owned()).collect(),
            regex: check.regex.iter().map(pattern).collect::<Result<_, _>>()?,
            json: check.json.iter().map(|text| Ok((text.clone(), path(text)?))).collect::<Result<_, Error>>()?,
            extractions,
        })
    }

    /// What the response machine has to keep for this step.
    pub fn keep(&self) -> Keep {
        let of_body = |source: &Source| matches!(source, Source::Json(_) | Source::Regex(_));
        Keep {
            headers: self.extractions.iter().any(|extraction| matches!(extraction.source, Source::Header(_))),
            body: !(self.contains.is_empty() && self.regex.is_empty() && self.json.is_empty())
                || self.extractions.iter().any(|extraction| of_body(&extraction.source)),
        }
    }

    /// True if there is nothing to read beyond the status.
    pub fn is_empty(&self) -> bool {
        self.contains.is_empty() && self.regex.is_empty() && self.json.is_empty() && self.extractions.is_empty()
    }

    pub fn judge(&self, status: u16) -> Verdict {
        let allowed = |ranges: &Vec<(u16, u16)>| ranges.iter().any(|(low, high)| (*low..=*high).contains(&status));
        match &self.status {
            Some(ranges) if allowed(ranges) => Verdict::Good,
            _ if status >= 400 => Verdict::ErrorStatus,
            None => Verdict::Good,
            Some(_) => Verdict::WrongStatus,
        }
    }

    /// `status 302, expected 200 or 404 to 410`.
    pub fn status_message(&self, status: u16) -> String {
        let range = |(low, high): &(u16, u16)| {
            if low == high { low.to_string() } else { format!("{low} to {high}") }
        };
        let expected: Vec<String> = self.status.iter().flatten().map(range).collect();
        format!("status {status}, expected {}", expected.join(" or "))
    }

    /// Names and slots of what is extracted, in order.
    pub fn extracted(&self) -> impl Iterator<Item = (&str, usize)> {
        self.extractions.iter().map(|extraction| (extraction.name.as_str(), extraction.slot))
    }

    /// Checks the reply, then extracts into `vars`. `scope` keys the draw of `pick: random`; a cookie that this reply
    /// does not set is taken from the jar.
    pub fn read(
        &self,
        response: &ResponseMachine,
        jar: Option<&Jar>,
        now_s: i64,
        (seed, arrival, op): (u64, u64, u32),
        vars: &mut Vars,
    ) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let body = response.body();
        let mut document = Document::Unread;
        for finder in &self.contains {
            if finder.find(body).is_none() {
                let text = String::from_utf8_lossy(finder.needle());
                return Err(Failure::Check(format!("the body does not contain {text:?}")));
            }
        }
        for regex in &self.regex {
            if !regex.is_match(body) {
                return Err(Failure::Check(format!("the body does not match {:?}", regex.as_str())));
            }
        }
        for (text, path) in &self.json {
            let root = document.read(body).map_err(Failure::Check)?;
            if path.query(root).is_empty() {
                return Err(Failure::Check(format!("{text} finds nothing in the body")));
            }
        }
        for extraction in &self.extractions {
            let draw = Draw::new(seed, arrival, op, extraction.part);
            let (slot, pick) = (extraction.slot, extraction.pick);
            let found = match &extraction.source {
                Source::Json(path) => {
                    let root = document.read(body).map_err(Failure::Extract)?;
                    choose(path.query(root).all().into_iter(), pick, draw).map(text_of)
                }
                Source::Regex(regex) => {
                    let group = |found: regex::bytes::Captures<'_>| {
                        found.get(1).or_else(|| found.get(0)).map_or(0..0, |text| text.range())
                    };
                    choose(regex.captures_iter(body).map(group), pick, draw).map(|at| Cow::Borrowed(&body[at]))
                }
                Source::Header(name) => choose(response.header(name.as_bytes()), pick, draw).map(Cow::Borrowed),
                Source::Cookie(name) => {
                    let name = name.as_bytes();
                    let pairs = response.set_cookies().filter_map(cookies::name_and_value);
                    let values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
                    let set = choose(values, pick, draw);
                    set.or_else(|| jar.and_then(|jar| jar.get(name, now_s))).map(Cow::Borrowed)
                }
            };
            match found {
                Some(value) => vars.set(slot, &value),
                None => return Err(Failure::Extract(extraction.missing())),
            }
        }
        Ok(())
    }
}

impl Extraction {
    fn missing(&self) -> String {
        let (name, expression) = (&self.name, &self.expression);
        match self.source {
            Source::Json(_) => format!("{name}: {expression} finds nothing in the body"),
            Source::Regex(_) => format!("{name}: {expression:?} matches nothing in the body"),
            Source::Header(_) => format!("{name}: the reply has no header {expression}"),
            Source::Cookie(_) => format!("{name}: neither reply nor jar has a cookie {expression}"),
        }
    }
}

fn refuse(kind: &str, text: &str, error: &dyn fmt::Display) -> Error {
    Error::Plan(format!("{text:?} is no {kind}: {error}"))
}

/// The reply's JSON, parsed when first asked for.
enum Document {
    Unread,
    Read(Value),
}

impl Document {
    fn read(&mut self, body: &[u8]) -> Result<&Value, String> {
        if let Document::Unread = self {
            let root = serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
            *self = Document::Read(root);
        }
        match self {
            Document::Read(root) => Ok(root),
            Document::Unread => Err("the body is not JSON".to_owned()),
        }
    }
}

/// A string's text, anything else as JSON.
fn text_of(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::String(text) => Cow::Borrowed(text.as_bytes()),
        other => Cow::Owned(other.to_string().into_bytes()),
    }
}

fn choose<T>(mut found: impl Iterator<Item = T>, pick: Pick, mut draw: Draw) -> Option<T> {
    match pick {
        Pick::First => found.next(),
        Pick::Last => found.last(),
        Pick::Random => {
            let mut all: Vec<T> = found.collect();
            let index = draw.below(all.len() as u64) as usize;
            (index < all.len()).then(|| all.swap_remove(index))
        }
    }
}
