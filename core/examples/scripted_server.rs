//! A server whose service times are known: it draws or scripts them, and writes down what each request really took.
//!
//! `scripted_server 127.0.0.1:0 lognormal MEDIAN_US SIGMA`: each request takes a lognormal time.
//! `scripted_server 127.0.0.1:0 stall SERVICE_US AFTER STALL_MS`: each takes the same time, but from the request of
//! number AFTER on nobody is answered for STALL_MS.
//!
//! It prints its address and serves one connection a thread. A record runs from the instant at which the kernel received
//! the request to the instant before the reply is handed to the kernel. `GET /_record` gives all records so far as a
//! JSON array of nanoseconds, and is none itself.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
const USAGE: &str = "usage: scripted_server ADDRESS lognormal MEDIAN_US SIGMA | stall SERVICE_US AFTER STALL_MS";

#[derive(Clone, Copy)]
enum Script {
    Lognormal { median_ns: f64, sigma: f64 },
    Stall { service_ns: u64, after: u64, stall_ns: u64 },
}

impl Script {
    fn parse(words: &[String]) -> Option<Self> {
        let number = |at: usize| words.get(at)?.parse::<f64>().ok();
        let whole = |at: usize| words.get(at)?.parse::<u64>().ok();
        match words.first()?.as_str() {
            "lognormal" => Some(Script::Lognormal { median_ns: number(1)? * 1e3, sigma: number(2)? }),
            "stall" => {
                Some(Script::Stall { service_ns: whole(1)? * 1_000, after: whole(2)?, stall_ns: whole(3)? * 1_000_000 })
            }
            _ => None,
        }
    }

    /// When the request of this number, received then, is to be answered.
    fn due_ns(self, number: u64, received_ns: u64, resume_ns: &mut u64) -> u64 {
        match self {
            Script::Lognormal { median_ns, sigma } => received_ns + (median_ns * (sigma * normal(number)).exp()) as u64,
            Script::Stall { service_ns, after, stall_ns } => {
                if number == after {
                    *resume_ns = now_ns() + stall_ns;
                }
                (received_ns.max(*resume_ns)) + service_ns
            }
        }
    }
}

/// Requests counted, when a stall ends, and what each request took.
#[derive(Default)]
struct Ledger {
    requests: u64,
    resume_ns: u64,
    took_ns: Vec<u64>,
}

/// SplitMix64's finalizer (Steele, Lea, Flood 2014), as a number in (0, 1).
fn unit(key: u64) -> f64 {
    let mut z = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A standard normal number for each key (Box and Muller 1958).
fn normal(key: u64) -> f64 {
    (-2.0 * unit(2 * key).ln()).sqrt() * (std::f64::consts::TAU * unit(2 * key + 1)).cos()
}

/// The host's wall clock: the kernel stamps received packets with it.
fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let script = words.get(1..).and_then(Script::parse);
    let (Some(address), Some(script)) = (words.first(), script) else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let listener = TcpListener::bind(address)?;
    stamp::ask(&listener)?;
    println!("listening on {}", listener.local_addr()?);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for socket in listener.incoming() {
        let socket = socket?;
        let ledger = Arc::clone(&ledger);
        std::thread::spawn(move || serve(socket, script, &ledger));
    }
    Ok(())
}

/// One connection; a request arrives in one piece, as its head is small. An error ends the connection.
fn serve(mut socket: TcpStream, script: Script, ledger: &Mutex<Ledger>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    stamp::ask(&socket)?;
    let mut buffer = [0; 4096];
    loop {
        let (count, received_ns) = stamp::receive(&mut socket, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        if buffer[..count].starts_with(b"GET /_record ") {
            let body = format!("{:?}", ledger.lock().unwrap_or_else(PoisonError::into_inner).took_ns);
            write!(socket, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
            continue;
        }
        let due_ns = {
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.requests += 1;
            let number = ledger.requests;
            script.due_ns(number, received_ns, &mut ledger.resume_ns)
        };
        std::thread::sleep(Duration::from_nanos(due_ns.saturating_sub(now_ns())));
        let took_ns = now_ns().saturating_sub(received_ns);
        socket.write_all(REPLY)?;
        ledger.lock().unwrap_or_else(PoisonError::into_inner).took_ns.push(took_ns);
    }
}

/// When the kernel received what a receive returns: so the server's own waking up is part of its record.
#[cfg(target_os = "linux")]
mod stamp {
    use std::io;
    use std::net::TcpStream;
    use std::os::fd::AsRawFd;

    use super::now_ns;

    /// Ask for stamps (SO_TIMESTAMPNS, socket(7)); a listener's sockets inherit it.
    pub fn ask(socket: &impl AsRawFd) -> io::Result<()> {
        let one: libc::c_int = 1;
        // SAFETY: the value lives for the call and its length is given.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_TIMESTAMPNS,
                (&raw const one).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    pub fn receive(socket: &mut TcpStream, buffer: &mut [u8]) -> io::Result<(usize, u64)> {
        let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut control = [0_u64; 16];
        // SAFETY: msghdr is plain data for which all zeroes is a valid value.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control);
        // SAFETY: the buffers that the message names are writable for their lengths and live for the call.
        let count = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: recvmsg has filled in the message, whose control buffer is aligned for a header.
        let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        while !header.is_null() {
            // SAFETY: the header lies within the control buffer, by CMSG_FIRSTHDR and CMSG_NXTHDR.
            let (level, kind) = unsafe { ((*header).cmsg_level, (*header).cmsg_type) };
            if level == libc::SOL_SOCKET && kind == libc::SCM_TIMESTAMPNS {
                // SAFETY: the kernel puts a timespec there, for this level and type; it may be unaligned.
                let stamp: libc::timespec =
                    unsafe { libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned() };
                if stamp.tv_sec > 0 {
                    return Ok((count, stamp.tv_sec as u64 * 1_000_000_000 + stamp.tv_nsec as u64));
                }
            }
            // SAFETY: as above.
            header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
        }
        Ok((count, now_ns()))
    }
}

/// Elsewhere the record begins when the server has woken up.
#[cfg(not(target_os = "linux"))]
mod stamp {
    use std::io::{self, Read};
    use std::net::TcpStream;

    pub fn ask<T>(_socket: &T) -> io::Result<()> {
        Ok(())
    }

    pub fn receive(socket: &mut TcpStream, buffer: &mut [u8]) -> io::Result<(usize, u64)> {
        let count = socket.read(buffer)?;
        Ok((count, super::now_ns()))
    }
}
