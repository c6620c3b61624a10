//! From the tree of paths to routes with named variables and their fields.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Map;

use super::branch::Branch;
use super::leaves::Leaf;
use super::matcher::Matcher;
use super::route::{Field, Kind, METHODS, Route, Where};
use super::shape::split_ending;
use super::template::{Piece, Template, Value};
use super::trie::{REST, Trie};
use super::{Declared, NOWHERE, Routes, Settled, fields, naming, words};
use crate::lines::personal;

/// Values of one variable that its kind is told by.
const TOLD_BY: usize = 2_000;

/// A segment of a guessed template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Text(Box<[u8]>),
    Variable(u8),
}

/// A guessed route before it has its names.
struct Guess {
    parts: Vec<Part>,
    method: u8,
    leaves: Vec<u32>,
    leaf: Leaf,
    template: Template,
}

impl Routes {
    /// What was found. More may be observed afterwards.
    pub fn settle(&self) -> Settled {
        let mut settled = Settled { map: vec![-1; self.leaves.count()], routes: Vec::new(), notes: self.notes() };
        for (number, declared) in self.declared.iter().enumerate() {
            self.settle_declared(number as u32, declared, &mut settled);
        }
        let mut guesses = self.guesses();
        name_all(&mut guesses);
        guesses.sort_by_cached_key(|guess| (guess.template.text(), guess.method));
        let mut matcher = Matcher::default();
        for guess in guesses {
            let number = settled.routes.len();
            matcher.add(&guess.template, number as u32);
            for leaf in &guess.leaves {
                settled.map[*leaf as usize] = number as i32;
            }
            settled.routes.push(self.route_of(&guess));
        }
        self.settle_missing(&matcher, &mut settled);
        for leaf in 0..settled.map.len() {
            settled.map[leaf] = settled.map[self.leaves.root(leaf as u32) as usize];
        }
        settled.map[NOWHERE as usize] = -1;
        settled
    }

    fn notes(&self) -> Vec<String> {
        match self.beyond {
            0 => Vec::new(),
            many => vec![format!("{many} requests had paths of too many kinds to be held; they belong to no route.")],
        }
    }

    fn settle_declared(&self, number: u32, declared: &Declared, settled: &mut Settled) {
        let methods = (0..METHODS.len() as u8).filter(|method| {
            *method == declared.method
                || self.named.get(&(*method, number)).is_some_and(|leaf| self.leaves.get(*leaf).found > 0)
        });
        for method in methods {
            let leaf = self.named.get(&(method, number));
            let mut route = declared.route.clone();
            route.template = declared.template.text();
            if method != declared.method {
                METHODS[usize::from(method)].clone_into(&mut route.method);
                route.rest.retain(|name, _| name == "aside" || name == "login");
                route.sources.clear();
            }
            let empty = Leaf::default();
            let held = leaf.map_or(&empty, |leaf| self.leaves.get(*leaf));
            if held.requests > 0 && !route.sources.contains(&self.source) {
                route.sources.push(self.source.clone());
            }
            route.requests += held.requests;
            let closed = closed(&declared.template);
            let mut all = fields::of_path(&declared.template, held, &closed, &route.fields, &self.show);
            all.extend(fields::of_query(held, &route.fields, &self.show));
            route.fields = all;
            if let Some(leaf) = leaf {
                settled.map[*leaf as usize] = settled.routes.len() as i32;
            }
            settled.routes.push(route);
        }
    }

    fn guesses(&self) -> Vec<Guess> {
        let branch = Branch::of(&self.found, &self.leaves);
        let mut paths = HashMap::new();
        paths_of(&self.found, 0, &mut Vec::new(), &mut paths);
        let mut guesses = Vec::new();
        self.collect(&branch, &mut Vec::new(), &paths, &mut guesses);
        guesses
    }

