//! The Python door: the one file that knows Python. Data in, data out; every wait lets the interpreter go.

use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Error;
use crate::hash::Key;
use crate::load::engine::Engine;
use crate::load::extract;
use crate::redact::{self, attribute};

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

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("build", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    module.add_class::<LoadEngine>()?;
    module.add_class::<Redactor>()?;
    module.add_function(wrap_pyfunction!(expression_error, module)?)
}
