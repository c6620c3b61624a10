//! A template of a path: what is written in every such path, and where the values stand.

use std::collections::HashSet;

use super::route::Kind;
use super::segment;

/// A piece of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(Vec<u8>),
    Value(Value),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: String,
    /// Number and Uuid bind; others take what comes.
    pub kind: Kind,
    /// Spans several segments.
    pub many: bool,
}

/// `/products/{id}.json` as segments of pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub segments: Vec<Vec<Piece>>,
    pub slash: bool,
}

impl Template {
    /// From OpenAPI's `{id}`, Starlette's `{id:int}`, Flask's `<int:id>`, Express's `:id`. An error says what is wrong.
    pub fn parse(text: &str) -> Result<Template, String> {
        Template::read(text, true)
    }

    /// From what `text` writes: values in braces; a colon may stand in a path.
    pub fn braced(text: &str) -> Result<Template, String> {
        Template::read(text, false)
    }

    fn read(text: &str, frameworks: bool) -> Result<Template, String> {
        if !text.starts_with('/') {
            return Err(format!("{text:?} is no path: it does not begin with a slash"));
        }
        let slash = text.len() > 1 && text.ends_with('/');
        let mut names = HashSet::new();
        let mut segments = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty()) {
            segments.push(pieces(part, text, frameworks, &mut names)?);
        }
        Ok(Template { segments, slash })
    }

    /// The values of a path's segments, if it is one of this template's. A value of many segments takes as few as it can.
    pub fn values<'a>(&self, path: &[&'a [u8]]) -> Option<Vec<Vec<&'a [u8]>>> {
        let mut found = Vec::new();
        fits(&self.segments, path, &mut found).then_some(found)
    }

    pub fn value_pieces(&self) -> impl Iterator<Item = &Value> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Value(value) => Some(value),
            Piece::Text(_) => None,
        })
    }

    pub fn has_many(&self) -> bool {
        self.value_pieces().any(|value| value.many)
    }

    /// As it is written everywhere: `{name}`.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            out.push('/');
            for piece in segment {
                match piece {
                    Piece::Text(text) => out.push_str(&String::from_utf8_lossy(text)),
                    Piece::Value(value) => {
                        out.push('{');
                        out.push_str(&value.name);
                        out.push('}');
                    }
                }
            }
        }
        if out.is_empty() || self.slash {
            out.push('/');
        }
        out
    }
}

/// True where the segments are the path's; what values hold is added in order.
fn fits<'a>(segments: &[Vec<Piece>], path: &[&'a [u8]], found: &mut Vec<Vec<&'a [u8]>>) -> bool {
    let Some((first, rest)) = segments.split_first() else { return path.is_empty() };
    let kept = found.len();
    if let [Piece::Value(value)] = first.as_slice()
        && value.many
    {
        for taken in 1..=path.len() {
            found.push(path[..taken].to_vec());
            if fits(rest, &path[taken..], found) {
                return true;
            }
            found.truncate(kept);
        }
        return false;
    }
    let Some((segment, after)) = path.split_first() else { return false };
    if segment_fits(first, segment, found) && fits(rest, after, found) {
        return true;
    }
    found.truncate(kept);
    false
}

/// True where a segment is made of the pieces.
pub fn segment_fits<'a>(pieces: &[Piece], segment: &'a [u8], found: &mut Vec<Vec<&'a [u8]>>) -> bool {
    match pieces.split_first() {
        None => segment.is_empty(),
        Some((Piece::Text(text), rest)) => {
            segment.strip_prefix(text.as_slice()).is_some_and(|after| segment_fits(rest, after, found))
        }
        Some((Piece::Value(value), rest)) => {
            let kept = found.len();
            // As much as there is, so that `{name}.{ending}` takes the last dot.
            for end in (1..=segment.len()).rev() {
                if holds(value.kind, &segment[..end]) {
                    found.push(vec![&segment[..end]]);
                    if segment_fits(rest, &segment[end..], found) {
                        return true;
                    }
                    found.truncate(kept);
                }
                if rest.is_empty() {
                    break;
                }
            }
            false
        }
    }
}

fn holds(kind: Kind, value: &[u8]) -> bool {
    match kind {
        Kind::Number => {
            value.strip_prefix(b"-").unwrap_or(value).iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        }
        Kind::Uuid => value.len() >= 32 && value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-'),
        _ => true,
    }
}

