//! The routes' part of the Python door.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::matcher::Matcher;
use super::route::{Route, method_number};
use super::template::Template;
use super::{Limits, Routes, fields, segment};
use crate::hash::Key;
use crate::lines::personal;

/// Values of equal paths have equal hashes; none of them leaves.
const KEY: Key = Key { k0: 0x6c6f_6164_7374_6f6e, k1: 0x6520_726f_7574_6573 };

/// The routes as they were settled last, to find paths in.
struct Table {
    routes: Vec<Route>,
    templates: Vec<Template>,
    matcher: Matcher,
}

struct Inner {
    routes: Routes,
    table: Option<Table>,
}

impl Inner {
    fn table(&mut self) -> Result<&Table, String> {
        if self.table.is_none() {
            let routes = self.routes.settle().routes;
            let mut matcher = Matcher::default();
            let mut templates = Vec::with_capacity(routes.len());
            for (number, route) in routes.iter().enumerate() {
                let mut template = Template::braced(&route.template)?;
                template.bind(&route.fields);
                matcher.add(&template, number as u32);
                templates.push(template);
            }
            self.table = Some(Table { routes, templates, matcher });
        }
        self.table.as_ref().ok_or_else(|| "no table".to_owned())
    }
}

/// Routes found in paths; see loadstone/traffic/routes.py. Raises ValueError for declared routes that are none.
#[pyclass(frozen, module = "loadstone._core")]
struct RouteTrie(Mutex<Inner>);

#[pymethods]
impl RouteTrie {
    /// `declared` is a JSON array of routes, `show` names whose values may be read.
    #[new]
    fn new(py: Python<'_>, declared: Vec<u8>, source: &str, show: Vec<String>) -> PyResult<Self> {
        let mut routes = Routes::new(KEY, Limits::default());
        routes.name_source(source);
        routes.show(show);
        py.detach(|| routes.declare_all(&declared)).map_err(PyValueError::new_err)?;
        Ok(Self(Mutex::new(Inner { routes, table: None })))
    }

    /// Counts requests of a target: path and query, or a whole address. A status of 0 is not known.
    fn observe(&self, method: &str, target: &[u8], status: u16, count: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, query) = segment::split_target(target);
        inner.routes.observe_many(method_number(method), path, query, status, 0, count);
        inner.table = None;
    }

    /// JSON: routes and notes.
    fn settle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let json = py.detach(|| {
            let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let settled = inner.routes.settle();
            serde_json::to_vec(&serde_json::json!({ "routes": settled.routes, "notes": settled.notes }))
        });
        Ok(PyBytes::new(py, &json.map_err(|error| PyValueError::new_err(error.to_string()))?))
    }

    /// The place of a target's route among those settled, and its values as they stand in the path; or None.
    fn find(&self, method: &str, target: &[u8]) -> PyResult<Option<(usize, Vec<String>)>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, _) = segment::split_target(target);
        if path.len() > segment::LONGEST {
            return Ok(None);
        }
        let (normal, slash) = segment::normal(path);
        let cut: Vec<&[u8]> = segment::segments(&normal).collect();
        let path = fields::unfolded(&cut);
        let table = inner.table().map_err(PyValueError::new_err)?;
        let of_method = |number: u32| table.routes[number as usize].method == method;
        let same = |number: u32| of_method(number) && table.templates[number as usize].slash == slash;
        let number = table.matcher.find(&path, &same).or_else(|| table.matcher.find(&path, &of_method));
        Ok(number.and_then(|number| {
            let values = table.templates[number as usize].values(&path)?;
            let text = |parts: &Vec<&[u8]>| String::from_utf8_lossy(&parts.join(&b'/')).into_owned();
            Some((number as usize, values.iter().map(text).collect()))
        }))
    }
}

/// A line as it may be shown: without what tells of a person or opens a door, control bytes as escapes.
#[pyfunction]
fn masked_line(text: &[u8]) -> String {
    String::from_utf8_lossy(&personal::masked(text)).into_owned()
}

/// Add them to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RouteTrie>()?;
    module.add_function(wrap_pyfunction!(masked_line, module)?)
}
