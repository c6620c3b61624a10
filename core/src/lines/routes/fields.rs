//! What the values of a variable or a parameter are, and which of them may be read.

use std::collections::{BTreeSet, HashMap};

use crate::lines::personal;

use super::leaves::{Leaf, Parameter};
use super::route::{Field, Kind, Where};
use super::segment;
use super::shape::{Shape, shape, split_ending};
use super::template::{Piece, Template};

/// Readable values of a field.
const READABLE: usize = 100;
/// A text that people type is read only where so many typed it.
const TYPED: u64 = 5;
/// Parameters that hold what people type.
const FREE: &str =
    "q query search s term terms keyword keywords text title comment message note description name subject";

/// A value's count and shape.
type Counts<'a> = HashMap<&'a [u8], u64>;

/// The kind of most of the values; a tenth that opens doors or tells of people makes all of that kind.
pub fn kind_of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Kind {
    let mut kinds: HashMap<Kind, usize> = HashMap::new();
    let (mut all, mut mixed) = (0usize, false);
    for value in values {
        let found = shape(split_ending(value).0);
        mixed |= found == Shape::Mixed;
        *kinds.entry(found.kind()).or_insert(0) += 1;
        all += 1;
    }
    let share = |kind: Kind| kinds.get(&kind).copied().unwrap_or(0) * 10;
    for closed in [Kind::Token, Kind::Personal] {
        if share(closed) >= all.max(1) {
            return closed;
        }
    }
    for kind in [Kind::Number, Kind::Uuid, Kind::Hash, Kind::Date] {
        if share(kind) >= all.max(1) * 8 {
            return kind;
        }
    }
    // Random letters without a digit look like words.
    if share(Kind::Hash) >= all.max(1) * 4 && share(Kind::Hash) > share(Kind::Word) + share(Kind::Number) {
        return Kind::Hash;
    }
    let words = share(Kind::Slug) + share(Kind::Word);
    match () {
        () if words + share(Kind::Text) < all * 8 || all == 0 => Kind::Text,
        () if share(Kind::Slug) >= all * 2 => Kind::Slug,
        () if mixed && share(Kind::Text) > share(Kind::Word) => Kind::Text,
        () => Kind::Word,
    }
}

/// Values of a template's variables, in order, with their counts.
pub fn counted(template: &Template, leaf: &Leaf) -> Vec<HashMap<Vec<u8>, u64>> {
    let many = template.value_pieces().count();
    let mut counts = vec![HashMap::new(); many];
    let Some(values) = &leaf.values else { return counts };
    for (_, held) in values.tops.iter() {
        let Some(path) = held.text.as_deref() else { continue };
        let segments: Vec<&[u8]> = segment::segments(path).collect();
        let segments = unfolded(&segments);
        for (counts, value) in counts.iter_mut().zip(template.values(&segments).unwrap_or_default()) {
            *counts.entry(value.join(&b'/')).or_insert(0) += held.count;
        }
    }
    counts
}

/// The last of the deepest segments may hold several.
pub fn unfolded<'a>(segments: &[&'a [u8]]) -> Vec<&'a [u8]> {
    segments.iter().flat_map(|segment| segment.split(|byte| *byte == b'/')).collect()
}

/// The fields of a path. `closed` says of each what the text before it makes of it: somebody's key, or where it is no
/// number or id somebody's name.
pub fn of_path(
    template: &Template,
    leaf: &Leaf,
    closed: &[Option<Kind>],
    declared: &[Field],
    show: &BTreeSet<String>,
) -> Vec<Field> {
    let counts = counted(template, leaf);
    let error = leaf.values.as_ref().map_or(0, |values| values.tops.error);
    let mut places =
        template.segments.iter().enumerate().flat_map(|(place, pieces)| {
            pieces.iter().filter(|piece| matches!(piece, Piece::Value(_))).map(move |_| place)
        });
    let mut fields = Vec::new();
    for ((value, counts), before) in template.value_pieces().zip(&counts).zip(closed) {
        let place = places.next().unwrap_or(0);
        let told = declared.iter().find(|field| field.place == Where::Path && field.name == value.name);
        let borrowed: Counts = counts.iter().map(|(text, count)| (text.as_slice(), *count)).collect();
        let seen = match kind_of(borrowed.keys().copied()) {
            Kind::Personal => Kind::Personal,
            Kind::Slug | Kind::Word | Kind::Text if *before == Some(Kind::Personal) && !borrowed.is_empty() => {
                Kind::Personal
            }
            _ if *before == Some(Kind::Token) => Kind::Token,
            kind => kind,
        };
        let kind = match told {
            Some(field) if field.kind != Kind::Text || borrowed.is_empty() => field.kind,
            _ => seen,
        };
        let closed = matches!(seen, Kind::Personal | Kind::Token) || matches!(kind, Kind::Personal | Kind::Token);
        let shown = show.contains(&value.name);
        let (values, kept) = readable(&borrowed, closed && !shown, shown, 1);
        let estimate =
            leaf.values.as_ref().and_then(|values| values.distinct.get(place)).map_or(0, |one| one.estimate());
        let mut field = told.cloned().unwrap_or(Field {
            name: value.name.clone(),
            place: Where::Path,
            kind,
            required: true,
            values: Vec::new(),
            counts: Vec::new(),
            distinct: 0,
            share: 1.0,
            many: value.many,
            count_error: 0,
        });
        field.kind = if closed && !matches!(kind, Kind::Personal | Kind::Token) { seen } else { kind };
        if !borrowed.is_empty() {
            field.values = values;
            field.counts = kept;
            field.count_error = error;
            field.distinct = field.distinct.max(borrowed.len() as u64).max(estimate);
        }
        fields.push(field);
    }
    fields
}

