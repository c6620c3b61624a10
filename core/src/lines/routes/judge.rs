//! Which of the segments that stand beside each other are values of one variable, and which are names.
//!
//! Values are many, look alike and have the same beneath them; names are few and differ. How many are enough depends on
//! what they look like: three numbers are values, and so are three `sku-1001`; of plain small words it takes a dozen
//! behind a plural, and forty at the root of a site. The weights were set on generated tables of routes
//! (`core/tests/lines/recovery.rs` holds what they reach).

use std::collections::{HashMap, HashSet};

use super::shape::{Shape, is_scrambled};
use super::words;

/// So many of the same are no sections.
const TWINS: usize = 15;

/// One of the segments that stand beside each other.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub stem: &'a [u8],
    pub shape: Shape,
    pub requests: u64,
    /// What stands beneath: methods that end here, names and variables that follow.
    pub elements: Vec<Vec<u8>>,
    /// Names that stand a level below that.
    pub beneath: Vec<Vec<u8>>,
    /// Something follows.
    pub inner: bool,
}

/// Where they stand.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The segment before, None at the root; a variable's is empty.
    pub parent: Option<&'a [u8]>,
    pub ending: u8,
    /// Numbers or ids stand beside them as values already.
    pub beside_variable: bool,
    /// How long the random ids among those are (`length_bit`).
    pub lengths: u64,
    /// There are more than can be held: those alike are values, whatever they look like.
    pub full: bool,
}

/// A bit for the length of a stem.
pub fn length_bit(stem: &[u8]) -> u64 {
    1 << stem.len().min(63)
}

/// True of what looks like the ids beside it, though it has no digit or few: scrambled, or as long as all of them are.
fn is_kin(stem: &[u8], place: &Place) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let as_long = stem.len() >= 10
        && (1..=2).contains(&place.lengths.count_ones())
        && place.lengths & length_bit(stem) != 0
        && stem.iter().all(fits);
    place.beside_variable && (as_long || is_scrambled(stem))
}

/// How much one segment of a shape speaks for values: at 1 they are.
fn weight(shape: Shape, stem: &[u8], place: &Place) -> f64 {
    let parent = place.parent.unwrap_or(b"");
    let items = words::names_items(parent);
    let collection = words::is_collection(parent);
    let by_place = match () {
        () if items => 1.0 / 4.0,
        () if collection => 1.0 / 12.0,
        () if place.parent.is_none_or(words::is_root) => 1.0 / 40.0,
        () => 1.0 / 24.0,
    };
    let by_shape: f64 = match shape {
        _ if is_kin(stem, place) => 1.0,
        Shape::Mixed => 1.0 / 3.0,
        Shape::Slug => 1.0 / 4.0,
        Shape::Compound if stem.iter().all(u8::is_ascii_uppercase) => 1.0 / 4.0,
        Shape::Compound => 1.0 / 10.0,
        _ => 0.0,
    };
    // A plural is rather a collection's name than a value, `/autocomplete/currencies`; tags may be plurals.
    let plural = matches!(shape, Shape::Word | Shape::Compound) && !items && words::is_collection(stem);
    by_shape.max(by_place) * if plural { 0.3 } else { 1.0 }
}

/// Where names are to be expected rather than values, and where the numbers tell how open the set is.
fn doubt(candidates: &[Candidate], place: &Place) -> f64 {
    let root = place.parent.is_none_or(words::is_root);
    let mut factor = if root { 0.5 } else { 1.0 };
    if place.beside_variable {
        factor *= 0.5;
    }
    if words::is_file(place.ending) {
        factor *= 4.0;
    }
    let once = candidates.iter().filter(|one| one.requests <= 1).count();
    if candidates.len() >= 10 && once * 10 >= candidates.len() * 3 {
        // Good and Turing: where much was seen once, much was not seen yet, and names do not grow in number.
        factor *= 2.0;
    }
    factor
}

/// Plain words, each asked for often, are rather a set of names that is known.
fn closed(candidates: &[Candidate], place: &Place) -> f64 {
    let requests: u64 = candidates.iter().map(|one| one.requests).sum();
    let often = candidates.iter().all(|one| one.requests > 1) && requests >= 10 * candidates.len() as u64;
    let few = candidates.len() < 20 && !words::names_items(place.parent.unwrap_or(b""));
    if often && few { 0.6 } else { 1.0 }
}

