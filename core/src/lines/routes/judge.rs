//! Which of the segments that stand beside each other are values of one variable, and which are names.
//!
//! Values are many, look alike and have the same beneath them; names are few and differ. How many are enough depends on
//! what they look like: three numbers are values, and so are three `sku-1001`; of plain small words it takes a dozen
//! behind a plural, and forty at the root of a site. The weights were set on generated tables of routes
//! (`core/tests/lines/recovery.rs` holds what they reach).

use std::collections::HashMap;

use super::shape::Shape;
use super::words;

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
    /// There are more than can be held: those alike are values, whatever they look like.
    pub full: bool,
}

/// How much one segment of a shape speaks for values: at 1 they are.
fn weight(shape: Shape, stem: &[u8], place: &Place) -> f64 {
    let parent = place.parent.unwrap_or(b"");
    let items = words::names_items(parent);
    let collection = words::is_collection(parent);
    let by_place = match () {
        () if items => 1.0 / 4.0,
        () if collection => 1.0 / 12.0,
        () => 1.0 / 40.0,
    };
    let by_shape: f64 = match shape {
        _ if place.beside_variable && is_scrambled(stem) => 1.0,
        Shape::Mixed => 1.0 / 3.0,
        Shape::Slug => 1.0 / 4.0,
        Shape::Compound => 1.0 / 10.0,
        _ => 0.0,
    };
    by_shape.max(by_place)
}

/// Capitals in runs and again small letters, as random ids have them that happen to be without a digit.
fn is_scrambled(stem: &[u8]) -> bool {
    let alphabet =
        stem.len() >= 8 && stem.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let case = |pair: &&[u8]| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase();
    alphabet
        && stem.windows(2).filter(case).count() >= 3
        && stem.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase))
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
    let requests: u64 = candidates.iter().map(|one| one.requests).sum();
    let many = candidates.len();
    if many >= 10 && once * 10 >= many * 3 {
        // Good and Turing: where much was seen once, much was not seen yet, and names do not grow in number.
        factor *= 2.0;
    } else if once == 0 && requests >= 20 * many as u64 && !words::names_items(place.parent.unwrap_or(b"")) {
        factor *= 0.6;
    }
    factor
}

/// Of word-like segments, which are values; None where none is.
pub fn values(candidates: &[Candidate], place: &Place) -> Option<Vec<bool>> {
    let at_root = place.parent.is_none_or(words::is_root);
    let eligible = |one: &Candidate| one.shape.is_wordlike() && !(at_root && words::is_section(one.stem));
    let support = support(candidates, &eligible, |one| &one.elements);
    let deeper = self::support(candidates, &eligible, |one| &one.beneath);
    let least = 2.max(candidates.len() / 20);
    let alike: Vec<bool> = candidates
        .iter()
        .map(|one| {
            let by_shape = matches!(one.shape, Shape::Slug | Shape::Mixed);
            eligible(one)
                && (by_shape
                    || is_shared(&one.elements, &support, least)
                    || (!one.beneath.is_empty() && is_shared(&one.beneath, &deeper, least)))
        })
        .collect();
    let chosen: Vec<&Candidate> =
        candidates.iter().zip(&alike).filter(|(_, alike)| **alike).map(|(one, _)| one).collect();
    // Words with different things beneath are sections, however many: only what nothing follows, or what is alike, adds.
    let evidence: f64 =
        chosen.iter().map(|one| weight(one.shape, one.stem, place) * if one.inner { 0.6 } else { 1.0 }).sum();
    if !place.full && evidence * doubt(candidates, place) < 1.0 {
        return locales(candidates, place, &support);
    }
    let plain = |one: &Candidate| matches!(one.shape, Shape::Word | Shape::Locale);
    let words = chosen.iter().filter(|one| plain(one)).count();
    let mean = chosen.iter().map(|one| one.requests).sum::<u64>() / chosen.len().max(1) as u64;
    // A few plain words among many values of another shape are names where they stand out.
    let apart = words * 20 <= chosen.len() && !words::names_items(place.parent.unwrap_or(b""));
    let merged: Vec<bool> = candidates
        .iter()
        .zip(&alike)
        .map(|(one, alike)| *alike && !(apart && plain(one) && one.requests > mean.saturating_mul(5)))
        .collect();
    (merged.iter().filter(|merged| **merged).count() > 1).then_some(merged)
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
