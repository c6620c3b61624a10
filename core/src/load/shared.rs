//! What the threads of a run share: the plan, where the target is, the order to stop, the hub that takes snapshots.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use crate::load::exchange::Exchange;
use crate::load::pacer::{Clock, Monotonic};
use crate::load::poller::Waker;
use crate::load::program::Program;
use crate::load::snapshot::Hub;
use crate::load::tls::TlsTarget;

/// Orders to the threads.
const GO: u8 = 0;
const CUT: u8 = 1;

/// What the threads of a run share.
pub struct Shared {
    pub program: Program,
    pub hub: Hub<Exchange>,
    /// Where the target is, or why its name could not be resolved.
    pub address: Result<SocketAddr, String>,
    pub tls: Option<TlsTarget>,
    pub threads: usize,
    pub wakers: Vec<Waker>,
    /// The run's origin on the monotonic and on the wall clock.
    pub origin_ns: u64,
    pub wall_ns: u64,
    /// The schedule's end; a stop brings it forward.
    end_ns: AtomicU64,
    order: AtomicU8,
    /// Threads that still have something in flight or to come.
    active: AtomicUsize,
    /// When the last of them had nothing more.
    over_ns: AtomicU64,
}

impl Shared {
    pub fn new(
        program: Program,
        address: Result<SocketAddr, String>,
        tls: Option<TlsTarget>,
        wakers: Vec<Waker>,
        origin_ns: u64,
        wall_ns: u64,
    ) -> Self {
        let threads = wakers.len();
        let end_ns = AtomicU64::new(program.end_ns());
        Self {
            program,
            hub: Hub::new(threads),
            address,
            tls,
            threads,
            wakers,
            origin_ns,
            wall_ns,
            end_ns,
            order: AtomicU8::new(GO),
            active: AtomicUsize::new(threads),
            over_ns: AtomicU64::new(0),
        }
    }

    /// Nanoseconds since the origin.
    pub fn now_ns(&self) -> u64 {
        Monotonic.now_ns().saturating_sub(self.origin_ns)
    }

    /// Seconds since 1970 at an instant of the run.
    pub fn wall_s(&self, at_ns: u64) -> i64 {
        (self.wall_ns.saturating_add(at_ns) / 1_000_000_000).cast_signed()
    }

    /// The schedule's end as of now.
    pub fn end_ns(&self) -> u64 {
        self.end_ns.load(Ordering::Acquire)
    }

    /// Whether what is in flight is to be cut off.
    pub fn is_cut(&self) -> bool {
        self.order.load(Ordering::Relaxed) == CUT
    }

    /// A thread has nothing more since an instant; the last one to say so wakes the others.
    pub fn leave(&self, over_ns: u64) {
        self.over_ns.fetch_max(over_ns, Ordering::SeqCst);
        if self.active.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.wake_all();
        }
    }

    /// When the last thread had nothing more; None while one still has.
    pub fn over_ns(&self) -> Option<u64> {
        (self.active.load(Ordering::SeqCst) == 0).then(|| self.over_ns.load(Ordering::SeqCst))
    }

    fn wake_all(&self) {
        for waker in &self.wakers {
            waker.wake();
        }
    }

    /// The schedule has come to its end by itself.
    pub fn end_at(&self, at_ns: u64) {
        self.end_ns.fetch_min(at_ns, Ordering::SeqCst);
    }

    /// End the schedule now; with `cut` also what is in flight.
    pub fn stop(&self, cut: bool) {
        self.end_ns.fetch_min(self.now_ns(), Ordering::SeqCst);
        if cut {
            self.order.store(CUT, Ordering::SeqCst);
        }
        self.wake_all();
    }
}
