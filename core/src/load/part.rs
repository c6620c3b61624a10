//! One part of a template, as the plan writes it: exactly one of the keys of docs/formats.md.

use serde::Deserialize;

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
    Zipf { n: u64, exponent: f64, shift: f64 },
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
    #[serde(default)]
    shift: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInt {
    low: i64,
    high: i64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
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
            raw.zipf.map(|zipf| value(Source::Zipf { n: zipf.n, exponent: zipf.exponent, shift: zipf.shift })),
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
