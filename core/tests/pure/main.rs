//! The pure parts of the load engine, held against oracles, properties and published vectors.

mod bursts;
mod cookies;
mod documents;
mod encoding;
mod extraction;
mod graph;
mod histogram;
mod jsonpath;
mod random;
mod redirect;
mod request;
mod schedule;
mod template;
mod wire;
mod wire_heads;
mod zipf;
