//! What is known of a place where requests end: how many, which values, which parameters.

use std::collections::{BTreeSet, HashMap};

use crate::hash::Key;
use crate::lines::personal;

use super::segment;
use super::shape::{Shape, shape};
use super::tops::{Distinct, Tops};

/// Paths, or values of a parameter, that are held for one leaf.
const HELD: usize = 512;
/// The same of several leaves together, while they are settled.
const TOGETHER: usize = 16 * HELD;
/// The same once all leaves together hold `Limits::values`.
const FEW: usize = 16;
/// Parameters of a query that are told apart for one leaf; what comes beyond is not.
const PARAMETERS: usize = 32;
/// Bytes of a parameter's name.
const NAME: usize = 64;

/// The paths of a leaf that has variable parts, by the hash of their normal form.
#[derive(Debug, Clone, Default)]
pub struct Values {
    pub tops: Tops,
    /// For each segment, kept once not every path is held.
    pub distinct: Vec<Distinct>,
}

/// A parameter of the query.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: Box<[u8]>,
    pub requests: u64,
    pub tops: Tops,
    pub distinct: Option<Distinct>,
    /// Its values must not be read.
    pub telling: bool,
    last: u64,
}

impl Parameter {
    fn new(name: &[u8], show: &BTreeSet<String>) -> Parameter {
        let plain = personal::decoded(name);
        let shown = std::str::from_utf8(&plain).is_ok_and(|plain| show.contains(plain));
        let telling = !shown && personal::is_telling(&plain);
        Parameter { name: name.into(), requests: 0, tops: Tops::default(), distinct: None, telling, last: 0 }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Leaf {
    pub requests: u64,
    /// Those that were answered.
    pub found: u64,
    /// Those that were sent elsewhere.
    pub redirects: u64,
    pub values: Option<Box<Values>>,
    pub parameters: Option<Box<Vec<Parameter>>>,
}

/// All leaves. One that was merged into another forwards to it.
#[derive(Debug, Clone)]
pub struct Leaves {
    all: Vec<Leaf>,
    forward: Vec<u32>,
    /// Values held by all, and how many they may be.
    held: usize,
    most: usize,
    /// Names of parameters whose values may be read, whatever they are.
    pub show: BTreeSet<String>,
}

impl Leaves {
    /// The first leaf is where what belongs nowhere goes.
    pub fn new(most: usize) -> Leaves {
        Leaves { all: vec![Leaf::default()], forward: vec![0], held: 0, most, show: BTreeSet::new() }
    }

    /// How many there are, those that were merged included.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    pub fn add(&mut self, with_values: bool) -> u32 {
        let leaf = self.all.len() as u32;
        self.all.push(Leaf { values: with_values.then(Box::default), ..Leaf::default() });
        self.forward.push(leaf);
        leaf
    }

    /// Where a leaf has gone.
    pub fn root(&self, leaf: u32) -> u32 {
        let mut at = leaf;
        while self.forward[at as usize] != at {
            at = self.forward[at as usize];
        }
        at
    }

    pub fn get(&self, leaf: u32) -> &Leaf {
        &self.all[leaf as usize]
    }

    pub fn get_mut(&mut self, leaf: u32) -> &mut Leaf {
        &mut self.all[leaf as usize]
    }

    /// Makes `from` a part of `into`.
    pub fn union(&mut self, from: u32, into: u32, key: &Key) {
        if from == into {
            return;
        }
        let gone = std::mem::take(&mut self.all[from as usize]);
        self.forward[from as usize] = into;
        let most = self.cap();
        let leaf = &mut self.all[into as usize];
        let before = weight(leaf) + weight(&gone);
        merge(leaf, gone, most, key);
        self.held = (self.held + weight(leaf)).saturating_sub(before);
    }

    /// From now on its values are kept; so far there was one path.
    pub fn give_values(&mut self, leaf: u32, path: &[u8], key: &Key) {
        let leaf = &mut self.all[leaf as usize];
        if leaf.values.is_none() {
            let mut values = Box::<Values>::default();
            if leaf.found > 0 {
                values.tops.add(key.hash(path).max(1), leaf.found, HELD, || Some(path.into()));
                self.held += 1;
            }
            leaf.values = Some(values);
        }
    }

    fn cap(&self) -> usize {
        if self.held < self.most { HELD } else { FEW }
    }

    /// Counts an answered path under its hash.
    pub fn count_path(&mut self, leaf: u32, hash: u64, count: u64, path: &[u8], key: &Key) {
        let most = self.cap();
        if let Some(values) = &mut self.all[leaf as usize].values {
            let before = values.tops.len();
            if before >= most && values.distinct.is_empty() {
                feed_all(values, key);
            }
            if values.tops.add(hash, count, most, || Some(path.into())) && !values.distinct.is_empty() {
                feed(&mut values.distinct, path, key);
            }
            self.held = (self.held + values.tops.len()).saturating_sub(before);
        }
    }

    /// Counts the parameters of a query.
    pub fn count_query(&mut self, leaf: u32, query: &[u8], count: u64, key: &Key) {
        let most = self.cap().min(HELD / 4);
        let show = &self.show;
        let leaf = &mut self.all[leaf as usize];
        let (stamp, mut grown, mut shrunk) = (leaf.found, 0, 0);
        let parameters = leaf.parameters.get_or_insert_default();
        for pair in query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or(b""));
            let place = match parameters.iter().position(|known| *known.name == *name) {
                Some(place) => place,
                None if parameters.len() < PARAMETERS && is_name(name) => {
                    parameters.push(Parameter::new(name, show));
                    parameters.len() - 1
                }
                None => continue,
            };
            let parameter = &mut parameters[place];
            if parameter.last != stamp {
                parameter.last = stamp;
                parameter.requests += count;
            }
            let (hash, before, telling) = (key.hash(value), parameter.tops.len(), parameter.telling);
            if before >= most && parameter.distinct.is_none() {
                parameter.distinct = Some(told(&parameter.tops));
            }
            parameter.tops.add(hash, count, most, || (!telling).then(|| value.into()));
            if let Some(distinct) = &mut parameter.distinct {
                distinct.add(hash);
            }
            grown += parameter.tops.len().saturating_sub(before);
            shrunk += before.saturating_sub(parameter.tops.len());
        }
        self.held = (self.held + grown).saturating_sub(shrunk);
    }
}

