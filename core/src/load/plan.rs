//! The plan as it arrives: the types of docs/formats.md, nothing interpreted. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::random::Draw;
use super::validate;
use crate::error::Error;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedOrder {
    Sequential,
    Random,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    pub name: String,
    pub weight: f64,
    pub ops: Vec<Op>,
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

/// A pause, drawn anew each time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "distribution", rename_all = "lowercase", deny_unknown_fields)]
pub enum Think {
    Constant { value_ns: u64 },
    Exponential { mean_ns: u64 },
    Uniform { low_ns: u64, high_ns: u64 },
    Lognormal { median_ns: u64, sigma: f64 },
}

impl Think {
    /// One pause in ns.
    pub fn draw(&self, draw: &mut Draw) -> u64 {
        match *self {
            Think::Constant { value_ns } => value_ns,
            Think::Exponential { mean_ns } => (mean_ns as f64 * draw.exponential()) as u64,
            Think::Uniform { low_ns, high_ns } => {
                low_ns.saturating_add(draw.below(high_ns.saturating_sub(low_ns).saturating_add(1)))
            }
            Think::Lognormal { median_ns, sigma } => (median_ns as f64 * (sigma * draw.normal()).exp()) as u64,
        }
    }
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

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawPart")]
pub enum Part {
    Text(String),
    Value { source: Source, encode: Encode },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Var(String),
    Feed { feed: usize, column: usize },
    Secret(String),
    Zipf { n: u64, exponent: f64 },
    Int { low: i64, high: i64 },
    Choice(Vec<String>),
    Uuid,
    Arrival,
    User,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encode {
    #[default]
    None,
    Url,
    Form,
    Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawZipf {
    n: u64,
    exponent: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInt {
    low: i64,
    high: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RawPart {
    text: Option<String>,
    var: Option<String>,
    feed: Option<usize>,
    column: Option<usize>,
    secret: Option<String>,
    zipf: Option<RawZipf>,
    int: Option<RawInt>,
    choice: Option<Vec<String>>,
    uuid: Option<Empty>,
    arrival: Option<Empty>,
    user: Option<Empty>,
    encode: Option<Encode>,
}

impl TryFrom<RawPart> for Part {
    type Error = String;

    fn try_from(raw: RawPart) -> Result<Part, String> {
        if let (Some(_), None) | (None, Some(_)) = (raw.feed, raw.column) {
            return Err("a template part with \"feed\" has \"column\" too".to_owned());
        }
        if raw.text.is_some() && raw.encode.is_some() {
            return Err("a template part with \"text\" has no \"encode\"".to_owned());
        }
        let mut found = [
            raw.text.map(Part::Text),
            raw.var.map(|name| value(Source::Var(name))),
            raw.feed.zip(raw.column).map(|(feed, column)| value(Source::Feed { feed, column })),
            raw.secret.map(|name| value(Source::Secret(name))),
            raw.zipf.map(|zipf| value(Source::Zipf { n: zipf.n, exponent: zipf.exponent })),
            raw.int.map(|int| value(Source::Int { low: int.low, high: int.high })),
            raw.choice.map(|choices| value(Source::Choice(choices))),
            raw.uuid.map(|_| value(Source::Uuid)),
            raw.arrival.map(|_| value(Source::Arrival)),
            raw.user.map(|_| value(Source::User)),
        ]
        .into_iter()
        .flatten();
        match (found.next(), found.next()) {
            (Some(Part::Value { source, .. }), None) => {
                Ok(Part::Value { source, encode: raw.encode.unwrap_or_default() })
            }
            (Some(text), None) => Ok(text),
            _ => Err("a template part is exactly one of text, var, feed, secret, zipf, int, choice, uuid, arrival, \
                      user"
                .to_owned()),
        }
    }
}

fn value(source: Source) -> Part {
    Part::Value { source, encode: Encode::None }
}
