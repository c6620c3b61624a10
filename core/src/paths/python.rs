//! Paths' part of the Python door: columns in and out as buffers.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{Spans, Uneven, digest};

impl From<Uneven> for PyErr {
    fn from(error: Uneven) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

type Column<'py> = Bound<'py, PyBytes>;

/// Columns of requests, columns of visits, defects.
type Digested<'py> = (Vec<Column<'py>>, Vec<Column<'py>>, [u64; 7]);

/// What a batch of whole traces adds up to; see loadstone/stats/paths.py. Raises ValueError for columns of different
/// lengths.
#[pyfunction]
fn digest_paths<'py>(py: Python<'py>, ids: [PyBuffer<u64>; 6], numbers: [PyBuffer<i64>; 6]) -> PyResult<Digested<'py>> {
    let spans = spans_of(py, ids, numbers)?;
    let made = py.detach(|| digest::digest(&spans))?;
    let (v, d) = (&made.visits, made.defects);
    let requests = [
        longs(py, &made.root)?,
        ints(py, &made.main)?,
        longs(py, &made.start)?,
        longs(py, &made.end)?,
        ints(py, &made.spans)?,
        ints(py, &made.visited)?,
    ];
    let narrow = [&v.parent, &v.operation, &v.count, &v.most, &v.errors, &v.parameters].map(|one| ints(py, one));
    let wide = [&v.rows, &v.total, &v.busy, &v.own, &v.critical, &v.first, &v.last, &v.end].map(|one| longs(py, one));
    let visits = narrow.into_iter().chain(wide).collect::<PyResult<_>>()?;
    let defects = [d.orphans, d.cycles, d.duplicates, d.skewed, d.outliving, d.reversed, d.shifted];
    Ok((requests.into(), visits, defects))
}

/// Of each span of whole traces the row above (-1 where a request begins, -2 for a duplicate), the place of its request
/// among those of its trace, start and end. Raises ValueError for columns of different lengths.
#[pyfunction]
fn lay_out_paths<'py>(
    py: Python<'py>,
    ids: [PyBuffer<u64>; 6],
    numbers: [PyBuffer<i64>; 6],
) -> PyResult<[Column<'py>; 4]> {
    let spans = spans_of(py, ids, numbers)?;
    let made = py.detach(|| digest::layout(&spans))?;
    Ok([longs(py, &made.above)?, longs(py, &made.piece)?, longs(py, &made.start)?, longs(py, &made.end)?])
}

/// Ids are trace, span, parent, host, service and parameters; numbers start, end, kind, flags, operation and rows.
fn spans_of(py: Python<'_>, ids: [PyBuffer<u64>; 6], numbers: [PyBuffer<i64>; 6]) -> PyResult<Spans> {
    let [trace, span, parent, host, service, parameters] = read(py, ids)?;
    let [start, end, kind, flags, operation, rows] = read(py, numbers)?;
    Ok(Spans { trace, span, parent, host, service, parameters, start, end, kind, flags, operation, rows })
}

fn read<T: Element, const N: usize>(py: Python<'_>, columns: [PyBuffer<T>; N]) -> PyResult<[Vec<T>; N]> {
    let read: Vec<Vec<T>> = columns.iter().map(|column| column.to_vec(py)).collect::<PyResult<_>>()?;
    read.try_into().map_err(|_| PyRuntimeError::new_err("a column was lost"))
}

fn longs<'py>(py: Python<'py>, values: &[i64]) -> PyResult<Column<'py>> {
    packed(py, values.iter().map(|value| value.to_ne_bytes()))
}

fn ints<'py>(py: Python<'py>, values: &[i32]) -> PyResult<Column<'py>> {
    packed(py, values.iter().map(|value| value.to_ne_bytes()))
}

/// A column as it is handed over, in this machine's order of bytes.
fn packed<const N: usize>(
    py: Python<'_>,
    values: impl ExactSizeIterator<Item = [u8; N]>,
) -> PyResult<Bound<'_, PyBytes>> {
    PyBytes::new_with(py, N * values.len(), |to| {
        for (to, value) in to.chunks_exact_mut(N).zip(values) {
            to.copy_from_slice(&value);
        }
        Ok(())
    })
}

/// Add the functions to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(digest_paths, module)?)?;
    module.add_function(wrap_pyfunction!(lay_out_paths, module)?)
}
