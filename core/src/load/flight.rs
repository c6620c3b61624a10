//! A request in flight: it takes a connection, is sent, waits for its reply or for its end.

use crate::load::acquire::Acquired;
use crate::load::connection::{Received, Stage};
use crate::load::driver::Worker;
use crate::load::journey::{Standing, scope_of};
use crate::load::poller::Event;
use crate::load::request::Sending;
use crate::load::tally::Kind;
use crate::load::template::Show;
use crate::load::wire::{Fed, ResponseMachine, WireError};

/// What a receive meant for the response that is read.
enum Heard {
    More,
    Whole { reuse: bool },
    Broken(Kind, String),
}

impl Worker<'_> {
    /// Send a journey's next request; those who wait for a connection already come first.
    #[inline]
    pub(super) fn launch(&mut self, slot: u32) {
        if self.waiting.is_empty() || self.in_hand(slot) {
            self.dispatch(slot);
        } else {
            self.wait_for_connection(slot);
        }
    }

    /// The turn of a journey that waited; one that has timed out meanwhile is passed over.
    pub(super) fn launch_waiting(&mut self, slot: u32) {
        if self.journeys[slot as usize].standing == Standing::Waiting {
            self.dispatch(slot);
        }
    }

    fn wait_for_connection(&mut self, slot: u32) {
        let journey = &mut self.journeys[slot as usize];
        journey.standing = Standing::Waiting;
        // A hop's clock runs already; a request that was not sent yet counts from its intended instant.
        if journey.hop.is_none()
            && let Some(step) = self.program.step(journey.program, journey.at)
        {
            journey.deadline_ns = journey.intended_ns.saturating_add(step.timeout_ns);
            self.deadlines.set(slot, 2 * step.timeout + 1, journey.deadline_ns);
        }
        self.waiting.push_back(slot);
    }

    /// Encode a request, or a redirect's hop, and give it to a connection.
    fn dispatch(&mut self, slot: u32) {
        let program = self.program;
        let journey = &mut self.journeys[slot as usize];
        let Some(step) = program.step(journey.program, journey.at) else { return };
        if journey.hop.is_none() {
            journey.request = self.requests * self.shared.threads as u64 + self.thread as u64 + 1;
            journey.phase = program.phase_at(journey.intended_ns);
            journey.sent_ns = u64::MAX;
            journey.first_byte_ns = u64::MAX;
            (journey.bytes_in, journey.bytes_out) = (0, 0);
            journey.hops_left = step.redirects;
        }
        let journey = &self.journeys[slot as usize];
        let sending = Sending {
            scope: scope_of(program, journey),
            jar: Some(&journey.jar),
            now_s: self.shared.wall_s(self.now_ns),
            trace: program.tracer.map(|tracer| tracer.stamp(journey.phase, step.number, journey.request)),
        };
        self.out.clear();
        let encoded = match &journey.hop {
            None => step.request.encode(&sending, &mut self.out),
            Some(hop) => step.request.encode_hop(hop, &sending, &mut self.out),
        };
        let head = journey.hop.as_ref().map_or_else(|| step.request.is_head(), |hop| hop.method == "HEAD");
        let shown =
            program.exchanges.then(|| Box::new(step.request.show(journey.hop.as_deref(), &sending, Show::Named)));
        self.journeys[slot as usize].shown = shown;
        if let Err(error) = encoded {
            let now_ns = self.tick();
            return self.fail(slot, now_ns, Kind::Extract, error.to_string());
        }

        let now_ns = self.tick();
        let acquired = self.acquire(slot);
        if matches!(acquired, Acquired::Limited) {
            return self.wait_for_connection(slot);
        }
        self.turn_if_due();
        let journey = &mut self.journeys[slot as usize];
        journey.standing = Standing::Flying;
        journey.bytes_out += self.out.len() as u64;
        if journey.hop.is_none() {
            journey.sent_ns = now_ns;
            journey.deadline_ns = now_ns.saturating_add(step.timeout_ns);
            self.deadlines.set(slot, 2 * step.timeout, journey.deadline_ns);
            self.requests += 1;
            self.tally.counters.sent += 1;
            self.flight.rise(now_ns);
        }
        match acquired {
            Acquired::Ready(connection) => {
                journey.connection = connection;
                let Some(line) = self.pool.get(connection) else { return };
                line.busy = true;
                line.journey = slot;
                line.machine.begin(head, false, step.keep, program.wire_limits);
                if let Err(error) = line.connection.send(&self.out) {
                    let now_ns = self.tick();
                    return self.fail(slot, now_ns, Kind::Reset, error.to_string());
                }
                if line.connection.has_pending() {
                    self.watch_writes(connection);
                }
            }
            Acquired::Opening(connection) => {
                journey.connection = connection;
                let Some(line) = self.pool.get(connection) else { return };
                line.busy = true;
                line.journey = slot;
                line.machine.begin(head, false, step.keep, program.wire_limits);
                line.queued.extend_from_slice(&self.out);
            }
            Acquired::Failed(kind, message) => {
                self.tally.counters.failed += 1;
                let now_ns = self.tick();
                self.fail(slot, now_ns, kind, message);
            }
            Acquired::Limited => {}
        }
    }

    /// Ask for writability as long as bytes are pending.
    fn watch_writes(&mut self, connection: u32) {
        let token = self.pool.token(connection);
        let Some(line) = self.pool.get(connection) else { return };
        let pending = line.connection.has_pending();
        if pending != line.writing {
            line.writing = pending;
            let fd = line.connection.fd();
            if let Err(error) = self.poller.change(fd, token, pending) {
                self.lose(connection, Kind::Reset, error.to_string());
            }
        }
    }

    /// A connection is gone: so is the request that it carried.
    fn lose(&mut self, connection: u32, kind: Kind, message: String) {
        let Some(line) = self.pool.get(connection) else { return };
        if line.busy {
            let (slot, now_ns) = (line.journey, self.tick());
            self.fail(slot, now_ns, kind, message);
        } else {
            self.pool.close(connection);
        }
    }

    /// Something happened on a connection.
    #[inline]
    pub(super) fn on_event(&mut self, connection: u32, event: Event) {
        let Some(line) = self.pool.get(connection) else { return };
        match line.connection.stage {
            Stage::Ready => {
                if event.writable && line.writing {
                    if let Err(error) = line.connection.flush() {
                        return self.lose(connection, Kind::Reset, error.to_string());
                    }
                    self.watch_writes(connection);
                }
                if event.readable {
                    self.on_readable(connection);
                }
            }
            Stage::Connecting => match line.connection.connected() {
                Ok(()) if line.connection.stage == Stage::Ready => self.on_connected(connection),
                Ok(()) => self.watch_writes(connection),
                Err(error) => {
                    self.tally.counters.failed += 1;
                    self.lose(connection, Kind::Connect, error.to_string());
                }
            },
            Stage::Handshaking => self.on_handshake(connection, event),
        }
    }

    fn on_handshake(&mut self, connection: u32, event: Event) {
        let Some(line) = self.pool.get(connection) else { return };
        let flushed = if event.writable { line.connection.flush() } else { Ok(()) };
        let failure = match flushed {
            Err(error) => Some(error.to_string()),
            Ok(()) if !event.readable => None,
            Ok(()) => match line.connection.receive(&mut self.buffers) {
                Received::Nothing => None,
                Received::Failed(error) => Some(error.to_string()),
                Received::Closed => Some("the server closed the connection during the TLS handshake".to_owned()),
                Received::Bytes { .. } => Some("the server spoke before it was asked".to_owned()),
            },
        };
        if let Some(message) = failure {
            self.tally.counters.failed += 1;
            self.lose(connection, Kind::Tls, message);
        } else if line.connection.stage == Stage::Ready {
            self.on_connected(connection);
        } else {
            self.watch_writes(connection);
        }
    }

    /// A new connection is ready: send what waits for it.
    fn on_connected(&mut self, connection: u32) {
        self.tally.counters.opened += 1;
        let Some(line) = self.pool.get(connection) else { return };
        let queued = std::mem::take(&mut line.queued);
        if let Err(error) = line.connection.send(&queued) {
            return self.lose(connection, Kind::Reset, error.to_string());
        }
        self.watch_writes(connection);
    }

    fn on_readable(&mut self, connection: u32) {
        let Some(line) = self.pool.get(connection) else { return };
        let received = line.connection.receive(&mut self.buffers);
        if !line.busy {
            // Idle: TLS may talk to itself, anything else ends the connection.
            if !matches!(received, Received::Nothing) {
                self.pool.close(connection);
            }
            return;
        }
        let heard = match received {
            Received::Nothing => return,
            Received::Bytes { bytes, ended } => match line.machine.feed(bytes) {
                Ok(Fed::More) if !ended => Heard::More,
                Ok(Fed::More) => end_of(&mut line.machine),
                Ok(Fed::Done { consumed }) => {
                    let clean = !ended && consumed == bytes.len() && !line.connection.has_pending();
                    Heard::Whole { reuse: clean && line.machine.keep_alive() }
                }
                Err(error) => broken(&error),
            },
            Received::Closed => end_of(&mut line.machine),
            Received::Failed(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Heard::Broken(Kind::Tls, error.to_string())
            }
            Received::Failed(error) => Heard::Broken(Kind::Reset, error.to_string()),
        };
        let slot = line.journey;
        let heard_bytes = line.machine.bytes_in() > 0;
        let now_ns = self.tick();
        let journey = &mut self.journeys[slot as usize];
        if journey.first_byte_ns == u64::MAX && heard_bytes {
            journey.first_byte_ns = now_ns;
        }
        match heard {
            Heard::More => {}
            Heard::Whole { reuse } => self.complete(slot, connection, reuse),
            Heard::Broken(kind, message) => self.fail(slot, now_ns, kind, message),
        }
    }

    /// End every request whose timeout has run out, at its limit.
    pub(super) fn time_out(&mut self) {
        while let Some((slot, at_ns)) = self.deadlines.take_due(self.now_ns) {
            self.end_at_limit(slot, at_ns);
        }
    }

    /// A request that has reached its limit fails there, whatever came later.
    pub(super) fn end_at_limit(&mut self, slot: u32, at_ns: u64) {
        let journey = &self.journeys[slot as usize];
        let limit_ns = self.program.step(journey.program, journey.at).map_or(0, |step| step.timeout_ns);
        #[allow(clippy::cast_precision_loss)] // told to people, in seconds
        let limit_s = limit_ns as f64 / 1e9;
        let message = match journey.standing {
            Standing::Waiting if journey.sent_ns == u64::MAX => format!("no connection was free within {limit_s} s"),
            _ if journey.first_byte_ns == u64::MAX => format!("no reply within {limit_s} s"),
            _ => format!("the reply was not whole within {limit_s} s"),
        };
        self.fail(slot, at_ns, Kind::Timeout, message);
    }
}

fn broken(error: &WireError) -> Heard {
    let kind = match error {
        WireError::Protocol(_) => Kind::Protocol,
        WireError::Truncated => Kind::Reset,
    };
    Heard::Broken(kind, error.to_string())
}

/// The connection ended: the response is whole only if its end was to be told so.
fn end_of(machine: &mut ResponseMachine) -> Heard {
    match machine.eof() {
        Ok(()) => Heard::Whole { reuse: false },
        Err(_) if machine.bytes_in() == 0 => {
            Heard::Broken(Kind::Reset, "the server closed the connection without a reply".to_owned())
        }
        Err(error) => broken(&error),
    }
}
