//! The tree of paths settled: what stands beside each other judged from the root down, values made one variable.
//!
//! A function of the tree alone, in a fixed order, so that the order of requests plays no part.

use std::collections::BTreeMap;

use super::judge::{self, Candidate, Place};
use super::leaves::Leaves;
use super::shape::{Shape, split_ending};
use super::trie::{Trie, deeper, element, ending_of, method_element, shape_of, sorted};

/// A node of the settled tree.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    pub texts: BTreeMap<Box<[u8]>, Branch>,
    /// By the ending of files.
    pub variables: BTreeMap<u8, Branch>,
    /// How long the random ids of each variable are.
    lengths: BTreeMap<u8, u64>,
    /// By method and whether with a slash, the leaves.
    pub ends: BTreeMap<(u8, bool), Vec<u32>>,
    requests: u64,
}

impl Branch {
    /// The whole tree, settled.
    pub fn of(trie: &Trie, leaves: &Leaves) -> Branch {
        let mut root = Branch::copied(trie, 0, leaves);
        root.settle(None);
        root
    }

    fn copied(trie: &Trie, at: u32, leaves: &Leaves) -> Branch {
        let node = trie.node(at);
        let mut branch = Branch::default();
        for (method, slash, leaf) in &node.ends {
            branch.requests += leaves.get(*leaf).found;
            branch.ends.entry((*method, *slash)).or_default().push(*leaf);
        }
        for (text, child) in &node.children {
            branch.texts.insert(text.clone(), Branch::copied(trie, *child, leaves));
        }
        for group in node.groups.iter().filter(|group| group.variable != 0) {
            branch.variables.insert(group.ending, Branch::copied(trie, group.variable, leaves));
            branch.lengths.insert(group.ending, group.lengths);
        }
        branch.requests +=
            branch.texts.values().chain(branch.variables.values()).map(|child| child.requests).sum::<u64>();
        branch
    }

    fn settle(&mut self, parent: Option<&[u8]>) {
        let mut endings: Vec<u8> = self.texts.keys().map(|text| ending_of(text)).collect();
        endings.sort_unstable();
        endings.dedup();
        for ending in endings {
            let beside_variable = self.variables.contains_key(&ending);
            let lengths = self.lengths.get(&ending).copied().unwrap_or(0);
            let place = Place { parent, ending, beside_variable, lengths, full: false };
            self.settle_numbers(&place);
            let beside_variable = self.variables.contains_key(&ending);
            self.settle_words(&Place { beside_variable, ..place });
        }
        for (text, child) in &mut self.texts {
            child.settle(Some(text));
        }
        for child in self.variables.values_mut() {
            child.settle(Some(b""));
        }
    }

    fn settle_numbers(&mut self, place: &Place) {
        let numbers = self.candidates(place.ending, |shape| shape == Shape::Number);
        if !numbers.is_empty() && judge::numbers_are_values(&numbers, place) {
            let texts: Vec<Box<[u8]>> = self.with(place.ending, |shape| shape == Shape::Number);
            self.merge_into_variable(place.ending, texts);
        }
    }

    fn settle_words(&mut self, place: &Place) {
        let fits = |shape: Shape| shape != Shape::Number;
        let candidates = self.candidates(place.ending, fits);
        let chosen = match candidates.len() {
            0 => None,
            _ => judge::values(&candidates, place),
        };
        if let Some(chosen) = chosen {
            let texts = self.with(place.ending, fits);
            let texts = texts.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(text, _)| text).collect();
            self.merge_into_variable(place.ending, texts);
        }
    }

    fn with(&self, ending: u8, fits: impl Fn(Shape) -> bool) -> Vec<Box<[u8]>> {
        self.texts.keys().filter(|text| ending_of(text) == ending && fits(shape_of(text))).cloned().collect()
    }

    /// In the order of `with`.
    fn candidates(&self, ending: u8, fits: impl Fn(Shape) -> bool) -> Vec<Candidate<'_>> {
        let all = self.texts.iter().map(|(text, child)| (text, shape_of(text), child));
        all.filter(|(text, shape, _)| ending_of(text) == ending && fits(*shape))
            .map(|(text, shape, child)| Candidate {
                stem: split_ending(text).0,
                shape,
                requests: child.requests,
                elements: child.elements(),
                beneath: child.beneath(),
                inner: !child.texts.is_empty() || !child.variables.is_empty(),
            })
            .collect()
    }

    fn elements(&self) -> Vec<Vec<u8>> {
        let mut elements: Vec<Vec<u8>> = self.texts.keys().map(|text| element(text)).collect();
        elements.extend(self.variables.keys().map(|_| b"*".to_vec()));
        elements.extend(self.ends.keys().filter_map(|(method, _)| method_element(*method)));
        sorted(elements)
    }

    fn beneath(&self) -> Vec<Vec<u8>> {
        let children = self.texts.values().chain(self.variables.values());
        sorted(children.flat_map(|child| child.texts.keys().filter_map(|text| deeper(text))).collect())
    }

    fn merge_into_variable(&mut self, ending: u8, texts: Vec<Box<[u8]>>) {
        let mut variable = self.variables.remove(&ending).unwrap_or_default();
        for text in texts {
            if let Some(child) = self.texts.remove(&text) {
                variable.merge(child);
            }
        }
        self.variables.insert(ending, variable);
    }

    fn merge(&mut self, other: Branch) {
        self.requests += other.requests;
        for (end, leaves) in other.ends {
            self.ends.entry(end).or_default().extend(leaves);
        }
        for (text, child) in other.texts {
            match self.texts.get_mut(&text) {
                Some(mine) => mine.merge(child),
                None => {
                    self.texts.insert(text, child);
                }
            }
        }
        for (ending, lengths) in other.lengths {
            *self.lengths.entry(ending).or_insert(0) |= lengths;
        }
        for (ending, child) in other.variables {
            match self.variables.get_mut(&ending) {
                Some(mine) => mine.merge(child),
                None => {
                    self.variables.insert(ending, child);
                }
            }
        }
    }
}
