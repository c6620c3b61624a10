//! The logs' part of the Python door.

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::stream::{Bytes, Source, head};
use super::{Error, reader};
use crate::hash::Key;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Asked(message) => PyValueError::new_err(message),
            Error::File { .. } => PyOSError::new_err(error.to_string()),
        }
    }
}

/// A file object of Python as a stream.
struct Stream(Py<PyAny>);

impl Read for Stream {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        Python::attach(|py| {
            let read = || {
                let found = self.0.bind(py).call_method1("read", (to.len(),))?;
                PyResult::Ok(found.cast::<PyBytes>()?.as_bytes().to_vec())
            };
            let found = read().map_err(|error| std::io::Error::other(error.to_string()))?;
            let place = to.get_mut(..found.len());
            place.ok_or_else(|| std::io::Error::other("more was read than was asked for"))?.copy_from_slice(&found);
            Ok(found.len())
        })
    }
}

fn source(from: &Bound<'_, PyAny>, most: u64) -> Source {
    match from.extract::<PathBuf>() {
        Ok(path) => Source::Path(path, most),
        Err(_) => Source::Stream(Some(Box::new(Stream(from.clone().unbind())) as Bytes)),
    }
}

/// Reads access logs into columns; see loadstone/traffic/lines.py. Raises ValueError for a format, a key or a route that
/// is none, OSError for a file that cannot be read.
#[pyclass(frozen, module = "loadstone._core")]
struct LogReader(Mutex<reader::LogReader>);

type Columns<'py> = [Bound<'py, PyBytes>; 10];

#[pymethods]
impl LogReader {
    /// A source is a name, a path or a file object, and how many bytes of a path's file are read at most; `formats` has
    /// one for each.
    #[new]
    fn new(
        py: Python<'_>,
        formats: &[u8],
        sources: Vec<(String, Bound<'_, PyAny>, u64)>,
        key: &str,
        declared: &[u8],
        show: &[u8],
    ) -> PyResult<Self> {
        let key = Key::from_hex(key).ok_or_else(|| PyValueError::new_err("the key of a reading is 32 hex digits"))?;
        let sources = sources.iter().map(|(name, from, most)| (name.clone(), source(from, *most))).collect();
        Ok(Self(Mutex::new(py.detach(|| reader::LogReader::new(formats, sources, key, declared, show))?)))
    }

    /// The next batch, or None at the end.
    fn next_batch<'py>(&self, py: Python<'py>) -> Option<Columns<'py>> {
        let batch = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).next_batch())?;
        Some(batch.columns().map(|column| PyBytes::new(py, column)))
    }

    /// What was read so far, as JSON: `map` from a leaf to its route, `routes`, `reading`.
    fn settle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let told = py.detach(|| {
            let told = self.0.lock().unwrap_or_else(PoisonError::into_inner).settle();
            serde_json::to_vec(&told)
        });
        Ok(PyBytes::new(py, &told.map_err(|error| PyRuntimeError::new_err(error.to_string()))?))
    }
}

/// The beginning of a file's text, unpacked where it is packed. Raises OSError where it cannot be read.
#[pyfunction]
fn log_head<'py>(py: Python<'py>, source: &Bound<'py, PyAny>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
    let mut from = self::source(source, u64::MAX);
    let head = py.detach(|| head(&mut from, size))?;
    Ok(PyBytes::new(py, &head))
}

/// Add the classes to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<LogReader>()?;
    super::routes::python::add(module)?;
    module.add_function(wrap_pyfunction!(log_head, module)?)
}
