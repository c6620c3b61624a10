//! The end of a request: a reply judged and read, or a failure; counted, sampled, and the journey goes on.

use crate::load::driver::Worker;
use crate::load::exchange::{Exchange, text};
use crate::load::extract::{Failure, Verdict};
use crate::load::journey::{Standing, scope_of};
use crate::load::pool::NONE;
use crate::load::redirect::Hop;
use crate::load::samples::Sample;
use crate::load::tally::{Key, Kind, Measured, Outcome};
use crate::load::template::Show;

/// How a request ended.
struct Ending {
    outcome: Outcome,
    error: bool,
    status: Option<u16>,
    message: Option<String>,
    done_ns: u64,
    /// The target as people may see it, where it had to be told before the reply was read.
    target: Option<String>,
}

/// A request's place in the reservoir (SplitMix64's finalizer, Steele, Lea, Flood 2014).
fn reservoir_key(seed: u64, request: u64) -> u64 {
    let mut z = seed ^ request.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Worker<'_> {
    /// A whole reply has come on a connection.
    pub(super) fn complete(&mut self, slot: u32, connection: u32, reuse: bool) {
        let program = self.program;
        let done_ns = self.now_ns;
        let journey = &mut self.journeys[slot as usize];
        if done_ns > journey.deadline_ns {
            let at_ns = journey.deadline_ns;
            return self.end_at_limit(slot, at_ns);
        }
        let Some(step) = program.step(journey.program, journey.at) else { return };
        let Some(line) = self.pool.get(connection) else { return };
        journey.bytes_in += line.machine.bytes_in();
        let status = line.machine.status();

        let redirected = journey.hops_left > 0 && (300..400).contains(&status);
        if redirected || line.machine.set_cookies().next().is_some() {
            let now_s = self.shared.wall_s(done_ns);
            let mut current = Vec::new();
            match &journey.hop {
                Some(hop) => current.extend_from_slice(&hop.target),
                // It was rendered before, so it renders again.
                None => drop(step.request.target(&scope_of(program, journey), &mut current)),
            }
            for cookie in line.machine.set_cookies() {
                journey.jar.store(cookie, &program.target.host, &current, now_s);
            }
            if redirected {
                let method = journey.hop.as_ref().map_or(step.request.method(), |hop| hop.method.as_str());
                let origin = &program.endpoint.origin;
                if let Some(hop) = Hop::follow(method, &current, status, line.machine.location(), origin) {
                    journey.hops_left -= 1;
                    journey.hop = Some(Box::new(hop));
                    self.tally.counters.redirects += 1;
                    self.part(slot, connection, reuse && !step.request.closes());
                    return self.launch(slot);
                }
            }
        }

        let mut ending = Ending {
            outcome: Outcome::status(status),
            error: false,
            status: Some(status),
            message: None,
            done_ns,
            target: None,
        };
        match step.reading.judge(status) {
            Verdict::Good if step.reading.is_empty() => {}
            Verdict::Good => {
                let response_ns = done_ns.saturating_sub(journey.intended_ns);
                let key = reservoir_key(program.seed, journey.request);
                let measured = program.is_measured(journey.phase);
                // What the reply gives may replace what the request was made of: tell the target first.
                if self.kept[step.row as usize].wants(program.room, response_ns, false, key, measured).any() {
                    ending.target = Some(shown_target(program, journey, step));
                }
                let now_s = self.shared.wall_s(done_ns);
                let keyed = (program.seed, journey.arrival, journey.operation());
                if let Err(failure) =
                    step.reading.read(&line.machine, Some(&journey.jar), now_s, keyed, &mut journey.vars)
                {
                    let kind = match &failure {
                        Failure::Check(_) => Kind::Check,
                        Failure::Extract(_) => Kind::Extract,
                    };
                    ending.fail(kind, failure.to_string());
                }
            }
            Verdict::ErrorStatus => ending.error = true,
            Verdict::WrongStatus => ending.fail(Kind::Check, step.reading.status_message(status)),
        }
        if program.exchanges {
            self.keep_exchange(slot, Some(connection), &ending);
        }
        self.part(slot, connection, reuse && !step.request.closes());
        self.count(slot, ending);
    }

    /// A request and its connection part: the connection stays in the journey's hand, goes to who waits, or is closed.
    fn part(&mut self, slot: u32, connection: u32, reuse: bool) {
        if !reuse {
            self.journeys[slot as usize].connection = NONE;
            self.pool.close(connection);
            return;
        }
        if let Some(line) = self.pool.get(connection) {
            line.busy = false;
        }
        if !self.waiting.is_empty() {
            self.release(slot);
        }
    }

    /// A request has failed at an instant; its connection, if it had one, is closed.
    pub(super) fn fail(&mut self, slot: u32, done_ns: u64, kind: Kind, message: String) {
        if self.program.exchanges {
            let connection = self.journeys[slot as usize].connection;
            let busy = self.pool.get(connection).is_some_and(|line| line.journey == slot && line.busy);
            let mut ending = Ending::failed(kind, message.clone(), done_ns);
            ending.status = None;
            self.keep_exchange(slot, busy.then_some(connection), &ending);
        }
        let mut ending = Ending::failed(kind, message, done_ns);
        ending.status = self.close_connection_of(slot);
        self.count(slot, ending);
    }

    /// Count a finished request and go on with its journey.
    fn count(&mut self, slot: u32, ending: Ending) {
        self.turn_if_due();
        let program = self.program;
        let journey = &mut self.journeys[slot as usize];
        let Some(step) = program.step(journey.program, journey.at) else { return };
        let sent = journey.sent_ns != u64::MAX;
        let Ending { outcome, error, done_ns, .. } = ending;
        let since_sent = |at_ns: u64| at_ns.saturating_sub(journey.sent_ns);
        let measured = Measured {
            response_ns: done_ns.saturating_sub(journey.intended_ns),
            service_ns: sent.then(|| since_sent(done_ns)),
            lag_ns: sent.then(|| journey.sent_ns.saturating_sub(journey.intended_ns)),
            first_byte_ns: (journey.first_byte_ns != u64::MAX).then(|| since_sent(journey.first_byte_ns.min(done_ns))),
            bytes_in: journey.bytes_in,
            bytes_out: journey.bytes_out,
        };
        if !sent {
            journey.phase = program.phase_at(journey.intended_ns);
            journey.request = 0;
        }
        self.deadlines.clear(slot);
        if sent {
            self.flight.fall(done_ns);
        }
        self.last_done_ns = self.last_done_ns.max(done_ns);
        self.tally.counters.done += 1;
        let key = Key { row: step.row, phase: journey.phase, outcome, error };
        self.tally.record(key, &measured);

        let random = reservoir_key(program.seed, journey.request);
        let is_measured = program.is_measured(journey.phase);
        let kept = &self.kept[step.row as usize];
        let wanted = kept.wants(program.room, measured.response_ns, error, random, is_measured);
        if wanted.any() {
            let sample = self.sample(slot, ending);
            self.kept[step.row as usize].keep(program.room, wanted, sample, measured.response_ns, random);
            self.kept_changed = true;
        }
        let journey = &mut self.journeys[slot as usize];
        journey.made += 1;
        let next = program.follow(journey);
        let ends = next > program.journeys[journey.program].last_request;
        self.add_to_whole(slot, &measured, outcome, error, ends);

        let journey = &mut self.journeys[slot as usize];
        journey.hop = None;
        journey.intended_ns = done_ns;
        journey.standing = Standing::Parked;
        if error {
            self.after_journey(slot, outcome.is_unsent() || !sent);
        } else {
            journey.intended_ns = done_ns.saturating_add(program.pause(step, journey, ends));
            journey.go_to(next);
            self.advance(slot);
        }
    }

    fn sample(&self, slot: u32, ending: Ending) -> Sample {
        let program = self.program;
        let journey = &self.journeys[slot as usize];
        let wall = |at_ns: u64| self.shared.wall_ns.saturating_add(at_ns);
        let some = |at_ns: u64| (at_ns != u64::MAX).then(|| wall(at_ns));
        let step = program.step(journey.program, journey.at);
        let target = ending.target.or_else(|| step.map(|step| shown_target(program, journey, step)));
        let stamp = program.tracer.zip(step).filter(|_| journey.request > 0);
        let stamp = stamp.map(|(tracer, step)| tracer.stamp(journey.phase, step.number, journey.request));
        Sample {
            journey: step.map_or_else(|| "".into(), |step| step.journey.clone()),
            step: step.map_or_else(|| "".into(), |step| step.name.clone()),
            phase: journey.phase,
            result: ending.outcome.text(),
            error: ending.error,
            kept: "",
            arrival: journey.arrival,
            request: journey.request,
            intended_ns: wall(journey.intended_ns),
            sent_ns: some(journey.sent_ns),
            first_byte_ns: some(journey.first_byte_ns),
            done_ns: wall(ending.done_ns),
            status: ending.status,
            bytes_in: journey.bytes_in,
            bytes_out: journey.bytes_out,
            method: step.map_or_else(|| "".into(), |step| step.method.clone()),
            target: target.unwrap_or_default(),
            trace_id: stamp.filter(|stamp| stamp.sampled).map(|stamp| stamp.trace_id()),
            message: ending.message,
        }
    }

    fn keep_exchange(&mut self, slot: u32, connection: Option<u32>, ending: &Ending) {
        let program = self.program;
        let journey = &mut self.journeys[slot as usize];
        let Some(step) = program.step(journey.program, journey.at) else { return };
        let Some(shown) = journey.shown.take() else { return };
        let machine = connection.and_then(|connection| self.pool.get(connection)).map(|line| &line.machine);
        let machine = machine.filter(|machine| machine.status() > 0);
        let pair = |(name, value): (&[u8], &[u8])| (text(name), text(value));
        let value = |(name, slot): (&str, usize)| Some((name.to_owned(), text(journey.vars.get(slot)?)));
        let sent = journey.sent_ns != u64::MAX;
        let since_sent = |at_ns: u64| sent.then(|| at_ns.saturating_sub(journey.sent_ns));
        let exchange = Exchange {
            journey: step.journey.to_string(),
            step: step.name.to_string(),
            method: shown.method,
            target: shown.target,
            request_headers: shown.headers,
            request_body: shown.body,
            status: machine.map(|machine| machine.status()),
            response_headers: machine.map(|machine| machine.headers().map(pair).collect()).unwrap_or_default(),
            response_body: machine.map(|machine| text(machine.body())),
            body_bytes: machine.map_or(0, |machine| machine.body_bytes()),
            extracted: if ending.error {
                Default::default()
            } else {
                step.reading.extracted().filter_map(value).collect()
            },
            result: ending.outcome.text(),
            error: ending.error,
            message: ending.message.clone(),
            service_ns: since_sent(ending.done_ns),
            first_byte_ns: if journey.first_byte_ns == u64::MAX { None } else { since_sent(journey.first_byte_ns) },
        };
        self.shared.hub.push_exchange(exchange);
    }
}

impl Ending {
    fn failed(kind: Kind, message: String, done_ns: u64) -> Self {
        let outcome = Outcome::kind(kind);
        Self { outcome, error: true, status: None, message: Some(message), done_ns, target: None }
    }

    fn fail(&mut self, kind: Kind, message: String) {
        self.outcome = Outcome::kind(kind);
        self.error = true;
        self.message = Some(message);
    }
}

fn shown_target(
    program: &crate::load::program::Program,
    journey: &crate::load::journey::Journey,
    step: &crate::load::program::Step,
) -> String {
    step.request.show_target(&scope_of(program, journey), Show::Masked(program.hash_key))
}
