//! Paths as a tree of their segments, in bounded memory: where there are too many to hold, those alike become one
//! variable at once. What is below the bounds is settled later (`branch`), so that the order of requests plays no part.

use std::collections::HashMap;

use crate::hash::Key;

use super::judge::{self, Candidate, Place};
use super::leaves::Leaves;
use super::segment;
use super::shape::{Shape, shape, split_ending};

/// Different numbers that are held beside each other; four are values.
pub(super) const NUMBERS: usize = 4;
/// Below so many words beside each other the tree is not made smaller.
pub(super) const LEAST: usize = 8;
/// Words that stay names where there are too many to hold.
const NAMES: usize = 64;
/// The ending of a value that spans the rest of a path.
pub const REST: u8 = u8::MAX;

/// A variable among the children of a node, for one ending of files.
#[derive(Debug, Clone, Default)]
pub struct Group {
    pub ending: u8,
    /// The node of the variable, 0 where there is none yet.
    pub variable: u32,
    /// How long the random ids are that became values, a bit for each length.
    pub lengths: u64,
    pub(super) numbers: usize,
    pub(super) words: usize,
    /// Every number, or word, that is not among the children is a value.
    pub(super) open_numbers: bool,
    pub(super) open_words: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Node {
    pub(super) parent: u32,
    /// None of a variable.
    pub(super) text: Option<Box<[u8]>>,
    pub children: HashMap<Box<[u8]>, u32>,
    pub groups: Vec<Group>,
    /// Method, whether with a slash, and leaf.
    pub ends: Vec<(u8, bool, u32)>,
    /// A variable stands here or above.
    pub(super) variable: bool,
}

#[derive(Debug, Clone)]
pub struct Trie {
    pub(super) nodes: Vec<Node>,
    pub(super) free: Vec<u32>,
    pub(super) most_nodes: usize,
    pub(super) most_words: usize,
    /// Leaves keep the values of their variables.
    pub(super) keeps_values: bool,
}

impl Trie {
    pub fn new(most_nodes: usize, most_words: usize, keeps_values: bool) -> Trie {
        let root = Node { text: Some(Box::default()), ..Node::default() };
        Trie { nodes: vec![root], free: Vec::new(), most_nodes, most_words, keeps_values }
    }

    pub fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    /// The leaf of a path that is there.
    pub fn find(&self, path: &[u8], method: u8, slash: bool) -> Option<u32> {
        let mut at = 0;
        for segment in segment::segments(path) {
            at = match self.node(at).children.get(segment) {
                Some(child) => *child,
                None => {
                    let ending = ending_of(segment);
                    let group =
                        self.node(at).groups.iter().find(|group| group.ending == ending && group.variable != 0)?;
                    let is_value = match shape_of(segment) {
                        Shape::Number => group.open_numbers,
                        shape if shape.is_certain() => true,
                        shape => shape.is_wordlike() && group.open_words,
                    };
                    is_value.then_some(group.variable)?
                }
            };
        }
        let ends = &self.node(at).ends;
        ends.iter().find(|end| end.0 == method && end.1 == slash).map(|end| end.2)
    }

    /// The methods of the leaves, and whether they end in a slash.
    pub fn ends(&self) -> HashMap<u32, (u8, bool)> {
        self.nodes.iter().flat_map(|node| node.ends.iter().map(|end| (end.2, (end.0, end.1)))).collect()
    }

    /// The leaf of a path, which is made where it is not there; None where there is no room.
    pub fn insert(&mut self, path: &[u8], method: u8, slash: bool, leaves: &mut Leaves, key: &Key) -> Option<u32> {
        if self.nodes.len() - self.free.len() + segment::DEEPEST > self.most_nodes {
            self.shrink(leaves, key);
        }
        let mut at = 0;
        for segment in segment::segments(path) {
            at = match self.node(at).children.get(segment) {
                Some(child) => *child,
                None => self.descend(at, segment, leaves, key)?,
            };
        }
        if let Some(end) = self.node(at).ends.iter().find(|end| end.0 == method && end.1 == slash) {
            return Some(end.2);
        }
        let leaf = leaves.add(self.keeps_values && self.node(at).variable);
        self.nodes[at as usize].ends.push((method, slash, leaf));
        Some(leaf)
    }

