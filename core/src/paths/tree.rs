//! One trace's spans as a tree, whatever the columns held; see loadstone/model/trace.py for the rules.

use super::{Defects, FAILED, INSTANTS, SKEW, Spans};

pub const NONE: usize = usize::MAX;

const SERVER: i64 = 2;
const CLIENT: i64 = 3;
const CONSUMER: i64 = 5;

/// Spans by place. Its buffers are used again for the next trace.
#[derive(Debug, Default)]
pub struct Tree {
    /// The row of each place.
    pub row: Vec<usize>,
    pub start: Vec<i64>,
    pub end: Vec<i64>,
    /// The place above, NONE at the root.
    pub parent: Vec<usize>,
    /// Whether its parent may have waited for it.
    pub waited: Vec<bool>,
    pub root: usize,
    /// Where requests begin, by start: the root, and servers and consumers that are requests of their own.
    pub tops: Vec<usize>,
    /// Of each place the place in `tops` that it lies under.
    pub piece: Vec<usize>,
    /// Places in order of their parent, then of their start; those of place p are children[bounds[p]..bounds[p + 1]].
    children: Vec<usize>,
    bounds: Vec<usize>,
    /// (span id, place), sorted.
    by_id: Vec<(u64, usize)>,
    /// Has no parent in the trace.
    adrift: Vec<bool>,
    state: Vec<u8>,
    path: Vec<usize>,
    shift: Vec<i64>,
    rank: Vec<usize>,
    keys: Vec<(u64, i64, usize)>,
}

impl Tree {
    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    pub fn children(&self, place: usize) -> &[usize] {
        &self.children[self.bounds[place]..self.bounds[place + 1]]
    }

    /// Build it from the rows first..past of one trace, of which there is at least one.
    pub fn build(&mut self, spans: &Spans, first: usize, past: usize, defects: &mut Defects) {
        self.unique(spans, first, past, defects);
        self.times(spans, defects);
        self.index(spans);
        self.parents(spans);
        self.break_cycles(defects);
        self.hang(spans, defects);
        self.hold_children();
        self.one_clock(spans, defects);
        self.judge(spans, defects);
        self.split(spans);
    }

    /// Each (span id, kind) once, the longest of several.
    fn unique(&mut self, spans: &Spans, first: usize, past: usize, defects: &mut Defects) {
        self.keys.clear();
        self.keys.extend((first..past).map(|row| (spans.span[row], spans.kind[row], row)));
        self.keys.sort_unstable();
        self.row.clear();
        let mut doubles = false;
        for same in self.keys.chunk_by(|a, b| a.0 != 0 && a.0 == b.0 && a.1 == b.1) {
            let mut best = same[0].2;
            for other in &same[1..] {
                if length(spans, other.2) > length(spans, best) {
                    best = other.2;
                }
                doubles = true;
            }
            self.row.push(best);
        }
        self.row.sort_unstable();
        if doubles {
            defects.duplicates += (past - first - self.row.len()) as u64;
        }
    }

    fn times(&mut self, spans: &Spans, defects: &mut Defects) {
        self.start.clear();
        self.end.clear();
        for &row in &self.row {
            let (begin, finish) = (told(spans.start[row]), told(spans.end[row]));
            let known = begin.or(finish).unwrap_or(0);
            defects.reversed += u64::from(begin.is_none() || finish.is_none_or(|finish| finish < known));
            self.start.push(known);
            self.end.push(finish.map_or(known, |finish| finish.max(known)));
        }
    }

    fn index(&mut self, spans: &Spans) {
        self.by_id.clear();
        let ids = self.row.iter().enumerate().map(|(place, row)| (spans.span[*row], place));
        self.by_id.extend(ids.filter(|one| one.0 != 0));
        self.by_id.sort_unstable();
    }

    fn found(&self, id: u64) -> &[(u64, usize)] {
        let from = self.by_id.partition_point(|one| one.0 < id);
        let rest = &self.by_id[from..];
        &rest[..rest.iter().take_while(|one| one.0 == id).count()]
    }

