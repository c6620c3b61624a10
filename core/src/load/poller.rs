//! Readiness of sockets: epoll on Linux, kqueue on macOS, behind one small type with the same methods on both.
//!
//! Level-triggered: a socket is registered once and stays so until it is closed, which removes it. A wait has
//! nanosecond resolution where the system offers it; the timer slack of the calling thread is the caller's affair
//! ([`Poller::sharpen`]).

use std::io;
use std::os::fd::RawFd;

/// What a wait reports for one socket.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub token: u64,
    pub readable: bool,
    pub writable: bool,
}

/// How long a wait may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Look, don't wait.
    Zero,
    /// At most so many nanoseconds.
    Ns(u64),
    /// Until something happens.
    Never,
}

/// The token under which a wake-up from another thread is reported.
pub const WAKE: u64 = u64::MAX;

/// Events taken from the kernel at once; a batch below 64 costs measurably more.
const BATCH: usize = 256;

pub use system::{Poller, Waker};

#[cfg(target_os = "linux")]
mod system {
    use super::{BATCH, Event, RawFd, Timeout, WAKE, io};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::sync::Arc;

    /// An epoll instance with its batch of events and a wake-up descriptor.
    pub struct Poller {
        epoll: OwnedFd,
        wake: Arc<OwnedFd>,
        events: Vec<libc::epoll_event>,
        /// epoll_pwait2 (Linux 5.11) takes nanoseconds; older kernels answer ENOSYS once.
        fine: bool,
    }

    /// Ends a wait from another thread.
    #[derive(Clone)]
    pub struct Waker(Arc<OwnedFd>);

