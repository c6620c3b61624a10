//! Access logs into rows: every format, any packing, any cut, held against what was written; and garbage.

mod formats;
mod hostile;
mod instants;
mod merging;
mod packing;
mod splitting;

use std::io::{self, Cursor, Read};
use std::path::PathBuf;

use loadstone_core::hash::Key;
use loadstone_core::lines::batch::Batch;
use loadstone_core::lines::reader::{LogReader, Told};
use loadstone_core::lines::stream::Source;

pub const COMBINED: &str = r#"{"name": "combined", "kind": "text", "escape": "apache", "parts": [
    {"field": "client"}, {"literal": " "}, {"field": "skip"}, {"literal": " "}, {"field": "user"}, {"literal": " ["},
    {"field": "time", "style": "clf"}, {"literal": "] \""}, {"field": "request", "quoted": true}, {"literal": "\" "},
    {"field": "status"}, {"literal": " "}, {"field": "bytes"}, {"literal": " \""}, {"field": "referer", "quoted": true},
    {"literal": "\" \""}, {"field": "agent", "quoted": true}, {"literal": "\""}]}"#;

pub const COMMON_TIMED: &str = r#"{"name": "common_timed", "kind": "text", "escape": "nginx", "parts": [
    {"field": "client"}, {"literal": " - - ["}, {"field": "time", "style": "clf"}, {"literal": "] \""},
    {"field": "request", "quoted": true}, {"literal": "\" "}, {"field": "status"}, {"literal": " "}, {"field": "bytes"},
    {"literal": " "}, {"field": "duration", "style": "s"}]}"#;

pub const JSON: &str = r#"{"name": "json", "kind": "json", "fields": {
    "client": {"paths": [["request", "client_ip"], ["request", "remote_ip"]]}, "time": {"path": ["ts"], "style": "unix_s"},
    "method": {"path": ["request", "method"]}, "target": {"path": ["request", "uri"]}, "status": {"path": ["status"]},
    "agent": {"path": ["request", "headers", "User-Agent"]}, "duration": {"path": ["duration"], "style": "s"},
    "bytes": {"path": ["size"]}, "session": {"path": ["request", "cookie"]}}}"#;

pub const TABLE: &str = r##"{"name": "table", "kind": "table", "separator": "\t", "header": "#Fields:", "columns": [],
    "names": {"date": {"field": "date"}, "time": {"field": "clock"}, "c-ip": {"field": "client"},
    "cs-method": {"field": "method"}, "cs-uri-stem": {"field": "path"}, "cs-uri-query": {"field": "query"},
    "sc-status": {"field": "status"}, "time-taken": {"field": "duration", "style": "s"},
    "cs(user-agent)": {"field": "agent", "style": "percent"}}}"##;

pub const BALANCER: &str = r#"{"name": "balancer", "kind": "table", "separator": " ", "quoted": true, "columns": [
    null, {"field": "time", "style": "iso"}, {"field": "client"}, {"field": "duration", "style": "alb"},
    {"field": "duration", "style": "alb"}, {"field": "duration", "style": "alb"}, {"field": "status"},
    {"field": "request"}, {"field": "agent"}]}"#;

pub const INSIDE: &str = r#"{"name": "inside", "kind": "text", "inside": ["log"],
    "outer": {"time": {"paths": [["time"]], "style": "iso"}, "status": {"path": ["status"]}}, "parts": [
    {"field": "client"}, {"literal": " \""}, {"field": "request", "quoted": true}, {"literal": "\" "},
    {"field": "status"}]}"#;

pub const FORMATS: &[&str] = &[COMBINED, COMMON_TIMED, JSON, TABLE, BALANCER, INSIDE];

/// A row, taken out of its columns again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub time_ns: i64,
    pub duration_ns: i64,
    pub bytes: i64,
    pub client: u64,
    pub value: u64,
    pub route: i32,
    pub referer: i32,
    pub status: u16,
    pub method: u8,
    pub kind: u8,
}

pub fn hits(batch: &Batch) -> Vec<Hit> {
    let long = |column: &[u8], row: usize| u64::from_le_bytes(column[8 * row..8 * row + 8].try_into().unwrap());
    let int = |column: &[u8], row: usize| i32::from_le_bytes(column[4 * row..4 * row + 4].try_into().unwrap());
    (0..batch.len())
        .map(|row| Hit {
            time_ns: long(&batch.time_ns, row) as i64,
            duration_ns: long(&batch.duration_ns, row) as i64,
            bytes: long(&batch.bytes, row) as i64,
            client: long(&batch.client, row),
            value: long(&batch.value, row),
            route: int(&batch.route, row),
            referer: int(&batch.referer, row),
            status: u16::from_le_bytes(batch.status[2 * row..2 * row + 2].try_into().unwrap()),
            method: batch.method[row],
            kind: batch.kind[row],
        })
        .collect()
}

/// Rows with the template of their route in its place: a route's number says when it was first seen, no more.
pub fn told_apart(rows: &[Hit], told: &Told) -> Vec<(Hit, Option<String>)> {
    let template = |leaf: i32| {
        let route = *told.map.get(usize::try_from(leaf).ok()?)?;
        Some(told.routes[usize::try_from(route).ok()?].template.clone())
    };
    rows.iter().map(|row| (Hit { route: 0, referer: 0, ..row.clone() }, template(row.route))).collect()
}

pub fn read_sources(format: &str, sources: Vec<(String, Source)>) -> (Vec<Hit>, Told) {
    let formats = format!("[{}]", vec![format; sources.len()].join(","));
    let key = Key { k0: 1, k1: 2 };
    let mut reader = LogReader::new(formats.as_bytes(), sources, key, b"[]", b"[]").unwrap();
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch() {
        rows.extend(hits(&batch));
    }
    (rows, reader.settle())
}

/// The rows of one stream.
pub fn read(format: &str, text: &[u8]) -> (Vec<Hit>, Told) {
    let stream = Source::Stream(Some(Box::new(Cursor::new(text.to_vec()))));
    read_sources(format, vec![("a.log".to_owned(), stream)])
}

/// The rows of files, which are written to a folder of their own.
pub fn read_files(format: &str, texts: &[&[u8]]) -> (Vec<Hit>, Told) {
    let folder = Folder::make();
    let write = |(number, text): (usize, &&[u8])| {
        let path = folder.0.join(format!("{number}.log"));
        std::fs::write(&path, text).unwrap();
        (format!("{number}.log"), Source::Path(path, u64::MAX))
    };
    read_sources(format, texts.iter().enumerate().map(write).collect())
}

/// A folder that goes when it is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn make() -> Folder {
        use std::sync::atomic::{AtomicU64, Ordering};
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("loadstone-lines-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A stream that gives its bytes in pieces of these sizes, over and over.
pub struct Pieces {
    pub text: Cursor<Vec<u8>>,
    pub sizes: Vec<usize>,
    pub turn: usize,
}

impl Pieces {
    pub fn new(text: &[u8], sizes: &[usize]) -> Pieces {
        Pieces { text: Cursor::new(text.to_vec()), sizes: sizes.to_vec(), turn: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].max(1).min(to.len());
        self.turn += 1;
        self.text.read(&mut to[..size])
    }
}

/// A line of the combined format, at a second after 2026-05-04 00:00:00 UTC.
pub fn combined(second: u32, client: &str, target: &str) -> String {
    let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
    format!(
        "{client} - - [04/May/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET {target} HTTP/1.1\" 200 512 \
         \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0\"\n"
    )
}

pub const MIDNIGHT_NS: i64 = 1_777_852_800_000_000_000;
