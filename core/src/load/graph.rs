//! Journeys whose steps lead back or apart: with which one a journey begins, and what follows a step.
//!
//! Both are drawn, keyed by the arrival, the operation and how often the journey was at it. Where each journey is run
//! once, so that every step is tried, nothing is drawn: see [`Walk`].

use std::collections::BTreeMap;

use super::plan::{self, Op};
use super::random::{Draw, MOST_OPERATIONS, MOST_VISITS, stream};
use crate::error::Error;

/// No operation: the journey ends.
pub const END: usize = usize::MAX;

/// Requests of one journey, where the plan does not say.
const MOST: u32 = 1_000;

/// A sum of probabilities may be above 1 by what rounding makes of it.
const ROUNDING: f64 = 1e-9;

/// Upper ends of the operations' shares of (0, 1); what is above the last is the end.
#[derive(Debug, Clone)]
struct Edges(Vec<(f64, usize)>);

impl Edges {
    /// By name, whatever the order in which they are written: the operations' own order makes the same draw the same.
    fn compile(place: &str, named: &BTreeMap<String, f64>, ops: &[Op]) -> Result<Self, Error> {
        let mut found = Vec::new();
        for (name, share) in named {
            let at = ops.iter().position(|op| matches!(op, Op::Request(request) if request.step == *name));
            let at = at.ok_or_else(|| Error::plan(place, format!("the journey has no step {name:?}")))?;
            if !(*share > 0.0 && *share <= 1.0) {
                return Err(Error::plan(place, format!("a probability is above 0 and at most 1, not {share}")));
            }
            found.push((*share, at));
        }
        found.sort_by_key(|(_, at)| *at);
        let mut sum = 0.0;
        for (share, _) in &mut found {
            sum += *share;
            *share = sum;
        }
        if sum > 1.0 + ROUNDING {
            return Err(Error::plan(place, format!("the probabilities add up to {sum}, which is above 1")));
        }
        if let Some((last, _)) = found.last_mut()
            && sum > 1.0 - ROUNDING
        {
            *last = 1.0;
        }
        Ok(Edges(found))
    }

    fn sum(&self) -> f64 {
        self.0.last().map_or(0.0, |(end, _)| *end)
    }

    fn pick(&self, point: f64) -> usize {
        self.0.get(self.0.partition_point(|(end, _)| *end <= point)).map_or(END, |(_, at)| *at)
    }
}

/// Every step once: in the order in which users first come to them, those in as many steps in the order of the plan;
/// whatever a step takes from earlier ones was then given. Steps that nobody comes to are last.
#[derive(Debug, Clone)]
struct Walk {
    first: usize,
    after: Vec<usize>,
}

/// What follows what in one journey.
#[derive(Debug, Clone)]
pub struct Graph {
    start: Option<Edges>,
    /// By operation; None where the next one in the plan follows.
    next: Vec<Option<Edges>>,
    most: u32,
    walk: Option<Walk>,
}

impl Graph {
    /// The graph of a journey; None where its operations simply follow each other. `once`: see [`Walk`].
    pub fn compile(journey: &plan::Journey, once: bool) -> Result<Option<Graph>, Error> {
        let next = |op: &Op| matches!(op, Op::Request(request) if request.next.is_some());
        if journey.start.is_none() && journey.most.is_none() && !journey.ops.iter().any(next) {
            return Ok(None);
        }
        let place = format!("journeys.{}", journey.name);
        let most = journey.most.unwrap_or(MOST);
        if !(1..=MOST_VISITS).contains(&most) {
            return Err(Error::plan(&place, format!("most is from 1 to {MOST_VISITS}, not {most}")));
        }
        if journey.ops.len() > MOST_OPERATIONS {
            return Err(Error::plan(&place, format!("steps that lead back are at most {MOST_OPERATIONS}")));
        }
        let start = match &journey.start {
            Some(named) => Some(Edges::compile(&format!("{place}.start"), named, &journey.ops)?),
            None => None,
        };
        if let Some(sum) = start.as_ref().map(Edges::sum).filter(|sum| *sum < 1.0) {
            return Err(Error::plan(&format!("{place}.start"), format!("the probabilities add up to {sum}, not to 1")));
        }
        let mut nexts = Vec::new();
        for op in &journey.ops {
            nexts.push(match op {
                Op::Request(request) => match &request.next {
                    Some(named) => {
                        Some(Edges::compile(&format!("{place}.{}.next", request.step), named, &journey.ops)?)
                    }
                    None => None,
                },
                Op::Think(_) => None,
            });
        }
        let mut graph = Graph { start, next: nexts, most, walk: None };
        if once {
            graph.walk = Some(graph.walk(&journey.ops));
        }
        Ok(Some(graph))
    }

    /// Whether a journey begins with a request whatever the first operation is.
    pub fn begins_anywhere(&self) -> bool {
        self.start.is_some()
    }

    /// The operation with which a journey begins.
    pub fn first(&self, seed: u64, arrival: u64) -> usize {
        match (&self.walk, &self.start) {
            (Some(walk), _) => walk.first,
            (None, Some(start)) => start.pick(Draw::new(seed, arrival, stream::ENTRY, 0).unit()),
            (None, None) => 0,
        }
    }

    /// The operation that follows the request at `at`, whose key is `op`, when the journey has made `made` of them.
    pub fn follow(&self, seed: u64, arrival: u64, at: usize, op: u32, made: u32) -> usize {
        if let Some(walk) = &self.walk {
            return walk.after.get(at).copied().unwrap_or(END);
        }
        if made >= self.most {
            return END;
        }
        match self.next.get(at) {
            Some(Some(edges)) => edges.pick(Draw::new(seed, arrival, op, stream::NEXT).unit()),
            _ => at + 1,
        }
    }

    fn walk(&self, ops: &[Op]) -> Walk {
        let requests: Vec<usize> = (0..ops.len()).filter(|at| matches!(ops[*at], Op::Request(_))).collect();
        // The first request at or after an operation: those who come to a pause go on to it.
        let reached = |from: usize| requests.iter().copied().find(|at| *at >= from);
        let all = |edges: &Edges| edges.0.iter().map(|(_, at)| *at).collect::<Vec<_>>();
        let mut order = self.start.as_ref().map_or_else(|| reached(0).into_iter().collect(), all);
        let mut seen = vec![false; ops.len()];
        order.iter().for_each(|at| seen[*at] = true);
        let mut looked = 0;
        while let Some(at) = order.get(looked).copied() {
            looked += 1;
            let following = match &self.next[at] {
                Some(edges) => all(edges),
                None => reached(at + 1).into_iter().collect(),
            };
            for next in following {
                if !std::mem::replace(&mut seen[next], true) {
                    order.push(next);
                }
            }
        }
        order.extend(requests.iter().copied().filter(|at| !seen[*at]));
        let mut after = vec![END; ops.len()];
        for pair in order.windows(2) {
            after[pair[0]] = pair[1];
        }
        Walk { first: order.first().copied().unwrap_or(END), after }
    }
}
