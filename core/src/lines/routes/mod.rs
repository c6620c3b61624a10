//! Route templates found in raw paths: which parts of them are values, and which are names.
//!
//! Paths go into a tree of their segments (`trie`); at the end it is settled from the root down (`branch`, `judge`). A
//! path that was only ever missing, or that only scanners asked for, is held apart and makes no route; it belongs to a
//! route that others made, if one fits. Routes that a document or a framework names come before all that is guessed.

pub mod branch;
pub mod fields;
pub mod judge;
pub mod leaves;
pub mod matcher;
mod merging;
pub mod naming;
#[cfg(feature = "python")]
pub mod python;
pub mod route;
pub mod segment;
pub mod settle;
pub mod shape;
pub mod template;
pub mod tops;
pub mod trie;
pub mod words;

use std::collections::{BTreeSet, HashMap};

use crate::hash::Key;
use crate::lines::agents;
use leaves::Leaves;
use matcher::Matcher;
use route::{METHODS, Route, method_number};
use template::Template;
use trie::Trie;

/// The leaf of what belongs to no route.
pub const NOWHERE: u32 = 0;

/// Paths whose leaf is remembered.
const REMEMBERED: usize = 1 << 15;

/// Bounds of what is held. Some 30 MB at these, whatever is asked for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Nodes of the tree of paths.
    pub nodes: usize,
    /// Different words beside each other; above it those alike are values.
    pub words: usize,
    /// Nodes of the tree of paths that were not found.
    pub missing: usize,
    /// Values of variables and parameters, of all routes together.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 1 << 16, words: 1024, missing: 1 << 14, values: 1 << 17 }
    }
}

/// Where a request belongs: `leaf` is an index into `Settled::map`. `value` is a keyed hash of the path's normal form,
/// so that it tells the items of a route with variable parts apart; in a route without such parts it is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub leaf: u32,
    pub value: u64,
}

/// The routes, and from a leaf to its route, -1 where it belongs to none. `notes` say which bounds were met.
#[derive(Debug, Clone)]
pub struct Settled {
    pub map: Vec<i32>,
    pub routes: Vec<Route>,
    pub notes: Vec<String>,
}

/// A route that was named, and its template.
#[derive(Debug, Clone)]
struct Declared {
    route: Route,
    template: Template,
    method: u8,
}

/// Paths seen so far, as a tree of their segments.
#[derive(Debug, Clone)]
pub struct Routes {
    key: Key,
    source: String,
    show: BTreeSet<String>,
    declared: Vec<Declared>,
    matcher: Matcher,
    /// Leaves of declared routes, by method and place; of a method that was not declared as well.
    named: HashMap<(u8, u32), u32>,
    found: Trie,
    missing: Trie,
    leaves: Leaves,
    remembered: Vec<(u64, u32)>,
    /// Requests for which there was no room.
    beyond: u64,
}

impl Routes {
    pub fn new(key: Key, limits: Limits) -> Routes {
        Routes {
            key,
            source: "log".to_owned(),
            show: BTreeSet::new(),
            declared: Vec::new(),
            matcher: Matcher::default(),
            named: HashMap::new(),
            found: Trie::new(limits.nodes, limits.words, true),
            missing: Trie::new(limits.missing, limits.words, false),
            leaves: Leaves::new(limits.values),
            remembered: vec![(0, NOWHERE); REMEMBERED],
            beyond: 0,
        }
    }

    /// Parameters and variables whose values may be read, whatever they are.
    pub fn show(&mut self, names: impl IntoIterator<Item = String>) {
        self.show.extend(names);
        self.leaves.show.clone_from(&self.show);
    }

    /// What routes that are found are said to come from; "log" unless told.
    pub fn name_source(&mut self, source: &str) {
        source.clone_into(&mut self.source);
    }

    /// A route that a document or a framework names; it wins over what is guessed. An error says what is wrong with it.
    pub fn declare(&mut self, method: u8, template: &str) -> Result<(), String> {
        let method = METHODS[usize::from(method).min(METHODS.len() - 1)];
        let route = Route::new(method, template);
        self.declare_route(route, Template::parse(template)?)
    }

    /// The same of a JSON array of routes as loadstone/model/route.py writes them.
    pub fn declare_all(&mut self, declared: &[u8]) -> Result<(), String> {
        let routes: Vec<Route> =
            serde_json::from_slice(declared).map_err(|error| format!("routes are not understood: {error}"))?;
        routes.into_iter().try_for_each(|route| {
            let template = Template::braced(&route.template)?;
            self.declare_route(route, template)
        })
    }

