//! The Python door: the one file that knows Python. Data in, data out; every wait lets the interpreter go.

use std::fs::File;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::Error;
use crate::hash::Key;
use crate::lines;
use crate::load::engine::Engine;
use crate::load::extract;
use crate::paths;
use crate::redact::{self, attribute};
use crate::replay;
use crate::spans::batch::{Batch, NUMBERS, TEXTS};
use crate::spans::decoder::{Decoder, Format, Source};
use crate::spans::frames::Kind;
use crate::spans::{self, otlp, otlp_json};

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Plan(message) => PyValueError::new_err(message),
            Error::Machine(error) => PyOSError::new_err(error.to_string()),
            Error::Internal(message) => PyRuntimeError::new_err(message),
        }
    }
}

/// One run of the load engine; see docs/formats.md. Raises ValueError for a plan that it refuses.
#[pyclass(frozen, module = "loadstone._core")]
struct LoadEngine(Engine);

#[pymethods]
impl LoadEngine {
    #[new]
    fn new(py: Python<'_>, plan: Vec<u8>) -> PyResult<Self> {
        Ok(Self(py.detach(|| Engine::new(&plan))?))
    }

    /// Start the load; the run's origin as (wall-clock ns, monotonic ns).
    fn start(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        Ok(py.detach(|| self.0.start())?)
    }

    /// The next interval as JSON, or None when none was ready within timeout_s or the run is over.
    fn poll<'py>(&self, py: Python<'py>, timeout_s: f64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let timeout = Duration::try_from_secs_f64(timeout_s.max(0.0))
            .map_err(|error| PyValueError::new_err(format!("timeout_s: {error}")))?;
        let line = py.detach(|| self.0.poll(timeout))?;
        Ok(line.map(|line| PyBytes::new(py, &line)))
    }

    /// True once the load has ended and every interval was polled.
    fn finished(&self) -> bool {
        self.0.finished()
    }

    /// End the schedule; requests in flight are awaited, or cut off when now.
    fn stop(&self, now: bool) {
        self.0.stop(now);
    }

    /// The samples kept so far, a JSON array.
    fn samples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let samples = py.detach(|| self.0.samples())?;
        Ok(PyBytes::new(py, &samples))
    }

    /// The exchanges kept, a JSON array.
    fn exchanges<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let exchanges = py.detach(|| self.0.exchanges())?;
        Ok(PyBytes::new(py, &exchanges))
    }
}

/// What is wrong with a JSONPath (source "json") or a regular expression ("regex"), or None.
#[pyfunction]
fn expression_error(source: &str, expression: &str) -> Option<String> {
    extract::expression_error(source, expression)
}

/// What may be kept of texts, under one run's key; see loadstone/model/redaction.py.
#[pyclass(frozen, module = "loadstone._core")]
struct Redactor(redact::Redactor);

#[pymethods]
impl Redactor {
    /// Raises ValueError for a key that is not 32 hex digits.
    #[new]
    fn new(key: &str, show: Vec<String>, written: Vec<String>) -> PyResult<Self> {
        let key = Key::from_hex(key).ok_or_else(|| PyValueError::new_err("the key of a redaction is 32 hex digits"))?;
        Ok(Self(redact::Redactor::new(key, show, written)))
    }

    fn statement(&self, text: &str, system: &str) -> (String, String) {
        self.0.statement(text, system)
    }

    fn query(&self, text: &str) -> String {
        self.0.query(text)
    }

    fn url(&self, text: &str) -> String {
        self.0.url(text)
    }

    fn value(&self, text: &str) -> String {
        self.0.value(text)
    }

    fn header(&self, name: &str, value: &str) -> String {
        self.0.header(name, value)
    }

    fn dsn(&self, text: &str) -> String {
        redact::address::dsn(text)
    }

    fn message(&self, text: &str) -> String {
        redact::message::message(text)
    }

    fn attribute(&self, name: &str, value: &str, system: &str) -> String {
        self.0.attribute(name, value, system)
    }

    /// A number's or a truth value's hash where the name's values are hashed, else None.
    fn number(&self, name: &str, value: &str) -> Option<String> {
        self.0.number(attribute::treatment(name), name, value)
    }
}

impl From<spans::Error> for PyErr {
    fn from(error: spans::Error) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

/// A file object of Python as a stream: what it gives is taken in large pieces.
struct Reader(Py<PyAny>);

impl Read for Reader {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        Python::attach(|py| {
            let read = || {
                let found = self.0.bind(py).call_method1("read", (to.len(),))?;
                PyResult::Ok(found.cast::<PyBytes>()?.as_bytes().to_vec())
            };
            let found = read().map_err(|error| std::io::Error::other(error.to_string()))?;
            match to.get_mut(..found.len()) {
                Some(place) => place.copy_from_slice(&found),
                None => return Err(std::io::Error::other("more was read than was asked for")),
            }
            Ok(found.len())
        })
    }
}

/// A column of numbers: its name, its bits, its values, and which are missing (None where none is).
type NumberColumn<'py> = (&'static str, u32, Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

