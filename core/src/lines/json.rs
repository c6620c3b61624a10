//! Lines that are JSON objects: what is sought is taken where it stands, everything else is passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memchr2;

use super::escape::hex_pair;
use super::format::{Cut, Sought};
use super::record::{FIELDS, Field, Record, Style};

/// Objects within each other on the way to a field.
const DEPTH: usize = 16;

/// The paths that are sought, as a tree; node 0 is the object itself.
#[derive(Debug, Clone)]
pub struct Json {
    nodes: Vec<Node>,
    pub styles: [Style; FIELDS],
}

#[derive(Debug, Clone, Default)]
struct Node {
    children: Vec<(Vec<u8>, usize)>,
    /// The fields whose value stands here, and the place of this path among those of the field: the lowest wins.
    wanted: Vec<(Field, u8)>,
}

/// Where the document is no JSON.
struct Broken;

impl Json {
    /// An error says what is wrong with the fields.
    pub fn new(fields: &BTreeMap<String, Sought>) -> Result<Json, String> {
        let mut json = Json::empty();
        for (name, sought) in fields {
            let field: Field = serde_json::from_value(serde_json::Value::String(name.clone()))
                .map_err(|_| format!("{name:?} is no field"))?;
            if matches!(field, Field::Skip | Field::User) {
                continue;
            }
            json.styles[field as usize] = sought.style.unwrap_or_default();
            let paths: Vec<&Vec<String>> =
                Some(&sought.path).filter(|path| !path.is_empty()).into_iter().chain(&sought.paths).collect();
            if paths.is_empty() || paths.len() > usize::from(u8::MAX) {
                return Err(format!("the field {name:?} has {} paths", paths.len()));
            }
            for (rank, path) in paths.into_iter().enumerate() {
                if path.is_empty() || path.len() > DEPTH {
                    return Err(format!("a path of the field {name:?} has {} parts", path.len()));
                }
                json.want(path, field, rank as u8);
            }
        }
        match json.nodes.len() {
            1 => Err("it has no fields".to_owned()),
            _ => Ok(json),
        }
    }

    /// For documents that hold the line proper at this path, as `Field::Skip`, and some fields beside it.
    pub fn around(inside: &[String], outer: &BTreeMap<String, Sought>) -> Result<Json, String> {
        let mut json = if outer.is_empty() { Json::empty() } else { Json::new(outer)? };
        if inside.len() > DEPTH {
            return Err(format!("the path to the line within has {} parts", inside.len()));
        }
        json.want(inside, Field::Skip, 0);
        Ok(json)
    }

    fn empty() -> Json {
        Json { nodes: vec![Node::default()], styles: [Style::Plain; FIELDS] }
    }

    /// The fields that are sought.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let wanted = self.nodes.iter().flat_map(|node| &node.wanted).map(|(field, _)| *field);
        wanted.filter(|field| *field != Field::Skip)
    }

    fn want(&mut self, path: &[String], field: Field, rank: u8) {
        let node = self.node(path);
        self.nodes[node].wanted.push((field, rank));
    }

    fn node(&mut self, path: &[String]) -> usize {
        path.iter().fold(0, |at, key| match self.child(at, key.as_bytes()) {
            Some(child) => child,
            None => {
                self.nodes.push(Node::default());
                let made = self.nodes.len() - 1;
                self.nodes[at].children.push((key.as_bytes().to_vec(), made));
                made
            }
        })
    }

    #[inline]
    fn child(&self, at: usize, key: &[u8]) -> Option<usize> {
        self.nodes[at].children.iter().find(|(name, _)| name == key).map(|(_, child)| *child)
    }

    #[inline]
    pub fn cut<'l>(&self, line: &'l [u8], record: &mut Record<'l>) -> Cut {
        let mut walk = Walk { json: self, text: line, at: 0, record, ranks: [u8::MAX; FIELDS] };
        walk.space();
        if walk.peek() != Some(b'{') {
            return Cut::Malformed("it is no JSON object");
        }
        match walk.object(0) {
            Ok(()) if line[walk.at..].trim_ascii_start().is_empty() => Cut::Fields,
            Ok(()) => Cut::Malformed("the line goes on after the JSON object"),
            Err(Broken) => Cut::Malformed("the JSON object breaks off or is none"),
        }
    }
}

struct Walk<'w, 'l> {
    json: &'w Json,
    text: &'l [u8],
    at: usize,
    record: &'w mut Record<'l>,
    ranks: [u8; FIELDS],
}

