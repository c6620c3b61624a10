//! Traces digested: exact answers for traces made by hand, and what holds for any.

mod hostile;
mod known;

use loadstone_core::paths::Spans;

pub const SERVER: i64 = 2;
pub const CLIENT: i64 = 3;
pub const CONSUMER: i64 = 5;
pub const MS: i64 = 1_000_000;

/// One span of trace 1; its operation is its id, so that every span is a visit of its own. Instants in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct One {
    pub id: u64,
    pub parent: u64,
    pub kind: i64,
    pub start: i64,
    pub end: i64,
    pub host: u64,
    pub flags: i64,
}

pub fn one(id: u64, parent: u64, kind: i64, start: i64, end: i64) -> One {
    One { id, parent, kind, start, end, host: 1, flags: 0 }
}

pub fn spans(all: &[One]) -> Spans {
    let mut made = Spans::default();
    for one in all {
        made.trace.push(1);
        made.span.push(one.id);
        made.parent.push(one.parent);
        made.host.push(one.host);
        made.service.push(1);
        made.parameters.push(0);
        made.start.push(one.start.saturating_mul(MS));
        made.end.push(one.end.saturating_mul(MS));
        made.kind.push(one.kind);
        made.flags.push(one.flags);
        made.operation.push(one.id as i64);
        made.rows.push(-1);
    }
    made
}