/// Of word-like segments, which are values; None where none is.
pub fn values(candidates: &[Candidate], place: &Place) -> Option<Vec<bool>> {
    let at_root = place.parent.is_none_or(words::is_root);
    let eligible = |one: &Candidate| one.shape.is_wordlike() && !(at_root && words::is_section(one.stem));
    let support = support(candidates, &eligible, |one| &one.elements);
    let deeper = self::support(candidates, &eligible, |one| &one.beneath);
    let least = 2.max(candidates.len() / 20);
    let even = even_length(candidates, &eligible);
    let alike: Vec<bool> = candidates
        .iter()
        .map(|one| {
            let by_shape = matches!(one.shape, Shape::Slug | Shape::Mixed)
                || is_kin(one.stem, place)
                || even == Some(one.stem.len());
            eligible(one)
                && (by_shape
                    // Of one path nobody can tell that something else stands beneath.
                    || (one.requests <= 2 && one.elements.len() <= 1)
                    || is_shared(&one.elements, &support, least)
                    || (!one.beneath.is_empty() && is_shared(&one.beneath, &deeper, least)))
        })
        .collect();
    let chosen: Vec<&Candidate> =
        candidates.iter().zip(&alike).filter(|(_, alike)| **alike).map(|(one, _)| one).collect();
    let plain = |one: &Candidate| matches!(one.shape, Shape::Word | Shape::Locale) && !is_kin(one.stem, place);
    // Words with different things beneath are sections, however many: what something follows speaks less for values.
    let speaks = |one: &&&Candidate| weight(one.shape, one.stem, place) * if one.inner { 0.6 } else { 1.0 };
    let doubt = doubt(candidates, place);
    let closed = closed(candidates, place);
    let words = chosen.iter().filter(|one| plain(one)).map(|one| speaks(&one)).sum::<f64>() * doubt * closed;
    let code = |one: &Candidate| one.stem.iter().all(u8::is_ascii_uppercase);
    let loose = |one: &Candidate| if one.shape == Shape::Compound && !code(one) { closed } else { 1.0 };
    let others = chosen.iter().filter(|one| !plain(one)).map(|one| speaks(&one) * loose(one)).sum::<f64>() * doubt;
    if !place.full && words + others < 1.0 {
        let twins = twins(candidates, &eligible);
        let sure = |one: &Candidate| is_kin(one.stem, place) || twins.contains(&one.elements);
        let kin: Vec<bool> = candidates.iter().map(|one| eligible(one) && sure(one)).collect();
        return if kin.contains(&true) { Some(kin) } else { locales(candidates, place, &support) };
    }
    // A few plain words among values of another shape are names: beside ids always, beside other words where they are
    // asked for as often as those.
    let rest: Vec<&&Candidate> = chosen.iter().filter(|one| !plain(one)).collect();
    let many = chosen.len() - rest.len();
    let mean = rest.iter().map(|one| one.requests).sum::<u64>() / rest.len().max(1) as u64;
    let apart = others >= 1.0 && words < 1.0 && (many <= 3 || many * 20 <= chosen.len() || place.beside_variable);
    let is_name = |one: &Candidate| {
        plain(one) && apart && even != Some(one.stem.len()) && (place.beside_variable || one.requests >= mean)
    };
    let merged: Vec<bool> = candidates.iter().zip(&alike).map(|(one, alike)| *alike && !is_name(one)).collect();
    let least = if place.beside_variable { 1 } else { 2 };
    (merged.iter().filter(|merged| **merged).count() >= least).then_some(merged)
}

/// Many under which the same names stand and nothing else, `/{name}/avatar`: no sections are like that.
fn twins(candidates: &[Candidate], eligible: &dyn Fn(&Candidate) -> bool) -> HashSet<Vec<Vec<u8>>> {
    let mut counts: HashMap<&Vec<Vec<u8>>, usize> = HashMap::new();
    for one in candidates.iter().filter(|one| eligible(one) && !one.elements.is_empty()) {
        if one.elements.iter().all(|element| element.first() == Some(&b'w')) {
            *counts.entry(&one.elements).or_insert(0) += 1;
        }
    }
    counts.into_iter().filter(|(_, many)| *many >= TWINS).map(|(elements, _)| elements.clone()).collect()
}

/// The length of all that are no plain words, where there are several and it is the same: hex of two digits, codes of
/// four. A word of that length is one of them.
fn even_length(candidates: &[Candidate], eligible: &dyn Fn(&Candidate) -> bool) -> Option<usize> {
    let plain = |one: &Candidate| matches!(one.shape, Shape::Word | Shape::Locale);
    let lengths: Vec<usize> =
        candidates.iter().filter(|one| eligible(one) && !plain(one)).map(|one| one.stem.len()).collect();
    let first = *lengths.first()?;
    (lengths.len() >= 5 && lengths.iter().all(|length| *length == first)).then_some(first)
}

/// Half of the elements, or more, are found with so many others.
fn is_shared(elements: &[Vec<u8>], support: &HashMap<&Vec<u8>, usize>, least: usize) -> bool {
    let shared = elements.iter().filter(|element| support.get(*element).is_some_and(|many| *many >= least));
    shared.count() * 2 >= elements.len()
}

/// How many candidates have an element beneath them.
fn support<'a>(
    candidates: &'a [Candidate],
    eligible: &dyn Fn(&Candidate) -> bool,
    of: impl Fn(&'a Candidate<'a>) -> &'a Vec<Vec<u8>>,
) -> HashMap<&'a Vec<u8>, usize> {
    let mut support = HashMap::new();
    for element in candidates.iter().filter(|one| eligible(one)).flat_map(of) {
        *support.entry(element).or_insert(0) += 1;
    }
    support
}

/// Languages at the root under which the same stands are one variable: `/en/…`, `/de/…`.
fn locales(candidates: &[Candidate], place: &Place, support: &HashMap<&Vec<u8>, usize>) -> Option<Vec<bool>> {
    if place.parent.is_some() {
        return None;
    }
    let alike = |one: &Candidate| one.shape == Shape::Locale && one.inner && is_shared(&one.elements, support, 2);
    let merged: Vec<bool> = candidates.iter().map(alike).collect();
    (merged.iter().filter(|merged| **merged).count() > 1).then_some(merged)
}

/// Whether numbers that stand beside each other are values. They are names where a few of them, high up, each have a
/// section of their own beneath: versions.
pub fn numbers_are_values(numbers: &[Candidate], place: &Place) -> bool {
    let sections = |one: &Candidate| one.elements.iter().filter(|element| element.first() == Some(&b'w')).count() >= 2;
    let high = place.parent.is_none_or(words::is_root);
    let few = numbers.len() <= 3;
    let versions = few && high && !place.beside_variable && numbers.iter().all(sections);
    let pages =
        place.parent.is_none() && numbers.len() <= 2 && !place.beside_variable && numbers.iter().all(|one| !one.inner);
    !(versions || pages)
}
