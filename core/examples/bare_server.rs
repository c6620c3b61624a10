//! A server that does as little as a server can: `bare_server 127.0.0.1:8081`.
//!
//! One thread, one epoll, a fixed reply to every request. `GET /_count` answers how many other requests were
//! answered so far, so that a load generator's word need not be taken.

#[cfg(target_os = "linux")]
mod epoll;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    linux::serve(&address)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("bare_server needs epoll, which only Linux has");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::io::{self, ErrorKind, Read, Write};
    use std::net::{TcpListener, TcpStream};

    use crate::epoll::Epoll;

    const LISTENER: u64 = u64::MAX;
    const END: &[u8] = b"\r\n\r\n";
    const COUNT: &[u8] = b"GET /_count ";
    const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

    struct Connection {
        socket: TcpStream,
        /// How much of `END` the bytes read so far end with.
        matched: usize,
    }

    pub fn serve(address: &str) -> io::Result<()> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let mut epoll = Epoll::new()?;
        epoll.add(&listener, LISTENER)?;
        let mut connections: HashMap<u64, Connection> = HashMap::new();
        let mut next = 0;
        let mut answered: u64 = 0;
        let mut buffer = vec![0; 65536];
        let mut ready = Vec::new();
        loop {
            ready.clear();
            ready.extend(epoll.wait(-1)?);
            for &key in &ready {
                if key == LISTENER {
                    while let Ok((socket, _)) = listener.accept() {
                        socket.set_nonblocking(true)?;
                        socket.set_nodelay(true)?;
                        epoll.add(&socket, next)?;
                        connections.insert(next, Connection { socket, matched: 0 });
                        next += 1;
                    }
                } else if let Some(connection) = connections.get_mut(&key)
                    && !answer(connection, &mut buffer, &mut answered)
                {
                    connections.remove(&key);
                }
            }
        }
    }

    /// Read once, reply to every request that ended; false when the connection is over.
    fn answer(connection: &mut Connection, buffer: &mut [u8], answered: &mut u64) -> bool {
        let read = match connection.socket.read(buffer) {
            Ok(0) => return false,
            Ok(read) => read,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        let bytes = &buffer[..read];
        if bytes.starts_with(COUNT) {
            let body = answered.to_string();
            let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            return connection.socket.write_all(reply.as_bytes()).is_ok();
        }
        let mut ended = 0;
        if connection.matched == 0 && bytes.ends_with(END) && bytes.len() < 1024 {
            // The usual case: one whole request in one read.
            ended = count(bytes);
        } else {
            for &byte in bytes {
                connection.matched = match (byte == END[connection.matched], byte) {
                    (true, _) => connection.matched + 1,
                    (false, b'\r') => 1,
                    (false, _) => 0,
                };
                if connection.matched == END.len() {
                    connection.matched = 0;
                    ended += 1;
                }
            }
        }
        *answered += ended as u64;
        (0..ended).all(|_| connection.socket.write_all(REPLY).is_ok())
    }

    fn count(bytes: &[u8]) -> usize {
        memchr::memmem::find_iter(bytes, END).count()
    }
}
