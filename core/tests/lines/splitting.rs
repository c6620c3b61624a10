//! Lines, however the stream is cut into pieces and however long they are.

use std::io::Read;

use loadstone_core::lines::splitter::Lines;
use loadstone_core::lines::stream::Source;
use loadstone_core::lines::{BEGINNING_BYTES, LINE_BYTES};
use proptest::prelude::*;

use crate::{COMBINED, Pieces, combined, read, read_sources};

/// The slow and obvious way.
fn split(text: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let mut lines: Vec<(Vec<u8>, bool)> = text.split(|byte| *byte == b'\n').map(|line| (line.to_vec(), true)).collect();
    if let Some(last) = lines.last_mut() {
        last.1 = false;
    }
    let count = lines.len();
    for (number, (line, ended)) in lines.iter_mut().enumerate() {
        let zeros = line.iter().take_while(|byte| **byte == 0).count();
        line.drain(..zeros);
        if (*ended || number + 1 < count || !line.is_empty()) && line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    // What follows the last line feed is a line only where something does.
    if lines.last().is_some_and(|(line, _)| line.is_empty()) && !text.ends_with(b"\r") {
        lines.pop();
    }
    lines
}

fn taken(stream: impl Read) -> Vec<(Vec<u8>, bool)> {
    let mut lines = Lines::new(stream);
    let mut found = Vec::new();
    while let Some(line) = lines.next_line() {
        assert_eq!(line.number, found.len() as u64 + 1);
        assert!(!line.long);
        found.push((line.bytes.to_vec(), line.ended));
    }
    found
}

proptest! {
    #[test]
    fn lines_are_those_of_the_whole_text(
        text in prop::collection::vec(prop::sample::select(b"ab\n\n\r\0\xff\"".to_vec()), 0..200),
        sizes in prop::collection::vec(1usize..20, 1..5),
    ) {
        prop_assert_eq!(taken(Pieces::new(&text, &sizes)), split(&text));
    }

    #[test]
    fn rows_are_those_of_the_whole_text(sizes in prop::collection::vec(1usize..300, 1..6), lines in 1u32..30) {
        let mut text: Vec<u8> = (0..lines).flat_map(|at| combined(at, "203.0.113.9", "/products/1").into_bytes()).collect();
        text.extend(b"garbage\n\n");
        let pieces = Source::Stream(Some(Box::new(Pieces::new(&text, &sizes))));
        let (rows, told) = read_sources(COMBINED, vec![("a.log".to_owned(), pieces)]);
        let (whole, expected) = read(COMBINED, &text);
        prop_assert_eq!(rows, whole);
        prop_assert_eq!(told.reading, expected.reading);
    }
}

/// Repeats a byte, so many times.
struct Endless(u8, usize);

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let length = to.len().min(self.1);
        to[..length].fill(self.0);
        self.1 -= length;
        Ok(length)
    }
}

#[test]
fn a_line_that_is_too_long_is_its_beginning() {
    for (length, long) in
        [(LINE_BYTES - 1, false), (LINE_BYTES, false), (LINE_BYTES + 400_000, true), (4 * LINE_BYTES, true)]
    {
        let stream = Endless(b'a', length).chain(&b"\nnext\n"[..]);
        let mut lines = Lines::new(stream);
        let line = lines.next_line().unwrap();
        assert_eq!((line.long, line.number, line.ended), (long, 1, true), "{length}");
        assert_eq!(line.bytes.len(), if long { BEGINNING_BYTES } else { length });
        assert!(line.bytes.iter().all(|byte| *byte == b'a'));
        let line = lines.next_line().unwrap();
        assert_eq!((line.bytes, line.number, line.long), (&b"next"[..], 2, false));
        assert!(lines.next_line().is_none());
    }
}

#[test]
fn a_long_line_without_an_ending_is_one() {
    let mut lines = Lines::new(Endless(b'a', 3 * LINE_BYTES));
    let line = lines.next_line().unwrap();
    assert!(line.long && !line.ended);
    assert!(lines.next_line().is_none());
}

#[test]
fn zeros_before_a_line_are_passed_over_however_many() {
    let line = combined(0, "203.0.113.9", "/a");
    let stream = Endless(0, 4 * LINE_BYTES).chain(std::io::Cursor::new(line.into_bytes()));
    let (rows, told) = read_sources(COMBINED, vec![("a.log".to_owned(), Source::Stream(Some(Box::new(stream))))]);
    assert_eq!((rows.len(), told.reading.malformed), (1, 0));
    assert!(told.reading.notes.iter().any(|note| note.contains("zero bytes")), "{:?}", told.reading.notes);
}
