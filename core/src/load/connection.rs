//! One connection to the target: a non-blocking socket, plain or under TLS. It moves bytes and knows no HTTP.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use rustls::ClientConnection;

use crate::load::tls::TlsTarget;

/// What one receive gave.
#[derive(Debug)]
pub enum Received<'a> {
    /// Bytes for the protocol above, and whether the peer said that these were the last.
    Bytes {
        bytes: &'a [u8],
        ended: bool,
    },
    /// Nothing for the protocol: no bytes, or only TLS's own.
    Nothing,
    /// The peer closed.
    Closed,
    Failed(io::Error),
}

/// Where a connection stands before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    Handshaking,
    Ready,
}

/// Buffers of a thread, shared by all its connections.
pub struct Buffers {
    /// What the socket gave.
    wire: Box<[u8]>,
    /// What TLS made of it.
    plain: Vec<u8>,
}

const RECEIVE_BYTES: usize = 64 * 1024;

impl Default for Buffers {
    fn default() -> Self {
        Self { wire: vec![0; RECEIVE_BYTES].into_boxed_slice(), plain: Vec::new() }
    }
}

pub struct Connection {
    socket: OwnedFd,
    tls: Option<Box<ClientConnection>>,
    pub stage: Stage,
    /// Bytes that the socket did not take yet, from `pending_from` on.
    pending: Vec<u8>,
    pending_from: usize,
}

/// A `sockaddr` of either family and its length.
fn socket_address(address: &SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain data for which all zeroes is a valid value.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let length = match address {
        SocketAddr::V4(v4) => {
            // SAFETY: sockaddr_storage is large enough and aligned for every socket address.
            let to = unsafe { &mut *(&raw mut storage).cast::<libc::sockaddr_in>() };
            to.sin_family = libc::AF_INET as libc::sa_family_t;
            to.sin_port = v4.port().to_be();
            to.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
            size_of::<libc::sockaddr_in>()
        }
        SocketAddr::V6(v6) => {
            // SAFETY: as above.
            let to = unsafe { &mut *(&raw mut storage).cast::<libc::sockaddr_in6>() };
            to.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            to.sin6_port = v6.port().to_be();
            to.sin6_flowinfo = v6.flowinfo();
            to.sin6_addr.s6_addr = v6.ip().octets();
            to.sin6_scope_id = v6.scope_id();
            size_of::<libc::sockaddr_in6>()
        }
    };
    #[cfg(not(target_os = "linux"))]
    {
        storage.ss_len = length as u8;
    }
    (storage, length as libc::socklen_t)
}

fn new_socket(address: &SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    #[cfg(target_os = "linux")]
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let kind = libc::SOCK_STREAM;
    // SAFETY: socket has no memory arguments.
    let fd = unsafe { libc::socket(family, kind, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor that nobody else owns.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    #[cfg(not(target_os = "linux"))]
    {
        // SAFETY: fcntl with integer arguments on a descriptor of ours.
        unsafe {
            libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK);
            libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        set_option(fd, libc::SOL_SOCKET, libc::SO_NOSIGPIPE);
    }
    set_option(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY);
    Ok(socket)
}

/// Switch an option on; without it the connection still works, so a refusal is let go.
fn set_option(fd: RawFd, level: libc::c_int, name: libc::c_int) {
    let one: libc::c_int = 1;
    // SAFETY: the value lives for the call and its length is given.
    unsafe {
        libc::setsockopt(fd, level, name, (&raw const one).cast(), size_of::<libc::c_int>() as libc::socklen_t);
    }
}

/// A write to a peer that is gone is an error here, never a signal (macOS says so by socket option).
#[cfg(target_os = "linux")]
const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(not(target_os = "linux"))]
const SEND_FLAGS: libc::c_int = 0;

#[inline]
fn send(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the buffer is readable for its length; the descriptor is ours.
    let count = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), SEND_FLAGS) };
    match usize::try_from(count) {
        Ok(count) => Ok(count),
        Err(_) => {
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
                _ => Err(error),
            }
        }
    }
}

impl Connection {
    /// Begin to connect; [`Connection::progress`] says when it is done.
    pub fn open(address: &SocketAddr, tls: Option<&TlsTarget>) -> io::Result<Self> {
        let socket = new_socket(address)?;
        let tls = tls.map(TlsTarget::client).transpose()?.map(Box::new);
        let (storage, length) = socket_address(address);
        // SAFETY: the address is readable for its length; the descriptor is ours.
        let result = unsafe { libc::connect(socket.as_raw_fd(), (&raw const storage).cast(), length) };
        if result != 0 {
            let error = io::Error::last_os_error();
            if !matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) {
                return Err(error);
            }
        }
        Ok(Self { socket, tls, stage: Stage::Connecting, pending: Vec::new(), pending_from: 0 })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Bytes wait for the socket to take them.
    pub fn has_pending(&self) -> bool {
        self.pending_from < self.pending.len()
    }

    /// After the socket became writable while connecting: the error of a refused connection, else the next stage.
    pub fn connected(&mut self) -> io::Result<()> {
        let mut code: libc::c_int = 0;
        let mut length = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: value and length are writable and live for the call.
        let result = unsafe {
            let value = (&raw mut code).cast();
            libc::getsockopt(self.fd(), libc::SOL_SOCKET, libc::SO_ERROR, value, &raw mut length)
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        if code != 0 {
            return Err(io::Error::from_raw_os_error(code));
        }
        if self.tls.is_some() {
            self.stage = Stage::Handshaking;
            self.stage_tls()?;
            self.flush()?;
        } else {
            self.stage = Stage::Ready;
        }
        Ok(())
    }

    /// Send a request's bytes; what the socket does not take now waits for [`Connection::flush`].
    #[inline]
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.tls.is_some() || self.has_pending() {
            return self.send_slowly(bytes);
        }
        let count = send(self.fd(), bytes)?;
        if count < bytes.len() {
            self.pending.extend_from_slice(&bytes[count..]);
        }
        Ok(())
    }

