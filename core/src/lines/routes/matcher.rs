//! Many templates at once: which one a path is of. What is written wins over a value, the first declared over the others.

use std::collections::HashMap;

use super::template::{Piece, Template, segment_fits};

#[derive(Debug, Clone, Default)]
struct Node {
    texts: HashMap<Vec<u8>, usize>,
    /// Pieces with a value in them, and the node behind.
    values: Vec<(Vec<Piece>, usize)>,
    /// Templates that end here.
    ends: Vec<u32>,
}

/// Templates as a tree of their segments.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    nodes: Vec<Node>,
}

impl Matcher {
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a template under a number that `find` gives back.
    pub fn add(&mut self, template: &Template, number: u32) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for pieces in &template.segments {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            let found = match pieces.as_slice() {
                [Piece::Text(text)] => *node.texts.entry(text.clone()).or_insert(next),
                _ => match node.values.iter().find(|(known, _)| alike(known, pieces)) {
                    Some((_, found)) => *found,
                    None => {
                        node.values.push((pieces.clone(), next));
                        // Those that bind more are tried first.
                        node.values.sort_by_key(|(pieces, _)| rank(pieces));
                        next
                    }
                },
            };
            if found == next {
                self.nodes.push(Node::default());
            }
            at = found;
        }
        self.nodes[at].ends.push(number);
    }

    /// The first template of a path that `wanted` takes.
    pub fn find(&self, path: &[&[u8]], wanted: &dyn Fn(u32) -> bool) -> Option<u32> {
        // A bound on backtracking; a template has at most a few values between which a path could be divided.
        let mut steps = 10_000;
        if self.nodes.is_empty() { None } else { self.walk(0, path, wanted, &mut steps) }
    }

    fn walk(&self, at: usize, path: &[&[u8]], wanted: &dyn Fn(u32) -> bool, steps: &mut u32) -> Option<u32> {
        *steps = steps.checked_sub(1)?;
        let node = &self.nodes[at];
        let Some((first, rest)) = path.split_first() else {
            return node.ends.iter().copied().find(|number| wanted(*number));
        };
        if let Some(next) = node.texts.get(*first)
            && let Some(found) = self.walk(*next, rest, wanted, steps)
        {
            return Some(found);
        }
        node.values.iter().find_map(|(pieces, next)| match pieces.as_slice() {
            [Piece::Value(value)] if value.many => {
                (1..=path.len()).find_map(|taken| self.walk(*next, &path[taken..], wanted, steps))
            }
            _ => segment_fits(pieces, first, &mut Vec::new()).then(|| self.walk(*next, rest, wanted, steps)).flatten(),
        })
    }
}

fn alike(one: &[Piece], other: &[Piece]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|pair| match pair {
            (Piece::Text(one), Piece::Text(other)) => one == other,
            (Piece::Value(one), Piece::Value(other)) => one.kind == other.kind && one.many == other.many,
            _ => false,
        })
}

/// Text binds most, then numbers and UUIDs, then any one segment, then many.
fn rank(pieces: &[Piece]) -> (bool, usize, bool) {
    use super::route::Kind;
    let many = pieces.iter().any(|piece| matches!(piece, Piece::Value(value) if value.many));
    let text: usize = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 0 }).sum();
    let free = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Value(value) if !matches!(value.kind, Kind::Number | Kind::Uuid)));
    (many, usize::MAX - text, free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::routes::segment;

    fn found(templates: &[&str], path: &str) -> Option<u32> {
        let mut matcher = Matcher::default();
        for (number, text) in templates.iter().enumerate() {
            matcher.add(&Template::parse(text).unwrap(), number as u32);
        }
        let segments: Vec<&[u8]> = segment::segments(path.as_bytes()).collect();
        matcher.find(&segments, &|_| true)
    }

    #[test]
    fn what_binds_more_wins() {
        let table = ["/users/{id}", "/users/me", "/users/<int:id>/posts", "/users/{name}/posts", "/{rest:path}", "/"];
        assert_eq!(found(&table, "/users/me"), Some(1));
        assert_eq!(found(&table, "/users/7"), Some(0));
        assert_eq!(found(&table, "/users/7/posts"), Some(2));
        assert_eq!(found(&table, "/users/ann/posts"), Some(3));
        assert_eq!(found(&table, "/users/ann/other"), Some(4));
        assert_eq!(found(&table, "/"), Some(5));
    }

    #[test]
    fn a_wrong_turn_is_taken_back() {
        let table = ["/a/{x}/b", "/a/static/c", "/{p:path}/end"];
        assert_eq!(found(&table, "/a/static/b"), Some(0));
        assert_eq!(found(&table, "/a/static/c"), Some(1));
        assert_eq!(found(&table, "/a/static/d"), None);
        assert_eq!(found(&table, "/a/static/d/end"), Some(2));
        assert_eq!(found(&[], "/a"), None);
    }

    #[test]
    fn backtracking_is_bounded() {
        let table: Vec<String> =
            vec![format!("/{}/end", (0..6).map(|n| format!("{{p{n}:path}}")).collect::<Vec<_>>().join("/x/"))];
        let names: Vec<&str> = table.iter().map(String::as_str).collect();
        assert_eq!(found(&names, &"/x".repeat(23)), None);
    }
}
