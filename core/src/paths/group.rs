//! Visits: a trace's spans grouped by their operation and their parent's.

use super::critical::Times;
use super::tree::{NONE, Tree};
use super::{ERROR, FAILED, Spans};

/// Columns of visits, a row each; see Visits in loadstone/diagnose/digest.py.
#[derive(Debug, Default)]
pub struct Visits {
    pub parent: Vec<i32>,
    pub operation: Vec<i32>,
    pub count: Vec<i32>,
    pub most: Vec<i32>,
    pub errors: Vec<i32>,
    pub parameters: Vec<i32>,
    pub rows: Vec<i64>,
    pub total: Vec<i64>,
    pub busy: Vec<i64>,
    pub own: Vec<i64>,
    pub critical: Vec<i64>,
    pub first: Vec<i64>,
    pub last: Vec<i64>,
    pub end: Vec<i64>,
}

/// Buffers that are used again for the next trace.
#[derive(Debug, Default)]
pub struct Grouping {
    /// (piece, parent's operation, operation, place), sorted.
    keys: Vec<(usize, i64, i64, usize)>,
    /// (piece, first start, first place, from, past) of each group in the keys.
    groups: Vec<(usize, i64, usize, usize, usize)>,
    ids: Vec<u64>,
    spans: Vec<(i64, i64)>,
}

impl Grouping {
    /// Add a trace's visits, piece after piece, by first start; `visited` learns how many each piece has.
    pub fn add(&mut self, spans: &Spans, tree: &Tree, times: &Times, visits: &mut Visits, visited: &mut Vec<i32>) {
        let operation = |place: usize| spans.operation[tree.row[place]];
        let above = |place: usize| if tree.parent[place] == NONE { -1 } else { operation(tree.parent[place]) };
        self.keys.clear();
        self.keys.extend((0..tree.len()).map(|place| (tree.piece[place], above(place), operation(place), place)));
        self.keys.sort_unstable();
        self.groups.clear();
        let mut from = 0;
        for group in self.keys.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let first = group.iter().map(|one| tree.start[one.3]).min().unwrap_or(0);
            self.groups.push((group[0].0, first, group[0].3, from, from + group.len()));
            from += group.len();
        }
        self.groups.sort_unstable();
        let groups = std::mem::take(&mut self.groups);
        for &(_, first, _, from, past) in &groups {
            self.visit(spans, tree, times, first, from..past, visits);
        }
        visited.extend(groups.chunk_by(|a, b| a.0 == b.0).map(|piece| piece.len() as i32));
        self.groups = groups;
    }

    fn visit(
        &mut self,
        spans: &Spans,
        tree: &Tree,
        times: &Times,
        first: i64,
        group: std::ops::Range<usize>,
        visits: &mut Visits,
    ) {
        let members = &self.keys[group];
        let places = || members.iter().map(|one| one.3);
        let rows = || members.iter().map(|one| tree.row[one.3]);
        let sum = |of: &dyn Fn(usize) -> i64| places().map(of).fold(0_i64, i64::saturating_add);
        visits.parent.push(members[0].1 as i32);
        visits.operation.push(members[0].2 as i32);
        visits.count.push(members.len() as i32);
        visits.errors.push(rows().filter(|row| spans.flags[*row] & (FAILED | ERROR) != 0).count() as i32);
        visits.total.push(sum(&|place| tree.end[place] - tree.start[place]));
        visits.own.push(sum(&|place| times.own[place]));
        visits.critical.push(sum(&|place| times.critical[place]));
        visits.first.push(first);
        visits.last.push(places().map(|place| tree.start[place]).max().unwrap_or(first));
        visits.end.push(places().map(|place| tree.end[place]).max().unwrap_or(first));
        let told = rows().map(|row| spans.rows[row]).filter(|count| *count >= 0);
        visits.rows.push(told.reduce(i64::saturating_add).unwrap_or(-1));
        self.ids.clear();
        self.ids.extend(rows().map(|row| spans.parameters[row]).filter(|hash| *hash != 0));
        self.ids.sort_unstable();
        self.ids.dedup();
        visits.parameters.push(self.ids.len() as i32);
        self.ids.clear();
        self.ids.extend(places().map(|place| tree.parent[place] as u64));
        self.ids.sort_unstable();
        visits.most.push(self.ids.chunk_by(|a, b| a == b).map(<[u64]>::len).max().unwrap_or(0) as i32);
        self.spans.clear();
        self.spans.extend(places().map(|place| (tree.start[place], tree.end[place])));
        self.spans.sort_unstable();
        visits.busy.push(union(&self.spans));
    }
}

/// The time that at least one of the spans, sorted by start, was running.
fn union(spans: &[(i64, i64)]) -> i64 {
    let mut total = 0_i64;
    let mut covered = i64::MIN;
    for &(begin, finish) in spans {
        let begin = begin.max(covered);
        if finish > begin {
            total = total.saturating_add(finish - begin);
        }
        covered = covered.max(finish);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::union;

    #[test]
    fn time_that_is_shared_counts_once() {
        assert_eq!(union(&[]), 0);
        assert_eq!(union(&[(0, 10), (2, 5), (8, 12), (20, 21), (21, 21)]), 13);
    }
}