    fn collect(&self, branch: &Branch, parts: &mut Vec<Part>, paths: &HashMap<u32, Vec<u8>>, guesses: &mut Vec<Guess>) {
        let mut ends: BTreeMap<(u8, bool), (Vec<u32>, Leaf)> = BTreeMap::new();
        let varies = parts.iter().any(|part| matches!(part, Part::Variable(_)));
        for (end, leaves) in &branch.ends {
            let leaves: Vec<u32> = leaves.iter().copied().filter(|leaf| self.leaves.get(*leaf).found > 0).collect();
            if !leaves.is_empty() {
                let leaf = self.leaves.together(&leaves, varies.then_some(paths), &self.key);
                ends.insert(*end, (leaves, leaf));
            }
        }
        for method in 0..METHODS.len() as u8 {
            join_slashes(&mut ends, method, &self.key);
        }
        for ((method, slash), (leaves, leaf)) in ends {
            let template = template(parts, slash && !parts.is_empty());
            guesses.push(Guess { parts: parts.clone(), method, leaves, leaf, template });
        }
        for (text, child) in &branch.texts {
            parts.push(Part::Text(text.clone()));
            self.collect(child, parts, paths, guesses);
            parts.pop();
        }
        for (ending, child) in &branch.variables {
            parts.push(Part::Variable(*ending));
            self.collect(child, parts, paths, guesses);
            parts.pop();
        }
    }

    fn route_of(&self, guess: &Guess) -> Route {
        let closed = closed(&guess.template);
        let mut all = fields::of_path(&guess.template, &guess.leaf, &closed, &[], &self.show);
        all.extend(fields::of_query(&guess.leaf, &[], &self.show));
        Route {
            method: METHODS[usize::from(guess.method)].to_owned(),
            template: guess.template.text(),
            fields: all,
            sources: vec![self.source.clone()],
            requests: guess.leaf.requests,
            rest: Map::new(),
        }
    }

    /// Requests that were not found belong to the route that their path is of, if there is one.
    fn settle_missing(&self, matcher: &Matcher, settled: &mut Settled) {
        let mut missing = HashMap::new();
        paths_of(&self.missing, 0, &mut Vec::new(), &mut missing);
        let mut missing: Vec<(u32, Vec<u8>)> = missing.into_iter().collect();
        missing.sort();
        let ends = self.missing.ends();
        for (leaf, path) in missing {
            let held = self.leaves.get(leaf);
            let segments: Vec<&[u8]> = super::segment::segments(&path).collect();
            let path = fields::unfolded(&segments);
            let (method, slash) = ends.get(&leaf).copied().unwrap_or((0, false));
            let of_method = |number: u32| settled.routes[number as usize].method == METHODS[usize::from(method)];
            let same = |number: u32| of_method(number) && settled.routes[number as usize].ends_with_slash() == slash;
            if let Some(number) = matcher.find(&path, &same).or_else(|| matcher.find(&path, &of_method)) {
                settled.map[leaf as usize] = number as i32;
                settled.routes[number as usize].requests += held.requests;
            }
        }
    }
}

/// A path with a slash at its end and one without are one route where one of them only sends on to the other.
fn join_slashes(ends: &mut BTreeMap<(u8, bool), (Vec<u32>, Leaf)>, method: u8, key: &crate::hash::Key) {
    for (from, into) in [(true, false), (false, true)] {
        let redirects =
            |slash| ends.get(&(method, slash)).map(|(_, leaf): &(Vec<u32>, Leaf)| leaf.redirects >= leaf.found);
        if (redirects(from), redirects(into)) == (Some(true), Some(false))
            && let (Some((leaves, leaf)), Some((kept, whole))) =
                (ends.remove(&(method, from)), ends.get_mut(&(method, into)))
        {
            kept.extend(leaves);
            super::leaves::merge(whole, leaf, usize::MAX, key);
        }
    }
}

/// The paths of leaves, a variable of a missing path as a zero; for the found only those that keep no values.
fn paths_of(trie: &Trie, at: u32, path: &mut Vec<u8>, paths: &mut HashMap<u32, Vec<u8>>) {
    let node = trie.node(at);
    for (_, _, leaf) in &node.ends {
        paths.insert(*leaf, if path.is_empty() { b"/".to_vec() } else { path.clone() });
    }
    for (text, child) in &node.children {
        under(trie, text, *child, path, paths);
    }
    for group in node.groups.iter().filter(|group| group.variable != 0) {
        let value = match words::name_of_ending(group.ending) {
            Some(ending) => format!("0.{ending}"),
            None => "0".to_owned(),
        };
        under(trie, value.as_bytes(), group.variable, path, paths);
    }
}

fn under(trie: &Trie, text: &[u8], child: u32, path: &mut Vec<u8>, paths: &mut HashMap<u32, Vec<u8>>) {
    let length = path.len();
    path.push(b'/');
    path.extend_from_slice(text);
    paths_of(trie, child, path, paths);
    path.truncate(length);
}