    fn parents(&mut self, spans: &Spans) {
        let mut parent = std::mem::take(&mut self.parent);
        parent.clear();
        parent.extend((0..self.len()).map(|place| self.above(spans, place)));
        self.parent = parent;
    }

    /// The parent's place, NONE for none. Where a client and a server share an id (Zipkin), the server lies under the
    /// client and other spans under the server.
    fn above(&self, spans: &Spans, place: usize) -> usize {
        let kind = |place: usize| spans.kind[self.row[place]];
        let (id, above) = (spans.span[self.row[place]], spans.parent[self.row[place]]);
        if kind(place) == SERVER && id != 0 {
            let client = self.found(id).iter().find(|other| other.1 != place && kind(other.1) == CLIENT);
            if let Some(client) = client {
                return client.1;
            }
        }
        let found = if above == 0 { &[] } else { self.found(above) };
        match found {
            [] => NONE,
            [first, _, ..] if above != id => found.iter().find(|other| kind(other.1) == SERVER).unwrap_or(first).1,
            _ => found.iter().find(|other| other.1 != place).map_or(place, |other| other.1),
        }
    }

    /// Cut each cycle at its earliest span, which then has no parent.
    fn break_cycles(&mut self, defects: &mut Defects) {
        const PASSED: u8 = 1;
        const KNOWN: u8 = 2;
        self.state.clear();
        self.state.resize(self.len(), 0);
        for first in 0..self.len() {
            self.path.clear();
            let mut place = first;
            while place != NONE && self.state[place] == 0 {
                self.state[place] = PASSED;
                self.path.push(place);
                place = self.parent[place];
            }
            if place != NONE && self.state[place] == PASSED {
                let from = self.path.iter().position(|one| *one == place).unwrap_or(0);
                if let Some(&earliest) = self.path[from..].iter().min() {
                    self.parent[earliest] = NONE;
                }
                defects.cycles += 1;
            }
            for passed in &self.path {
                self.state[*passed] = KNOWN;
            }
        }
    }

    /// Choose the root and hang under it what has no parent.
    fn hang(&mut self, spans: &Spans, defects: &mut Defects) {
        let order = |place: &usize| {
            let beginning = matches!(spans.kind[self.row[*place]], SERVER | CONSUMER);
            (!beginning, self.start[*place] - self.end[*place], *place)
        };
        let tops = (0..self.len()).filter(|place| self.parent[*place] == NONE);
        self.root = tops.min_by_key(order).unwrap_or(0);
        self.adrift.clear();
        for place in 0..self.len() {
            let adrift = self.parent[place] == NONE;
            self.adrift.push(adrift);
            if adrift && place != self.root {
                self.parent[place] = self.root;
                let named = spans.parent[self.row[place]];
                defects.orphans += u64::from(named != 0 && self.found(named).is_empty());
            }
        }
    }

    fn hold_children(&mut self) {
        self.bounds.clear();
        self.bounds.resize(self.len() + 2, 0);
        for above in self.parent.iter().filter(|above| **above != NONE) {
            self.bounds[above + 2] += 1;
        }
        for place in 1..self.bounds.len() {
            self.bounds[place] += self.bounds[place - 1];
        }
        self.children.clear();
        self.children.resize(self.len().saturating_sub(1), 0);
        for (place, above) in self.parent.iter().enumerate() {
            if *above != NONE {
                self.children[self.bounds[above + 1]] = place;
                self.bounds[above + 1] += 1;
            }
        }
    }

