//! The connections of one thread: a slab, and a list of the idle ones from which the last used is taken first.
//!
//! A token for the poller is a slot with its generation, so that an event for a connection that has since been closed
//! is known for what it is, even when slot and descriptor are in use again.

use std::time::Duration;

use crate::load::connection::Connection;
use crate::load::wire::ResponseMachine;

/// No slot.
pub const NONE: u32 = u32::MAX;

/// A connection idle for longer is looked at before it carries a request: the server may have closed it meanwhile.
pub const TRUSTED_NS: u64 = Duration::from_millis(50).as_nanos() as u64;

/// One connection and what it is doing.
pub struct Line {
    pub connection: Connection,
    pub machine: ResponseMachine,
    /// The journey that it serves; while idle, the one that it served last and would rather serve again.
    pub journey: u32,
    pub busy: bool,
    /// Bytes of a request that waits for the connection to be made.
    pub queued: Vec<u8>,
    /// Writability is asked for.
    pub writing: bool,
    /// When it last became idle.
    pub idle_ns: u64,
    before: u32,
    after: u32,
    listed: bool,
}

impl Line {
    /// Whether it is among the idle ones.
    pub fn listed(&self) -> bool {
        self.listed
    }
}

#[derive(Default)]
struct Slot {
    generation: u32,
    line: Option<Box<Line>>,
}

/// All connections of a thread.
#[derive(Default)]
pub struct Pool {
    slots: Vec<Slot>,
    free: Vec<u32>,
    open: usize,
    /// The idle connection used last.
    top: Option<u32>,
}

impl Pool {
    pub fn open(&self) -> usize {
        self.open
    }

    /// Take in a new connection; its slot.
    pub fn insert(&mut self, connection: Connection, machine: ResponseMachine) -> u32 {
        let line = Box::new(Line {
            connection,
            machine,
            journey: NONE,
            busy: false,
            queued: Vec::new(),
            writing: true,
            idle_ns: 0,
            before: NONE,
            after: NONE,
            listed: false,
        });
        self.open += 1;
        if let Some(i) = self.free.pop() {
            self.slots[i as usize].line = Some(line);
            return i;
        }
        self.slots.push(Slot { generation: 0, line: Some(line) });
        u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
    }

    pub fn token(&self, slot: u32) -> u64 {
        u64::from(self.slots[slot as usize].generation) << 32 | u64::from(slot)
    }

    /// The slot of a token, if its connection is still that one.
    #[inline]
    pub fn slot_of(&self, token: u64) -> Option<u32> {
        let i = (token & u64::from(u32::MAX)) as u32;
        let slot = self.slots.get(i as usize)?;
        (u64::from(slot.generation) == token >> 32 && slot.line.is_some()).then_some(i)
    }

    #[inline]
    pub fn get(&mut self, slot: u32) -> Option<&mut Line> {
        self.slots.get_mut(slot as usize)?.line.as_deref_mut()
    }

    /// Close a connection, wherever it stands.
    pub fn close(&mut self, slot: u32) {
        self.unlist(slot);
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if entry.line.take().is_some() {
            entry.generation = entry.generation.wrapping_add(1);
            self.free.push(slot);
            self.open -= 1;
        }
    }

    /// Put a connection among the idle ones, on top.
    pub fn list(&mut self, slot: u32, now_ns: u64) {
        let top = self.top;
        let Some(line) = self.get(slot) else { return };
        if line.listed {
            return;
        }
        line.busy = false;
        line.idle_ns = now_ns;
        line.listed = true;
        line.before = NONE;
        line.after = top.unwrap_or(NONE);
        if let Some(next) = top.and_then(|top| self.get(top)) {
            next.before = slot;
        }
        self.top = Some(slot);
    }

    /// Take a connection from among the idle ones, if it is there.
    pub fn unlist(&mut self, slot: u32) {
        let Some(line) = self.get(slot) else { return };
        if !line.listed {
            return;
        }
        line.listed = false;
        let (before, after) = (line.before, line.after);
        if let Some(line) = self.get(after) {
            line.before = before;
        }
        match self.get(before) {
            Some(line) => line.after = after,
            None => self.top = (after != NONE).then_some(after),
        }
    }

    /// The idle connection used last.
    pub fn top(&self) -> Option<u32> {
        self.top
    }
}
