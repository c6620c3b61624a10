//! The replay: requests arrive, wait for a worker, pass through their stages at three resources, and end.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::error::Error;
use crate::replay::Discipline;
use crate::replay::sharing::{Moment, Sharing};

/// How many resources there are: a stage names one by its number.
pub const RESOURCES: usize = 3;

/// What requests do: request `r` has the stages `first[r]..first[r + 1]`, one after another.
#[derive(Debug, Clone, Copy)]
pub struct Jobs<'a> {
    pub first: &'a [u32],
    pub resource: &'a [u8],
    pub demand: &'a [f64],
}

/// Workers that take requests in order of arrival (0: as many as there are requests), and the resources.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub workers: usize,
    pub resources: [Discipline; RESOURCES],
}

/// What a replay yields: when each arrival ended; and, where each request was asked for once, when each request was
/// begun and each of its stages ended (a stage that asks for nothing ends with the one before it).
#[derive(Debug)]
pub struct Replayed {
    pub ended: Vec<f64>,
    pub begun: Vec<f64>,
    pub stage_ended: Vec<f64>,
}

/// `order` says which request each arrival is, `arrived` when it comes, never before the one before it.
pub fn replay(arrived: &[f64], order: &[u32], jobs: Jobs<'_>, service: Service) -> Result<Replayed, Error> {
    check(arrived, order, jobs)?;
    let mut run = Run::new(order, jobs, service);
    for (job, &at) in arrived.iter().enumerate() {
        run.until(at);
        run.arrive(at, job);
    }
    run.until(f64::INFINITY);
    Ok(Replayed { ended: run.ended, begun: run.begun, stage_ended: run.stage_ended })
}

fn check(arrived: &[f64], order: &[u32], jobs: Jobs<'_>) -> Result<(), Error> {
    let wrong = |message: &str| Err(Error::plan("replay", message));
    if arrived.len() != order.len() || jobs.resource.len() != jobs.demand.len() {
        return wrong("columns of unequal length");
    }
    if arrived.iter().any(|at| !at.is_finite()) || arrived.windows(2).any(|pair| pair[0] > pair[1]) {
        return wrong("arrivals out of order");
    }
    let requests = jobs.first.len().saturating_sub(1);
    if order.iter().any(|request| *request as usize >= requests) {
        return wrong("an arrival of no request");
    }
    if jobs.first.windows(2).any(|pair| pair[0] > pair[1])
        || jobs.first.last().is_some_and(|last| *last as usize > jobs.demand.len())
    {
        return wrong("stages out of order");
    }
    if jobs.resource.iter().any(|resource| usize::from(*resource) >= RESOURCES) {
        return wrong("a stage at no resource");
    }
    if jobs.demand.iter().any(|demand| !demand.is_finite() || *demand < 0.0) {
        return wrong("a demand that is no length of time");
    }
    Ok(())
}

/// Servers that take what comes in order.
#[derive(Debug, Default)]
struct Line {
    busy: usize,
    waiting: VecDeque<(usize, f64)>,
}

struct Run<'a> {
    order: &'a [u32],
    jobs: Jobs<'a>,
    service: Service,
    lines: [Line; RESOURCES],
    shared: Vec<(usize, Sharing)>,
    /// What ends at an instant that is known: delays, and what a line serves.
    timed: BinaryHeap<Reverse<Moment>>,
    /// The next stage of each arrival.
    next: Vec<u32>,
    ended: Vec<f64>,
    begun: Vec<f64>,
    stage_ended: Vec<f64>,
    busy: usize,
    queue: VecDeque<usize>,
    made: u64,
}