/// Ids of traces, spans and parents; numbers; texts as places in the words; the words, of which the first is None.
type Columns<'py> = (
    [Bound<'py, PyBytes>; 3],
    Vec<NumberColumn<'py>>,
    Vec<(&'static str, Bound<'py, PyBytes>)>,
    Vec<Option<Bound<'py, PyString>>>,
);

/// Decodes spans of one input into columns; see loadstone/gather/spans.py. Raises ValueError for what it cannot read.
#[pyclass(frozen, module = "loadstone._core")]
struct SpanDecoder(Mutex<Decoder>);

#[pymethods]
impl SpanDecoder {
    /// A source is a path or a file object; all give the same bytes.
    #[new]
    fn new(redactor: &Redactor, format: &str, sources: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let format =
            Format::of(format).ok_or_else(|| PyValueError::new_err(format!("{format:?} is no format of spans")))?;
        let open = |source: &Bound<'_, PyAny>| -> PyResult<Source> {
            Ok(match source.extract::<std::path::PathBuf>() {
                Ok(path) => Box::new(std::io::BufReader::with_capacity(1 << 16, File::open(path)?)),
                Err(_) => Box::new(Reader(source.clone().unbind())),
            })
        };
        let sources = sources.iter().map(open).collect::<PyResult<Vec<Source>>>()?;
        Ok(Self(Mutex::new(Decoder::new(format, sources, redactor.0.clone()))))
    }

    /// The next batch, or None at the end.
    fn next_batch<'py>(&self, py: Python<'py>) -> PyResult<Option<Columns<'py>>> {
        let batch = py.detach(|| -> Result<Option<Packed>, spans::Error> {
            let mut decoder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(decoder.next_batch()?.map(Packed::new))
        })?;
        Ok(batch.map(|packed| packed.columns(py)))
    }

    /// What was decoded so far, by name; how the spans of a file are related among it.
    fn counts(&self) -> std::collections::BTreeMap<&'static str, u64> {
        let decoder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counts, kin) = (decoder.counts(), decoder.kin());
        [
            ("spans", counts.spans),
            ("rejected", counts.rejected),
            ("clipped", counts.clipped),
            ("absurd", counts.absurd),
            ("repaired", counts.repaired),
            ("rescaled", counts.rescaled),
            ("bodies", counts.bodies),
            ("broken", counts.broken),
            ("traces", kin.traces),
            ("orphans", kin.orphans),
            ("duplicates", kin.duplicates),
            ("cycles", kin.cycles),
            ("skewed", kin.skewed),
            ("beyond", kin.beyond),
        ]
        .into()
    }

    /// What was wrong with the first body that could not be read, or None.
    fn first_error(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counts().first_error.clone()
    }
}

/// A batch as buffers.
struct Packed {
    batch: Batch,
    numbers: Vec<(usize, Vec<u8>, Option<Vec<u8>>)>,
    texts: Vec<(usize, Vec<u8>)>,
}

impl Packed {
    fn new(batch: Batch) -> Packed {
        let there = (0..NUMBERS.len()).filter(|column| !batch.lacks(*column));
        let numbers = there.map(|column| (column, batch.packed(column), batch.missing_bytes(column))).collect();
        let texts = (0..TEXTS.len()).filter_map(|column| Some((column, batch.places(column)?))).collect();
        Packed { batch, numbers, texts }
    }

    fn columns<'py>(&self, py: Python<'py>) -> Columns<'py> {
        let batch = &self.batch;
        let bytes = |values: &[u8]| PyBytes::new(py, values);
        let numbers = self.numbers.iter().map(|(column, values, missing)| {
            (NUMBERS[*column].0, NUMBERS[*column].1, bytes(values), missing.as_deref().map(bytes))
        });
        let words = (0..batch.words.len() as u32).map(|word| batch.text(word).map(|text| PyString::new(py, text)));
        (
            [bytes(&batch.trace_id), bytes(&batch.span_id), bytes(&batch.parent_id)],
            numbers.collect(),
            self.texts.iter().map(|(column, places)| (TEXTS[*column], bytes(places))).collect(),
            words.collect(),
        )
    }
}

/// How many spans a body of OTLP holds (kind 0 protobuf, 1 JSON), and what is wrong with it, or None.
#[pyfunction]
fn check_spans(py: Python<'_>, body: &[u8], kind: u8) -> (u64, Option<String>) {
    let found = py.detach(|| match Kind::of(kind) {
        Some(Kind::Protobuf) => otlp::check(body),
        Some(Kind::Json) => otlp_json::check(body),
        None => Err(spans::Error::new(0, format_args!("{kind} is no kind of body"))),
    });
    match found {
        Ok(spans) => (spans, None),
        Err(error) => (0, Some(error.to_string())),
    }
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("build", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    module.add_class::<LoadEngine>()?;
    module.add_class::<Redactor>()?;
    module.add_class::<SpanDecoder>()?;
    module.add_function(wrap_pyfunction!(check_spans, module)?)?;
    paths::python::add(module)?;
    lines::python::add(module)?;
    replay::python::add(module)?;
    module.add_function(wrap_pyfunction!(expression_error, module)?)
}
