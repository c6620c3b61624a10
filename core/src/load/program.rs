//! The plan compiled: what every thread reads and none changes.

use std::sync::Arc;

use crate::error::Error;
use crate::hash::Key;
use crate::load::endpoint::Endpoint;
use crate::load::extract::Reading;
use crate::load::graph::{END, Graph};
use crate::load::journey::Journey;
use crate::load::plan::{Arrivals, Limits, Op as PlanOp, Plan, Request, Scheme, Target, Think, Threshold};
use crate::load::random::{Draw, stream};
use crate::load::request::Prepared;
use crate::load::samples::Room;
use crate::load::schedule::{Mix, Schedule};
use crate::load::tally::{Limit, Row, Tally};
use crate::load::template::{Feeds, Names};
use crate::load::trace::Tracer;
use crate::load::wire;

/// One request of a journey, ready to be sent and read.
pub struct Step {
    pub name: Arc<str>,
    pub journey: Arc<str>,
    pub method: Arc<str>,
    /// Its number over the whole plan, from 1, as traces carry it.
    pub number: u16,
    /// Its line in the tally, and its place among the samples.
    pub row: u32,
    pub request: Prepared,
    pub reading: Reading,
    pub keep: wire::Keep,
    pub timeout_ns: u64,
    /// Which of the plan's different timeouts it has.
    pub timeout: u32,
    pub redirects: u32,
    /// Thought before whatever follows.
    pub pause: Option<Think>,
}

pub enum Op {
    Request(Box<Step>),
    Think(Think),
}

pub struct JourneyProgram {
    pub ops: Vec<Op>,
    /// The last request's index; what follows are think times.
    pub last_request: usize,
    /// The whole journey's line in the tally; none where its one step's line tells it too.
    pub whole_row: Option<u32>,
    /// What follows what, where that is not the order of the operations.
    pub graph: Option<Graph>,
}

impl JourneyProgram {
    pub fn begins_with_request(&self) -> bool {
        self.graph.as_ref().is_some_and(Graph::begins_anywhere) || matches!(self.ops.first(), Some(Op::Request(_)))
    }
}

pub struct Program {
    pub seed: u64,
    pub target: Target,
    pub endpoint: Endpoint,
    pub journeys: Vec<JourneyProgram>,
    /// Steps over all journeys.
    pub steps: usize,
    /// Slots for variables of the journey that has most.
    pub most_slots: usize,
    pub feeds: Feeds,
    pub arrivals: Arrivals,
    pub schedule: Schedule,
    pub mix: Mix,
    /// Users of the closed phase that has most.
    pub most_users: u64,
    pub limits: Limits,
    pub wire_limits: wire::Limits,
    /// The plan's different timeouts.
    pub timeouts: Vec<u64>,
    pub interval_ns: u64,
    pub room: Room,
    pub exchanges: bool,
    pub hash_key: Key,
    pub tracer: Option<Tracer>,
    /// For each phase, whether it is measured.
    measured: Vec<bool>,
    rows: Arc<[Row]>,
    thresholds: usize,
}

/// Thresholds that hold for a step, or (with None) for a whole journey.
fn limits_of(thresholds: &[Threshold], journey: &str, step: Option<&str>) -> Vec<Limit> {
    let applies = |threshold: &Threshold| match (&threshold.journey, &threshold.step) {
        (None, None) => step.is_some(),
        (journey_name, Some(name)) => {
            journey_name.as_deref().is_none_or(|named| named == journey) && step == Some(name.as_str())
        }
        (Some(named), None) => step.is_none() && named == journey,
    };
    thresholds.iter().enumerate().filter(|(_, t)| applies(t)).map(|(i, t)| (i, t.limit_ns)).collect()
}

/// Compiles journeys one after the other, numbering rows and timeouts.
struct Compiler<'a> {
    plan: &'a Plan,
    endpoint: &'a Endpoint,
    rows: Vec<Row>,
    wholes: Vec<Row>,
    timeouts: Vec<u64>,
}

