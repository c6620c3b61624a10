//! A batch of whole traces, digested or laid out.

use super::critical::Times;
use super::group::{Grouping, Visits};
use super::tree::{NONE, Tree};
use super::{Defects, Spans, Uneven};

/// What a batch adds up to: a row a trace, and its visits trace after trace.
#[derive(Debug, Default)]
pub struct Digest {
    /// The row of the trace's root.
    pub root: Vec<i64>,
    pub start: Vec<i64>,
    pub end: Vec<i64>,
    /// Spans that were kept.
    pub spans: Vec<i32>,
    /// How many visits it has.
    pub visited: Vec<i32>,
    pub visits: Visits,
    pub defects: Defects,
}

/// Digest the batch.
pub fn digest(spans: &Spans) -> Result<Digest, Uneven> {
    spans.even()?;
    let (mut tree, mut times, mut grouping) = (Tree::default(), Times::default(), Grouping::default());
    let mut made = Digest::default();
    for (first, past) in spans.traces() {
        tree.build(spans, first, past, &mut made.defects);
        times.of(&tree);
        let visited = grouping.add(spans, &tree, &times, &mut made.visits);
        made.root.push(tree.row[tree.root] as i64);
        made.start.push(tree.start[tree.root]);
        made.end.push(tree.end[tree.root]);
        made.spans.push(tree.len() as i32);
        made.visited.push(visited as i32);
    }
    Ok(made)
}

/// The row above is the root's: it has none.
pub const ROOT: i64 = -1;
/// The row was left out, as another tells the same span.
pub const DOUBLE: i64 = -2;

/// Of each row of a batch: the row above or `ROOT` or `DOUBLE`, start and end as the tree has them.
#[derive(Debug, Default)]
pub struct Layout {
    pub above: Vec<i64>,
    pub start: Vec<i64>,
    pub end: Vec<i64>,
}

/// Lay the batch's trees out.
pub fn layout(spans: &Spans) -> Result<Layout, Uneven> {
    let length = spans.even()?;
    let mut made = Layout { above: vec![DOUBLE; length], start: vec![0; length], end: vec![0; length] };
    let (mut tree, mut defects) = (Tree::default(), Defects::default());
    for (first, past) in spans.traces() {
        tree.build(spans, first, past, &mut defects);
        for (place, &row) in tree.row.iter().enumerate() {
            let above = tree.parent[place];
            made.above[row] = if above == NONE { ROOT } else { tree.row[above] as i64 };
            made.start[row] = tree.start[place];
            made.end[row] = tree.end[place];
        }
    }
    Ok(made)
}
