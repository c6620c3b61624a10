//! A process without a descriptor left: requests fail as `connect`, nothing crashes, nothing spins. Its own process,
//! because the limit is the process's.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use loadstone_core::load::engine::Engine;
use serde_json::{Value, json};

#[test]
fn exhausted_descriptors_are_data() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            held.push(stream);
        }
    });
    let plan = json!({
        "format": 1, "seed": 1,
        "target": {"scheme": "http", "host": "127.0.0.1", "port": port, "tls": {"ca_file": null, "verify": true}, "auth": null},
        "secrets": {}, "feeds": [],
        "journeys": [{"name": "j", "weight": 1.0, "ops": [{
            "op": "request", "step": "s", "number": 1, "method": "GET", "target": [{"text": "/"}], "headers": [],
            "body": null, "timeout_ns": 200_000_000, "redirects": 0,
            "check": {"status": null, "contains": [], "regex": [], "json": []}, "extract": []}]}],
        "shape": {"arrivals": "closed", "phases": [
            {"name": "p", "rate_per_s": null, "users": 100, "duration_ns": 300_000_000, "measured": true}]},
        "thresholds": [],
        "limits": {"cores": 1, "connections": 1000, "journeys": 1000, "head_bytes": 262_144, "body_bytes": 1000},
        "record": {"interval_ns": 1_000_000_000, "slowest": 0, "failed": 5, "uniform": 0, "exchanges": false,
                   "hash_key": "00000000000000000000000000000000", "trace": null},
    });
    let engine = Engine::new(plan.to_string().as_bytes()).unwrap();
    let limit = libc::rlimit { rlim_cur: 40, rlim_max: 40 };
    // SAFETY: the struct is readable and lives for the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    engine.start().unwrap();
    let mut done = 0;
    let mut refused = 0;
    while !engine.finished() {
        let Some(line) = engine.poll(Duration::from_secs(1)).unwrap() else { continue };
        let interval: Value = serde_json::from_slice(&line).unwrap();
        done += interval["done"].as_u64().unwrap();
        for cell in interval["cells"].as_array().unwrap().iter().filter(|cell| cell["step"] == "s") {
            refused += if cell["result"] == "connect" { cell["count"].as_u64().unwrap() } else { 0 };
        }
    }
    let samples = String::from_utf8(engine.samples().unwrap()).unwrap();
    assert!(samples.contains("Too many open files"), "{samples}");
    // A hundred users that each try about three times: neither silence nor a storm.
    assert!(refused >= 50 && done >= refused, "{refused} of {done}");
}