fn index(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

impl Compiler<'_> {
    fn step(&mut self, journey: &Arc<str>, request: &Request, names: &Names, alone: bool) -> Result<Step, Error> {
        let place = format!("journey {journey:?}, step {:?}", request.step);
        let placed = |error: Error| match error {
            Error::Plan(message) => Error::plan(&place, message),
            other => other,
        };
        let reading = Reading::compile(&request.check, &request.extract, names).map_err(placed)?;
        let mut keep = reading.keep();
        if self.plan.record.exchanges {
            keep = wire::Keep { headers: true, body: true };
        }
        let timeout = self.timeouts.iter().position(|&ns| ns == request.timeout_ns).unwrap_or_else(|| {
            self.timeouts.push(request.timeout_ns);
            self.timeouts.len() - 1
        });
        let thresholds = &self.plan.thresholds;
        let row = index(self.rows.len());
        self.rows.push(Row {
            journey: Arc::clone(journey),
            step: Some(request.step.as_str().into()),
            limits: limits_of(thresholds, journey, Some(&request.step)),
            whole: alone.then(|| limits_of(thresholds, journey, None)),
        });
        Ok(Step {
            name: request.step.as_str().into(),
            journey: Arc::clone(journey),
            method: request.method.as_str().into(),
            number: u16::try_from(request.number).unwrap_or(0),
            row,
            request: Prepared::compile(request, self.endpoint, names).map_err(placed)?,
            reading,
            keep,
            timeout_ns: request.timeout_ns,
            timeout: index(timeout),
            redirects: request.redirects,
            pause: request.pause.clone(),
        })
    }
}

impl Program {
    /// Compile a plan that was parsed. Errors are the plan's fault.
    pub fn compile(plan: Plan) -> Result<Self, Error> {
        let none: &[String] = &[];
        let endpoint = Endpoint::new(&plan.target, &Names { vars: none, secrets: &plan.secrets, feeds: &plan.feeds })?;
        let mut compiler =
            Compiler { plan: &plan, endpoint: &endpoint, rows: Vec::new(), wholes: Vec::new(), timeouts: Vec::new() };
        let mut journeys = Vec::new();
        let mut most_slots = 0;
        for journey in &plan.journeys {
            let name: Arc<str> = journey.name.as_str().into();
            let vars = Names::vars_of(&journey.ops);
            most_slots = most_slots.max(vars.len());
            let names = Names { vars: &vars, secrets: &plan.secrets, feeds: &plan.feeds };
            let graph = Graph::compile(journey, plan.shape.arrivals == Arrivals::Once)?;
            let requests = journey.ops.iter().filter(|op| matches!(op, PlanOp::Request(_))).count();
            let alone = requests == 1 && graph.is_none();
            let last = journey.ops.iter().rposition(|op| matches!(op, PlanOp::Request(_)));
            let last_request =
                last.ok_or_else(|| Error::plan(&format!("journey {name:?}"), "has no request; one is needed"))?;
            let mut ops = Vec::new();
            for op in &journey.ops {
                ops.push(match op {
                    PlanOp::Request(request) => Op::Request(Box::new(compiler.step(&name, request, &names, alone)?)),
                    PlanOp::Think(think) => Op::Think(think.clone()),
                });
            }
            let limits = limits_of(&plan.thresholds, &name, None);
            compiler.wholes.push(Row { journey: name, step: None, limits, whole: None });
            journeys.push(JourneyProgram { ops, last_request, whole_row: (!alone).then_some(0), graph });
        }
        let Compiler { mut rows, wholes, timeouts, .. } = compiler;
        let steps = rows.len();
        for (journey, whole) in journeys.iter_mut().zip(wholes) {
            if journey.whole_row.is_some() {
                journey.whole_row = Some(index(rows.len()));
                rows.push(whole);
            }
        }
        let record = &plan.record;
        let hash_key = Key::from_hex(&record.hash_key)
            .ok_or_else(|| Error::plan("record.hash_key", "is not 32 hexadecimal digits"))?;
        Ok(Self {
            seed: plan.seed,
            journeys,
            steps,
            most_slots,
            arrivals: plan.shape.arrivals,
            schedule: Schedule::new(&plan.shape, plan.seed),
            mix: Mix::new(&plan.journeys, plan.seed),
            most_users: plan.shape.phases.iter().filter_map(|phase| phase.users).max().map_or(0, u64::from),
            wire_limits: wire::Limits { head_bytes: plan.limits.head_bytes, body_bytes: plan.limits.body_bytes },
            limits: plan.limits,
            timeouts,
            interval_ns: record.interval_ns.max(1),
            room: Room { slowest: record.slowest, failed: record.failed, uniform: record.uniform },
            exchanges: record.exchanges,
            hash_key,
            tracer: record.trace.map(|trace| Tracer::new(trace, plan.seed)),
            measured: plan.shape.phases.iter().map(|phase| phase.measured).collect(),
            thresholds: plan.thresholds.len(),
            rows: rows.into(),
            feeds: Feeds::new(plan.feeds),
            target: plan.target,
            endpoint,
        })
    }

