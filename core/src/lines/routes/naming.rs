//! Names of variables, after what stands before them: `/products/{product_id}`.

use std::collections::HashSet;

use super::route::Kind;
use super::words;

/// A name that is free. `parent` is the segment before, where it is text and named no other variable; `values` are some
/// of the variable's.
pub fn name(parent: Option<&[u8]>, kind: Kind, is_file: bool, values: &[&[u8]], taken: &mut HashSet<String>) -> String {
    let base = parent.map(cleaned).filter(|base| !base.is_empty() && !words::is_root(base.as_bytes()));
    let years =
        values.iter().all(|value| value.len() == 4 && matches!(&value[..2], b"19" | b"20")) && !values.is_empty();
    let languages = values.iter().all(|value| words::is_language(value)) && !values.is_empty();
    let plain = match kind {
        _ if is_file => "file",
        _ if languages => "language",
        Kind::Number if years => "year",
        Kind::Number | Kind::Uuid | Kind::Hash => "id",
        Kind::Date => "date",
        Kind::Token => "token",
        Kind::Personal => "person",
        Kind::Slug => "slug",
        Kind::Word | Kind::Text => "name",
    };
    let chosen = match (base, plain) {
        (None, _) | (Some(_), "file" | "language" | "year" | "date" | "token") => plain.to_owned(),
        (Some(base), "id") => format!("{base}_id"),
        (Some(base), _) => base,
    };
    let mut name = chosen.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{chosen}_{number}");
        number += 1;
    }
    name
}

/// One of what a segment names, as an identifier.
fn cleaned(segment: &[u8]) -> String {
    let text: String = segment
        .iter()
        .take(40)
        .map(|byte| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() as char } else { '_' })
        .collect();
    let text = words::singular(text.trim_matches('_'));
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) { text } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_what_stands_before() {
        let mut taken = HashSet::new();
        let mut named = |parent: Option<&str>, kind, values: &[&str]| {
            let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
            name(parent.map(str::as_bytes), kind, false, &values, &mut taken)
        };
        assert_eq!(named(Some("products"), Kind::Number, &["1"]), "product_id");
        assert_eq!(named(Some("products"), Kind::Number, &["1"]), "product_id_2");
        assert_eq!(named(Some("blog-posts"), Kind::Slug, &["a-b"]), "blog_post");
        assert_eq!(named(Some("archive"), Kind::Number, &["2024", "1999"]), "year");
        assert_eq!(named(None, Kind::Slug, &["a-b"]), "slug");
        assert_eq!(named(None, Kind::Word, &["en", "de"]), "language");
        assert_eq!(named(Some("v1"), Kind::Number, &["1"]), "id");
        assert_eq!(named(Some("%C3%A9"), Kind::Word, &["x"]), "c3_a9");
    }
}
