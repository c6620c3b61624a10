//! Trace context (W3C Trace Context, level 1): a `traceparent` that tells phase, step and request by itself.

use super::plan;
use super::random::{Draw, stream};
use crate::hash::hex;

/// Stamps requests with trace ids that begin with the run's nonce.
#[derive(Debug, Clone, Copy)]
pub struct Tracer {
    share: f64,
    nonce: u32,
    seed: u64,
}

/// One request's ids. The parent id packs the phase (8 bits), the step's number (16) and the request's (40).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub trace_id: u128,
    pub parent_id: u64,
    pub sampled: bool,
}

impl Tracer {
    pub fn new(trace: plan::Trace, seed: u64) -> Self {
        Tracer { share: trace.share, nonce: trace.nonce, seed }
    }

    /// `request` is the request's number in the run, from 1, of which 40 bits are kept.
    pub fn stamp(&self, phase: u8, step: u16, request: u64) -> Stamp {
        let mut draw = Draw::new(self.seed, request, stream::TRACE, self.nonce);
        let (high, low) = (draw.next_u64(), draw.next_u64());
        let trace_id = u128::from(self.nonce) << 96 | u128::from(high as u32) << 64 | u128::from(low);
        let parent_id = u64::from(phase) << 56 | u64::from(step) << 40 | request & ((1 << 40) - 1);
        Stamp { trace_id, parent_id, sampled: draw.unit() < self.share }
    }
}

impl Stamp {
    /// Appends the value of `traceparent`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"00-");
        hex(self.trace_id, 32, out);
        out.push(b'-');
        hex(u128::from(self.parent_id), 16, out);
        out.extend_from_slice(if self.sampled { b"-01" } else { b"-00" });
    }

    /// The trace id in hex.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}
