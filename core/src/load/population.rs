//! Who starts journeys, and when: an open schedule's arrivals, the users of a closed population, or each journey once.

use crate::load::driver::{NEVER, Worker};
use crate::load::journey::{Journey, Standing};
use crate::load::plan::Arrivals;
use crate::load::pool::NONE;
use crate::load::program::Program;
use crate::load::schedule::{Arrival, Schedule};

/// An arrival started later than this, with a connection at hand, is the generator's own lateness.
const LATE_NS: u64 = 1_000_000;

/// A closed population of more users than this connects over a tenth of a second, not at one instant.
const AT_ONCE: u64 = 100;
const RAMP_NS: u64 = 100_000_000;

/// A closed user whose journey could not even be sent rests for so long: a refused connection must not become a storm.
const REST_NS: u64 = 100_000_000;

enum Source {
    Open { schedule: Box<Schedule>, next: Option<Arrival> },
    Closed { phase: u8, phase_end_ns: u64, users: u64 },
    Once { next: usize },
    Over,
}

/// The part of the population that a thread plays.
pub struct Population {
    source: Source,
    threads: u64,
    thread: u64,
}

impl Population {
    pub fn new(program: &Program, threads: usize, thread: usize) -> Self {
        let source = match program.arrivals {
            Arrivals::Poisson | Arrivals::Even => {
                Source::Open { schedule: Box::new(program.schedule.clone()), next: None }
            }
            Arrivals::Closed => Source::Closed { phase: 0, phase_end_ns: 0, users: 0 },
            Arrivals::Once => Source::Once { next: 0 },
        };
        let mut population = Self { source, threads: threads as u64, thread: thread as u64 };
        population.look_ahead();
        population
    }

    /// Find the next arrival that is this thread's.
    fn look_ahead(&mut self) {
        let (threads, thread) = (self.threads, self.thread);
        if let Source::Open { schedule, next } = &mut self.source {
            *next = schedule.find(|arrival| (arrival.number - 1) % threads == thread);
        }
    }

    /// The instant of the next arrival.
    #[inline]
    pub fn next_ns(&self) -> u64 {
        match &self.source {
            Source::Open { next: Some(arrival), .. } => arrival.at_ns,
            _ => NEVER,
        }
    }

    /// The instant at which the number of users changes.
    #[inline]
    pub fn next_phase_ns(&self) -> u64 {
        match &self.source {
            Source::Closed { phase_end_ns, .. } => *phase_end_ns,
            _ => NEVER,
        }
    }

    /// The users change no more.
    fn stay(&mut self) {
        if let Source::Closed { phase_end_ns, .. } = &mut self.source {
            *phase_end_ns = NEVER;
        }
    }

    /// Whether this thread still plays.
    pub fn is_open(&self) -> bool {
        !matches!(self.source, Source::Over)
    }

    pub fn close(&mut self) {
        self.source = Source::Over;
    }
}

