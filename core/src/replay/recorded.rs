//! What a record says under an assumed discipline: when service started, and how much of it there was.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::Error;
use crate::replay::sharing::Moment;

/// When each of the jobs, in order of arrival, was begun by `servers` that take them in that order: when at most
/// `servers - 1` of those before it were left, so at its arrival or at the `servers`-th last of the earlier ends.
pub fn in_order_starts(arrived: &[f64], ended: &[f64], servers: usize) -> Result<Vec<f64>, Error> {
    same_length(arrived.len(), ended.len())?;
    if servers == 0 {
        return Err(Error::plan("replay", "nothing is served by no server"));
    }
    let mut last: BinaryHeap<Reverse<Moment>> = BinaryHeap::new();
    let mut starts = Vec::with_capacity(arrived.len());
    for (job, (&arrived, &ended)) in arrived.iter().zip(ended).enumerate() {
        let free = match last.peek() {
            Some(Reverse(first)) if last.len() >= servers => first.at,
            _ => arrived,
        };
        starts.push(arrived.max(free));
        last.push(Reverse(Moment { at: ended, made: job as u64, job }));
        if last.len() > servers {
            last.pop();
        }
    }
    Ok(starts)
}

/// The demands of intervals that shared a resource, for each of `servers`: the integral of `min(1, servers / present)`
/// over the interval. And how many others were present at each start; of those that start at once, the earlier rows.
pub fn shared_demands(start: &[f64], end: &[f64], servers: &[f64]) -> Result<(Vec<u32>, Vec<Vec<f64>>), Error> {
    same_length(start.len(), end.len())?;
    let mut events: Vec<(f64, bool, u32)> = Vec::with_capacity(2 * start.len());
    for (job, (&start, &end)) in start.iter().zip(end).enumerate() {
        if end > start {
            events.push((start, true, job as u32));
            events.push((end, false, job as u32));
        }
    }
    // Ends come before starts of the same instant; total_cmp puts what is no number last.
    events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut present = vec![0; start.len()];
    let mut demands = vec![vec![0.0; start.len()]; servers.len()];
    let mut served = vec![0.0_f64; servers.len()];
    let mut inside = 0_u32;
    let mut last = 0.0;
    for (at, begins, job) in events {
        let job = job as usize;
        if inside > 0 {
            for (served, servers) in served.iter_mut().zip(servers) {
                *served += (at - last) * (servers / f64::from(inside)).min(1.0);
            }
        }
        last = at;
        for (demands, served) in demands.iter_mut().zip(&served) {
            demands[job] = served - demands[job];
        }
        if begins {
            // The integral so far stands in the demand until the end is met: 0 - (0 - served) is served - start.
            present[job] = inside;
            inside += 1;
        } else {
            inside -= 1;
        }
    }
    Ok((present, demands))
}

fn same_length(one: usize, other: usize) -> Result<(), Error> {
    if one == other { Ok(()) } else { Err(Error::plan("replay", format_args!("{one} instants, and {other} others"))) }
}
