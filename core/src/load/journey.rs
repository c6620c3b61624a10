//! A journey in flight: a place in its operations, a user's variables and cookies, and the request that it waits for.

use std::cmp::Reverse;

use crate::load::cookies::Jar;
use crate::load::driver::Worker;
use crate::load::pool::NONE;
use crate::load::program::{Op, Program};
use crate::load::random::{self, Draw};
use crate::load::redirect::Hop;
use crate::load::request::Shown;
use crate::load::tally::{Key, Measured, Outcome};
use crate::load::template::{Scope, Vars};

/// What a journey's slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Parked,
    /// A closed user between two journeys.
    Resting,
    Thinking,
    /// Its next request has no connection yet.
    Waiting,
    Flying,
}

/// One slot. Its memory serves journey after journey.
pub struct Journey {
    pub standing: Standing,
    /// In a closed population, the user's number from 0.
    pub user: u64,
    pub iteration: u64,
    pub program: usize,
    /// The operation's index.
    pub at: usize,
    /// How often the journey was at it before.
    pub visit: u32,
    /// The same of each operation, and the requests made; of a journey whose steps lead back.
    pub visits: Vec<u16>,
    pub made: u32,
    pub arrival: u64,
    /// As templates see it, from 1.
    pub user_number: u64,
    /// The phase in which the journey began, and that of its present request.
    pub first_phase: u8,
    pub phase: u8,
    /// The present request's number in the run, and its instants; `u64::MAX` is none.
    pub request: u64,
    pub intended_ns: u64,
    pub sent_ns: u64,
    pub first_byte_ns: u64,
    pub deadline_ns: u64,
    pub connection: u32,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub hops_left: u32,
    /// Where a redirect has led.
    pub hop: Option<Box<Hop>>,
    /// The request as people may see it, where exchanges are kept.
    pub shown: Option<Box<Shown>>,
    pub vars: Vars,
    pub jar: Jar,
    /// Sums over the steps so far.
    pub whole: Measured,
}

impl Journey {
    pub fn of_user(user: u64, slots: usize) -> Self {
        Self {
            standing: Standing::Parked,
            user,
            iteration: 0,
            program: 0,
            at: 0,
            visit: 0,
            visits: Vec::new(),
            made: 0,
            arrival: 0,
            user_number: 0,
            first_phase: 0,
            phase: 0,
            request: 0,
            intended_ns: 0,
            sent_ns: u64::MAX,
            first_byte_ns: u64::MAX,
            deadline_ns: u64::MAX,
            connection: NONE,
            bytes_out: 0,
            bytes_in: 0,
            hops_left: 0,
            hop: None,
            shown: None,
            vars: Vars::new(slots),
            jar: Jar::new(),
            whole: Measured::default(),
        }
    }

    /// The key of the present operation's draws.
    #[inline]
    pub fn operation(&self) -> u32 {
        random::operation(self.at as u32, self.visit)
    }

    /// Go to an operation. Only a journey whose steps lead back counts how often.
    #[inline]
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
        if let Some(visits) = self.visits.get_mut(at) {
            self.visit = u32::from(*visits);
            *visits += 1;
        }
    }
}

/// What templates of a journey's present operation depend on.
pub fn scope_of<'j>(program: &'j Program, journey: &'j Journey) -> Scope<'j> {
    Scope {
        vars: &journey.vars,
        feeds: &program.feeds,
        seed: program.seed,
        arrival: journey.arrival,
        user: journey.user_number,
        op: journey.operation(),
    }
}

impl Worker<'_> {
    /// Start a journey whose first step is intended at `at_ns`.
    pub(super) fn begin_journey(&mut self, slot: u32, program: usize, arrival: u64, user_number: u64, at_ns: u64) {
        let first_phase = self.program.phase_at(at_ns);
        let graph = self.program.journeys[program].graph.as_ref();
        let journey = &mut self.journeys[slot as usize];
        journey.program = program;
        journey.visit = 0;
        journey.visits.clear();
        journey.made = 0;
        if graph.is_some() {
            journey.visits.resize(self.program.journeys[program].ops.len(), 0);
        }
        journey.go_to(graph.map_or(0, |graph| graph.first(self.program.seed, arrival)));
        journey.arrival = arrival;
        journey.user_number = user_number;
        journey.intended_ns = at_ns;
        journey.first_phase = first_phase;
        journey.hop = None;
        journey.vars.clear();
        journey.jar.clear();
        journey.whole =
            Measured { service_ns: Some(0), lag_ns: Some(0), first_byte_ns: Some(0), ..Measured::default() };
        self.live += 1;
        self.advance(slot);
    }

    /// Go on to the next request, through think times.
    pub(super) fn advance(&mut self, slot: u32) {
        let program = self.program;
        let journey = &mut self.journeys[slot as usize];
        let ops = &program.journeys[journey.program];
        while journey.at <= ops.last_request {
            match &ops.ops[journey.at] {
                Op::Think(think) => {
                    let mut draw = Draw::new(program.seed, journey.arrival, journey.operation(), 0);
                    journey.intended_ns = journey.intended_ns.saturating_add(think.draw(&mut draw));
                    journey.go_to(journey.at + 1);
                }
                Op::Request(_) if journey.intended_ns >= self.end_ns => {
                    // The schedule ends before this step would begin: the journey ends with it.
                    journey.standing = Standing::Parked;
                    return self.after_journey(slot, false);
                }
                Op::Request(_) if journey.intended_ns > self.now_ns => {
                    journey.standing = Standing::Thinking;
                    self.timers.push(Reverse((journey.intended_ns, slot)));
                    return self.release(slot);
                }
                Op::Request(_) => return self.launch(slot),
            }
        }
        self.after_journey(slot, false);
    }

    /// Add a finished request to its journey's sums, and record the journey when it was the last: it `ends` there.
    pub(super) fn add_to_whole(&mut self, slot: u32, measured: &Measured, outcome: Outcome, error: bool, ends: bool) {
        let journey = &mut self.journeys[slot as usize];
        let ops = &self.program.journeys[journey.program];
        let Some(row) = ops.whole_row else { return };
        let sum = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a + b);
        let whole = &mut journey.whole;
        whole.response_ns += measured.response_ns;
        whole.service_ns = sum(whole.service_ns, measured.service_ns);
        whole.lag_ns = sum(whole.lag_ns, measured.lag_ns);
        whole.first_byte_ns = sum(whole.first_byte_ns, measured.first_byte_ns);
        whole.bytes_in += measured.bytes_in;
        whole.bytes_out += measured.bytes_out;
        if error || ends {
            let key = Key { row, phase: journey.first_phase, outcome, error };
            let whole = *whole;
            self.tally.record(key, &whole);
        }
    }
}
