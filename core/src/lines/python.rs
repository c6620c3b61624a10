//! The logs' part of the Python door.

use pyo3::prelude::*;

/// Add the classes to the module.
pub fn add(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
