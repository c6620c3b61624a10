//! The load engine: a plan in, intervals out. See docs/formats.md.
