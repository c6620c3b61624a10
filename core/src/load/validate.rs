//! What a plan must hold beyond its types. Everything is compiled once here, so that a run never meets a bad plan.

use std::collections::HashSet;

use super::endpoint::Endpoint;
use super::extract::Reading;
use super::graph::Graph;
use super::plan::{Arrivals, Burst, Feed, FeedOrder, FeedPer, Journey, Op, Phase, Plan, Request, Shape, Think};
use super::request::Prepared;
use super::template::Names;
use crate::error::Error;
use crate::hash::Key;

/// The parent id of a trace has 16 bits for the step's number and 8 for the phase.
const MOST_STEPS: u32 = 65_535;
const MOST_PHASES: usize = 256;
/// A day beyond a year: far enough for any run, and near enough that no sum of instants overflows.
const LONGEST_NS: u64 = 366 * 86_400 * 1_000_000_000;
const HIGHEST_RATE_PER_S: f64 = 1e8;
/// A factor of gamma with this variance is below a hundredth in 84 windows of 100: more is silence, not bursts.
const MOST_VARIANCE: f64 = 50.0;
/// A window's factor is drawn whether or not anything arrives in it.
const SHORTEST_WINDOW_NS: u64 = 1_000_000;
const MOST_BURSTS: usize = 8;

/// Refuses the first fault with its place.
pub fn plan(plan: &Plan) -> Result<(), Error> {
    if plan.target.host.is_empty() || plan.target.host.bytes().any(|byte| byte <= b' ' || b"/?#@".contains(&byte)) {
        return Err(Error::plan("target.host", format!("{:?} is not a host", plan.target.host)));
    }
    if plan.target.port == 0 {
        return Err(Error::plan("target.port", "a port is from 1 to 65535"));
    }
    unique("feeds", plan.feeds.iter().map(|feed| feed.name.as_str()))?;
    for feed in &plan.feeds {
        let place = format!("feeds.{}", feed.name);
        if feed.rows.is_empty() {
            return Err(Error::plan(&place, "a feed has at least one row"));
        }
        if let Some(index) = feed.rows.iter().position(|row| row.len() != feed.columns.len()) {
            let (found, expected) = (feed.rows[index].len(), feed.columns.len());
            return Err(Error::plan(&place, format!("row {} has {found} values, not {expected}", index + 1)));
        }
        order(feed, &place)?;
    }
    journeys(plan)?;
    shape(&plan.shape)?;
    thresholds(plan)?;
    limits(plan)
}

fn order(feed: &Feed, place: &str) -> Result<(), Error> {
    if [feed.exponent, feed.shift].iter().any(|number| !number.is_finite() || *number < 0.0) {
        return Err(Error::plan(place, "an exponent and a shift are not below 0"));
    }
    if feed.order == FeedOrder::Sequential && feed.per == FeedPer::Request {
        return Err(Error::plan(place, "a row for each request is drawn: the order is random or zipf"));
    }
    Ok(())
}

fn journeys(plan: &Plan) -> Result<(), Error> {
    if plan.journeys.is_empty() {
        return Err(Error::plan("journeys", "there is none"));
    }
    unique("journeys", plan.journeys.iter().map(|journey| journey.name.as_str()))?;
    let shared = Names { vars: &[], secrets: &plan.secrets, feeds: &plan.feeds };
    let endpoint = Endpoint::new(&plan.target, &shared)?;
    let mut numbers = HashSet::new();
    for journey in &plan.journeys {
        let place = format!("journeys.{}", journey.name);
        if !(journey.weight.is_finite() && journey.weight > 0.0) {
            return Err(Error::plan(&place, format!("a weight is above 0, not {}", journey.weight)));
        }
        if requests(journey).next().is_none() {
            return Err(Error::plan(&place, "a journey has at least one request"));
        }
        unique(&place, requests(journey).map(|request| request.step.as_str()))?;
        Graph::compile(journey, false)?;
        let vars = Names::vars_of(&journey.ops);
        let names = Names { vars: &vars, ..shared };
        for op in &journey.ops {
            match op {
                Op::Request(request) => {
                    let place = format!("{place}.{}", request.step);
                    self::request(request, &place, &endpoint, &names)?;
                    if !numbers.insert(request.number) {
                        return Err(Error::plan(&place, format!("the number {} is given twice", request.number)));
                    }
                }
                Op::Think(think) => self::think(think, &place)?,
            }
        }
    }
    Ok(())
}

fn request(request: &Request, place: &str, endpoint: &Endpoint, names: &Names) -> Result<(), Error> {
    if !(1..=MOST_STEPS).contains(&request.number) {
        return Err(Error::plan(place, format!("a step's number is from 1 to {MOST_STEPS}")));
    }
    if let Some(pause) = &request.pause {
        think(pause, place)?;
    }
    if request.timeout_ns == 0 || request.timeout_ns > LONGEST_NS {
        return Err(Error::plan(place, "timeout_ns is above 0 and at most a year"));
    }
    let bare = |error: Error| Error::plan(place, error);
    Prepared::compile(request, endpoint, names).map_err(bare)?;
    Reading::compile(&request.check, &request.extract, names).map_err(bare)?;
    Ok(())
}

