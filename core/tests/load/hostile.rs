//! Servers that misbehave: every misdeed is data, counted once and under its name.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::stage::{OK, Run, Server, once, phase, read_request, request, run, single};

/// Three users' worth of journeys against a server, each once.
fn thrice(port: u16, more: &Value) -> Run {
    let ops = || vec![request(1, "step", "/", more)];
    let mut plan = once(port, &[ops(), ops(), ops()]);
    for (i, journey) in plan["journeys"].as_array_mut().unwrap().iter_mut().enumerate() {
        journey["ops"][0]["number"] = (i + 1).into();
    }
    let told = run(&plan);
    told.assert_complete();
    assert_eq!(told.total("done"), 3);
    told
}

fn assert_all(told: &Run, result: &str) {
    assert_eq!(told.count("step", result), 3, "{:?}", told.exchanges);
    assert_eq!(told.journeys(result), 3);
}

#[test]
fn a_connection_closed_without_a_byte_is_a_reset() {
    let server = Server::answering(|_| None);
    let told = thrice(server.port, &json!({}));
    assert_all(&told, "reset");
    assert_eq!(server.connections(), 3);
    assert_eq!(told.exchanges[0]["message"], "the server closed the connection without a reply");
    assert_eq!(told.samples[0]["first_byte_ns"], Value::Null);
}

#[test]
fn a_reset_is_a_reset() {
    let server = Server::raw(|stream, _| {
        // Unread bytes at the close make the kernel answer with RST.
        let mut peeked = [0; 1];
        let _ = stream.peek(&mut peeked);
    });
    assert_all(&thrice(server.port, &json!({})), "reset");
}

#[test]
fn a_reply_cut_short_is_a_reset() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive.",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfi",
    ] {
        let server = Server::raw(move |stream, _| {
            let mut writer = stream.try_clone().unwrap();
            read_request(&mut BufReader::new(stream));
            let _ = writer.write_all(cut.as_bytes());
        });
        assert_all(&thrice(server.port, &json!({})), "reset");
    }
}

#[test]
fn what_is_not_http_is_protocol() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x00\x01\x02\x03\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        assert_all(&thrice(Server::saying(bytes).port, &json!({})), "protocol");
    }
}

#[test]
fn a_head_without_end_is_protocol() {
    let server = Server::raw(|stream, _| {
        let mut writer = stream.try_clone().unwrap();
        read_request(&mut BufReader::new(stream));
        let _ = writer.write_all(b"HTTP/1.1 200 OK\r\n");
        while writer.write_all(b"x-filler: 0123456789012345678901234567890123456789\r\n").is_ok() {}
    });
    assert_all(&thrice(server.port, &json!({})), "protocol");
}

#[test]
fn a_body_longer_than_its_length_ends_the_connection_not_the_request() {
    let server = Server::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more than that");
    let told = thrice(server.port, &json!({}));
    assert_all(&told, "200");
    assert_eq!(server.connections(), 3);
}

#[test]
fn interim_replies_are_passed_over() {
    let server = Server::saying(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 None\r\n\r\n",
    );
    let told = thrice(server.port, &json!({}));
    assert_all(&told, "204");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_reply_that_lasts_until_the_close_is_whole() {
    let server = Server::raw(|stream, _| {
        let mut writer = stream.try_clone().unwrap();
        read_request(&mut BufReader::new(stream));
        let _ = writer.write_all(b"HTTP/1.0 200 OK\r\n\r\nuntil the end");
    });
    let told = thrice(server.port, &json!({}));
    assert_all(&told, "200");
    assert_eq!(told.exchanges[2]["response_body"], "until the end");
}

#[test]
fn a_hang_times_out_at_the_limit_exactly() {
    let (hold, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = Server::raw(move |stream, _| {
        let _stream = stream;
        let _ = held.lock().unwrap().recv();
    });
    let told = thrice(server.port, &json!({"timeout_ns": 30_000_000}));
    assert_all(&told, "timeout");
    for name in ["service", "response"] {
        let histograms = told.intervals.iter().flat_map(|interval| interval["cells"].as_array().unwrap());
        let least = histograms.map(|cell| cell[name]["min_ns"].as_u64().unwrap()).min();
        assert!(least >= Some(30_000_000), "{name}");
    }
    assert_eq!(told.intervals[0]["cells"][0]["service"]["max_ns"], 30_000_000);
    assert_eq!(told.exchanges[0]["message"], "no reply within 0.03 s");
    drop(hold);
}

#[test]
fn a_body_that_trickles_times_out_too() {
    let server = Server::raw(|stream, _| {
        let mut writer = stream.try_clone().unwrap();
        read_request(&mut BufReader::new(stream));
        let _ = writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
        while writer.write_all(b"x").is_ok() {
            std::thread::yield_now();
        }
    });
    let told = thrice(server.port, &json!({"timeout_ns": 200_000_000}));
    assert_all(&told, "timeout");
    assert_eq!(told.exchanges[0]["message"], "the reply was not whole within 0.2 s");
    assert_eq!(told.exchanges[0]["status"], 200);
}

#[test]
fn a_refused_connection_is_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let told = thrice(port, &json!({}));
    assert_all(&told, "connect");
    let failed: u64 = told.intervals.iter().map(|i| i["connections"]["failed"].as_u64().unwrap()).sum();
    assert_eq!(failed, 3);
}

#[test]
fn a_closed_population_does_not_storm_a_refused_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let told = run(&single(port, &json!({"shape": phase("closed", None, Some(2), 250)})));
    told.assert_complete();
    // Each user tries at 0, 0.1 and 0.2 s at most.
    let tried = told.count("step", "connect");
    assert!((2..=6).contains(&tried), "{tried}");
}

#[test]
fn a_name_that_cannot_be_resolved_is_dns() {
    // A label of more than 63 characters fails without asking anybody.
    let plan = single(80, &json!({"target": {"host": "x".repeat(64)}}));
    let told = run(&plan);
    told.assert_complete();
    assert_eq!(told.count("step", "dns"), 1);
}

#[test]
fn a_server_that_closes_idle_connections_costs_no_request() {
    let (closed, is_closed) = mpsc::channel::<()>();
    let is_closed = std::sync::Mutex::new(is_closed);
    // The first connection answers once and closes; the second request goes over a second connection.
    let server = Server::raw(move |stream, number| {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        read_request(&mut reader);
        let _ = writer.write_all(OK);
        if number > 0 {
            read_request(&mut reader);
        }
        drop((reader, writer));
        let _ = closed.send(());
    });
    let think = json!({"op": "think", "distribution": "constant", "value_ns": 100_000_000});
    let ops = vec![request(1, "first", "/", &json!({})), think, request(2, "second", "/", &json!({}))];
    let told = run(&once(server.port, &[ops]));
    is_closed.lock().unwrap().recv().unwrap();
    told.assert_complete();
    assert_eq!((told.count("first", "200"), told.count("second", "200")), (1, 1));
    assert_eq!(server.connections(), 2);
}