    fn descend(&mut self, at: u32, segment: &[u8], leaves: &mut Leaves, key: &Key) -> Option<u32> {
        let (ending, shape) = (ending_of(segment), shape_of(segment));
        if shape.is_certain() || ending == REST {
            if shape == Shape::Hash {
                let place = self.group(at, ending);
                self.nodes[at as usize].groups[place].lengths |= judge::length_bit(split_ending(segment).0);
            }
            return self.variable(at, ending);
        }
        let place = self.group(at, ending);
        let group = &self.nodes[at as usize].groups[place];
        let (open, many, most) = match shape {
            Shape::Number => (group.open_numbers, group.numbers, NUMBERS),
            Shape::Reserved => (false, 0, usize::MAX),
            _ => (group.open_words, group.words, self.most_words),
        };
        if open {
            return self.variable(at, ending);
        }
        if many >= most {
            self.open(at, ending, shape == Shape::Number, leaves, key);
            return self.variable(at, ending);
        }
        if self.nodes.len() - self.free.len() >= self.most_nodes {
            return None;
        }
        let variable = self.node(at).variable;
        let child = self.add(Node { parent: at, text: Some(segment.into()), variable, ..Node::default() });
        self.nodes[at as usize].children.insert(segment.into(), child);
        self.count(at, ending, shape, 1);
        Some(child)
    }

