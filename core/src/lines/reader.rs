//! Logs in, batches of columns out; then what they held.

use serde::Serialize;

use super::Error;
use super::batch::Batch;
use super::format::Format;
use super::merge::Merge;
use super::reading::{LogFile, Reading};
use super::routes::route::Route;
use super::routes::{Limits, Routes};
use super::sorter::Sorter;
use super::stream::Source;
use crate::hash::Key;

/// The routes, from a leaf to its route, and the counts.
#[derive(Debug, Serialize)]
pub struct Told {
    pub map: Vec<i32>,
    pub routes: Vec<Route>,
    pub reading: Reading,
}

/// Reads access logs, once.
pub struct LogReader {
    merge: Merge,
    sorter: Sorter,
    reading: Reading,
    ended: bool,
}

impl LogReader {
    /// `formats` is a JSON array of a format for each source, `declared` one of routes, `show` one of names of
    /// parameters whose values may be read. An error says which is wrong, or which file cannot be read.
    pub fn new(
        formats: &[u8],
        sources: Vec<(String, Source)>,
        key: Key,
        declared: &[u8],
        show: &[u8],
    ) -> Result<LogReader, Error> {
        let formats = Format::all(formats)?;
        if formats.len() != sources.len() {
            let (formats, sources) = (formats.len(), sources.len());
            return Err(Error::Asked(format!("{formats} formats for {sources} files")));
        }
        let mut routes = Routes::new(key, Limits::default());
        routes.declare_all(declared).map_err(Error::Asked)?;
        let show: Vec<String> = serde_json::from_slice(show)
            .map_err(|error| Error::Asked(format!("what may be shown is no list of names: {error}")))?;
        routes.show(show);
        let mut reading = Reading::default();
        let (names, sources): (Vec<String>, Vec<Source>) = sources.into_iter().unzip();
        for (path, format) in names.into_iter().zip(&formats) {
            let format = format.name.clone();
            reading.files.push(LogFile { path, format, lines: 0, first_ns: 0, last_ns: 0, malformed: 0 });
        }
        let merge = Merge::new(sources, &formats, &mut reading)?;
        Ok(LogReader { merge, sorter: Sorter::new(key, routes), reading, ended: false })
    }

    /// The next batch, which may be empty where no request was found for long; None at the end.
    pub fn next_batch(&mut self) -> Option<Batch> {
        if self.ended {
            return None;
        }
        if self.merge.is_done() {
            self.ended = true;
            self.merge.tell(&mut self.reading);
            self.reading.sum_up(self.sorter.further);
            return None;
        }
        let mut batch = Batch::new();
        self.merge.fill(&mut batch, &mut self.sorter, &mut self.reading);
        Some(batch)
    }

    /// What was read so far; complete after the last batch.
    pub fn settle(&self) -> Told {
        let settled = self.sorter.routes.settle();
        let mut reading = self.reading.clone();
        reading.notes.extend(settled.notes);
        Told { map: settled.map, routes: settled.routes, reading }
    }
}