    fn declare_route(&mut self, route: Route, mut template: Template) -> Result<(), String> {
        template.bind(&route.fields);
        let method = method_number(&route.method);
        self.matcher.add(&template, self.declared.len() as u32);
        self.declared.push(Declared { route, template, method });
        Ok(())
    }

    /// One request. `method` is a number as in loadstone/model/hits.py, `path` without the query and `query` without its
    /// `?`, both as the log has them; `status` is the reply's (0 where it is not known), `kind` who asked
    /// (`lines::agents`). A path that was only ever missing, or only tried by scanners, becomes no route.
    pub fn observe(&mut self, method: u8, path: &[u8], query: &[u8], status: u16, kind: u8) -> Seen {
        self.observe_many(method, path, query, status, kind, 1)
    }

    /// The same of several equal requests.
    pub fn observe_many(&mut self, method: u8, path: &[u8], query: &[u8], status: u16, kind: u8, count: u64) -> Seen {
        if path.len() > segment::LONGEST || usize::from(method) >= METHODS.len() - 2 {
            return Seen { leaf: NOWHERE, value: self.key.hash(path) };
        }
        let (normal, slash) = segment::normal(path);
        let value = self.key.hash(&normal).max(1);
        let found = kind != agents::SCANNER && is_found(status);
        let leaf = self.leaf(&normal, value, method, slash, found);
        if leaf != NOWHERE {
            let held = self.leaves.get_mut(leaf);
            held.requests += count;
            if found {
                held.found += count;
                held.redirects += if matches!(status, 301 | 302 | 303 | 307 | 308) { count } else { 0 };
                self.leaves.count_path(leaf, value, count, &normal, &self.key);
                if !query.is_empty() {
                    self.leaves.count_query(leaf, query, count, &self.key);
                }
            }
        } else {
            self.beyond += u64::from(found);
        }
        Seen { leaf, value }
    }

    fn leaf(&mut self, normal: &[u8], value: u64, method: u8, slash: bool, found: bool) -> u32 {
        let asked = u64::from(method) << 2 | u64::from(slash) << 1 | u64::from(found);
        let mark = (value ^ asked.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1);
        let place = (mark % REMEMBERED as u64) as usize;
        let (known, leaf) = self.remembered[place];
        if known == mark {
            return self.leaves.root(leaf);
        }
        let leaf = self.sought(normal, method, slash, found);
        if leaf != NOWHERE {
            self.remembered[place] = (mark, leaf);
        }
        leaf
    }

    fn sought(&mut self, normal: &[u8], method: u8, slash: bool, found: bool) -> u32 {
        if let Some(number) = self.declared_for(normal, method, slash) {
            let leaves = &mut self.leaves;
            return *self.named.entry((method, number)).or_insert_with(|| leaves.add(true));
        }
        let leaf = match found {
            true => self.found.insert(normal, method, slash, &mut self.leaves, &self.key),
            false => self
                .found
                .find(normal, method, slash)
                .or_else(|| self.missing.insert(normal, method, slash, &mut self.leaves, &self.key)),
        };
        leaf.map_or(NOWHERE, |leaf| self.leaves.root(leaf))
    }

    /// The declared route of a path: of its method first, with its slash first.
    fn declared_for(&self, normal: &[u8], method: u8, slash: bool) -> Option<u32> {
        if self.matcher.is_empty() {
            return None;
        }
        let segments: Vec<&[u8]> = segment::segments(normal).collect();
        let path = fields::unfolded(&segments);
        let of = |number: u32| &self.declared[number as usize];
        let own = |number| of(number).method == method && of(number).template.slash == slash;
        self.matcher
            .find(&path, &own)
            .or_else(|| self.matcher.find(&path, &|number| of(number).method == method))
            .or_else(|| self.matcher.find(&path, &|number| of(number).template.slash == slash))
            .or_else(|| self.matcher.find(&path, &|_| true))
    }

    /// The leaf of a path, or of a whole address, that was observed before, nothing counted: for referers.
    pub fn peek(&self, method: u8, target: &[u8]) -> Option<u32> {
        let (path, _) = segment::split_target(target);
        if path.len() > segment::LONGEST {
            return None;
        }
        let (normal, slash) = segment::normal(path);
        if let Some(number) = self.declared_for(&normal, method, slash) {
            return self.named.get(&(method, number)).copied();
        }
        let found = self.found.find(&normal, method, slash).or_else(|| self.found.find(&normal, method, !slash));
        found.map(|leaf| self.leaves.root(leaf))
    }
}

/// Whether a reply says that there is something at the path, and that it takes the method. Bad requests say nothing:
/// servers answer so before they look at the path.
pub fn is_found(status: u16) -> bool {
    !matches!(status, 400 | 404 | 405 | 408 | 414 | 431 | 444 | 494..=499 | 501 | 505)
}
