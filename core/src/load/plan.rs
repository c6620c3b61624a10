//! The plan as it arrives: the types of docs/formats.md, nothing interpreted. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::validate;
use crate::error::Error;

pub use super::part::{Encode, Part, Source};
pub use super::think::Think;

/// The plan's format that this engine reads.
pub const FORMAT: u32 = 1;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub format: u32,
    pub seed: u64,
    pub target: Target,
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    #[serde(default)]
    pub feeds: Vec<Feed>,
    pub journeys: Vec<Journey>,
    pub shape: Shape,
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    pub limits: Limits,
    pub record: Record,
}

impl Plan {
    /// Reads and validates a plan; everything in it compiles when this returns.
    pub fn parse(json: &[u8]) -> Result<Plan, Error> {
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let header: Header =
            serde_json::from_slice(json).map_err(|error| Error::Plan(format!("plan: not readable: {error}")))?;
        if header.format != FORMAT {
            let found = header.format;
            return Err(Error::Plan(format!("plan: format {found} is not known; this engine reads format {FORMAT}")));
        }
        let plan: Plan =
            serde_json::from_slice(json).map_err(|error| Error::Plan(format!("plan: not readable: {error}")))?;
        validate::plan(&plan)?;
        Ok(plan)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub scheme: Scheme,
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub tls: Tls,
    #[serde(default)]
    pub auth: Option<Auth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub ca_file: Option<String>,
    pub verify: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Tls { ca_file: None, verify: true }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    Basic(Basic),
    Bearer(Vec<Part>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    pub user: Vec<Part>,
    pub password: Vec<Part>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub order: FeedOrder,
    /// Of `zipf`: a row of rank r, from 1, is drawn with probability proportional to (r + shift)^-exponent.
    #[serde(default = "one")]
    pub exponent: f64,
    #[serde(default)]
    pub shift: f64,
    #[serde(default)]
    pub per: FeedPer,
}

fn one() -> f64 {
    1.0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedOrder {
    Sequential,
    Random,
    Zipf,
}

/// How long a row holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedPer {
    #[default]
    Journey,
    Request,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    pub name: String,
    pub weight: f64,
    pub ops: Vec<Op>,
    /// With which steps it begins, by name; without it, with the first operation.
    #[serde(default)]
    pub start: Option<BTreeMap<String, f64>>,
    /// Requests of one journey whose steps lead back.
    #[serde(default)]
    pub most: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    Request(Box<Request>),
    Think(Think),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub step: String,
    /// The step's number over the whole plan, from 1.
    pub number: u32,
    pub method: String,
    pub target: Vec<Part>,
    #[serde(default)]
    pub headers: Vec<Header>,
    #[serde(default)]
    pub body: Option<Body>,
    pub timeout_ns: u64,
    #[serde(default)]
    pub redirects: u32,
    #[serde(default)]
    pub check: Check,
    #[serde(default)]
    pub extract: Vec<Extract>,
    /// Which step follows, by name; what is missing from 1 ends the journey. Without it, the next operation.
    #[serde(default)]
    pub next: Option<BTreeMap<String, f64>>,
    /// Thought before whatever follows.
    #[serde(default)]
    pub pause: Option<Think>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub name: String,
    pub value: Vec<Part>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub parts: Vec<Part>,
    pub content_type: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// Inclusive ranges; None when nothing was asked.
    pub status: Option<Vec<(u16, u16)>>,
    pub contains: Vec<String>,
    pub regex: Vec<String>,
    pub json: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    pub name: String,
    pub source: ExtractSource,
    pub expression: String,
    #[serde(default)]
    pub pick: Pick,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtractSource {
    Json,
    Regex,
    Header,
    Cookie,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pick {
    #[default]
    First,
    Last,
    Random,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    pub arrivals: Arrivals,
    #[serde(default)]
    pub phases: Vec<Phase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    Poisson,
    Even,
    Closed,
    Once,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub name: String,
    #[serde(default)]
    pub rate_per_s: Option<f64>,
    #[serde(default)]
    pub users: Option<u32>,
    pub duration_ns: u64,
    pub measured: bool,
    /// Of Poisson arrivals: what makes them burstier, the shortest window first.
    #[serde(default)]
    pub bursts: Vec<Burst>,
}

/// Factors of the rate, one for each window: independent, gamma distributed, with mean 1 and this variance.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    pub window_ns: u64,
    pub variance: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub journey: Option<String>,
    pub step: Option<String>,
    pub limit_ns: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub cores: usize,
    pub connections: usize,
    pub journeys: usize,
    pub head_bytes: usize,
    pub body_bytes: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub interval_ns: u64,
    pub slowest: usize,
    pub failed: usize,
    pub uniform: usize,
    pub exchanges: bool,
    pub hash_key: String,
    #[serde(default)]
    pub trace: Option<Trace>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    pub share: f64,
    pub nonce: u32,
}
