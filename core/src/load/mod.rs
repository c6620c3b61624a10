//! The load engine: a plan in, intervals out. See docs/formats.md.

pub mod cookies;
pub mod encode;
pub mod extract;
pub mod framing;
pub mod hash;
pub mod histogram;
pub mod plan;
pub mod random;
pub mod redirect;
pub mod request;
pub mod schedule;
pub mod template;
pub mod trace;
pub mod validate;
pub mod wire;
