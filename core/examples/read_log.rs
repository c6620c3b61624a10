//! Reads an access log as `loadstone` does, without Python: `read_log FORMAT.json FILE...`; for profilers.

use std::path::PathBuf;

use loadstone_core::hash::Key;
use loadstone_core::lines::reader::LogReader;
use loadstone_core::lines::stream::Source;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let format = std::fs::read_to_string(words.next().ok_or("which format?")?)?;
    let files: Vec<String> = words.collect();
    let formats = format!("[{}]", vec![format; files.len()].join(","));
    let sources = files.iter().map(|file| (file.clone(), Source::Path(PathBuf::from(file), u64::MAX))).collect();
    let mut reader = LogReader::new(formats.as_bytes(), sources, Key { k0: 1, k1: 2 }, b"[]", b"[]")?;
    let mut rows = 0;
    while let Some(batch) = reader.next_batch() {
        rows += batch.len();
    }
    let told = reader.settle();
    println!(
        "{rows} rows, {} lines, {} malformed, {} routes",
        told.reading.lines,
        told.reading.malformed,
        told.routes.len()
    );
    Ok(())
}
