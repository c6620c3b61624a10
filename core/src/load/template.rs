//! Templates: compiled once, rendered without allocation. A template of constants is one copy.

use std::fmt;

use super::encode;
use super::plan::{Encode, Part, Source};
use super::random::Draw;
use super::zipf::Zipf;
use crate::error::Error;
use crate::hash::{Key, hex};

pub use super::scope::{Feeds, Names, Scope, Vars};

/// Why a request was not sent; the step fails with `extract`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderError {
    /// A variable that no response has given yet.
    Missing(String),
    /// A request line or header value would hold CR, LF or NUL, or the target is no path; says where.
    Unsendable(String),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RenderError::Missing(name) => {
                write!(f, "{{{name}}} has no value: no response has given it")
            }
            RenderError::Unsendable(place) => write!(f, "{place}; the request was not sent"),
        }
    }
}

impl std::error::Error for RenderError {}

/// How a template is written where people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Values as sent, secrets as `{env.NAME}`.
    Named,
    /// The same, and drawn or extracted values after a `?` as a keyed hash.
    Masked(Key),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(Vec<u8>),
    Secret { name: String, text: Vec<u8> },
    Value { value: Value, encode: Encode, part: u32 },
}

#[derive(Debug, Clone)]
enum Value {
    Var { slot: usize, name: String },
    Feed { feed: usize, column: usize },
    Zipf(Zipf),
    Int { low: i64, span: u64 },
    Choice(Vec<String>),
    Uuid,
    Arrival,
    User,
}

/// A compiled template.
#[derive(Debug, Clone, Default)]
pub struct Template {
    pieces: Vec<Piece>,
    /// The whole text, where nothing in it varies.
    constant: Option<Vec<u8>>,
    /// Parts of the source, for numbering those of the next template of the operation.
    parts: u32,
}

impl Template {
    /// Compiles parts; the first has the index 0 within its operation.
    pub fn compile(parts: &[Part], names: &Names) -> Result<Template, Error> {
        Template::compile_from(parts, names, 0)
    }

    /// Compiles parts of which the first has the index `first` within its operation: no two parts of an operation
    /// may share an index, or they draw alike.
    pub fn compile_from(parts: &[Part], names: &Names, first: u32) -> Result<Template, Error> {
        let mut template = Template::default();
        for (part, index) in parts.iter().zip(first..) {
            match part {
                Part::Text(text) => template.push_text(text.as_bytes()),
                Part::Value { source, encode } => template.pieces.push(piece(source, *encode, index, names)?),
            }
        }
        template.parts = parts.len() as u32;
        template.settle();
        Ok(template)
    }

    /// A template of one constant text.
    pub fn constant(text: &[u8]) -> Template {
        let mut template = Template::default();
        template.push_text(text);
        template.settle();
        template
    }

    /// Appends a constant text; `settle` must follow.
    pub(super) fn push_text(&mut self, text: &[u8]) {
        self.constant = None;
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    /// Appends another template; `settle` must follow.
    pub(super) fn push_template(&mut self, other: &Template) {
        self.constant = None;
        for piece in &other.pieces {
            match piece {
                Piece::Text(text) => self.push_text(text),
                other => self.pieces.push(other.clone()),
            }
        }
        self.parts += other.parts;
    }

    /// Works out whether the template is constant.
    pub(super) fn settle(&mut self) {
        let mut whole = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) | Piece::Secret { text, .. } => whole.extend_from_slice(text),
                Piece::Value { .. } => {
                    self.constant = None;
                    return;
                }
            }
        }
        self.constant = Some(whole);
    }

    /// The text, where nothing in it varies.
    pub fn as_constant(&self) -> Option<&[u8]> {
        self.constant.as_deref()
    }

    /// True if a constant in it would end the header line that it stands in.
    pub(super) fn breaks_line(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Text(text) | Piece::Secret { text, .. } => encode::breaks_line(text),
            Piece::Value { .. } => false,
        })
    }

    /// A constant template as people may see it.
    pub(super) fn show_constant(&self) -> String {
        let (vars, feeds) = (Vars::default(), Feeds::default());
        let scope = Scope { vars: &vars, feeds: &feeds, seed: 0, arrival: 0, user: 0, op: 0 };
        let mut out = Vec::new();
        self.show(&scope, Show::Named, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// How many parts it was compiled from.
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// Rewrites every constant text in place.
    pub(super) fn map_text(&mut self, rewrite: impl Fn(&[u8]) -> Vec<u8>) {
        for piece in &mut self.pieces {
            if let Piece::Text(text) | Piece::Secret { text, .. } = piece {
                *text = rewrite(text);
            }
        }
        self.settle();
    }

    /// Appends the rendering to `out`. On an error `out` holds a part of it.
    #[inline]
    pub fn render(&self, scope: &Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        self.render_with(scope, out, |_| Ok(()))
    }

    /// The same for a line of a head: a value with CR, LF or NUL is an error.
    #[inline]
    pub fn render_line(&self, scope: &Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        self.render_with(scope, out, |value| match encode::breaks_line(value) {
            false => Ok(()),
            true => Err(RenderError::Unsendable("a value for the head holds a line break or NUL".to_owned())),
        })
    }

    #[inline]
    fn render_with(
        &self,
        scope: &Scope,
        out: &mut Vec<u8>,
        check: impl Fn(&[u8]) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        if let Some(text) = &self.constant {
            out.extend_from_slice(text);
            return Ok(());
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) | Piece::Secret { text, .. } => out.extend_from_slice(text),
                Piece::Value { value, encode, part } => {
                    let from = out.len();
                    write_value(value, *encode, *part, scope, out)?;
                    check(&out[from..])?;
                }
            }
        }
        Ok(())
    }

    /// Appends the rendering as people may see it; a missing variable is written as `{name}`.
    pub fn show(&self, scope: &Scope, how: Show, out: &mut Vec<u8>) {
        let from = out.len();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Secret { name, .. } => {
                    out.extend_from_slice(b"{env.");
                    out.extend_from_slice(name.as_bytes());
                    out.push(b'}');
                }
                Piece::Value { value, encode, part } => {
                    let start = out.len();
                    let in_query = out[from..].contains(&b'?');
                    if let Err(error) = write_value(value, *encode, *part, scope, out) {
                        out.truncate(start);
                        if let RenderError::Missing(name) = error {
                            out.push(b'{');
                            out.extend_from_slice(name.as_bytes());
                            out.push(b'}');
                        }
                        continue;
                    }
                    let Show::Masked(key) = how else { continue };
                    let opened = out[start..].iter().position(|byte| *byte == b'?').map(|at| start + at + 1);
                    let hide = if in_query { Some(start) } else { opened };
                    if let Some(hide) = hide {
                        let value = out.split_off(hide);
                        key.mask(&value, out);
                    }
                }
            }
        }
    }
}

