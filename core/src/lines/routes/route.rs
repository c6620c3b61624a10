//! A route as it leaves: the JSON of loadstone/model/route.py.

use serde::{Deserialize, Serialize};

/// Methods by their number, as in loadstone/model/hits.py; the last is any other.
pub const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "OTHER"];

/// A method's number.
pub fn method_number(name: &str) -> u8 {
    METHODS.iter().position(|known| *known == name).unwrap_or(METHODS.len() - 1) as u8
}

/// What a field's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    Uuid,
    Hash,
    Slug,
    Date,
    Token,
    Word,
    Personal,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    Path,
    Query,
}

fn path() -> Where {
    Where::Path
}

fn text() -> Kind {
    Kind::Text
}

fn whole() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// A variable part of a path, or a parameter of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "where", default = "path")]
    pub place: Where,
    #[serde(default = "text")]
    pub kind: Kind,
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default)]
    pub values: Vec<String>,
    #[serde(default)]
    pub counts: Vec<u64>,
    #[serde(default)]
    pub distinct: u64,
    #[serde(default = "whole")]
    pub share: f64,
    #[serde(default)]
    pub many: bool,
    #[serde(default)]
    pub count_error: u64,
}

/// A method and a path with its variable parts named. What a document says beyond that stays as it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    pub method: String,
    pub template: String,
    #[serde(default)]
    pub fields: Vec<Field>,
    #[serde(default)]
    pub sources: Vec<String>,
    #[serde(default)]
    pub requests: u64,
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}
