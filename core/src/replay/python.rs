//! The replay's part of the Python door: columns in and out as buffers.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{Discipline, recorded, run};

/// A buffer of Python as numbers of `N` bytes.
fn numbers<const N: usize, T>(bytes: &[u8], number: fn([u8; N]) -> T) -> PyResult<Vec<T>> {
    let (whole, rest) = bytes.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(PyValueError::new_err(format!("a buffer of {} bytes holds no whole numbers", bytes.len())));
    }
    Ok(whole.iter().map(|chunk| number(*chunk)).collect())
}

fn buffer<'py>(py: Python<'py>, values: &[f64]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// When service started under each count of servers that take jobs in order; see loadstone/stats/gain/replay.py.
#[pyfunction]
fn in_order_starts<'py>(
    py: Python<'py>,
    arrived: &[u8],
    ended: &[u8],
    servers: Vec<usize>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let found = py.detach(|| -> PyResult<Vec<Vec<f64>>> {
        let (arrived, ended) = (numbers(arrived, f64::from_le_bytes)?, numbers(ended, f64::from_le_bytes)?);
        Ok(servers
            .iter()
            .map(|servers| recorded::in_order_starts(&arrived, &ended, *servers))
            .collect::<Result<_, _>>()?)
    })?;
    Ok(found.iter().map(|starts| buffer(py, starts)).collect())
}

/// How many others were present at each start, and the demands under each count of servers that are shared.
#[pyfunction]
fn shared_demands<'py>(
    py: Python<'py>,
    start: &[u8],
    end: &[u8],
    servers: Vec<f64>,
) -> PyResult<(Bound<'py, PyBytes>, Vec<Bound<'py, PyBytes>>)> {
    let (present, demands) = py.detach(|| -> PyResult<_> {
        let (start, end) = (numbers(start, f64::from_le_bytes)?, numbers(end, f64::from_le_bytes)?);
        Ok(recorded::shared_demands(&start, &end, &servers)?)
    })?;
    let present: Vec<u8> = present.iter().flat_map(|count| count.to_le_bytes()).collect();
    Ok((PyBytes::new(py, &present), demands.iter().map(|demands| buffer(py, demands)).collect()))
}

/// When each arrival ended, each request was begun and each stage ended; see loadstone/stats/gain/replay.py. Raises
/// ValueError for columns that do not fit.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "columns in, columns out")]
fn replay<'py>(
    py: Python<'py>,
    arrived: &[u8],
    order: &[u8],
    first: &[u8],
    resource: &[u8],
    demand: &[u8],
    workers: usize,
    resources: [(u8, f64); run::RESOURCES],
) -> PyResult<[Bound<'py, PyBytes>; 3]> {
    let found = py.detach(|| -> PyResult<run::Replayed> {
        let (arrived, order) = (numbers(arrived, f64::from_le_bytes)?, numbers(order, u32::from_le_bytes)?);
        let (first, demand) = (numbers(first, u32::from_le_bytes)?, numbers(demand, f64::from_le_bytes)?);
        let mut disciplines = [Discipline::Delay; run::RESOURCES];
        for (place, (kind, servers)) in disciplines.iter_mut().zip(resources) {
            *place = Discipline::of(kind, servers)?;
        }
        let jobs = run::Jobs { first: &first, resource, demand: &demand };
        Ok(run::replay(&arrived, &order, jobs, run::Service { workers, resources: disciplines })?)
    })?;
    Ok([&found.ended, &found.begun, &found.stage_ended].map(|instants| buffer(py, instants)))
}

/// Add the functions to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(in_order_starts, module)?)?;
    module.add_function(wrap_pyfunction!(replay, module)?)?;
    module.add_function(wrap_pyfunction!(shared_demands, module)?)
}
