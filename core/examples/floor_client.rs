//! The floor under every load generator: `floor_client 127.0.0.1:8081 50 20`.
//!
//! Fixed bytes out on each of the connections, replies counted by their length alone, nothing recorded. No generator that
//! looks at what it receives can cost less a request. Prints the requests done and the seconds taken as JSON.

#[cfg(target_os = "linux")]
mod epoll;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, seconds] = arguments.as_slice() else {
        eprintln!("usage: floor_client ADDRESS CONNECTIONS SECONDS");
        std::process::exit(2);
    };
    match (connections.parse(), seconds.parse()) {
        (Ok(connections), Ok(seconds)) => linux::drive(address, connections, seconds),
        _ => {
            eprintln!("floor_client: CONNECTIONS and SECONDS are whole numbers");
            std::process::exit(2);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("floor_client needs epoll, which only Linux has");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use crate::epoll::Epoll;

    /// Send one request and learn how long a reply is.
    fn reply_length(address: &str, request: &[u8]) -> io::Result<usize> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        socket.write_all(request)?;
        let (mut length, mut buffer) = (0, vec![0; 65536]);
        loop {
            match socket.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if length == 0 {
            return Err(io::Error::other("the server did not answer"));
        }
        Ok(length)
    }

    pub fn drive(address: &str, connections: usize, seconds: u64) -> io::Result<()> {
        let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
        let length = reply_length(address, &request)?;
        let mut epoll = Epoll::new()?;
        let mut sockets = Vec::with_capacity(connections);
        for key in 0..connections {
            let mut socket = TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            socket.write_all(&request)?;
            socket.set_nonblocking(true)?;
            epoll.add(&socket, key as u64)?;
            sockets.push((socket, 0));
        }
        let mut buffer = vec![0; 65536];
        let mut done: u64 = 0;
        let started = Instant::now();
        let end = started + Duration::from_secs(seconds);
        while Instant::now() < end {
            for key in epoll.wait(1000)? {
                let (socket, received) = &mut sockets[key as usize];
                let read = match socket.read(&mut buffer) {
                    Ok(0) => return Err(io::Error::other("the server closed a connection")),
                    Ok(read) => read,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                };
                *received += read;
                if *received >= length {
                    *received -= length;
                    done += 1;
                    socket.write_all(&request)?;
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{{\"requests\": {done}, \"seconds\": {seconds:.3}}}");
        Ok(())
    }
}
