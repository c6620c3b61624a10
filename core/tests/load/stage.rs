//! A scripted server, a plan by the line, and a run to its end.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loadstone_core::load::engine::Engine;
use serde_json::{Value, json};

/// A request as the server got it.
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The next request on a connection; None when the client has closed it.
pub fn read_request(stream: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    if stream.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_ascii_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// A server that hands each connection, with its number from 0, to a thread of its own.
pub struct Server {
    pub port: u16,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub fn raw(handle: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let handle = Arc::new(handle);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let handle = Arc::clone(&handle);
                std::thread::spawn(move || handle(stream, number));
            }
        });
        Self { port, connections }
    }

    /// A server that answers each request with bytes, as they are; None closes the connection.
    pub fn answering(answer: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::raw(move |stream, _| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            while let Some(request) = read_request(&mut reader) {
                let Some(bytes) = answer(&request) else { return };
                if writer.write_all(&bytes).is_err() {
                    return;
                }
            }
        })
    }

    /// The same bytes for everybody.
    pub fn saying(bytes: &'static [u8]) -> Self {
        Self::answering(move |_| Some(bytes.to_vec()))
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A reply with a body.
pub fn reply(status: &str, headers: &str, body: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// One request operation; `more` overrides its keys.
pub fn request(number: u32, step: &str, target: &str, more: &Value) -> Value {
    let mut request = json!({
        "op": "request", "step": step, "number": number, "method": "GET", "target": [{"text": target}],
        "headers": [], "body": null, "timeout_ns": 10_000_000_000_u64, "redirects": 0,
        "check": {"status": null, "contains": [], "regex": [], "json": []}, "extract": [],
    });
    merge(&mut request, more);
    request
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Each of the journeys once.
pub fn once(port: u16, journeys: &[Vec<Value>]) -> Value {
    let journeys: Vec<Value> = journeys
        .iter()
        .enumerate()
        .map(|(i, ops)| json!({"name": format!("journey {i}"), "weight": 1.0, "ops": ops}))
        .collect();
    json!({
        "format": 1, "seed": 41,
        "target": {"scheme": "http", "host": "127.0.0.1", "port": port, "tls": {"ca_file": null, "verify": true}, "auth": null},
        "secrets": {}, "feeds": [], "journeys": journeys,
        "shape": {"arrivals": "once", "phases": []},
        "thresholds": [],
        "limits": {"cores": 1, "connections": 100, "journeys": 1000, "head_bytes": 262_144, "body_bytes": 1_000_000},
        "record": {"interval_ns": 1_000_000_000_u64, "slowest": 5, "failed": 5, "uniform": 5, "exchanges": true,
                   "hash_key": "000102030405060708090a0b0c0d0e0f", "trace": null},
    })
}

/// A plan with one journey of one request, and an override.
pub fn single(port: u16, more: &Value) -> Value {
    let mut plan = once(port, &[vec![request(1, "step", "/", &json!({}))]]);
    plan["record"]["exchanges"] = false.into();
    merge(&mut plan, more);
    plan
}

/// An open or closed shape of one phase.
pub fn phase(arrivals: &str, rate_per_s: Option<f64>, users: Option<u32>, duration_ms: u64) -> Value {
    json!({"arrivals": arrivals, "phases": [
        {"name": "p", "rate_per_s": rate_per_s, "users": users, "duration_ns": duration_ms * 1_000_000, "measured": true}]})
}

/// Everything that a run told.
pub struct Run {
    pub intervals: Vec<Value>,
    pub samples: Vec<Value>,
    pub exchanges: Vec<Value>,
}

pub fn engine(plan: &Value) -> Engine {
    Engine::new(plan.to_string().as_bytes()).unwrap()
}

/// Run a plan to its end.
pub fn run(plan: &Value) -> Run {
    let engine = engine(plan);
    engine.start().unwrap();
    finish(&engine)
}

/// Poll a started engine to its end.
pub fn finish(engine: &Engine) -> Run {
    let mut intervals = Vec::new();
    while !engine.finished() {
        if let Some(line) = engine.poll(Duration::from_secs(1)).unwrap() {
            intervals.push(serde_json::from_slice(&line).unwrap());
        }
    }
    let samples = serde_json::from_slice(&engine.samples().unwrap()).unwrap();
    let exchanges = serde_json::from_slice(&engine.exchanges().unwrap()).unwrap();
    Run { intervals, samples, exchanges }
}

impl Run {
    pub fn total(&self, name: &str) -> u64 {
        self.intervals.iter().map(|interval| interval[name].as_u64().unwrap()).sum()
    }

    fn cells(&self) -> impl Iterator<Item = &Value> {
        self.intervals.iter().flat_map(|interval| interval["cells"].as_array().unwrap())
    }

    /// Requests of a step with a result.
    pub fn count(&self, step: &str, result: &str) -> u64 {
        let of = |cell: &&Value| cell["step"] == step && cell["result"] == result;
        self.cells().filter(of).map(|cell| cell["count"].as_u64().unwrap()).sum()
    }

    /// Whole journeys with a result.
    pub fn journeys(&self, result: &str) -> u64 {
        let of = |cell: &&Value| cell["step"].is_null() && cell["result"] == result;
        self.cells().filter(of).map(|cell| cell["count"].as_u64().unwrap()).sum()
    }

    /// The only cell of a step (or, with None, of a whole journey).
    pub fn cell(&self, step: Option<&str>) -> &Value {
        let mut found = self.cells().filter(|cell| cell["step"].as_str() == step);
        let cell = found.next().expect("a cell");
        assert!(found.next().is_none(), "one cell only");
        cell
    }

    /// Each request was sent, ended, and stands in one cell.
    pub fn assert_complete(&self) {
        let requests: u64 =
            self.cells().filter(|cell| !cell["step"].is_null()).map(|cell| cell["count"].as_u64().unwrap()).sum();
        assert_eq!(self.total("done"), requests);
        assert_eq!(self.total("offered"), self.total("started") + self.total("dropped"));
        let ends: Vec<f64> = self.intervals.iter().map(|interval| interval["t_s"].as_f64().unwrap()).collect();
        let spans: f64 = self.intervals.iter().map(|interval| interval["span_s"].as_f64().unwrap()).sum();
        assert!(ends.is_sorted());
        assert!((ends.last().unwrap_or(&0.0) - spans).abs() < 1e-6, "intervals have no gap: {ends:?}");
    }
}
