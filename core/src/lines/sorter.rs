//! From a line's fields to a row: who, when, what for, and with what result. Names and values leave as keyed hashes.

use super::address;
use super::agents;
use super::batch::{NONE, Row};
use super::duration::duration;
use super::format::{Cut, Format, TimeAt};
use super::hosts::Hosts;
use super::instant::Clock;
use super::record::{Field, Record};
use super::request::{self, Asked};
use super::routes::Routes;
use crate::hash::Key;

/// Agents that are remembered, by their hash; a log has some thousands of them.
const AGENTS: usize = 4096;

/// Longer agents are not remembered.
const AGENT_BYTES: usize = 512;

/// Shorter agents may be a program's, of which the path says more.
const PROGRAM_BYTES: usize = 40;

/// What is told of a line whose time cannot be read.
const NO_TIME: &str = "it has no time where the format has one";

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Understood {
    Row(Row),
    /// A comment, or the names of columns.
    Header,
    Malformed(&'static str),
}

/// What is right with a line, before anything is counted.
struct Checked {
    logged_ns: i64,
    duration_ns: i64,
    bytes: i64,
    status: u16,
}

#[derive(Debug, Clone, Default)]
struct Agent {
    text: Vec<u8>,
    hash: u64,
    kind: u8,
}

/// Knows the routes, the agents and the hosts that were seen.
#[derive(Debug)]
pub struct Sorter {
    key: Key,
    pub routes: Routes,
    hosts: Hosts,
    agents: Vec<Agent>,
    buffer: Vec<u8>,
    /// Requests whose line goes on after what its format knows.
    pub further: u64,
}

impl Sorter {
    pub fn new(key: Key, routes: Routes) -> Sorter {
        let agents = vec![Agent::default(); AGENTS];
        Sorter { key, routes, hosts: Hosts::default(), agents, buffer: Vec::with_capacity(256), further: 0 }
    }

    /// A row of a line, its request counted among the routes.
    #[inline]
    pub fn sort(&mut self, format: &Format, clock: &mut Clock, line: &[u8]) -> Understood {
        format.read(line, |cut, record| match cut {
            Cut::Fields => match checked(format, clock, record) {
                Ok(checked) => Understood::Row(self.row(record, &checked, format.time_at)),
                Err(reason) => Understood::Malformed(reason),
            },
            Cut::Header => Understood::Header,
            Cut::Malformed(reason) => Understood::Malformed(reason),
        })
    }

    fn row(&mut self, record: &Record<'_>, checked: &Checked, time_at: TimeAt) -> Row {
        self.further += u64::from(record.further);
        let asked = asked(record);
        let agent = record.get(Field::Agent);
        let (agent_hash, agent_kind) = self.agent(agent);
        let path = request::normal(asked.path);
        let kind = match agent_kind {
            _ if asked.garbage => agents::SCANNER,
            _ if agent.len() < PROGRAM_BYTES => agents::kind(agent, &path, asked.query, checked.status),
            agents::SCANNER => agents::SCANNER,
            _ if agents::is_probe(&path, asked.query, checked.status) => agents::SCANNER,
            kind => kind,
        };
        let (route, value) = match asked.path {
            b"" => (NONE, 0),
            _ => {
                let seen = self.routes.observe(asked.method, &path, asked.query, checked.status, kind);
                (leaf(seen.leaf), seen.value)
            }
        };
        let time_ns = match time_at {
            TimeAt::End => checked.logged_ns - checked.duration_ns.max(0),
            TimeAt::Start => checked.logged_ns,
        };
        Row {
            logged_ns: checked.logged_ns,
            time_ns,
            duration_ns: checked.duration_ns,
            bytes: checked.bytes,
            client: self.client(record, agent_hash),
            value,
            route,
            referer: self.referer(record, &asked),
            status: checked.status,
            method: asked.method,
            kind,
        }
    }

    /// An agent's hash and who it is.
    #[inline]
    fn agent(&mut self, text: &[u8]) -> (u64, u8) {
        if text.len() > AGENT_BYTES {
            return (self.key.hash(text), agents::of_agent(text));
        }
        let place = mixed(text) as usize % AGENTS;
        let known = &mut self.agents[place];
        if known.text != text || known.hash == 0 {
            known.text.clear();
            known.text.extend_from_slice(text);
            known.hash = self.key.hash(text).max(1);
            known.kind = agents::of_agent(text);
        }
        (known.hash, known.kind)
    }

    /// The keyed hash of a session, else of an address and an agent.
    #[inline]
    fn client(&mut self, record: &Record<'_>, agent: u64) -> u64 {
        let session = record.get(Field::Session);
        self.buffer.clear();
        if session.is_empty() {
            let address = match record.get(Field::Forwarded) {
                b"" => record.get(Field::Client),
                list => address::forwarded(list).unwrap_or(record.get(Field::Client)),
            };
            address::append(address, &mut self.buffer);
            self.buffer.extend_from_slice(&agent.to_le_bytes());
        } else {
            self.buffer.push(b's');
            self.buffer.extend_from_slice(session);
        }
        self.key.hash(&self.buffer)
    }

    /// The route of the page that led here, if it is one of this service.
    #[inline]
    fn referer(&mut self, record: &Record<'_>, asked: &Asked<'_>) -> i32 {
        let referer = record.get(Field::Referer);
        if referer.is_empty() {
            return NONE;
        }
        let (authority, rest) = match request::absolute(referer) {
            Some(found) => found,
            None if referer[0] == b'/' => (&b""[..], referer),
            None => return NONE,
        };
        let host = match record.get(Field::Host) {
            b"" => asked.authority,
            host => host,
        };
        if !authority.is_empty() && !self.hosts.is_own(authority, host) {
            return NONE;
        }
        let page = request::of_target(b"GET", rest);
        self.routes.peek(request::GET, &request::normal(page.path)).map_or(NONE, leaf)
    }
}

/// A leaf as a batch has it: the first is that of no route.
fn leaf(leaf: u32) -> i32 {
    if leaf == super::routes::NOWHERE { NONE } else { i32::try_from(leaf).unwrap_or(NONE) }
}

/// When a line was logged, if it is a request's.
pub fn instant(format: &Format, clock: &mut Clock, line: &[u8]) -> Option<i64> {
    format.read(line, |cut, record| match cut {
        Cut::Fields => checked(format, clock, record).ok().map(|checked| checked.logged_ns),
        _ => None,
    })
}

#[inline]
fn checked(format: &Format, clock: &mut Clock, record: &Record<'_>) -> Result<Checked, &'static str> {
    let logged_ns = match record.get(Field::Time) {
        b"" => clock.read_apart(record.get(Field::Date), record.get(Field::Clock)).ok_or(NO_TIME)?,
        text => clock.read(text, format.style(Field::Time)).ok_or(NO_TIME)?,
    };
    let status = match record.get(Field::Status).trim_ascii() {
        b"" => 0,
        text => number(text)
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| *status < 1000)
            .ok_or("its status is no number of three digits")?,
    };
    let bytes = match record.get(Field::Bytes).trim_ascii() {
        b"" | b"-1" => i64::from(NONE),
        text => number(text).ok_or("its bytes are no number")?,
    };
    let duration_ns = duration(record.get(Field::Duration), format.style(Field::Duration)).unwrap_or(i64::from(NONE));
    Ok(Checked { logged_ns, duration_ns, bytes, status })
}

/// What the record asks for, however its format has it.
#[inline]
fn asked<'r>(record: &'r Record<'_>) -> Asked<'r> {
    let request = record.get(Field::Request);
    if !request.is_empty() {
        return request::of_line(request);
    }
    let method = record.get(Field::Method);
    let path = record.get(Field::Path);
    if !path.is_empty() {
        return request::of_parts(method, path, record.get(Field::Query));
    }
    match record.get(Field::Target) {
        b"" => match record.get(Field::Url) {
            b"" => request::of_line(b""),
            url => request::of_target(method, url),
        },
        target => request::of_target(method, target),
    }
}

/// A whole number; JSON may write it as `200.0`.
#[inline]
fn number(text: &[u8]) -> Option<i64> {
    let mut found = 0i64;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => found = found.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?,
            b'.' if at > 0 && text[at + 1..].iter().all(|byte| *byte == b'0') => break,
            _ => return None,
        }
    }
    (!text.is_empty()).then_some(found)
}

/// A hash to find a place by; not keyed, for the text itself is compared too.
#[inline]
fn mixed(text: &[u8]) -> u64 {
    let mut chunks = text.chunks_exact(8);
    let mut hash = text.len() as u64;
    let mut absorb = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    for chunk in &mut chunks {
        let mut word = [0u8; 8];
        word.copy_from_slice(chunk);
        absorb(u64::from_le_bytes(word));
    }
    let mut last = [0u8; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    absorb(u64::from_le_bytes(last));
    hash ^ (hash >> 32)
}