    /// Move what another host's clock told into its caller's time.
    fn one_clock(&mut self, spans: &Spans, defects: &mut Defects) {
        self.shift.clear();
        self.shift.resize(self.len(), 0);
        self.path.clear();
        self.path.push(self.root);
        let mut moved = false;
        let mut next = 0;
        while let Some(&above) = self.path.get(next) {
            next += 1;
            let row = self.row[above];
            let (low, high) = (self.start[above] + self.shift[above], self.end[above] + self.shift[above]);
            for at in self.bounds[above]..self.bounds[above + 1] {
                let place = self.children[at];
                self.path.push(place);
                if self.adrift[place] {
                    continue;
                }
                let own = self.row[place];
                let known = spans.host[own] != 0 && spans.host[row] != 0;
                let column = if known { &spans.host } else { &spans.service };
                if column[own] == column[row] {
                    self.shift[place] = self.shift[above];
                    continue;
                }
                let (start, end) = (self.start[place], self.end[place]);
                let spare = (high - low) - (end - start);
                let called = spans.kind[own] == SERVER && spans.kind[row] == CLIENT && spans.flags[row] & FAILED == 0;
                if called && (start < low || end > high) && spare >= 0 {
                    self.shift[place] = low + spare / 2 - start;
                    moved |= self.shift[place] != 0;
                    defects.shifted += 1;
                }
            }
        }
        if moved {
            for (place, shift) in self.shift.iter().enumerate() {
                self.start[place] += shift;
                self.end[place] += shift;
            }
        }
    }

    /// Sort children by their start; count what does not fit into its parent; find what was waited for.
    fn judge(&mut self, spans: &Spans, defects: &mut Defects) {
        self.waited.clear();
        self.waited.resize(self.len(), false);
        for above in 0..self.len() {
            let (start, end) = (&self.start, &self.end);
            let below = &mut self.children[self.bounds[above]..self.bounds[above + 1]];
            below.sort_by_key(|place| start[*place]);
            let late = end[above].saturating_add(SKEW);
            for &place in below.iter() {
                defects.skewed += u64::from(start[place] < start[above].saturating_sub(SKEW));
                defects.outliving += u64::from(end[place] > late);
                let row = self.row[place];
                self.waited[place] = spans.kind[row] != CONSUMER
                    && (spans.parent[row] != 0 || !self.adrift[place])
                    && (end[place] <= late || spans.kind[self.row[above]] == CLIENT);
            }
        }
    }

    /// Let a server or consumer that has no parent, or that begins after its request has ended, begin another.
    fn split(&mut self, spans: &Spans) {
        self.tops.clear();
        self.tops.push(self.root);
        self.piece.clear();
        self.piece.resize(self.len(), self.root); // the top of each, at first
        for &place in &self.path[1..] {
            let top = self.piece[self.parent[place]];
            let row = self.row[place];
            let alone = self.adrift[place] && spans.parent[row] == 0;
            let begins = matches!(spans.kind[row], SERVER | CONSUMER);
            if begins && (alone || self.start[place] >= self.end[top]) {
                self.piece[place] = place;
                self.tops.push(place);
            } else {
                self.piece[place] = top;
            }
        }
        if self.tops.len() == 1 {
            self.piece.fill(0);
            return;
        }
        let start = &self.start;
        self.tops.sort_by_key(|top| start[*top]);
        self.rank.clear();
        self.rank.resize(self.row.len(), 0);
        for (at, &top) in self.tops.iter().enumerate() {
            self.rank[top] = at;
            self.parent[top] = NONE;
        }
        for piece in &mut self.piece {
            *piece = self.rank[*piece];
        }
        self.drop_tops();
    }

    /// Take what has no parent any more out of the children.
    fn drop_tops(&mut self) {
        let mut kept = 0;
        let mut from = 0;
        for above in 0..self.len() {
            let past = self.bounds[above + 1];
            for at in from..past {
                let place = self.children[at];
                if self.parent[place] != NONE {
                    self.children[kept] = place;
                    kept += 1;
                }
            }
            from = past;
            self.bounds[above + 1] = kept;
        }
        self.children.truncate(kept);
    }
}

fn told(instant: i64) -> Option<i64> {
    (0..INSTANTS).contains(&instant).then_some(instant)
}

fn length(spans: &Spans, row: usize) -> i64 {
    told(spans.end[row]).unwrap_or(0) - told(spans.start[row]).unwrap_or(0)
}
