//! One thread of the engine: its loop over sockets and instants. Nothing is shared with other threads but the plan, the
//! order to stop, and the hub that takes snapshots.
//!
//! All instants in here are nanoseconds from the run's origin.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;

use crate::load::connection::Buffers;
use crate::load::deadline::Deadlines;
use crate::load::journey::Journey;
use crate::load::pacer::{self, Clock, Due, Monotonic, thread_cpu_ns};
use crate::load::poller::{Poller, WAKE};
use crate::load::pool::Pool;
use crate::load::population::Population;
use crate::load::program::Program;
use crate::load::samples::Kept;
use crate::load::shared::Shared;
use crate::load::snapshot::Snapshot;
use crate::load::tally::{InFlight, Tally};

/// Never.
pub const NEVER: u64 = u64::MAX;

/// A thread's state.
pub struct Worker<'a> {
    pub(super) shared: &'a Shared,
    pub(super) program: &'a Program,
    pub(super) thread: usize,
    pub(super) poller: Poller,
    pub(super) buffers: Buffers,
    /// The request being encoded.
    pub(super) out: Vec<u8>,
    pub(super) pool: Pool,
    /// This thread's share of the plan's limits.
    pub(super) most_connections: usize,
    pub(super) most_journeys: usize,
    pub(super) journeys: Vec<Journey>,
    pub(super) free: Vec<u32>,
    /// Journeys in flight.
    pub(super) live: usize,
    pub(super) population: Population,
    pub(super) deadlines: Deadlines,
    /// Ends of think times and rests.
    pub(super) timers: BinaryHeap<Reverse<(u64, u32)>>,
    /// Journeys whose next request waits for a connection.
    pub(super) waiting: VecDeque<u32>,
    /// Closed users that start their next journey now.
    pub(super) ready: VecDeque<u32>,
    pub(super) requests: u64,
    /// The last reading of the clock.
    pub(super) now_ns: u64,
    pub(super) end_ns: u64,
    ended: bool,
    pub(super) tally: Tally,
    pub(super) flight: InFlight,
    pub(super) kept: Vec<Kept>,
    pub(super) kept_changed: bool,
    span_start_ns: u64,
    boundary_ns: u64,
    cpu_ns: u64,
    /// The last completion.
    pub(super) last_done_ns: u64,
    /// The earliest of what is due but timeouts, as of the last look.
    soon_ns: u64,
}

/// A thread's part of a limit for the whole engine.
fn part(whole: usize, threads: usize, thread: usize) -> usize {
    whole / threads + usize::from(thread < whole % threads)
}

impl<'a> Worker<'a> {
    pub fn new(shared: &'a Shared, thread: usize, poller: Poller) -> Self {
        let program = &shared.program;
        let limits = &program.limits;
        Self {
            shared,
            program,
            thread,
            poller,
            buffers: Buffers::default(),
            out: Vec::with_capacity(4096),
            pool: Pool::default(),
            most_connections: part(limits.connections, shared.threads, thread),
            most_journeys: part(limits.journeys, shared.threads, thread),
            journeys: Vec::new(),
            free: Vec::new(),
            live: 0,
            population: Population::new(program, shared.threads, thread),
            deadlines: Deadlines::new(2 * program.timeouts.len()),
            timers: BinaryHeap::new(),
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
            requests: 0,
            now_ns: 0,
            end_ns: shared.end_ns(),
            ended: false,
            tally: program.tally(),
            flight: InFlight::default(),
            kept: vec![Kept::default(); program.steps],
            kept_changed: false,
            span_start_ns: 0,
            boundary_ns: 0,
            cpu_ns: thread_cpu_ns(),
            last_done_ns: 0,
            soon_ns: 0,
        }
    }

    /// Read the clock.
    #[inline]
    pub(super) fn tick(&mut self) -> u64 {
        self.now_ns = Monotonic.now_ns().saturating_sub(self.shared.origin_ns);
        self.now_ns
    }

    /// Run to the end.
    pub fn run(mut self) -> io::Result<()> {
        Poller::sharpen();
        self.boundary_ns = self.boundary_after(0);
        let lead = self.shared.origin_ns.saturating_sub(Monotonic.now_ns());
        std::thread::sleep(std::time::Duration::from_nanos(lead));
        self.populate();
        loop {
            self.tick();
            self.due();
            self.time_out();
            self.drain();
            if self.over() {
                break;
            }
            let other_ns = self.soon_but_arrival().min(self.deadlines.next_ns());
            let due = Due { arrival_ns: self.population.next_ns(), other_ns };
            self.soon_ns = due.arrival_ns.min(self.soon_but_arrival());
            let count = self.poller.wait(pacer::wait(self.now_ns, due))?;
            // A stop that came before a reply holds for what the reply would start.
            self.end_ns = self.shared.end_ns();
            for i in 0..count {
                let event = self.poller.event(i);
                if event.token == WAKE {
                    self.poller.woken();
                } else if let Some(slot) = self.pool.slot_of(event.token) {
                    self.on_event(slot, event);
                    self.drain();
                }
                if self.now_ns >= self.soon_ns {
                    self.due();
                }
            }
        }
        let end_ns = self.shared.over_ns().unwrap_or(0).max(self.span_start_ns);
        self.hand_over(end_ns, true);
        Ok(())
    }

