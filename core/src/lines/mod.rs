//! Access logs: compressed files streamed, lines cut into fields, masked, and sorted into routes.

pub mod agents;
pub mod personal;
#[cfg(feature = "python")]
pub mod python;
pub mod routes;
