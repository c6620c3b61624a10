//! Where a request's connection comes from: the journey's hand, the idle ones, or the target.

use crate::load::connection::Connection;
use crate::load::driver::Worker;
use crate::load::plan::Arrivals;
use crate::load::pool::{NONE, TRUSTED_NS};
use crate::load::tally::Kind;
use crate::load::wire::ResponseMachine;

/// What a search for a connection gave.
pub(super) enum Acquired {
    Ready(u32),
    Opening(u32),
    Limited,
    Failed(Kind, String),
}

impl Worker<'_> {
    /// Whether a request could have a connection now.
    #[inline]
    pub(super) fn has_connection(&self) -> bool {
        self.pool.top().is_some() || self.pool.open() < self.most_connections
    }

    /// Whether a journey holds the connection that it used last.
    pub(super) fn in_hand(&mut self, slot: u32) -> bool {
        let connection = self.journeys[slot as usize].connection;
        self.pool.get(connection).is_some_and(|line| line.journey == slot && !line.busy && !line.listed())
    }

    /// Let go of the connection that a journey holds between requests.
    pub(super) fn release(&mut self, slot: u32) {
        if self.in_hand(slot) {
            let connection = self.journeys[slot as usize].connection;
            self.pool.list(connection, self.now_ns);
        }
    }

    /// A connection for a journey: the one that it holds, an idle one, or a new one. An open schedule takes the idle one
    /// used last; a closed user keeps to its own as long as the limit leaves everybody one.
    pub(super) fn acquire(&mut self, slot: u32) -> Acquired {
        let own = self.journeys[slot as usize].connection;
        if let Some(line) = self.pool.get(own)
            && line.journey == slot
            && !line.busy
            && self.take(own)
        {
            return Acquired::Ready(own);
        }
        let may_open = self.pool.open() < self.most_connections;
        if !(may_open && self.program.arrivals == Arrivals::Closed) {
            while let Some(top) = self.pool.top() {
                if self.take(top) {
                    return Acquired::Ready(top);
                }
            }
        }
        if self.pool.open() < self.most_connections { self.open_connection() } else { Acquired::Limited }
    }

    /// Take an idle connection for use; one that turns out to have ended is closed.
    fn take(&mut self, connection: u32) -> bool {
        let now_ns = self.now_ns;
        let Some(line) = self.pool.get(connection) else { return false };
        let trusted = !line.listed() || now_ns.saturating_sub(line.idle_ns) < TRUSTED_NS;
        if trusted || self.program.is_tls() || line.connection.is_quiet() {
            self.pool.unlist(connection);
            return true;
        }
        self.pool.close(connection);
        false
    }

    fn open_connection(&mut self) -> Acquired {
        let address = match &self.shared.address {
            Ok(address) => address,
            Err(message) => return Acquired::Failed(Kind::Dns, message.clone()),
        };
        let connection = match Connection::open(address, self.shared.tls.as_ref()) {
            Ok(connection) => connection,
            Err(error) => return Acquired::Failed(Kind::Connect, error.to_string()),
        };
        let fd = connection.fd();
        let slot = self.pool.insert(connection, ResponseMachine::new());
        if let Err(error) = self.poller.add(fd, self.pool.token(slot), true) {
            self.pool.close(slot);
            return Acquired::Failed(Kind::Connect, error.to_string());
        }
        Acquired::Opening(slot)
    }

    /// Forget the connection of a journey's request, with what it heard.
    pub(super) fn close_connection_of(&mut self, slot: u32) -> Option<u16> {
        let journey = &mut self.journeys[slot as usize];
        let connection = std::mem::replace(&mut journey.connection, NONE);
        let line = self.pool.get(connection)?;
        if line.journey != slot || !line.busy {
            return None;
        }
        let status = line.machine.status();
        journey.bytes_in += line.machine.bytes_in();
        self.pool.close(connection);
        (status > 0).then_some(status)
    }
}