fn think(think: &Think, place: &str) -> Result<(), Error> {
    let longest = match *think {
        Think::Constant { value_ns } => value_ns,
        Think::Exponential { mean_ns } => mean_ns,
        Think::Uniform { low_ns, high_ns } if low_ns > high_ns => {
            return Err(Error::plan(place, "think: low_ns is not above high_ns"));
        }
        Think::Uniform { high_ns, .. } => high_ns,
        Think::Lognormal { median_ns, sigma } => {
            if !(sigma.is_finite() && sigma >= 0.0) {
                return Err(Error::plan(place, "think: sigma is not below 0"));
            }
            median_ns
        }
    };
    if longest > LONGEST_NS {
        return Err(Error::plan(place, "think: a pause is at most a year"));
    }
    Ok(())
}

fn shape(shape: &Shape) -> Result<(), Error> {
    let phases = &shape.phases;
    if (shape.arrivals == Arrivals::Once) != phases.is_empty() {
        return Err(Error::plan("shape.phases", "once has no phase, any other arrivals at least one"));
    }
    if phases.len() > MOST_PHASES {
        return Err(Error::plan("shape.phases", format!("there are {}, at most {MOST_PHASES}", phases.len())));
    }
    let mut total_ns = 0u64;
    for phase in phases {
        let place = format!("shape.phases.{}", phase.name);
        total_ns = total_ns.saturating_add(phase.duration_ns);
        if phase.duration_ns == 0 || total_ns > LONGEST_NS {
            return Err(Error::plan(&place, "a phase lasts longer than 0, and all together at most a year"));
        }
        bursts(shape.arrivals, phase, &place)?;
        match (shape.arrivals, phase.rate_per_s, phase.users) {
            (Arrivals::Poisson | Arrivals::Even, Some(rate), None) => {
                if !(0.0..=HIGHEST_RATE_PER_S).contains(&rate) {
                    let most = HIGHEST_RATE_PER_S;
                    return Err(Error::plan(&place, format!("a rate is from 0 to {most} a second, not {rate}")));
                }
            }
            (Arrivals::Closed, None, Some(_)) => {}
            (Arrivals::Closed, ..) => {
                return Err(Error::plan(&place, "a closed phase has users and no rate"));
            }
            _ => {
                return Err(Error::plan(&place, "an open phase has rate_per_s and no users"));
            }
        }
    }
    Ok(())
}

fn bursts(arrivals: Arrivals, phase: &Phase, place: &str) -> Result<(), Error> {
    let sound = |burst: &Burst| {
        (0.0..=MOST_VARIANCE).contains(&burst.variance) && (SHORTEST_WINDOW_NS..=LONGEST_NS).contains(&burst.window_ns)
    };
    if !phase.bursts.is_empty() && arrivals != Arrivals::Poisson {
        return Err(Error::plan(place, "only Poisson arrivals have bursts"));
    }
    if !phase.bursts.is_sorted_by_key(|burst| burst.window_ns) || phase.bursts.len() > MOST_BURSTS {
        return Err(Error::plan(place, format!("bursts are at most {MOST_BURSTS}, the shortest window first")));
    }
    if !phase.bursts.iter().all(sound) {
        let says = format!("a window of bursts is at least a millisecond, its variance from 0 to {MOST_VARIANCE}");
        return Err(Error::plan(place, says));
    }
    Ok(())
}

fn thresholds(plan: &Plan) -> Result<(), Error> {
    for (index, threshold) in plan.thresholds.iter().enumerate() {
        let place = format!("thresholds[{index}]");
        let journey = |journey: &&Journey| threshold.journey.as_ref().is_none_or(|name| *name == journey.name);
        let step = |journey: &Journey| match &threshold.step {
            Some(name) => requests(journey).any(|request| request.step == *name),
            None => true,
        };
        if !plan.journeys.iter().filter(journey).any(step) {
            return Err(Error::plan(&place, "it names a journey or step that the plan does not have"));
        }
    }
    Ok(())
}

fn limits(plan: &Plan) -> Result<(), Error> {
    let (limits, record) = (&plan.limits, &plan.record);
    let least = [
        ("cores", limits.cores),
        ("connections", limits.connections),
        ("journeys", limits.journeys),
        ("head_bytes", limits.head_bytes),
        ("body_bytes", limits.body_bytes),
    ];
    if let Some((name, _)) = least.iter().find(|(_, value)| *value == 0) {
        return Err(Error::plan(&format!("limits.{name}"), "a limit is at least 1"));
    }
    if record.interval_ns < 1_000_000 || record.interval_ns > LONGEST_NS {
        return Err(Error::plan("record.interval_ns", "an interval is from a millisecond to a year"));
    }
    if Key::from_hex(&record.hash_key).is_none() {
        return Err(Error::plan("record.hash_key", "a key is 32 hex digits"));
    }
    if record.trace.is_some_and(|trace| !(0.0..=1.0).contains(&trace.share)) {
        return Err(Error::plan("record.trace.share", "a share is from 0 to 1"));
    }
    Ok(())
}

fn requests(journey: &Journey) -> impl Iterator<Item = &Request> {
    journey.ops.iter().filter_map(|op| match op {
        Op::Request(request) => Some(request.as_ref()),
        Op::Think(_) => None,
    })
}

fn unique<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::plan(place, format!("the name {name:?} is given twice")));
        }
    }
    Ok(())
}
