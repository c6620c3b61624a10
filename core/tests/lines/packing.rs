//! Files packed in any way are told by their content.

use std::io::{Cursor, Write};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use loadstone_core::lines::stream::{Source, head};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::{COMBINED, Folder, combined, read, read_sources};

fn text() -> Vec<u8> {
    (0..2000).flat_map(|at| combined(at, "203.0.113.9", &format!("/products/{at}")).into_bytes()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut packed = BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(Cursor::new(text), CompressionLevel::Fastest)
}

#[test]
fn every_packing_gives_the_same_rows_in_one_piece_and_in_several() {
    let text = text();
    let (expected, told) = read(COMBINED, &text);
    assert_eq!(expected.len(), 2000);
    let (first, second) = text.split_at(100_003);
    for (name, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("bzip2", bzip2), ("zstd", zstd)] {
        for packed in
            [pack(&text), [pack(first), pack(second)].concat(), [pack(first), pack(b""), pack(second)].concat()]
        {
            let (rows, packed_told) = read(COMBINED, &packed);
            assert_eq!(rows, expected, "{name}");
            assert_eq!(packed_told.reading, told.reading, "{name}");
        }
    }
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd(&text)[..]].concat();
    assert_eq!(read(COMBINED, &skipped).0, expected);
}

#[test]
fn what_breaks_off_is_read_to_there_and_told() {
    let text = text();
    for (name, packed) in [("gzip", gzip(&text)), ("bzip2", bzip2(&text)), ("zstd", zstd(&text))] {
        let (rows, told) = read(COMBINED, &packed[..packed.len() * 4 / 5]);
        assert!(rows.len() < 2000, "{name}: {}", rows.len());
        assert!(told.reading.notes.iter().any(|note| note.contains("breaks off")), "{name}: {:?}", told.reading.notes);
        let mut changed = packed.clone();
        let middle = changed.len() / 2;
        changed[middle..middle + 8].fill(0xa5);
        let (rows, told) = read(COMBINED, &changed);
        assert!(rows.len() <= 2000);
        assert!(!told.reading.notes.is_empty() || told.reading.malformed > 0, "{name} was changed unnoticed");
    }
}

#[test]
fn what_is_not_read_is_named() {
    let folder = Folder::make();
    for (name, magic) in [
        ("xz", &b"\xfd7zXZ\0\0\0\0\0"[..]),
        ("lz4", b"\x04\x22\x4d\x18......"),
        ("zip", b"PK\x03\x04......"),
        ("compress", b"\x1f\x9d........"),
    ] {
        let path = folder.0.join(name);
        std::fs::write(&path, magic).unwrap();
        let error = head(&mut Source::Path(path, u64::MAX), 100).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("unpack"), "{error}");
    }
    std::fs::write(folder.0.join("wide"), b"\xff\xfea\0b\0").unwrap();
    let error = head(&mut Source::Path(folder.0.join("wide"), u64::MAX), 100).unwrap_err().to_string();
    assert!(error.contains("UTF-16") && error.contains("iconv"), "{error}");
    assert!(head(&mut Source::Path(folder.0.clone(), u64::MAX), 100).unwrap_err().to_string().contains("folder"));
    assert!(head(&mut Source::Path(folder.0.join("none"), u64::MAX), 100).is_err());
    assert_eq!(head(&mut Source::Stream(Some(Box::new(Cursor::new(gzip(b"abcdef"))))), 3).unwrap(), b"abc");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = Source::Path("/nowhere/access.log".into(), u64::MAX);
    let formats = format!("[{COMBINED}]");
    let key = loadstone_core::hash::Key { k0: 1, k1: 2 };
    let sources = vec![("access.log".to_owned(), missing)];
    let made = loadstone_core::lines::reader::LogReader::new(formats.as_bytes(), sources, key, b"[]", b"[]");
    assert!(made.err().unwrap().to_string().starts_with("access.log: "));
    let empty = read_sources(COMBINED, Vec::new());
    assert!(empty.0.is_empty());
}
