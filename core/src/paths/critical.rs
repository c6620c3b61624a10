//! What a tree waited for, and the time that is each span's own; see loadstone/stats/critical_path.py for the rules.

use super::tree::Tree;

const OVERLAP: i64 = 1_000_000;
/// One in so many of the shorter's time.
const OVERLAP_PART: i64 = 10;

/// Times by place. Its buffers are used again for the next trace.
#[derive(Debug, Default)]
pub struct Times {
    /// The part of the critical path.
    pub critical: Vec<i64>,
    /// What no child covers.
    pub own: Vec<i64>,
    waiting: Vec<(usize, i64, i64)>,
    /// (end, start, place) of children, cut to their parent.
    found: Vec<(i64, i64, usize)>,
    spans: Vec<(i64, i64)>,
}

impl Times {
    pub fn of(&mut self, tree: &Tree) {
        self.walk(tree);
        self.own_times(tree);
    }

    fn walk(&mut self, tree: &Tree) {
        self.critical.clear();
        self.critical.resize(tree.len(), 0);
        self.waiting.clear();
        self.waiting.extend(tree.tops.iter().map(|top| (*top, tree.start[*top], tree.end[*top])));
        while let Some((place, low, high)) = self.waiting.pop() {
            self.found.clear();
            let below = tree.children(place).iter().filter(|child| tree.waited[**child]);
            self.found.extend(below.map(|child| (tree.end[*child].min(high), tree.start[*child].max(low), *child)));
            self.found.sort_by_key(|child| (std::cmp::Reverse(child.0), child.1));
            let mut cursor = high;
            for &(mut finish, begin, child) in &self.found {
                let overlap = finish.saturating_sub(cursor);
                if overlap > 0 {
                    let shorter = finish.saturating_sub(begin).min(high - cursor);
                    if overlap > OVERLAP || overlap.saturating_mul(OVERLAP_PART) > shorter {
                        continue;
                    }
                    finish = cursor;
                }
                if begin >= finish {
                    continue;
                }
                self.critical[place] += cursor - finish;
                self.waiting.push((child, begin, finish));
                cursor = begin;
            }
            if low < cursor {
                self.critical[place] += cursor - low;
            }
        }
    }

    fn own_times(&mut self, tree: &Tree) {
        self.own.clear();
        for place in 0..tree.len() {
            let (low, high) = (tree.start[place], tree.end[place]);
            let below = tree.children(place);
            let mut left = high - low;
            if !below.is_empty() {
                self.spans.clear();
                self.spans.extend(below.iter().map(|child| (tree.start[*child], tree.end[*child])));
                self.spans.sort_unstable();
                let mut covered = low;
                for &(begin, finish) in &self.spans {
                    let (begin, finish) = (begin.max(covered), finish.min(high));
                    if finish > begin {
                        left -= finish - begin;
                        covered = finish;
                    }
                }
            }
            self.own.push(left);
        }
    }
}
