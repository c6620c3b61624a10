//! Several files: in time order, opened when they are due, joined where rotation cut a line.

use proptest::prelude::*;

use crate::{COMBINED, COMMON_TIMED, MIDNIGHT_NS, TABLE, combined, read, read_files, told_apart};

fn lines(seconds: impl IntoIterator<Item = u32>) -> Vec<u8> {
    seconds.into_iter().flat_map(|at| combined(at, "203.0.113.9", &format!("/p/{at}")).into_bytes()).collect()
}

proptest! {
    #[test]
    fn rows_come_in_time_order(seconds in prop::collection::vec(0u32..50_000, 1..120), files in 1usize..7) {
        let mut parts = vec![Vec::new(); files];
        let mut sorted = seconds.clone();
        sorted.sort();
        for (number, second) in sorted.iter().enumerate() {
            // Some in turn, some in runs.
            let file = if number % 3 == 0 { number % files } else { number / 17 % files };
            parts[file].push(*second);
        }
        let texts: Vec<Vec<u8>> = parts.into_iter().map(lines).collect();
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let (rows, told) = read_files(COMBINED, &texts);
        let found: Vec<i64> = rows.iter().map(|row| row.time_ns).collect();
        let expected: Vec<i64> = sorted.iter().map(|at| MIDNIGHT_NS + i64::from(*at) * 1_000_000_000).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!((told.reading.hits, told.reading.backwards), (sorted.len() as u64, 0));
    }

    #[test]
    fn a_log_cut_anywhere_is_the_log(cut in any::<prop::sample::Index>(), other in any::<bool>()) {
        let text = lines(0..6);
        let cut = cut.index(text.len() + 1);
        let (before, after) = text.split_at(cut);
        let (rows, told) = match other {
            true => read_files(COMBINED, &[after, before]),
            false => read_files(COMBINED, &[before, after]),
        };
        let (whole, expected) = read(COMBINED, &text);
        prop_assert_eq!(rows.len(), whole.len());
        let line = text.len() / 6;
        // A line cut within its address has an end that is a line too: then nobody can know.
        if cut % line > "203.0.113.9".len() || cut % line == 0 {
            prop_assert_eq!(told_apart(&rows, &told), told_apart(&whole, &expected));
            prop_assert_eq!(told.reading.malformed, 0);
        } else {
            prop_assert!(told.reading.malformed <= 1);
        }
    }
}

#[test]
fn a_cut_line_is_joined_even_where_its_beginning_is_a_line() {
    let line = "203.0.113.9 - - [04/May/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 2326 0.125\n";
    let next = "203.0.113.9 - - [04/May/2026:00:00:09 +0000] \"GET / HTTP/1.1\" 200 7 0.25\n";
    for cut in 1..line.len() {
        let (before, after) = line.split_at(cut);
        let (rows, told) = read_files(COMMON_TIMED, &[format!("{after}{next}").as_bytes(), before.as_bytes()]);
        assert_eq!(rows.len(), 2, "{before:?} | {after:?}");
        if cut > 11 {
            assert_eq!((rows[0].bytes, rows[0].duration_ns), (2326, 125_000_000), "{before:?} | {after:?}");
            assert_eq!(told.reading.malformed, 0);
        }
    }
}

#[test]
fn what_has_no_other_part_is_counted() {
    let text = lines(0..3);
    let (rows, told) = read(COMBINED, &text[..text.len() - 20]);
    assert_eq!((rows.len(), told.reading.malformed, told.reading.lines), (2, 1, 3));
    let (rows, told) = read(COMBINED, &text[50..]);
    assert_eq!((rows.len(), told.reading.malformed), (2, 1));
    assert_eq!(told.reading.samples[0].line, 1);
}

#[test]
fn a_clock_gone_wrong_holds_up_nothing() {
    let wrong = combined(0, "203.0.113.9", "/wrong").replace("2026", "2031");
    let first = [lines(0..5), wrong.into_bytes(), lines(5..10)].concat();
    let (rows, told) = read_files(COMBINED, &[&first, &lines(0..10)]);
    assert_eq!(told.reading.backwards, 1);
    let times: Vec<i64> =
        rows.iter().map(|row| (row.time_ns - MIDNIGHT_NS) / 1_000_000_000).filter(|at| *at < 100).collect();
    assert_eq!(times.len(), 20);
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn more_files_than_may_be_open_are_all_read() {
    let texts: Vec<Vec<u8>> = (0..150).map(|file| lines([file, 1000 + file])).collect();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let (rows, told) = read_files(COMBINED, &texts);
    assert_eq!(rows.len(), 300);
    assert!(told.reading.notes.iter().any(|note| note.contains("128 files")), "{:?}", told.reading.notes);
    let many: Vec<Vec<u8>> = (0..150).map(|file| lines([2 * file, 2 * file + 1])).collect();
    let many: Vec<&[u8]> = many.iter().rev().map(Vec::as_slice).collect();
    let (rows, told) = read_files(COMBINED, &many);
    assert!(rows.windows(2).all(|pair| pair[0].time_ns <= pair[1].time_ns));
    assert!(told.reading.notes.is_empty(), "{:?}", told.reading.notes);
}

#[test]
fn copies_are_told() {
    let (_, told) = read_files(COMBINED, &[&lines(0..5), &lines(10..12), &lines(0..5)]);
    assert!(told.reading.notes.iter().any(|note| note.contains("0.log and 2.log")), "{:?}", told.reading.notes);
}

#[test]
fn a_file_without_a_request_is_counted_too() {
    let (rows, told) = read_files(COMBINED, &[b"what\nis this\n", &lines(0..3), b"", b"\n\n"]);
    assert_eq!((rows.len(), told.reading.malformed, told.reading.lines), (3, 2, 7));
    assert_eq!(told.reading.files.iter().map(|file| file.lines).collect::<Vec<u64>>(), [2, 3, 0, 2]);
    assert_eq!(told.reading.files[1].first_ns, MIDNIGHT_NS);
    assert_eq!(told.reading.files[1].last_ns, MIDNIGHT_NS + 2_000_000_000);
}

#[test]
fn a_header_holds_for_its_file_and_may_change_within_it() {
    let one = "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n\
               2026-05-04\t00:00:01\t203.0.113.9\tGET\t/a\t200\n\
               #Fields: date time sc-status cs-method cs-uri-stem cs-uri-query c-ip time-taken\n\
               2026-05-04\t00:00:03\t404\tPOST\t/b\tx=1\t203.0.113.9\t0.5\n";
    let two =
        "#Fields: time date sc-status c-ip cs-uri-stem cs-method\n00:00:02\t2026-05-04\t500\t203.0.113.9\t/c\tPUT\n";
    let (rows, told) = read_files(TABLE, &[one.as_bytes(), two.as_bytes()]);
    assert_eq!(rows.iter().map(|row| (row.status, row.method)).collect::<Vec<_>>(), [(200, 0), (500, 3), (404, 2)]);
    assert_eq!(rows[2].time_ns, MIDNIGHT_NS + 2_500_000_000);
    assert!(rows.iter().all(|row| row.client == rows[0].client));
    assert_eq!((told.reading.malformed, told.reading.hits), (0, 3));
    let (rows, told) = read_files(TABLE, &[b"2026-05-04\t00:00:01\t203.0.113.9\tGET\t/a\t200\n"]);
    assert_eq!((rows.len(), told.reading.malformed), (0, 1));
    assert!(told.reading.samples[0].reason.contains("header"));
}
