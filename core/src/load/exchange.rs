//! A request and its reply kept whole, for looking at: only on the plan's wish.

use serde::Serialize;

/// The most of a reply's body that is kept.
pub const BODY_BYTES: usize = 64 * 1024;

/// One exchange, as docs/formats.md tells it. Secrets are written by their names.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    pub journey: String,
    pub step: String,
    pub method: String,
    pub target: String,
    pub request_headers: Vec<(String, String)>,
    pub request_body: Option<String>,
    pub status: Option<u16>,
    pub response_headers: Vec<(String, String)>,
    pub response_body: Option<String>,
    pub body_bytes: u64,
    pub extracted: std::collections::BTreeMap<String, String>,
    pub result: String,
    pub error: bool,
    pub message: Option<String>,
    pub service_ns: Option<u64>,
    pub first_byte_ns: Option<u64>,
}

/// Text of bytes, cut at a length; what is not UTF-8 is replaced.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(BODY_BYTES)]).into_owned()
}