    /// An empty tally of this plan.
    pub fn tally(&self) -> Tally {
        Tally::new(Arc::clone(&self.rows), self.thresholds)
    }

    /// The end of the schedule; `once` ends by itself.
    pub fn end_ns(&self) -> u64 {
        if self.arrivals == Arrivals::Once { u64::MAX } else { self.schedule.end_ns() }
    }

    /// The phase of an instant within the schedule.
    #[inline]
    pub fn phase_at(&self, at_ns: u64) -> u8 {
        self.schedule.phase_at(at_ns).unwrap_or(0)
    }

    /// Whether a phase is measured; without phases everything is.
    #[inline]
    pub fn is_measured(&self, phase: u8) -> bool {
        self.measured.get(usize::from(phase)).copied().unwrap_or(true)
    }

    #[inline]
    pub fn journey_for(&self, arrival: u64) -> usize {
        self.mix.journey_for(arrival)
    }

    /// The request that a journey is at.
    #[inline]
    pub fn step(&self, journey: usize, at: usize) -> Option<&Step> {
        match self.journeys.get(journey)?.ops.get(at)? {
            Op::Request(step) => Some(step),
            Op::Think(_) => None,
        }
    }

    /// The operation that follows a journey's present request.
    #[inline]
    pub fn follow(&self, journey: &Journey) -> usize {
        match self.journeys.get(journey.program).and_then(|program| program.graph.as_ref()) {
            None => journey.at + 1,
            Some(graph) => graph.follow(self.seed, journey.arrival, journey.at, journey.operation(), journey.made),
        }
    }

    /// What is thought after a journey's present request. Nothing where it is the last one, but by a closed user; and
    /// nothing where each journey is run once.
    #[inline]
    pub fn pause(&self, step: &Step, journey: &Journey, ends: bool) -> u64 {
        match (&step.pause, self.arrivals) {
            (None, _) | (_, Arrivals::Once) => 0,
            (_, Arrivals::Poisson | Arrivals::Even) if ends => 0,
            (Some(pause), _) => {
                pause.draw(&mut Draw::new(self.seed, journey.arrival, journey.operation(), stream::PAUSE))
            }
        }
    }

    /// What a closed user thinks after a journey's last step, where the journey came to it.
    pub fn trailing_think(&self, journey: &Journey) -> u64 {
        let Some(ops) = self.journeys.get(journey.program).filter(|_| journey.at != END) else { return 0 };
        let think = |(i, op): (usize, &Op)| match op {
            Op::Think(think) if i > ops.last_request => {
                think.draw(&mut Draw::new(self.seed, journey.arrival, index(i), 0))
            }
            _ => 0,
        };
        ops.ops.iter().enumerate().map(think).fold(0, u64::saturating_add)
    }

    pub fn is_tls(&self) -> bool {
        self.target.scheme == Scheme::Https
    }

    /// As many threads as there is work for.
    pub fn threads(&self, cores: usize) -> usize {
        let limits = &self.limits;
        let most = match self.arrivals {
            Arrivals::Once => 1,
            Arrivals::Closed => usize::try_from(self.most_users).unwrap_or(usize::MAX),
            Arrivals::Poisson | Arrivals::Even => limits.journeys,
        };
        limits.cores.min(cores).min(most).min(limits.connections).max(1)
    }
}
