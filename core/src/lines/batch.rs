//! Rows, and columns of them as loadstone/model/hits.py has them.

/// Rows of a batch.
pub const ROWS: usize = 65_536;

/// Not told, or no route.
pub const NONE: i32 = -1;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The time that the log tells, by which files are merged; not a column.
    pub logged_ns: i64,
    pub time_ns: i64,
    pub duration_ns: i64,
    pub bytes: i64,
    pub client: u64,
    pub value: u64,
    pub route: i32,
    pub referer: i32,
    pub status: u16,
    pub method: u8,
    pub kind: u8,
}

/// Columns, each in little-endian order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    pub time_ns: Vec<u8>,
    pub duration_ns: Vec<u8>,
    pub bytes: Vec<u8>,
    pub client: Vec<u8>,
    pub value: Vec<u8>,
    pub route: Vec<u8>,
    pub referer: Vec<u8>,
    pub status: Vec<u8>,
    pub method: Vec<u8>,
    pub kind: Vec<u8>,
}

impl Batch {
    pub fn new() -> Batch {
        let of = |width: usize| Vec::with_capacity(width * ROWS);
        Batch {
            time_ns: of(8),
            duration_ns: of(8),
            bytes: of(8),
            client: of(8),
            value: of(8),
            route: of(4),
            referer: of(4),
            status: of(2),
            method: of(1),
            kind: of(1),
        }
    }

    #[inline]
    pub fn push(&mut self, row: &Row) {
        self.time_ns.extend_from_slice(&row.time_ns.to_le_bytes());
        self.duration_ns.extend_from_slice(&row.duration_ns.to_le_bytes());
        self.bytes.extend_from_slice(&row.bytes.to_le_bytes());
        self.client.extend_from_slice(&row.client.to_le_bytes());
        self.value.extend_from_slice(&row.value.to_le_bytes());
        self.route.extend_from_slice(&row.route.to_le_bytes());
        self.referer.extend_from_slice(&row.referer.to_le_bytes());
        self.status.extend_from_slice(&row.status.to_le_bytes());
        self.method.push(row.method);
        self.kind.push(row.kind);
    }

    pub fn len(&self) -> usize {
        self.kind.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// In the order of the columns of `HitBatch`.
    pub fn columns(&self) -> [&[u8]; 10] {
        [
            &self.time_ns,
            &self.duration_ns,
            &self.bytes,
            &self.client,
            &self.value,
            &self.route,
            &self.referer,
            &self.status,
            &self.method,
            &self.kind,
        ]
    }
}