    fn send_slowly(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => {
                tls.writer().write_all(bytes)?;
                self.stage_tls()?;
            }
            None => self.pending.extend_from_slice(bytes),
        }
        self.flush()
    }

    /// Move what TLS wants to send into `pending`.
    fn stage_tls(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut self.pending)?;
            }
        }
        Ok(())
    }

    /// Hand pending bytes to the socket, as many as it takes.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.has_pending() {
            let count = send(self.fd(), &self.pending[self.pending_from..])?;
            if count == 0 {
                return Ok(());
            }
            self.pending_from += count;
        }
        self.pending.clear();
        self.pending_from = 0;
        Ok(())
    }

    /// One receive into the thread's buffer.
    #[inline]
    pub fn receive<'a>(&mut self, buffers: &'a mut Buffers) -> Received<'a> {
        let wire = &mut buffers.wire;
        // SAFETY: the buffer is writable for its length; the descriptor is ours.
        let count = unsafe { libc::recv(self.fd(), wire.as_mut_ptr().cast(), wire.len(), 0) };
        match usize::try_from(count) {
            Ok(0) => Received::Closed,
            Ok(count) if self.tls.is_none() => Received::Bytes { bytes: &buffers.wire[..count], ended: false },
            Ok(count) => self.decrypt(count, buffers),
            Err(_) => {
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Received::Nothing,
                    _ => Received::Failed(error),
                }
            }
        }
    }

    fn decrypt<'a>(&mut self, count: usize, buffers: &'a mut Buffers) -> Received<'a> {
        let Some(tls) = &mut self.tls else { return Received::Nothing };
        let mut rest = &buffers.wire[..count];
        let plain = &mut buffers.plain;
        plain.clear();
        let mut ended = false;
        while !rest.is_empty() && !ended {
            match tls.read_tls(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Received::Failed(error),
            }
            match tls.process_new_packets() {
                Ok(state) => {
                    let from = plain.len();
                    plain.resize(from + state.plaintext_bytes_to_read(), 0);
                    if let Err(error) = tls.reader().read_exact(&mut plain[from..]) {
                        return Received::Failed(error);
                    }
                    ended = state.peer_has_closed();
                }
                Err(error) => {
                    // The alert that tells the peer why; nobody waits for it.
                    let _ = tls.write_tls(&mut self.pending);
                    let _ = self.flush();
                    return Received::Failed(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
        }
        let handshaking = tls.is_handshaking();
        if let Err(error) = self.stage_tls().and_then(|()| self.flush()) {
            return Received::Failed(error);
        }
        if self.stage == Stage::Handshaking && !handshaking {
            self.stage = Stage::Ready;
        }
        if buffers.plain.is_empty() {
            return if ended { Received::Closed } else { Received::Nothing };
        }
        Received::Bytes { bytes: &buffers.plain, ended }
    }

    /// Whether an idle connection is still open, as far as this side knows: nothing to read, no end seen.
    pub fn is_quiet(&self) -> bool {
        let mut byte = 0_u8;
        // SAFETY: one writable byte; the descriptor is ours.
        let count = unsafe { libc::recv(self.fd(), (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_DONTWAIT) };
        count < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffers, Connection, Received, Stage};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use crate::load::poller::{Poller, Timeout};

    fn opened() -> (Poller, Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut poller = Poller::new().unwrap();
        let mut near = Connection::open(&listener.local_addr().unwrap(), None).unwrap();
        poller.add(near.fd(), 1, true).unwrap();
        let (far, _) = listener.accept().unwrap();
        poller.wait(Timeout::Never).unwrap();
        near.connected().unwrap();
        assert_eq!(near.stage, Stage::Ready);
        (poller, near, far)
    }

    #[test]
    fn a_short_write_is_finished_by_flushes() {
        let (mut poller, mut near, mut far) = opened();
        let bytes: Vec<u8> = (0..20_000_000_u32).map(|i| i as u8).collect();
        near.send(&bytes).unwrap();
        assert!(near.has_pending());
        let total = bytes.len();
        let reader = std::thread::spawn(move || {
            let mut got = vec![0; total];
            far.read_exact(&mut got).unwrap();
            got
        });
        while near.has_pending() {
            poller.wait(Timeout::Never).unwrap();
            near.flush().unwrap();
        }
        assert!(reader.join().unwrap() == bytes);
    }

    #[test]
    fn a_quiet_connection_is_told_from_one_that_ended() {
        let (mut poller, mut near, mut far) = opened();
        poller.change(near.fd(), 1, false).unwrap();
        assert!(near.is_quiet());
        far.write_all(b"hello").unwrap();
        poller.wait(Timeout::Never).unwrap();
        assert!(!near.is_quiet());
        let mut buffers = Buffers::default();
        assert!(matches!(near.receive(&mut buffers), Received::Bytes { bytes: b"hello", ended: false }));
        assert!(matches!(near.receive(&mut buffers), Received::Nothing));
        drop(far);
        poller.wait(Timeout::Never).unwrap();
        assert!(!near.is_quiet());
        assert!(matches!(near.receive(&mut buffers), Received::Closed));
    }

    #[test]
    fn a_refused_connection_says_so() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut poller = Poller::new().unwrap();
        match Connection::open(&address, None) {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
            Ok(mut near) => {
                poller.add(near.fd(), 1, true).unwrap();
                poller.wait(Timeout::Never).unwrap();
                assert_eq!(near.connected().unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
            }
        }
    }
}