    fn soon_but_arrival(&self) -> u64 {
        let timer = self.timers.peek().map_or(NEVER, |Reverse((at, _))| *at);
        let end = if self.ended { NEVER } else { self.end_ns };
        self.boundary_ns.min(timer).min(end).min(self.population.next_phase_ns())
    }

    /// Do everything whose instant has come, but timeouts.
    fn due(&mut self) {
        if self.now_ns >= self.boundary_ns {
            self.turn();
        }
        // What was due before the end is started although it is late; the end comes after it.
        self.change_phase();
        while let Some(&Reverse((at_ns, slot))) = self.timers.peek() {
            if at_ns > self.now_ns || at_ns >= self.end_ns {
                break;
            }
            self.timers.pop();
            self.wake_journey(slot, at_ns);
        }
        self.start_due_arrivals();
        if self.now_ns >= self.end_ns && !self.ended {
            self.ended = true;
            self.end_schedule();
        }
        self.drain();
        self.soon_ns = self.population.next_ns().min(self.soon_but_arrival());
    }

    /// Start journeys and requests that waited for no instant but for their turn.
    #[inline]
    pub(super) fn drain(&mut self) {
        loop {
            if let Some(slot) = self.ready.pop_front() {
                self.restart(slot);
            } else if !self.waiting.is_empty() && self.has_connection() {
                if let Some(slot) = self.waiting.pop_front() {
                    self.launch_waiting(slot);
                }
            } else {
                return;
            }
        }
    }

    /// Whether this thread may leave: all threads have nothing more, or all were told to cut.
    fn over(&mut self) -> bool {
        let cut = self.shared.is_cut();
        if self.population.is_open() && (cut || self.ended && self.live == 0) {
            self.population.close();
            let done_ns = if cut { self.now_ns } else { self.last_done_ns.max(self.end_ns.min(self.now_ns)) };
            self.shared.leave(done_ns);
        }
        !self.population.is_open() && self.shared.over_ns().is_some()
    }

    /// The end of the interval that follows an instant. The one at the schedule's end is held open for a quarter more,
    /// so that the last few replies make no interval of their own.
    fn boundary_after(&self, at_ns: u64) -> u64 {
        let length = self.program.interval_ns;
        let next = (at_ns / length + 1) * length;
        let held = self.end_ns.saturating_add(length / 4);
        if next >= self.end_ns && next < held { held } else { next }
    }

    /// Close the interval that has ended.
    #[cold]
    pub(super) fn turn(&mut self) {
        // The end may have been brought forward since the boundary was set.
        let held = self.boundary_after(self.boundary_ns - 1);
        if held > self.now_ns {
            self.boundary_ns = held;
            return;
        }
        let last_ended_ns = if self.boundary_after(self.boundary_ns) > self.now_ns {
            self.boundary_ns
        } else {
            // Several intervals have gone by unseen (a machine that slept): one long interval tells the truth.
            let mut end_ns = self.boundary_ns;
            while self.boundary_after(end_ns) <= self.now_ns {
                end_ns = self.boundary_after(end_ns);
            }
            end_ns
        };
        if self.shared.hub.has_room(self.thread) {
            self.hand_over(last_ended_ns, false);
        } else {
            self.tally.counters.stalls += 1;
        }
        self.boundary_ns = self.boundary_after(last_ended_ns);
    }

    /// Whether the interval has ended before an instant that is about to be counted.
    #[inline]
    pub(super) fn turn_if_due(&mut self) {
        if self.now_ns >= self.boundary_ns {
            self.turn();
        }
    }

    fn hand_over(&mut self, end_ns: u64, last: bool) {
        if last && end_ns == self.span_start_ns && self.tally.is_empty() {
            let samples = std::mem::take(&mut self.kept_changed).then(|| std::mem::take(&mut self.kept));
            return self.shared.hub.end(self.thread, samples);
        }
        let next = self.shared.hub.spare(self.thread).unwrap_or_else(|| self.program.tally());
        let (flight_area, flight_most) = self.flight.take(end_ns);
        let cpu_ns = thread_cpu_ns();
        let snapshot = Snapshot {
            start_ns: self.span_start_ns,
            end_ns,
            last,
            tally: std::mem::replace(&mut self.tally, next),
            flight_area,
            flight_most,
            open: self.pool.open() as u64,
            cpu_ns: cpu_ns.saturating_sub(self.cpu_ns),
        };
        self.cpu_ns = cpu_ns;
        self.span_start_ns = end_ns;
        let samples = std::mem::take(&mut self.kept_changed).then(|| self.kept.clone());
        self.shared.hub.push(self.thread, snapshot, samples);
    }
}

/// Body of an engine thread: runs a worker, and tells the hub when it ends by a fault.
pub fn thread_main(shared: &Arc<Shared>, thread: usize, poller: Poller) {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Worker::new(shared, thread, poller).run()));
    let fault = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("an engine thread cannot wait for events: {error}"),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            format!("an engine thread failed: {text}")
        }
    };
    shared.hub.fail(fault);
    // The others have nothing left to measure for.
    shared.stop(true);
    shared.leave(0);
}