fn pieces(part: &str, whole: &str, frameworks: bool, names: &mut HashSet<String>) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while !rest.is_empty() {
        let (inner, after, closing) = match rest.as_bytes()[0] {
            b'{' => cut(rest, '}').ok_or_else(|| format!("{whole:?}: a brace is not closed"))?,
            b'<' if frameworks => cut(rest, '>').ok_or_else(|| format!("{whole:?}: a bracket is not closed"))?,
            b':' if frameworks && rest.len() > 1 && pieces.iter().all(is_separator) => {
                let end =
                    rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(rest.len(), |at| at + 1);
                (&rest[1..end], &rest[end..], ':')
            }
            _ => {
                let end = rest.char_indices().skip(1).find(|(at, c)| match c {
                    '{' => true,
                    '<' => frameworks,
                    ':' => frameworks && rest.as_bytes()[at - 1] == b'-',
                    _ => false,
                });
                let end = end.map_or(rest.len(), |(at, _)| at);
                let text = segment::normal(format!("/{}", &rest[..end]).as_bytes()).0[1..].to_vec();
                pieces.push(Piece::Text(text));
                rest = &rest[end..];
                continue;
            }
        };
        pieces.push(Piece::Value(value(inner, closing, whole, names)?));
        rest = after;
    }
    if pieces.len() > 1 && pieces.iter().any(|piece| matches!(piece, Piece::Value(value) if value.many)) {
        return Err(format!("{whole:?}: a value of many segments stands beside something else"));
    }
    Ok(pieces)
}

fn is_separator(piece: &Piece) -> bool {
    matches!(piece, Piece::Value(_))
        || matches!(piece, Piece::Text(text) if text.last().is_some_and(|byte| b"-.~".contains(byte)))
}

fn cut(rest: &str, closing: char) -> Option<(&str, &str, char)> {
    let end = rest.find(closing)?;
    Some((&rest[1..end], &rest[end + 1..], closing))
}

fn value(inner: &str, closing: char, whole: &str, names: &mut HashSet<String>) -> Result<Value, String> {
    let (name, converter) = match (inner.split_once(':'), closing) {
        (Some((name, converter)), '}') => (name, converter),
        (Some((converter, name)), _) => (name, converter),
        (None, _) => (inner, ""),
    };
    let (name, dots) = match name.strip_suffix("...") {
        Some(name) => (name, true),
        None => (name.trim_start_matches('*').trim_end_matches('?'), name.starts_with('*')),
    };
    let kind = match converter.split(['(', '?']).next().unwrap_or("") {
        "int" | "integer" | "long" | "float" | "number" | "decimal" => Kind::Number,
        "uuid" | "guid" => Kind::Uuid,
        "slug" => Kind::Slug,
        _ => Kind::Text,
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(format!("{whole:?}: a value has no name"));
    }
    if !names.insert(name.to_owned()) {
        return Err(format!("{whole:?}: {name} stands twice"));
    }
    Ok(Value { name: name.to_owned(), kind, many: dots || converter == "path" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<String>> {
        let segments: Vec<&[u8]> = segment::segments(path.as_bytes()).collect();
        let found = Template::parse(template).unwrap().values(&segments)?;
        Some(found.iter().map(|parts| String::from_utf8(parts.join(&b'/')).unwrap()).collect())
    }

    #[test]
    fn spellings_of_frameworks_are_one() {
        for text in ["/users/{id}/x", "/users/{id:int}/x", "/users/<id>/x", "/users/<int:id>/x", "/users/:id/x"] {
            assert_eq!(Template::parse(text).unwrap().text(), "/users/{id}/x", "{text}");
        }
        assert_eq!(Template::parse("/f/{p:path}").unwrap(), Template::parse("/f/<path:p>").unwrap());
        assert_eq!(Template::parse("/").unwrap().text(), "/");
        assert_eq!(Template::parse("/a/").unwrap().text(), "/a/");
    }

    #[test]
    fn values_are_taken_out() {
        assert_eq!(values("/users/{id}", "/users/me"), Some(vec!["me".into()]));
        assert_eq!(values("/users/<int:id>", "/users/me"), None);
        assert_eq!(values("/users/<int:id>", "/users/7"), Some(vec!["7".into()]));
        assert_eq!(values("/f/{p:path}/raw", "/f/a/b/raw"), Some(vec!["a/b".into()]));
        assert_eq!(values("/{name}.{end}", "/a.b.c"), Some(vec!["a.b".into(), "c".into()]));
        assert_eq!(values("/:from-:to", "/1-2"), Some(vec!["1".into(), "2".into()]));
        assert_eq!(values("/v{n}/x", "/v2/x"), Some(vec!["2".into()]));
        assert_eq!(values("/a", "/a/b"), None);
    }

    #[test]
    fn what_is_no_template_is_said() {
        for text in ["users", "/a/{x", "/a/{}", "/{a}/{a}", "/x{p:path}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
