//! A batch of whole traces, digested or laid out.

use super::critical::Times;
use super::group::{Grouping, Visits};
use super::tree::{NONE, Tree};
use super::{Defects, Spans, Uneven};

/// What a batch adds up to: a row a request, of which a trace has one or more, and its visits request after request.
#[derive(Debug, Default)]
pub struct Digest {
    /// The row where the request begins.
    pub root: Vec<i64>,
    /// 1 where that is the trace's root, else 0.
    pub main: Vec<i32>,
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
        grouping.add(spans, &tree, &times, &mut made.visits, &mut made.visited);
        let requests = made.spans.len();
        made.spans.resize(requests + tree.tops.len(), 0);
        for piece in &tree.piece {
            made.spans[requests + piece] += 1;
        }
        for &top in &tree.tops {
            made.root.push(tree.row[top] as i64);
            made.main.push(i32::from(top == tree.root));
            made.start.push(tree.start[top]);
            made.end.push(tree.end[top]);
        }
    }
    Ok(made)
}

/// In place of the row above: a request begins here.
pub const ROOT: i64 = -1;
/// The row was left out, as another tells the same span.
pub const DOUBLE: i64 = -2;

/// Of each row of a batch: the row above or `ROOT` or `DOUBLE`, start and end as the tree has them.
#[derive(Debug, Default)]
pub struct Layout {
    pub above: Vec<i64>,
    /// The place of its request among those of its trace, by start.
    pub piece: Vec<i64>,
    pub start: Vec<i64>,
    pub end: Vec<i64>,
}

/// Lay the batch's trees out.
pub fn layout(spans: &Spans) -> Result<Layout, Uneven> {
    let length = spans.even()?;
    let none = || vec![0; length];
    let mut made = Layout { above: vec![DOUBLE; length], piece: none(), start: none(), end: none() };
    let (mut tree, mut defects) = (Tree::default(), Defects::default());
    for (first, past) in spans.traces() {
        tree.build(spans, first, past, &mut defects);
        for (place, &row) in tree.row.iter().enumerate() {
            let above = tree.parent[place];
            made.above[row] = if above == NONE { ROOT } else { tree.row[above] as i64 };
            made.piece[row] = tree.piece[place] as i64;
            made.start[row] = tree.start[place];
            made.end[row] = tree.end[place];
        }
    }
    Ok(made)
}