fn piece(source: &Source, encode: Encode, part: u32, names: &Names) -> Result<Piece, Error> {
    let refuse = |message: String| Error::Plan(message);
    let value = match source {
        Source::Secret(name) => {
            let value = names.secrets.get(name).ok_or_else(|| refuse(format!("the secret {name:?} has no value")))?;
            let mut text = Vec::new();
            encode::encode(encode, value.as_bytes(), &mut text);
            return Ok(Piece::Secret { name: name.clone(), text });
        }
        Source::Var(name) => {
            let slot = names.slot(name).ok_or_else(|| refuse(format!("no step extracts the variable {name:?}")))?;
            Value::Var { slot, name: name.clone() }
        }
        Source::Feed { feed, column } => {
            let found = names.feeds.get(*feed).ok_or_else(|| refuse(format!("there is no feed {feed}")))?;
            if *column >= found.columns.len() {
                return Err(refuse(format!("feed {:?} has no column {column}", found.name)));
            }
            Value::Feed { feed: *feed, column: *column }
        }
        Source::Zipf { n, exponent, shift } => {
            let sound = |number: f64| number.is_finite() && number >= 0.0;
            if *n == 0 || *n > 1 << 52 || !sound(*exponent) || !sound(*shift) {
                let says = "zipf wants n from 1 to 2^52, and an exponent and a shift that are not negative";
                return Err(refuse(says.to_owned()));
            }
            Value::Zipf(Zipf::new(*n, *exponent, *shift))
        }
        Source::Int { low, high } => {
            if low > high {
                return Err(refuse(format!("int wants low <= high, not {low} and {high}")));
            }
            Value::Int { low: *low, span: high.abs_diff(*low) }
        }
        Source::Choice(choices) => {
            if choices.is_empty() {
                return Err(refuse("choice wants at least one value".to_owned()));
            }
            Value::Choice(choices.clone())
        }
        Source::Uuid => Value::Uuid,
        Source::Arrival => Value::Arrival,
        Source::User => Value::User,
    };
    Ok(Piece::Value { value, encode, part })
}

fn write_value(value: &Value, how: Encode, part: u32, scope: &Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
    let draw = || Draw::new(scope.seed, scope.arrival, scope.op, part);
    match value {
        Value::Var { slot, name } => match scope.vars.get(*slot) {
            Some(text) => encode::encode(how, text, out),
            None => return Err(RenderError::Missing(name.clone())),
        },
        Value::Feed { feed, column } => {
            let row = scope.feeds.row(*feed, scope.seed, scope.arrival, scope.op);
            let Some(text) = row.and_then(|row| row.get(*column)) else {
                return Err(RenderError::Missing(format!("feed {feed}, column {column}")));
            };
            encode::encode(how, text.as_bytes(), out);
        }
        Value::Zipf(zipf) => encode::decimal(zipf.draw(&mut draw()), out),
        Value::Int { low, span } => {
            let step = match span.checked_add(1) {
                Some(count) => draw().below(count),
                None => draw().next_u64(),
            };
            let number = low.wrapping_add_unsigned(step);
            if number < 0 {
                out.push(b'-');
            }
            encode::decimal(number.unsigned_abs(), out);
        }
        Value::Choice(choices) => {
            let index = draw().below(choices.len() as u64) as usize;
            if let Some(text) = choices.get(index) {
                encode::encode(how, text.as_bytes(), out);
            }
        }
        Value::Uuid => uuid(&mut draw(), out),
        Value::Arrival => encode::decimal(scope.arrival, out),
        Value::User => encode::decimal(scope.user, out),
    }
    Ok(())
}

/// A version 4 UUID (RFC 9562, 5.4).
fn uuid(draw: &mut Draw, out: &mut Vec<u8>) {
    let high = draw.next_u64() & !0xF000 | 0x4000;
    let low = draw.next_u64() & !(0b11 << 62) | 0b10 << 62;
    hex(u128::from(high >> 32), 8, out);
    out.push(b'-');
    hex(u128::from(high >> 16), 4, out);
    out.push(b'-');
    hex(u128::from(high), 4, out);
    out.push(b'-');
    hex(u128::from(low >> 48), 4, out);
    out.push(b'-');
    hex(u128::from(low), 12, out);
}
