use std::io::Read;

use loadstone_core::spans::units::Units;
use proptest::prelude::*;

/// Gives at most so many bytes a reading.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(to.len());
        to[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn cut(text: &str, piece: usize) -> Result<Vec<(u64, String)>, String> {
    let mut units = Units::new(Dribble(text.as_bytes(), piece), &["data", "resourceSpans"]);
    let mut found = Vec::new();
    while let Some(at) = units.next_unit().map_err(|error| error.to_string())? {
        found.push((at, String::from_utf8_lossy(units.unit()).into_owned()));
    }
    Ok(found)
}

#[test]
fn units_are_found_in_every_wrapping() {
    let cases = [
        (r#"[{"a":1},{"b":"}"}]"#, vec![r#"{"a":1}"#, r#"{"b":"}"}"#]),
        (r#"[[{"a":1}],[],[{"b":2},null]]"#, vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        (r#"{"data":[{"a":[{"c":3}]}],"total":{"x":[1]}}"#, vec![r#"{"a":[{"c":3}]}"#]),
        (r#"{"total":1,"data":[{"a":1}],"data":[{"b":2}]}"#, vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("{\"resourceSpans\":[{\"a\":1}]}\n{\"resourceSpans\":[{\"b\":2}]}\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        (r#"[{"resourceSpans":[{"a":1}]},{"resourceSpans":[]}]"#, vec![r#"{"a":1}"#]),
        ("\u{FEFF}{\"a\":\"\\\"}\"} {\"b\":-1.5e3}", vec![r#"{"a":"\"}"}"#, r#"{"b":-1.5e3}"#]),
        (r#"{"data":null}"#, vec![r#"{"data":null}"#]),
        ("", vec![]),
    ];
    for (text, expected) in cases {
        for piece in [1, 2, 3, 7, 1 << 20] {
            let found = cut(text, piece).unwrap();
            assert_eq!(found.iter().map(|(_, unit)| unit.as_str()).collect::<Vec<_>>(), expected, "{text}");
            for (at, unit) in found {
                assert!(text[at as usize..].starts_with(&unit));
            }
        }
    }
}

#[test]
fn what_is_cut_or_wrong_is_said_with_its_place() {
    for (text, told) in [
        ("[{\"a\":1}", "within a list"),
        ("[{\"a\":", "a value is expected"),
        ("{\"a\":\"b", "within a text"),
        ("{\"a\" 1}", "no colon"),
        ("<html>", "where a list or an object is expected"),
        ("[1]", "where a list or an object is expected"),
        ("{1:2}", "a name in quotes"),
    ] {
        for piece in [1, 100] {
            let error = cut(text, piece).unwrap_err();
            assert!(error.contains(told) && error.starts_with("byte "), "{text}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn the_size_of_pieces_changes_nothing(
        units in prop::collection::vec("\\{\"[a-z\\\\\\\\\"{}]{0,6}\":(1|\"x\"|\\[\\{\\}\\])\\}", 0..8),
        piece in 1usize..40,
    ) {
        let text = format!("{{\"data\":[{}]}}", units.join(","));
        prop_assert_eq!(cut(&text, piece), cut(&text, 1 << 20));
    }
}