impl<'l> Walk<'_, 'l> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn token(&mut self, byte: u8) -> Result<(), Broken> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// True where another member follows, false after the closing bracket.
    #[inline]
    fn goes_on(&mut self, closing: u8) -> Result<bool, Broken> {
        self.space();
        let byte = self.peek().ok_or(Broken)?;
        self.at += 1;
        match byte {
            b',' => Ok(true),
            _ if byte == closing => Ok(false),
            _ => Err(Broken),
        }
    }

    /// The members of an object, of which a node knows some. As deep as the tree of what is sought, no deeper.
    fn object(&mut self, node: usize) -> Result<(), Broken> {
        self.token(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let (key, escaped) = self.string()?;
            let child = match escaped {
                true => self.json.child(node, &plain(key)),
                false => self.json.child(node, key),
            };
            self.token(b':')?;
            self.space();
            match child {
                Some(child) => self.value(child)?,
                None => self.pass()?,
            }
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// The items of an array: by number where the node knows numbers, else the first is the value.
    fn array(&mut self, node: usize) -> Result<(), Broken> {
        self.token(b'[')?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut number = 0;
        loop {
            self.space();
            let known = self.json.nodes[node].children.iter().find(|(name, _)| is_number(name, number));
            match known {
                Some((_, child)) => self.value(*child)?,
                None if number == 0 && !matches!(self.peek(), Some(b'[' | b'{')) => self.value(node)?,
                None => self.pass()?,
            }
            number += 1;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    fn value(&mut self, node: usize) -> Result<(), Broken> {
        match self.peek().ok_or(Broken)? {
            b'"' => {
                let (text, escaped) = self.string()?;
                self.take(node, text, escaped);
                Ok(())
            }
            b'{' => self.object(node),
            b'[' => self.array(node),
            _ => {
                let text = self.scalar()?;
                if text != b"null" {
                    self.take(node, text, false);
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn take(&mut self, node: usize, text: &'l [u8], escaped: bool) {
        for (field, rank) in &self.json.nodes[node].wanted {
            let best = &mut self.ranks[*field as usize];
            if *rank < *best && (!text.is_empty() || *best == u8::MAX) {
                *best = *rank;
                self.record.put(*field, if escaped { Cow::Owned(plain(text)) } else { Cow::Borrowed(text) });
            }
        }
    }

    /// What stands between quotes, and whether escapes are in it.
    #[inline]
    fn string(&mut self) -> Result<(&'l [u8], bool), Broken> {
        if self.peek() != Some(b'"') {
            return Err(Broken);
        }
        let start = self.at + 1;
        let (mut at, mut escaped) = (start, false);
        loop {
            let rest = self.text.get(at..).ok_or(Broken)?;
            let found = at + memchr2(b'"', b'\\', rest).ok_or(Broken)?;
            if self.text[found] == b'"' {
                self.at = found + 1;
                return Ok((&self.text[start..found], escaped));
            }
            escaped = true;
            at = found + 2;
        }
    }

    /// A number or a word.
    fn scalar(&mut self) -> Result<&'l [u8], Broken> {
        let rest = &self.text[self.at..];
        let fits = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
        let length = rest.iter().take_while(fits).count();
        self.at += length;
        match length {
            0 => Err(Broken),
            _ => Ok(&rest[..length]),
        }
    }

    /// Passes over a value of any depth.
    fn pass(&mut self) -> Result<(), Broken> {
        match self.peek().ok_or(Broken)? {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' => {
                let mut depth = 0u32;
                while let Some(byte) = self.peek() {
                    match byte {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Err(Broken)
            }
            _ => self.scalar().map(|_| ()),
        }
    }
}

fn is_number(name: &[u8], number: usize) -> bool {
    std::str::from_utf8(name).ok().and_then(|name| name.parse::<usize>().ok()) == Some(number)
}

/// A string without its escapes (RFC 8259, 7); what is no character becomes U+FFFD.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escape = text.get(at).copied().unwrap_or(b'\\');
        at += 1;
        out.push(match escape {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, length) = unicode(text, at);
                at += length;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => other,
        });
    }
    out
}

/// The character after `\u`, and how many bytes it took.
fn unicode(text: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| Some(u32::from(hex_pair(text, at)?) << 8 | u32::from(hex_pair(text, at + 2)?));
    let Some(first) = unit(at) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if (0xd800..0xdc00).contains(&first)
        && text.get(at + 4..at + 6) == Some(b"\\u")
        && let Some(second) = unit(at + 6).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}
