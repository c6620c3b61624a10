//! JSONPath (RFC 9535) over a body of JSON.
//!
//! Most queries are plain ways down (`$.items[*].id`): names, indices from the front, every element of an array. Those
//! are answered by one walk over the text that builds nothing. Every other query, and every text on which the walk
//! stumbles, goes to a parsed document.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;
use serde_json_path::JsonPath;

/// A compiled query.
#[derive(Debug, Clone)]
pub struct Query {
    text: String,
    path: JsonPath,
    plain: Option<Vec<Segment>>,
}

/// A reply's JSON, parsed when first needed.
#[derive(Debug)]
pub struct Document<'a> {
    body: &'a [u8],
    root: Option<Value>,
}

/// What a query found.
#[derive(Debug)]
pub enum Nodes<'d> {
    /// Places in the text.
    Plain {
        body: &'d [u8],
        places: Vec<Range<usize>>,
    },
    Parsed(Vec<&'d Value>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Name(Vec<u8>),
    Index(u64),
    Every,
}

impl Query {
    /// The error is a sentence about the text.
    pub fn parse(text: &str) -> Result<Query, String> {
        let path = JsonPath::parse(text).map_err(|error| error.to_string())?;
        Ok(Query { text: text.to_owned(), path, plain: plain(text) })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The nodes in document order; at most the first when `first` is asked for and the query is plain.
    ///
    /// The error says why the body is not JSON. It is not looked for beyond what a plain query had to read.
    pub fn find<'d>(&self, document: &'d mut Document<'_>, first: bool) -> Result<Nodes<'d>, String> {
        if let Some(segments) = &self.plain {
            let mut walk = Walk { text: document.body, at: 0, places: Vec::new(), first };
            let walked = walk.value(segments, 0);
            if matches!(walked, Step::Found | Step::Passed) && !walk.places.is_empty() {
                let Walk { text, places, .. } = walk;
                if walked == Step::Found || is_blank(&text[walk.at..]) {
                    return Ok(Nodes::Plain { body: text, places });
                }
            }
        }
        Ok(Nodes::Parsed(self.path.query(document.root()?).all()))
    }
}

impl<'a> Document<'a> {
    pub fn new(body: &'a [u8]) -> Self {
        Document { body, root: None }
    }

    fn root(&mut self) -> Result<&Value, String> {
        if self.root.is_none() {
            let parsed = serde_json::from_slice(self.body);
            self.root = Some(parsed.map_err(|error| format!("the body is not JSON: {error}"))?);
        }
        self.root.as_ref().ok_or_else(|| "the body is not JSON".to_owned())
    }
}

impl<'d> Nodes<'d> {
    pub fn len(&self) -> usize {
        match self {
            Nodes::Plain { places, .. } => places.len(),
            Nodes::Parsed(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One node as text: a string's own, a number, true, false or null as it stands, anything else as compact JSON.
    /// None beyond the end, and for a text that turns out not to be JSON.
    pub fn text(&self, index: usize) -> Option<Cow<'d, [u8]>> {
        match self {
            Nodes::Plain { body, places } => {
                let text = &body[places.get(index)?.clone()];
                match text.first()? {
                    b'"' if !text.contains(&b'\\') => Some(Cow::Borrowed(&text[1..text.len() - 1])),
                    b'"' => serde_json::from_slice(text).ok().map(|text: String| Cow::Owned(text.into_bytes())),
                    b'{' | b'[' => {
                        let value: Value = serde_json::from_slice(text).ok()?;
                        Some(Cow::Owned(value.to_string().into_bytes()))
                    }
                    _ => {
                        serde_json::from_slice::<serde::de::IgnoredAny>(text).ok()?;
                        Some(Cow::Borrowed(text))
                    }
                }
            }
            Nodes::Parsed(values) => Some(match values.get(index)? {
                Value::String(text) => Cow::Borrowed(text.as_bytes()),
                other => Cow::Owned(other.to_string().into_bytes()),
            }),
        }
    }
}

/// The segments of a plain query; None for any other.
fn plain(text: &str) -> Option<Vec<Segment>> {
    let mut rest = text.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !word(c)).unwrap_or(after.len());
            if end == 0 || after.as_bytes()[0].is_ascii_digit() {
                return None;
            }
            segments.push(Segment::Name(after.as_bytes()[..end].to_vec()));
            rest = &after[end..];
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = |mark: char| inside.strip_prefix(mark)?.strip_suffix(mark);
            segments.push(if inside == "*" {
                Segment::Every
            } else if let Some(name) = quoted('\'').or_else(|| quoted('"')) {
                if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_- .:/@".contains(&byte)) {
                    return None;
                }
                Segment::Name(name.as_bytes().to_vec())
            } else {
                Segment::Index(inside.bytes().all(|byte| byte.is_ascii_digit()).then(|| inside.parse().ok())??)
            });
            rest = after;
        }
    }
    Some(segments)
}