impl Worker<'_> {
    /// Set the population up at the origin.
    pub(super) fn populate(&mut self) {
        let program = self.program;
        match &mut self.population.source {
            Source::Closed { .. } => {
                let own = (self.thread as u64..program.most_users).step_by(self.shared.threads);
                self.journeys = own.map(|user| Journey::of_user(user, program.most_slots)).collect();
                self.enter_phase(0);
            }
            Source::Once { .. } => {
                self.journeys.push(Journey::of_user(0, program.most_slots));
                self.ready.push_back(0);
            }
            Source::Open { .. } | Source::Over => {}
        }
    }

    /// Start the users of a closed phase that are not playing yet.
    fn enter_phase(&mut self, phase: u8) {
        let program = self.program;
        let Source::Closed { phase: current, phase_end_ns, users } = &mut self.population.source else { return };
        let Some((start_ns, end_ns)) = program.schedule.span_of(phase) else {
            return self.population.stay();
        };
        *current = phase;
        *phase_end_ns = end_ns;
        *users = program.schedule.users_at(phase);
        let users = *users;
        for (slot, journey) in (0..).zip(&mut self.journeys) {
            if journey.user < users && journey.standing == Standing::Parked {
                journey.standing = Standing::Resting;
                let ramp = if users > AT_ONCE { RAMP_NS * journey.user / users } else { 0 };
                self.timers.push(std::cmp::Reverse((start_ns + ramp, slot)));
            }
        }
    }

    /// Enter the closed phases whose start has come.
    pub(super) fn change_phase(&mut self) {
        while self.now_ns >= self.population.next_phase_ns() {
            let Source::Closed { phase, .. } = self.population.source else { return };
            match phase.checked_add(1) {
                Some(next) => self.enter_phase(next),
                None => self.population.stay(),
            }
        }
    }

    /// Start every arrival whose instant has come.
    #[inline]
    pub(super) fn start_due_arrivals(&mut self) {
        while self.population.next_ns() <= self.now_ns {
            let Source::Open { next, .. } = &mut self.population.source else { return };
            let Some(arrival) = next.take() else { return };
            if arrival.at_ns >= self.end_ns {
                return;
            }
            self.population.look_ahead();
            self.start_arrival(arrival);
        }
    }

    fn start_arrival(&mut self, arrival: Arrival) {
        self.turn_if_due();
        self.tally.counters.offered += 1;
        let program = self.program.journey_for(arrival.number);
        let begins_now = self.program.journeys[program].begins_with_request();
        if self.live >= self.most_journeys || begins_now && !self.has_connection() {
            self.tally.counters.dropped += 1;
            return;
        }
        self.tally.counters.started += 1;
        self.tick();
        self.tally.counters.late += u64::from(self.now_ns.saturating_sub(arrival.at_ns) > LATE_NS);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.journeys.push(Journey::of_user(0, self.program.most_slots));
            u32::try_from(self.journeys.len() - 1).unwrap_or(u32::MAX)
        });
        self.begin_journey(slot, program, arrival.number, arrival.number, arrival.at_ns);
    }

    /// A closed user's next journey, or the next one of `once`.
    pub(super) fn restart(&mut self, slot: u32) {
        let at_ns = self.journeys[slot as usize].intended_ns;
        match &mut self.population.source {
            Source::Closed { phase, users, .. } => {
                let (phase, users) = (*phase, *users);
                let schedule = &self.program.schedule;
                let journey = &mut self.journeys[slot as usize];
                let plays = schedule.phase_at(at_ns).is_some_and(|then| journey.user < schedule.users_at(then));
                // The instant may lie in a phase that asked for fewer users while one entered since asks for more.
                let entered_ns = schedule.span_of(phase).map_or(0, |(start_ns, _)| start_ns);
                let start_ns = match plays {
                    true => at_ns,
                    false if journey.user < users && entered_ns > at_ns => entered_ns,
                    false => NEVER,
                };
                if start_ns >= self.end_ns {
                    journey.standing = Standing::Parked;
                    return;
                }
                let at_ns = start_ns;
                let number = journey.user + 1 + self.program.most_users * journey.iteration;
                let user = journey.user + 1;
                journey.iteration += 1;
                let program = self.program.journey_for(number);
                self.turn_if_due();
                self.tally.counters.offered += 1;
                self.tally.counters.started += 1;
                self.begin_journey(slot, program, number, user, at_ns);
            }
            Source::Once { next } => {
                let program = *next;
                *next += 1;
                if program >= self.program.journeys.len() || at_ns >= self.end_ns {
                    self.shared.end_at(self.now_ns);
                    self.end_ns = self.end_ns.min(self.now_ns);
                    return;
                }
                self.tally.counters.offered += 1;
                self.tally.counters.started += 1;
                self.begin_journey(slot, program, program as u64 + 1, 1, at_ns);
            }
            Source::Open { .. } | Source::Over => {}
        }
    }

    /// What a journey's slot does once the journey is over. `unsent`: it ended for want of a connection or of a value.
    pub(super) fn after_journey(&mut self, slot: u32, unsent: bool) {
        self.live -= 1;
        self.release(slot);
        let journey = &mut self.journeys[slot as usize];
        match self.population.source {
            Source::Closed { .. } => {
                journey.standing = Standing::Resting;
                journey.intended_ns += self.program.trailing_think(journey) + if unsent { REST_NS } else { 0 };
                if journey.intended_ns > self.now_ns {
                    self.timers.push(std::cmp::Reverse((journey.intended_ns, slot)));
                } else {
                    self.ready.push_back(slot);
                }
            }
            Source::Once { .. } => {
                journey.standing = Standing::Resting;
                journey.intended_ns = self.now_ns;
                self.ready.push_back(slot);
            }
            Source::Open { .. } | Source::Over => {
                journey.standing = Standing::Parked;
                journey.connection = NONE;
                self.free.push(slot);
            }
        }
    }

    /// A timer has run out: the end of a think time or of a rest.
    pub(super) fn wake_journey(&mut self, slot: u32, at_ns: u64) {
        let journey = &mut self.journeys[slot as usize];
        match journey.standing {
            Standing::Thinking => self.advance(slot),
            Standing::Resting => {
                journey.intended_ns = at_ns;
                self.ready.push_back(slot);
            }
            Standing::Parked | Standing::Waiting | Standing::Flying => {}
        }
    }

    /// The schedule has ended: nothing new starts, journeys that think end where they are.
    pub(super) fn end_schedule(&mut self) {
        if let Source::Open { next, .. } = &mut self.population.source {
            *next = None;
        }
        for std::cmp::Reverse((_, slot)) in std::mem::take(&mut self.timers) {
            let journey = &mut self.journeys[slot as usize];
            if std::mem::replace(&mut journey.standing, Standing::Parked) == Standing::Thinking {
                self.live -= 1;
            }
        }
    }
}
