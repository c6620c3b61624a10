//! Access logs: compressed files streamed, lines cut into fields, masked, and sorted into routes.

#[cfg(feature = "python")]
pub mod python;
