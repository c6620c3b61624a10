//! Loadstone's native core: data in, data out.

pub mod error;
pub mod hash;
pub mod lines;
pub mod load;
pub mod paths;
#[cfg(feature = "python")]
mod python;
pub mod redact;
pub mod replay;
pub mod spans;