/// With numbers for names.
fn template(parts: &[Part], slash: bool) -> Template {
    let segments = parts.iter().enumerate().map(|(place, part)| match part {
        Part::Text(text) => vec![Piece::Text(text.to_vec())],
        Part::Variable(ending) => {
            let many = *ending == REST;
            let value = Piece::Value(Value { name: place.to_string(), kind: Kind::Text, many });
            match words::name_of_ending(*ending) {
                Some(ending) => vec![value, Piece::Text(format!(".{ending}").into_bytes())],
                None => vec![value],
            }
        }
    });
    Template { segments: segments.collect(), slash }
}

/// Each variable has one name in all routes that it stands in.
fn name_all(guesses: &mut [Guess]) {
    let mut values: BTreeMap<Vec<Part>, HashSet<Vec<u8>>> = BTreeMap::new();
    for guess in guesses.iter() {
        let places = (0..guess.parts.len()).filter(|place| matches!(guess.parts[*place], Part::Variable(_)));
        for (place, counts) in places.zip(fields::counted(&guess.template, &guess.leaf)) {
            let known = values.entry(guess.parts[..=place].to_vec()).or_default();
            let mut texts: Vec<Vec<u8>> = counts.into_keys().collect();
            texts.sort();
            let room = TOLD_BY.saturating_sub(known.len());
            known.extend(texts.into_iter().take(room));
        }
    }
    let mut names: HashMap<Vec<Part>, String> = HashMap::new();
    for prefix in values.keys() {
        let mut taken: HashSet<String> =
            (1..prefix.len()).filter_map(|end| names.get(&prefix[..end]).cloned()).collect();
        let mut found: Vec<&[u8]> = values[prefix].iter().map(Vec::as_slice).collect();
        found.sort_unstable();
        let Some(Part::Variable(ending)) = prefix.last() else { continue };
        let parent = match prefix.len().checked_sub(2).and_then(|place| prefix.get(place)) {
            Some(Part::Text(text)) => Some(split_ending(text).0),
            _ => None,
        };
        let kind = match parent.is_some_and(personal::is_door) {
            true => Kind::Token,
            false => fields::kind_of(found.iter().copied()),
        };
        let name = match *ending {
            REST => naming::name(None, Kind::Text, true, &[], &mut taken).replace("file", "path"),
            ending => naming::name(parent, kind, words::is_file(ending), &found, &mut taken),
        };
        names.insert(prefix.clone(), name);
    }
    for guess in guesses {
        for (place, segment) in guess.template.segments.iter_mut().enumerate() {
            for piece in segment {
                if let (Piece::Value(value), Some(name)) = (piece, names.get(&guess.parts[..=place])) {
                    value.name.clone_from(name);
                }
            }
        }
    }
}

/// Of each variable what the text before it makes of it: somebody's key, or a person's name.
fn closed(template: &Template) -> Vec<Option<Kind>> {
    let mut closed = Vec::new();
    let mut before: &[u8] = b"";
    for segment in &template.segments {
        for piece in segment {
            match piece {
                Piece::Text(text) => before = text,
                Piece::Value(_) if personal::is_door(before) => closed.push(Some(Kind::Token)),
                Piece::Value(_) => closed.push(words::names_people(before).then_some(Kind::Personal)),
            }
        }
        if segment.iter().any(|piece| matches!(piece, Piece::Value(_))) {
            before = b"";
        }
    }
    closed
}

impl Route {
    fn ends_with_slash(&self) -> bool {
        self.template.len() > 1 && self.template.ends_with('/')
    }

    /// A route of which nothing more is known.
    pub fn new(method: &str, template: &str) -> Route {
        Route {
            method: method.to_owned(),
            template: template.to_owned(),
            fields: Vec::new(),
            sources: Vec::new(),
            requests: 0,
            rest: Map::new(),
        }
    }
}

impl Template {
    /// Gives the values the kinds that fields have: numbers and UUIDs bind, and one may span segments.
    pub fn bind(&mut self, fields: &[Field]) {
        for segment in &mut self.segments {
            let alone = segment.len() == 1;
            for piece in segment {
                if let Piece::Value(value) = piece
                    && let Some(field) =
                        fields.iter().find(|field| field.place == Where::Path && field.name == value.name)
                {
                    if matches!(field.kind, Kind::Number | Kind::Uuid) {
                        value.kind = field.kind;
                    }
                    value.many |= field.many && alone;
                }
            }
        }
    }
}