    impl Waker {
        pub fn wake(&self) {
            let one: u64 = 1;
            // SAFETY: the descriptor is open as long as the Arc lives; the buffer is eight readable bytes. A full
            // counter (EAGAIN) still wakes, so the result needs no look.
            unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8) };
        }
    }

    fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
    }

    impl Poller {
        pub fn new() -> io::Result<Self> {
            // SAFETY: epoll_create1 has no memory arguments; its result is a new descriptor that nobody else owns.
            let epoll = unsafe { OwnedFd::from_raw_fd(checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
            // SAFETY: likewise for eventfd.
            let wake =
                unsafe { OwnedFd::from_raw_fd(checked(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?) };
            let poller = Self {
                epoll,
                wake: Arc::new(wake),
                events: vec![libc::epoll_event { events: 0, u64: 0 }; BATCH],
                fine: true,
            };
            poller.control(libc::EPOLL_CTL_ADD, poller.wake.as_raw_fd(), WAKE, libc::EPOLLIN)?;
            Ok(poller)
        }

        /// The shortest timer slack for this thread, so that a wait ends when it should and not 50 microseconds later.
        pub fn sharpen() {
            // SAFETY: PR_SET_TIMERSLACK takes an integer and touches no memory of ours.
            unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_u64, 0_u64, 0_u64, 0_u64) };
        }

        pub fn waker(&self) -> Waker {
            Waker(Arc::clone(&self.wake))
        }

        fn control(&self, operation: libc::c_int, fd: RawFd, token: u64, interest: libc::c_int) -> io::Result<()> {
            let mut event = libc::epoll_event { events: interest.cast_unsigned(), u64: token };
            // SAFETY: the event lives for the call; the kernel copies it.
            checked(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &raw mut event) }).map(|_| ())
        }

        fn interest(write: bool) -> libc::c_int {
            libc::EPOLLIN | libc::EPOLLRDHUP | if write { libc::EPOLLOUT } else { 0 }
        }

        /// Register a socket: always for reading and hang-up, for writing when asked.
        pub fn add(&self, fd: RawFd, token: u64, write: bool) -> io::Result<()> {
            self.control(libc::EPOLL_CTL_ADD, fd, token, Self::interest(write))
        }

        /// Change whether writability is reported.
        pub fn change(&self, fd: RawFd, token: u64, write: bool) -> io::Result<()> {
            self.control(libc::EPOLL_CTL_MOD, fd, token, Self::interest(write))
        }

        /// Wait; the number of events, which [`Poller::event`] then tells.
        pub fn wait(&mut self, timeout: Timeout) -> io::Result<usize> {
            let batch = libc::c_int::try_from(self.events.len()).unwrap_or(libc::c_int::MAX);
            let count = if let (true, Timeout::Ns(ns)) = (self.fine, timeout) {
                let limit = libc::timespec {
                    tv_sec: libc::time_t::try_from(ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
                    tv_nsec: libc::c_long::try_from(ns % 1_000_000_000).unwrap_or(0),
                };
                // SAFETY: the events buffer holds `batch` entries, the timespec lives for the call, the signal mask is
                // null (its size is then ignored).
                let result = unsafe {
                    libc::syscall(
                        libc::SYS_epoll_pwait2,
                        self.epoll.as_raw_fd(),
                        self.events.as_mut_ptr(),
                        batch,
                        &raw const limit,
                        std::ptr::null::<libc::sigset_t>(),
                        8_usize,
                    )
                };
                if result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS) {
                    self.fine = false;
                    return self.wait(timeout);
                }
                libc::c_int::try_from(result).unwrap_or(-1)
            } else {
                let limit = match timeout {
                    Timeout::Zero => 0,
                    Timeout::Never => -1,
                    // Rounded down: what remains under a millisecond is waited for by looking again.
                    Timeout::Ns(ns) => libc::c_int::try_from(ns / 1_000_000).unwrap_or(libc::c_int::MAX),
                };
                // SAFETY: the events buffer holds `batch` entries.
                unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), self.events.as_mut_ptr(), batch, limit) }
            };
            match checked(count) {
                Ok(count) => Ok(usize::try_from(count).unwrap_or(0)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                Err(error) => Err(error),
            }
        }

        /// The i-th event of the last wait.
        #[inline]
        pub fn event(&self, i: usize) -> Event {
            let event = self.events[i];
            let bits = event.events.cast_signed();
            let broken = bits & (libc::EPOLLERR | libc::EPOLLHUP) != 0;
            Event {
                token: event.u64,
                readable: broken || bits & (libc::EPOLLIN | libc::EPOLLRDHUP) != 0,
                writable: broken || bits & libc::EPOLLOUT != 0,
            }
        }

        /// Take note of a wake-up, so that the next wait does not report it again.
        pub fn woken(&self) {
            let mut count: u64 = 0;
            // SAFETY: eight writable bytes; the descriptor is non-blocking and ours.
            unsafe { libc::read(self.wake.as_raw_fd(), (&raw mut count).cast(), 8) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{BATCH, Event, RawFd, Timeout, WAKE, io};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::sync::Arc;

    /// A kqueue with its batch of events; a user event wakes it.
    pub struct Poller {
        queue: Arc<OwnedFd>,
        events: Vec<libc::kevent>,
    }

    /// Ends a wait from another thread.
    #[derive(Clone)]
    pub struct Waker(Arc<OwnedFd>);

    /// The user event's identity within the queue.
    const WAKE_IDENT: libc::uintptr_t = 1;

    fn entry(ident: libc::uintptr_t, filter: i16, flags: u16, fflags: u32, token: u64) -> libc::kevent {
        libc::kevent { ident, filter, flags, fflags, data: 0, udata: token as usize as *mut libc::c_void }
    }

    fn submit(queue: &OwnedFd, changes: &[libc::kevent]) -> io::Result<()> {
        let count = libc::c_int::try_from(changes.len()).unwrap_or(0);
        // SAFETY: `changes` holds `count` entries; no events are asked for, so the output buffer may be null.
        let result = unsafe {
            libc::kevent(queue.as_raw_fd(), changes.as_ptr(), count, std::ptr::null_mut(), 0, std::ptr::null())
        };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    impl Waker {
        pub fn wake(&self) {
            let _ = submit(&self.0, &[entry(WAKE_IDENT, libc::EVFILT_USER, 0, libc::NOTE_TRIGGER, WAKE)]);
        }
    }

    impl Poller {
        pub fn new() -> io::Result<Self> {
            // SAFETY: kqueue has no arguments; its result is a new descriptor that nobody else owns.
            let raw = unsafe { libc::kqueue() };
            if raw < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: just created, checked, owned by nobody else.
            let queue = unsafe { OwnedFd::from_raw_fd(raw) };
            submit(&queue, &[entry(WAKE_IDENT, libc::EVFILT_USER, libc::EV_ADD | libc::EV_CLEAR, 0, WAKE)])?;
            let empty = entry(0, 0, 0, 0, 0);
            Ok(Self { queue: Arc::new(queue), events: vec![empty; BATCH] })
        }

        /// Timers here have no slack to be set.
        pub fn sharpen() {}

        pub fn waker(&self) -> Waker {
            Waker(Arc::clone(&self.queue))
        }

        /// Register a socket: always for reading and hang-up, for writing when asked.
        pub fn add(&self, fd: RawFd, token: u64, write: bool) -> io::Result<()> {
            let ident = fd as libc::uintptr_t;
            submit(&self.queue, &[entry(ident, libc::EVFILT_READ, libc::EV_ADD, 0, token)])?;
            if write { self.change(fd, token, true) } else { Ok(()) }
        }

        /// Change whether writability is reported.
        pub fn change(&self, fd: RawFd, token: u64, write: bool) -> io::Result<()> {
            let flags = if write { libc::EV_ADD } else { libc::EV_DELETE };
            match submit(&self.queue, &[entry(fd as libc::uintptr_t, libc::EVFILT_WRITE, flags, 0, token)]) {
                Err(error) if !write && error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
                other => other,
            }
        }

        /// Wait; the number of events, which [`Poller::event`] then tells.
        pub fn wait(&mut self, timeout: Timeout) -> io::Result<usize> {
            let ns = match timeout {
                Timeout::Zero | Timeout::Never => 0,
                Timeout::Ns(ns) => ns,
            };
            let limit = libc::timespec {
                tv_sec: libc::time_t::try_from(ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
                tv_nsec: libc::c_long::try_from(ns % 1_000_000_000).unwrap_or(0),
            };
            let limit = if timeout == Timeout::Never { std::ptr::null() } else { &raw const limit };
            let batch = libc::c_int::try_from(self.events.len()).unwrap_or(libc::c_int::MAX);
            // SAFETY: the events buffer holds `batch` entries; the timespec, where given, lives for the call.
            let count = unsafe {
                libc::kevent(self.queue.as_raw_fd(), std::ptr::null(), 0, self.events.as_mut_ptr(), batch, limit)
            };
            if count < 0 {
                let error = io::Error::last_os_error();
                return if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) };
            }
            Ok(usize::try_from(count).unwrap_or(0))
        }

        /// The i-th event of the last wait.
        #[inline]
        pub fn event(&self, i: usize) -> Event {
            let event = self.events[i];
            let ended = event.flags & (libc::EV_EOF | libc::EV_ERROR) != 0;
            Event {
                token: event.udata as usize as u64,
                readable: ended || event.filter == libc::EVFILT_READ,
                writable: ended || event.filter == libc::EVFILT_WRITE,
            }
        }

        /// A user event clears itself.
        pub fn woken(&self) {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Poller, Timeout, WAKE};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        (near, far)
    }

    #[test]
    fn a_waker_ends_a_wait_and_is_reported_once() {
        let mut poller = Poller::new().unwrap();
        let waker = poller.waker();
        let other = std::thread::spawn(move || waker.wake());
        assert_eq!(poller.wait(Timeout::Never).unwrap(), 1);
        assert_eq!(poller.event(0).token, WAKE);
        poller.woken();
        other.join().unwrap();
        assert_eq!(poller.wait(Timeout::Zero).unwrap(), 0);
    }

    #[test]
    fn readable_is_told_until_it_is_read() {
        let mut poller = Poller::new().unwrap();
        let (near, mut far) = pair();
        poller.add(near.as_raw_fd(), 7, false).unwrap();
        assert_eq!(poller.wait(Timeout::Zero).unwrap(), 0);
        far.write_all(b"x").unwrap();
        for _ in 0..2 {
            assert_eq!(poller.wait(Timeout::Never).unwrap(), 1);
            assert!(poller.event(0).readable && poller.event(0).token == 7);
        }
    }

    #[test]
    fn writable_is_told_only_when_asked() {
        let mut poller = Poller::new().unwrap();
        let (near, _far) = pair();
        poller.add(near.as_raw_fd(), 7, true).unwrap();
        assert_eq!(poller.wait(Timeout::Never).unwrap(), 1);
        assert!(poller.event(0).writable);
        poller.change(near.as_raw_fd(), 7, false).unwrap();
        assert_eq!(poller.wait(Timeout::Ns(1)).unwrap(), 0);
    }

    #[test]
    fn a_hang_up_reads_as_readable() {
        let mut poller = Poller::new().unwrap();
        let (near, far) = pair();
        poller.add(near.as_raw_fd(), 9, false).unwrap();
        drop(far);
        assert_eq!(poller.wait(Timeout::Never).unwrap(), 1);
        assert!(poller.event(0).readable);
    }
}