    fn add(&mut self, node: Node) -> u32 {
        match self.free.pop() {
            Some(free) => {
                self.nodes[free as usize] = node;
                free
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        }
    }

    pub(super) fn group(&mut self, at: u32, ending: u8) -> usize {
        let groups = &mut self.nodes[at as usize].groups;
        match groups.iter().position(|group| group.ending == ending) {
            Some(place) => place,
            None => {
                groups.push(Group { ending, ..Group::default() });
                groups.len() - 1
            }
        }
    }

    pub(super) fn count(&mut self, at: u32, ending: u8, shape: Shape, more: isize) {
        let place = self.group(at, ending);
        let group = &mut self.nodes[at as usize].groups[place];
        match shape {
            Shape::Number => group.numbers = group.numbers.saturating_add_signed(more),
            Shape::Reserved => {}
            _ => group.words = group.words.saturating_add_signed(more),
        }
    }

    /// The variable of a node, made where there is none and room for it.
    pub(super) fn variable(&mut self, at: u32, ending: u8) -> Option<u32> {
        let place = self.group(at, ending);
        match self.nodes[at as usize].groups[place].variable {
            0 if self.nodes.len() - self.free.len() >= self.most_nodes + segment::DEEPEST => None,
            0 => {
                let child = self.add(Node { parent: at, text: None, variable: true, ..Node::default() });
                self.nodes[at as usize].groups[place].variable = child;
                Some(child)
            }
            found => Some(found),
        }
    }

    /// Makes a variable of the numbers, or of the words that are alike, among a node's children.
    pub(super) fn open(&mut self, at: u32, ending: u8, numbers: bool, leaves: &mut Leaves, key: &Key) {
        let place = self.group(at, ending);
        let group = &mut self.nodes[at as usize].groups[place];
        let beside_variable = group.variable != 0 || group.open_numbers;
        let lengths = group.lengths;
        if numbers {
            group.open_numbers = true
        } else {
            group.open_words = true
        }
        let mut children: Vec<(Box<[u8]>, u32)> = self.nodes[at as usize]
            .children
            .iter()
            .filter(|(text, _)| ending_of(text) == ending && (shape_of(text) == Shape::Number) == numbers)
            .map(|(text, child)| (text.clone(), *child))
            .collect();
        children.sort();
        let chosen = match numbers {
            true => vec![true; children.len()],
            false => {
                self.chosen(at, &children, Place { parent: None, ending, beside_variable, lengths, full: true }, leaves)
            }
        };
        let Some(into) = self.variable(at, ending) else { return };
        for ((text, child), chosen) in children.into_iter().zip(chosen) {
            if chosen {
                self.absorb(at, &text, child, into, leaves, key);
            }
        }
    }

    /// Which of too many words are values: those alike, and of the others all but those asked for most.
    fn chosen(&self, at: u32, children: &[(Box<[u8]>, u32)], place: Place, leaves: &Leaves) -> Vec<bool> {
        let parent = (at != 0).then(|| self.node(at).text.as_deref().unwrap_or(b""));
        let candidates: Vec<Candidate> =
            children.iter().map(|(text, child)| self.candidate(text, *child, leaves)).collect();
        let mut chosen = judge::values(&candidates, &Place { parent, ..place }).unwrap_or(vec![true; children.len()]);
        let mut names: Vec<usize> = (0..children.len()).filter(|place| !chosen[*place]).collect();
        names.sort_by_key(|place| std::cmp::Reverse(candidates[*place].requests));
        for place in names.into_iter().skip(NAMES) {
            chosen[place] = candidates[place].shape != Shape::Reserved;
        }
        chosen
    }

    fn candidate<'a>(&'a self, text: &'a [u8], child: u32, leaves: &Leaves) -> Candidate<'a> {
        let node = self.node(child);
        let mut elements: Vec<Vec<u8>> = node.children.keys().map(|text| element(text)).collect();
        let beneath = node.children.values().chain(node.groups.iter().map(|group| &group.variable));
        let beneath: Vec<Vec<u8>> = beneath
            .filter(|child| **child != 0)
            .flat_map(|child| self.node(*child).children.keys().filter_map(|text| deeper(text)))
            .collect();
        elements.extend(node.groups.iter().filter(|group| group.variable != 0).map(|_| b"*".to_vec()));
        elements.extend(node.ends.iter().filter_map(|(method, _, _)| method_element(*method)));
        let elements = sorted(elements);
        let inner = !node.children.is_empty() || node.groups.iter().any(|group| group.variable != 0);
        let stem = split_ending(text).0;
        let requests = self.requests(child, leaves);
        Candidate { stem, shape: shape_of(text), requests, elements, beneath: sorted(beneath), inner }
    }

    fn requests(&self, at: u32, leaves: &Leaves) -> u64 {
        let node = self.node(at);
        let here: u64 = node.ends.iter().map(|end| leaves.get(end.2).found).sum();
        let variables = node.groups.iter().map(|group| group.variable).filter(|variable| *variable != 0);
        here + node.children.values().copied().chain(variables).map(|child| self.requests(child, leaves)).sum::<u64>()
    }
}

/// What a child says of its parent: its own name, or that it is a value.
pub fn element(text: &[u8]) -> Vec<u8> {
    match shape_of(text) {
        Shape::Reserved | Shape::Word | Shape::Locale => [b"w", text].concat(),
        _ => b"*".to_vec(),
    }
}

/// What a child's child says: its name, if it is one.
pub fn deeper(text: &[u8]) -> Option<Vec<u8>> {
    matches!(shape_of(text), Shape::Reserved | Shape::Word).then(|| text.to_vec())
}

/// In order, each once.
pub fn sorted(mut elements: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    elements.sort();
    elements.dedup();
    elements
}

/// That a method ends here; HEAD and OPTIONS may be asked of anything.
pub fn method_element(method: u8) -> Option<Vec<u8>> {
    (method != 1 && method != 6).then(|| vec![b'm', method])
}

/// The ending of a segment, REST where it is several.
pub fn ending_of(segment: &[u8]) -> u8 {
    if memchr::memchr(b'/', segment).is_some() { REST } else { split_ending(segment).1 }
}

/// The shape of a segment's stem.
pub fn shape_of(segment: &[u8]) -> Shape {
    shape(split_ending(segment).0)
}