/// The fields of the queries of a leaf: those of a document first, then by how often they were there.
pub fn of_query(leaf: &Leaf, declared: &[Field], show: &BTreeSet<String>) -> Vec<Field> {
    let mut fields: Vec<Field> = declared.iter().filter(|field| field.place == Where::Query).cloned().collect();
    let mut parameters: Vec<&Parameter> = leaf.parameters.iter().flat_map(|all| all.iter()).collect();
    parameters.sort_by(|one, other| other.requests.cmp(&one.requests).then(one.name.cmp(&other.name)));
    for parameter in parameters {
        let name = String::from_utf8_lossy(&personal::decoded(&parameter.name)).into_owned();
        let found = of_parameter(parameter, name, leaf.found, show);
        match fields.iter_mut().find(|field| field.name == found.name) {
            Some(field) => {
                let told = (field.kind, field.required);
                *field = found;
                if told.0 != Kind::Text && !matches!(field.kind, Kind::Token | Kind::Personal) {
                    field.kind = told.0;
                }
                field.required = told.1;
            }
            None => fields.push(found),
        }
    }
    fields
}

fn of_parameter(parameter: &Parameter, name: String, requests: u64, show: &BTreeSet<String>) -> Field {
    let counts: Counts = parameter
        .tops
        .iter()
        .filter_map(|(_, held)| held.text.as_deref().map(|text| (text, held.count)))
        .filter(|(text, _)| !text.is_empty())
        .collect();
    let free = FREE.split(' ').any(|known| known == name.to_ascii_lowercase());
    let shown = show.contains(&name);
    let seen = kind_of(counts.keys().copied());
    let kind = match seen {
        _ if parameter.telling && !shown => personal::telling_kind(&parameter.name),
        Kind::Number | Kind::Date if free => Kind::Text,
        Kind::Word | Kind::Slug | Kind::Hash if free => Kind::Text,
        Kind::Hash if counts.keys().filter(|value| personal::is_digest(value)).count() * 2 > counts.len() => {
            Kind::Token
        }
        kind => kind,
    };
    let closed = matches!(kind, Kind::Personal | Kind::Token) && !shown;
    let (values, kept) = readable(&counts, closed, shown, if free && !shown { TYPED } else { 1 });
    let estimate = parameter.distinct.as_ref().map_or(0, super::tops::Distinct::estimate);
    Field {
        name,
        place: Where::Query,
        kind,
        required: parameter.requests >= requests,
        values,
        counts: kept,
        distinct: estimate.max(parameter.tops.len() as u64),
        share: parameter.requests as f64 / requests.max(1) as f64,
        many: false,
        count_error: parameter.tops.error,
    }
}

/// The most popular values and their counts, without those that tell of a person or open a door.
fn readable(counts: &Counts, closed: bool, shown: bool, least: u64) -> (Vec<String>, Vec<u64>) {
    if closed {
        return (Vec::new(), Vec::new());
    }
    let open = |value: &[u8]| shown || !(personal::is_personal(value) || personal::is_token(value));
    let mut kept: Vec<(&[u8], u64)> = counts.iter().map(|(value, count)| (*value, *count)).collect();
    kept.retain(|(value, count)| *count >= least && open(value));
    kept.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    kept.truncate(READABLE);
    kept.into_iter().map(|(value, count)| (String::from_utf8_lossy(value).into_owned(), count)).unzip()
}
