//! A run from outside: start it, poll its intervals, stop it.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::Error;
use crate::load::driver::thread_main;
use crate::load::exchange::Exchange;
use crate::load::host::{cores, raise_descriptors};
use crate::load::pacer::{Clock, Monotonic, wall_ns};
use crate::load::plan::Plan;
use crate::load::poller::Poller;
use crate::load::program::Program;
use crate::load::shared::Shared;
use crate::load::snapshot::{Merger, samples_json};
use crate::load::tls::TlsTarget;

/// Between the order to start and the first intended instant: threads are up by then.
const LEAD_NS: u64 = 5_000_000;

/// How long one of several addresses has to accept a connection before the next is tried.
const PROBE: Duration = Duration::from_secs(1);

/// One run of the load engine.
pub struct Engine {
    /// The plan compiled, until it is started.
    prepared: Mutex<Option<(Program, Option<TlsTarget>)>>,
    running: OnceLock<Running>,
}

struct Running {
    shared: Arc<Shared>,
    merger: Mutex<Merger>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The target's address. Of several the first that accepts a connection; a name like `localhost` often has two, and
/// the service listens on one.
fn resolve(host: &str, port: u16) -> Result<SocketAddr, String> {
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let found = (bare, port).to_socket_addrs().map_err(|error| format!("{host} cannot be resolved: {error}"))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let first = addresses.first().ok_or_else(|| format!("{host} has no address"))?;
    if addresses.len() == 1 {
        return Ok(*first);
    }
    let open = addresses.iter().find(|address| TcpStream::connect_timeout(address, PROBE).is_ok());
    Ok(*open.unwrap_or(first))
}

impl Engine {
    /// Read and compile a plan; errors are the plan's fault.
    pub fn new(plan: &[u8]) -> Result<Self, Error> {
        let program = Program::compile(Plan::parse(plan)?)?;
        let target = &program.target;
        let tls = if program.is_tls() {
            Some(TlsTarget::new(&target.host, target.tls.ca_file.as_deref(), target.tls.verify)?)
        } else {
            None
        };
        Ok(Self { prepared: Mutex::new(Some((program, tls))), running: OnceLock::new() })
    }

    /// Start the load; the run's origin as (wall clock, monotonic clock) in nanoseconds. Waits for the target's name to
    /// be resolved.
    pub fn start(&self) -> Result<(u64, u64), Error> {
        let prepared = held(&self.prepared).take();
        let (program, tls) =
            prepared.ok_or_else(|| Error::Internal("the run was started before; make a new engine".to_owned()))?;
        raise_descriptors();
        let address = resolve(&program.target.host, program.target.port);
        let count = program.threads(cores());
        let pollers = (0..count).map(|_| Poller::new()).collect::<Result<Vec<_>, _>>()?;
        let wakers = pollers.iter().map(Poller::waker).collect();
        let origin_ns = Monotonic.now_ns() + LEAD_NS;
        let wall_ns = wall_ns() + LEAD_NS;
        let shared = Arc::new(Shared::new(program, address, tls, wakers, origin_ns, wall_ns));
        let mut threads = Vec::new();
        for (i, poller) in pollers.into_iter().enumerate() {
            let own = Arc::clone(&shared);
            let spawned =
                std::thread::Builder::new().name(format!("load-{i}")).spawn(move || thread_main(&own, i, poller));
            match spawned {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    shared.stop(true);
                    return Err(Error::Machine(error));
                }
            }
        }
        let merger = Mutex::new(Merger::new(count, Monotonic.now_ns()));
        let running = Running { shared, merger, threads: Mutex::new(threads) };
        if self.running.set(running).is_err() {
            return Err(Error::Internal("the run was started twice".to_owned()));
        }
        Ok((wall_ns, origin_ns))
    }

    /// The next interval as JSON; None when none was ready in time or the run is over.
    pub fn poll(&self, timeout: Duration) -> Result<Option<Vec<u8>>, Error> {
        let Some(running) = self.running.get() else {
            return Err(Error::Internal("the run was not started".to_owned()));
        };
        match running.shared.hub.take(timeout)? {
            Some(taken) => held(&running.merger).line(taken, &running.shared.hub, Monotonic.now_ns()).map(Some),
            None => Ok(None),
        }
    }

    /// True once the load has ended and every interval was polled.
    pub fn finished(&self) -> bool {
        self.running.get().is_some_and(|running| running.shared.hub.finished())
    }

    /// End the schedule; what is in flight is awaited, or cut off with `now`. Before the start it does nothing.
    pub fn stop(&self, now: bool) {
        if let Some(running) = self.running.get() {
            running.shared.stop(now);
        }
    }

    /// The samples kept so far as a JSON array.
    pub fn samples(&self) -> Result<Vec<u8>, Error> {
        match self.running.get() {
            Some(running) => samples_json(&running.shared.hub.samples(), running.shared.program.room),
            None => Ok(b"[]".to_vec()),
        }
    }

    /// The exchanges kept as a JSON array.
    pub fn exchanges(&self) -> Result<Vec<u8>, Error> {
        let kept: Vec<Exchange> = self.running.get().map(|running| running.shared.hub.exchanges()).unwrap_or_default();
        serde_json::to_vec(&kept).map_err(|error| Error::Internal(format!("exchanges cannot be written: {error}")))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(running) = self.running.get() {
            running.shared.stop(true);
            for thread in held(&running.threads).drain(..) {
                // A thread that failed has told so through the hub.
                let _ = thread.join();
            }
        }
    }
}
