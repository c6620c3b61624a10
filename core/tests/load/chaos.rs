//! A server that does something else with every connection: whatever it does, each request ends once, and what the
//! server answered well is what the engine counts as good.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::stage::{OK, Server, phase, read_request, run, single};

/// What becomes of one request; true when the connection goes on.
fn answer(stream: &mut TcpStream, number: u64, good: &AtomicU64) -> bool {
    let mut say = |bytes: &[u8]| stream.write_all(bytes).is_ok();
    match number % 13 {
        0 => false,
        1 => say(b"garbage\r\n\r\n"),
        2 => {
            say(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort");
            false
        }
        3 => say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n"),
        4 => say(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
        5 => {
            good.fetch_add(1, Ordering::SeqCst);
            say(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
            false
        }
        6 => {
            good.fetch_add(1, Ordering::SeqCst);
            say(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and a tail that nobody asked for");
            false
        }
        7 => {
            good.fetch_add(1, Ordering::SeqCst);
            OK.iter().all(|byte| say(std::slice::from_ref(byte)))
        }
        8 => {
            good.fetch_add(1, Ordering::SeqCst);
            say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\nt: v\r\n\r\n")
        }
        _ => {
            good.fetch_add(1, Ordering::SeqCst);
            say(OK)
        }
    }
}

fn chaos(shape: &Value, cores: usize) {
    let good = Arc::new(AtomicU64::new(0));
    let asked = Arc::new(AtomicU64::new(0));
    let (counted, numbers) = (Arc::clone(&good), Arc::clone(&asked));
    let server = Server::raw(move |stream, _| {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while read_request(&mut reader).is_some() {
            if !answer(&mut writer, numbers.fetch_add(1, Ordering::SeqCst), &counted) {
                return;
            }
        }
    });
    let more =
        json!({"shape": shape, "limits": {"cores": cores, "connections": 1000}, "record": {"interval_ns": 20_000_000}});
    let told = run(&single(server.port, &more));
    told.assert_complete();
    assert_eq!(told.total("sent"), told.total("done"));
    assert_eq!(told.count("step", "200"), good.load(Ordering::SeqCst));
    assert_eq!(told.total("sent"), asked.load(Ordering::SeqCst), "nothing is sent twice, nothing is sent in vain");
    for result in ["reset", "protocol", "503"] {
        assert!(told.count("step", result) > 0, "{result}");
    }
}

#[test]
fn an_open_schedule_counts_right_through_chaos() {
    chaos(&phase("poisson", Some(1000.0), None, 300), 1);
}

#[test]
fn a_closed_population_counts_right_through_chaos() {
    chaos(&phase("closed", None, Some(8), 200), 2);
}
