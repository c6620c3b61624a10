//! Route templates found in raw paths: which parts of them are values, and which are names.

pub mod route;

use std::collections::HashMap;

use crate::hash::Key;
use route::{METHODS, Route};

/// The leaf of what belongs to no route.
pub const NOWHERE: u32 = 0;

/// Bounds of what is held.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Nodes of the tree of paths.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 1 << 17 }
    }
}

/// Where a request belongs: `leaf` is an index into `Settled::map`. `value` is a keyed hash of the path, so that equal
/// values of a route's variable parts are equal; in a route without such parts it is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub leaf: u32,
    pub value: u64,
}

/// The routes, and from a leaf to its route, -1 where it belongs to none.
#[derive(Debug, Clone)]
pub struct Settled {
    pub map: Vec<i32>,
    pub routes: Vec<Route>,
}

/// Paths seen so far, as a tree of their segments.
#[derive(Debug)]
pub struct Routes {
    key: Key,
    limits: Limits,
    leaves: HashMap<(u8, Vec<u8>), u32>,
    counts: Vec<(u64, bool)>,
}

impl Routes {
    pub fn new(key: Key, limits: Limits) -> Routes {
        Routes { key, limits, leaves: HashMap::new(), counts: vec![(0, false)] }
    }

    /// A route that a document or a framework names; it wins over what is guessed. An error says what is wrong with it.
    pub fn declare(&mut self, method: u8, template: &str) -> Result<(), String> {
        self.leaf(method, template.as_bytes());
        Ok(())
    }

    /// The same of a JSON array of routes as loadstone/model/route.py writes them.
    pub fn declare_all(&mut self, declared: &[u8]) -> Result<(), String> {
        let routes: Vec<Route> = serde_json::from_slice(declared).map_err(|error| error.to_string())?;
        routes.iter().try_for_each(|route| self.declare(route::method_number(&route.method), &route.template))
    }

    /// One request. `method` is a number as in loadstone/model/hits.py, `path` without the query and `query` without its
    /// `?`, both as the log has them; `status` is the reply's (0 where it is not known), `kind` who asked
    /// (`lines::agents`). A path that was only ever missing, or only tried by scanners, becomes no route.
    pub fn observe(&mut self, method: u8, path: &[u8], _query: &[u8], status: u16, _kind: u8) -> Seen {
        let value = self.key.hash(path);
        let template: Vec<u8> = path
            .split(|byte| *byte == b'/')
            .map(|part| if part.iter().all(u8::is_ascii_digit) && !part.is_empty() { &b"{id}"[..] } else { part })
            .collect::<Vec<&[u8]>>()
            .join(&b'/');
        let leaf = self.leaf(method, &template);
        if let Some(count) = self.counts.get_mut(leaf as usize) {
            count.0 += 1;
            count.1 |= !matches!(status, 400 | 404 | 405);
        }
        Seen { leaf, value }
    }

    /// The leaf of a path that was observed before, nothing counted: for referers.
    pub fn peek(&self, method: u8, path: &[u8]) -> Option<u32> {
        self.leaves.get(&(method, path.to_vec())).copied()
    }

    /// What was found. More may be observed afterwards.
    pub fn settle(&self) -> Settled {
        let mut settled = Settled { map: vec![-1; self.counts.len()], routes: Vec::new() };
        let mut leaves: Vec<_> = self.leaves.iter().collect();
        leaves.sort();
        for ((method, template), leaf) in leaves {
            let (requests, found) = self.counts[*leaf as usize];
            if found {
                settled.map[*leaf as usize] = settled.routes.len() as i32;
                settled.routes.push(Route {
                    method: METHODS[usize::from(*method).min(METHODS.len() - 1)].to_owned(),
                    template: String::from_utf8_lossy(template).into_owned(),
                    fields: Vec::new(),
                    sources: vec!["log".to_owned()],
                    requests,
                    rest: serde_json::Map::new(),
                });
            }
        }
        settled
    }

    fn leaf(&mut self, method: u8, template: &[u8]) -> u32 {
        if let Some(leaf) = self.leaves.get(&(method, template.to_vec())) {
            return *leaf;
        }
        if self.leaves.len() >= self.limits.nodes {
            return NOWHERE;
        }
        let leaf = self.counts.len() as u32;
        self.counts.push((0, false));
        self.leaves.insert((method, template.to_vec()), leaf);
        leaf
    }
}