/// How the walk over one value ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The value was read to its end.
    Passed,
    /// The first node was found, and no other is wanted.
    Found,
    /// This is no JSON, or none that the walk can judge.
    Lost,
}

/// Nested deeper than this a document is left to the parser, which refuses it.
const DEEPEST: usize = 100;

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    places: Vec<Range<usize>>,
    first: bool,
}

impl Walk<'_> {
    /// Walks the value at hand, noting the nodes that the segments lead to.
    fn value(&mut self, segments: &[Segment], depth: usize) -> Step {
        self.blanks();
        let Some((segment, below)) = segments.split_first() else {
            let start = self.at;
            if !self.skip() {
                return Step::Lost;
            }
            self.places.push(start..self.at);
            return if self.first { Step::Found } else { Step::Passed };
        };
        if depth > DEEPEST {
            return Step::Lost;
        }
        match (self.text.get(self.at), segment) {
            (Some(b'['), Segment::Index(_) | Segment::Every) => self.array(segment, below, depth),
            (Some(b'{'), Segment::Name(name)) => self.object(name, below, depth),
            // Every member of an object comes in no agreed order: the parser's it shall be.
            (Some(b'{'), Segment::Every) | (None, _) => Step::Lost,
            (Some(_), _) => self.pass(),
        }
    }

    fn pass(&mut self) -> Step {
        if self.skip() { Step::Passed } else { Step::Lost }
    }

    /// One value of an array or object, and what follows it: `None` when another one does.
    fn member(&mut self, wanted: bool, below: &[Segment], depth: usize, close: u8) -> Option<Step> {
        let step = if wanted {
            self.value(below, depth + 1)
        } else {
            self.blanks();
            self.pass()
        };
        if step != Step::Passed || self.next_is(close) {
            return Some(step);
        }
        (!self.next_is(b',')).then_some(Step::Lost)
    }

    fn array(&mut self, segment: &Segment, below: &[Segment], depth: usize) -> Step {
        self.at += 1;
        if self.next_is(b']') {
            return Step::Passed;
        }
        for index in 0u64.. {
            let wanted = match segment {
                Segment::Every => true,
                Segment::Index(number) => *number == index,
                Segment::Name(_) => false,
            };
            if let Some(step) = self.member(wanted, below, depth, b']') {
                return step;
            }
        }
        Step::Lost
    }

    fn object(&mut self, name: &[u8], below: &[Segment], depth: usize) -> Step {
        self.at += 1;
        if self.next_is(b'}') {
            return Step::Passed;
        }
        let mut met = false;
        loop {
            self.blanks();
            let start = self.at;
            if self.text.get(start) != Some(&b'"') || !self.string() {
                return Step::Lost;
            }
            let key = &self.text[start + 1..self.at - 1];
            if key.contains(&b'\\') || !self.next_is(b':') {
                return Step::Lost;
            }
            let wanted = key == name;
            if wanted && met {
                return Step::Lost;
            }
            met |= wanted;
            if let Some(step) = self.member(wanted, below, depth, b'}') {
                return step;
            }
        }
    }

    #[inline]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// Takes one byte, with blanks before it, if it is the one.
    #[inline]
    fn next_is(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Takes the string that begins here.
    #[inline]
    fn string(&mut self) -> bool {
        self.at += 1;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return true;
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return false,
            }
        }
    }

    /// Takes the value that begins here, with no more care than to find its end.
    fn skip(&mut self) -> bool {
        let mut open = 0usize;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => {
                    if !self.string() {
                        return false;
                    }
                }
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') if open > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|byte| !word(byte)).unwrap_or(rest.len());
                }
                _ => return false,
            }
            if open == 0 {
                return true;
            }
        }
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}