impl Leaves {
    /// Several leaves as one would have been; with `paths` those that have none get their values.
    pub fn together(&self, leaves: &[u32], paths: Option<&HashMap<u32, Vec<u8>>>, key: &Key) -> Leaf {
        let mut whole = Leaf { values: paths.map(|_| Box::default()), ..Leaf::default() };
        for leaf in leaves {
            let mut held = self.all[*leaf as usize].clone();
            if let (None, Some(path)) = (&held.values, paths.and_then(|paths| paths.get(leaf))) {
                let mut values = Box::<Values>::default();
                values.tops.add(key.hash(path).max(1), held.found, HELD, || Some(path.as_slice().into()));
                held.values = Some(values);
            }
            merge(&mut whole, held, TOGETHER, key);
        }
        whole
    }
}

/// True of what names a parameter: no number, no id, nothing of a person.
fn is_name(name: &[u8]) -> bool {
    let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.[]$:%@~".contains(byte);
    (1..=NAME).contains(&name.len())
        && name.iter().all(printable)
        && !matches!(
            shape(name),
            Shape::Number | Shape::Date | Shape::Uuid | Shape::Hash | Shape::Token | Shape::Personal
        )
}

fn weight(leaf: &Leaf) -> usize {
    let parameters = leaf.parameters.iter().flat_map(|all| all.iter()).map(|one| one.tops.len());
    leaf.values.as_ref().map_or(0, |values| values.tops.len()) + parameters.sum::<usize>()
}

pub(super) fn merge(into: &mut Leaf, gone: Leaf, most: usize, key: &Key) {
    into.requests += gone.requests;
    into.found += gone.found;
    into.redirects += gone.redirects;
    match (&mut into.values, gone.values) {
        (Some(mine), Some(theirs)) => merge_values(mine, *theirs, most, key),
        (mine @ None, theirs) => *mine = theirs,
        _ => {}
    }
    for parameter in gone.parameters.map(|all| *all).unwrap_or_default() {
        let mine = into.parameters.get_or_insert_default();
        match mine.iter().position(|known| known.name == parameter.name) {
            Some(place) => merge_parameter(&mut mine[place], parameter, most.min(HELD / 4)),
            None if mine.len() < PARAMETERS => mine.push(parameter),
            None => {}
        }
    }
}

fn merge_values(mine: &mut Values, theirs: Values, most: usize, key: &Key) {
    let whole = mine.distinct.is_empty() && theirs.distinct.is_empty();
    if !whole || mine.tops.len() + theirs.tops.len() > most {
        if mine.distinct.is_empty() {
            feed_all(mine, key);
        }
        let mut theirs_distinct = theirs.distinct;
        for (_, held) in theirs.tops.iter() {
            feed(&mut theirs_distinct, held.text.as_deref().unwrap_or(b""), key);
        }
        for (place, distinct) in theirs_distinct.into_iter().enumerate() {
            match mine.distinct.get_mut(place) {
                Some(known) => known.merge(&distinct),
                None => mine.distinct.push(distinct),
            }
        }
        mine.tops.merge(theirs.tops, most);
    } else {
        mine.tops.merge(theirs.tops, most);
    }
}

fn merge_parameter(mine: &mut Parameter, theirs: Parameter, most: usize) {
    mine.requests += theirs.requests;
    mine.last = u64::MAX;
    if mine.distinct.is_some() || theirs.distinct.is_some() || mine.tops.len() + theirs.tops.len() > most {
        let mut distinct = mine.distinct.take().unwrap_or_else(|| told(&mine.tops));
        distinct.merge(&theirs.distinct.unwrap_or_else(|| told(&theirs.tops)));
        mine.distinct = Some(distinct);
    }
    mine.tops.merge(theirs.tops, most);
}

fn told(tops: &Tops) -> Distinct {
    let mut distinct = Distinct::default();
    tops.iter().for_each(|(hash, _)| distinct.add(hash));
    distinct
}

fn feed_all(values: &mut Values, key: &Key) {
    let Values { tops, distinct } = values;
    tops.iter().for_each(|(_, held)| feed(distinct, held.text.as_deref().unwrap_or(b""), key));
}

fn feed(distinct: &mut Vec<Distinct>, path: &[u8], key: &Key) {
    for (place, segment) in segment::segments(path).enumerate() {
        if place == distinct.len() {
            distinct.push(Distinct::default());
        }
        distinct[place].add(key.hash(segment));
    }
}