impl<'a> Run<'a> {
    fn new(order: &'a [u32], jobs: Jobs<'a>, service: Service) -> Self {
        let shared = service.resources.iter().enumerate();
        Run {
            order,
            jobs,
            service,
            lines: Default::default(),
            shared: shared
                .filter_map(|(place, discipline)| match discipline {
                    Discipline::Sharing(servers) => Some((place, Sharing::new(*servers))),
                    _ => None,
                })
                .collect(),
            timed: BinaryHeap::new(),
            next: order.iter().map(|request| jobs.first[*request as usize]).collect(),
            ended: vec![0.0; order.len()],
            begun: vec![0.0; jobs.first.len().saturating_sub(1)],
            stage_ended: vec![0.0; jobs.demand.len()],
            busy: 0,
            queue: VecDeque::new(),
            made: 0,
        }
    }

    /// Everything that ends up to `limit`, and what follows from it.
    fn until(&mut self, limit: f64) {
        loop {
            let timed = self.timed.peek().map_or(f64::INFINITY, |Reverse(first)| first.at);
            let mut at = timed;
            let mut from = None;
            for (place, (_, sharing)) in self.shared.iter().enumerate() {
                let next = sharing.next();
                if next < at {
                    (at, from) = (next, Some(place));
                }
            }
            if at == f64::INFINITY || at > limit {
                return;
            }
            let job = match from {
                Some(place) => self.shared[place].1.leave(at),
                None => self.timed.pop().map(|Reverse(first)| first.job),
            };
            if let Some(job) = job {
                self.stage_over(at, job);
            }
        }
    }

    fn arrive(&mut self, now: f64, job: usize) {
        if self.service.workers == 0 || self.busy < self.service.workers {
            self.busy += 1;
            self.begin(now, job);
            self.proceed(now, job);
        } else {
            self.queue.push_back(job);
        }
    }

    /// The stage that the job was in is over: its server turns to the next in line, the job to its next stage.
    fn stage_over(&mut self, now: f64, job: usize) {
        let stage = self.next[job] as usize;
        self.stage_ended[stage] = now;
        let resource = usize::from(self.jobs.resource[stage]);
        if let Discipline::Fifo(_) = self.service.resources[resource] {
            let line = &mut self.lines[resource];
            match line.waiting.pop_front() {
                Some((waiting, demand)) => self.time(now + demand, waiting),
                None => line.busy -= 1,
            }
        }
        self.next[job] += 1;
        self.proceed(now, job);
    }

    /// Into the next stage that asks for anything, or to the end; then the next that waits takes the worker's place.
    fn proceed(&mut self, now: f64, job: usize) {
        let mut turn = Some(job);
        while let Some(job) = turn {
            let past = self.jobs.first[self.order[job] as usize + 1];
            while self.next[job] < past && self.jobs.demand[self.next[job] as usize] <= 0.0 {
                self.stage_ended[self.next[job] as usize] = now;
                self.next[job] += 1;
            }
            turn = if self.next[job] < past {
                self.enter(now, job);
                None
            } else {
                self.ended[job] = now;
                let waiting = self.queue.pop_front();
                match waiting {
                    Some(waiting) => self.begin(now, waiting),
                    None => self.busy -= 1,
                }
                waiting
            };
        }
    }

    fn begin(&mut self, now: f64, job: usize) {
        self.begun[self.order[job] as usize] = now;
    }

    fn enter(&mut self, now: f64, job: usize) {
        let stage = self.next[job] as usize;
        let (resource, demand) = (usize::from(self.jobs.resource[stage]), self.jobs.demand[stage]);
        match self.service.resources[resource] {
            Discipline::Delay => self.time(now + demand, job),
            Discipline::Fifo(servers) if self.lines[resource].busy < servers => {
                self.lines[resource].busy += 1;
                self.time(now + demand, job);
            }
            Discipline::Fifo(_) => self.lines[resource].waiting.push_back((job, demand)),
            Discipline::Sharing(_) => {
                self.made += 1;
                let made = self.made;
                if let Some((_, sharing)) = self.shared.iter_mut().find(|(place, _)| *place == resource) {
                    sharing.enter(now, demand, made, job);
                }
            }
        }
    }

    fn time(&mut self, at: f64, job: usize) {
        self.made += 1;
        self.timed.push(Reverse(Moment { at, made: self.made, job }));
    }
}
