//! How the tree of paths is made smaller: a name becomes a value, and what stood beneath it goes to the variable.

use crate::hash::Key;

use super::leaves::Leaves;
use super::segment;
use super::shape::Shape;
use super::trie::{Group, LEAST, NUMBERS, Trie, ending_of, shape_of};

impl Trie {
    /// Makes a child of a node a part of the node's variable.
    pub(super) fn absorb(&mut self, at: u32, text: &[u8], child: u32, into: u32, leaves: &mut Leaves, key: &Key) {
        self.nodes[at as usize].children.remove(text);
        self.count(at, ending_of(text), shape_of(text), -1);
        if self.keeps_values {
            let mut path = self.path(at);
            path.push(b'/');
            path.extend_from_slice(text);
            self.give_values(child, &mut path, leaves, key);
        }
        self.merge(child, into, leaves, key);
    }

    fn path(&self, at: u32) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut here = at;
        while here != 0 {
            parts.push(self.node(here).text.as_deref().unwrap_or(b""));
            here = self.node(here).parent;
        }
        parts.iter().rev().flat_map(|part| [b"/", *part].concat()).collect()
    }

    /// Leaves below a name that becomes a value: so far each had one path.
    fn give_values(&mut self, at: u32, path: &mut Vec<u8>, leaves: &mut Leaves, key: &Key) {
        let node = &mut self.nodes[at as usize];
        if node.variable {
            return;
        }
        node.variable = true;
        let (ends, children) = (node.ends.clone(), node.children.clone());
        for (_, _, leaf) in ends {
            leaves.give_values(leaf, path, key);
        }
        for (text, child) in children {
            let length = path.len();
            path.push(b'/');
            path.extend_from_slice(&text);
            self.give_values(child, path, leaves, key);
            path.truncate(length);
        }
    }

    /// Everything of one node goes to another, and the first is free.
    fn merge(&mut self, from: u32, into: u32, leaves: &mut Leaves, key: &Key) {
        let gone = std::mem::take(&mut self.nodes[from as usize]);
        self.free.push(from);
        for (method, slash, leaf) in gone.ends {
            let ends = &mut self.nodes[into as usize].ends;
            match ends.iter().find(|end| end.0 == method && end.1 == slash) {
                Some(end) => leaves.union(leaf, end.2, key),
                None => ends.push((method, slash, leaf)),
            }
        }
        let mut children: Vec<(Box<[u8]>, u32)> = gone.children.into_iter().collect();
        children.sort();
        let mut moved = Vec::new();
        for (text, child) in children {
            match self.node(into).children.get(&text) {
                Some(found) => {
                    let found = *found;
                    self.merge(child, found, leaves, key);
                }
                None => {
                    self.count(into, ending_of(&text), shape_of(&text), 1);
                    self.nodes[child as usize].parent = into;
                    self.nodes[into as usize].children.insert(text.clone(), child);
                    moved.push(text);
                }
            }
        }
        for group in gone.groups {
            self.merge_group(into, group, leaves, key);
        }
        self.settle_groups(into, &moved, leaves, key);
    }

    fn merge_group(&mut self, into: u32, theirs: Group, leaves: &mut Leaves, key: &Key) {
        let place = self.group(into, theirs.ending);
        let mine = &mut self.nodes[into as usize].groups[place];
        mine.open_numbers |= theirs.open_numbers;
        mine.open_words |= theirs.open_words;
        mine.lengths |= theirs.lengths;
        match (mine.variable, theirs.variable) {
            (_, 0) => {}
            (0, found) => {
                mine.variable = found;
                self.nodes[found as usize].parent = into;
            }
            (found, gone) => self.merge(gone, found, leaves, key),
        }
    }

    /// After a merger: what came to an open group is a value, and what is too many is opened.
    fn settle_groups(&mut self, at: u32, moved: &[Box<[u8]>], leaves: &mut Leaves, key: &Key) {
        for place in 0..self.node(at).groups.len() {
            let group = self.node(at).groups[place].clone();
            for numbers in [true, false] {
                let (open, many, most) = match numbers {
                    true => (group.open_numbers, group.numbers, NUMBERS),
                    false => (group.open_words, group.words, self.most_words),
                };
                if !open && many > most {
                    self.open(at, group.ending, numbers, leaves, key);
                } else if open && (many > 0 || !numbers) {
                    let texts: Vec<Box<[u8]>> = match numbers {
                        true => self.node(at).children.keys().cloned().collect(),
                        false => moved.to_vec(),
                    };
                    for text in texts {
                        let shape = shape_of(&text);
                        let fits = (shape == Shape::Number) == numbers && shape != Shape::Reserved;
                        if let (true, Some(child)) =
                            (fits && ending_of(&text) == group.ending, self.node(at).children.get(&text))
                        {
                            let child = *child;
                            if let Some(into) = self.variable(at, group.ending) {
                                self.absorb(at, &text, child, into, leaves, key);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Holds fewer words beside each other, until there is room.
    pub(super) fn shrink(&mut self, leaves: &mut Leaves, key: &Key) {
        while self.nodes.len() - self.free.len() + segment::DEEPEST > self.most_nodes / 4 * 3 && self.most_words > LEAST
        {
            self.most_words = (self.most_words / 2).max(LEAST);
            let mut waiting = vec![0];
            while let Some(at) = waiting.pop() {
                let over: Vec<u8> = self
                    .node(at)
                    .groups
                    .iter()
                    .filter(|group| !group.open_words && group.words > self.most_words)
                    .map(|group| group.ending)
                    .collect();
                for ending in over {
                    self.open(at, ending, false, leaves, key);
                }
                let node = self.node(at);
                waiting.extend(node.children.values());
                waiting.extend(node.groups.iter().map(|group| group.variable).filter(|variable| *variable != 0));
            }
        }
    }
}
