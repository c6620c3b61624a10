//! Random draws that depend on what is drawn, never on who draws or when.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC'11) turns a key and a
//! counter into 128 random bits. The key is the run's seed; the counter is (arrival, operation, part, block). An
//! operation that a journey meets again has another key each time.

/// Operation indices that no journey has: draws that belong to an arrival as a whole.
pub mod stream {
    /// The gap before an arrival; the part is the phase.
    pub const GAP: u32 = u32::MAX;
    /// Which journey an arrival starts.
    pub const JOURNEY: u32 = u32::MAX - 1;
    /// The row of a feed; the part is the feed.
    pub const FEED: u32 = u32::MAX - 2;
    /// The trace id of a request, keyed by the request's number.
    pub const TRACE: u32 = u32::MAX - 3;
    /// Which requests a reservoir keeps.
    pub const RESERVOIR: u32 = u32::MAX - 4;
    /// The start of a closed population's users.
    pub const START: u32 = u32::MAX - 5;
    /// With which step a journey begins.
    pub const ENTRY: u32 = u32::MAX - 6;
    /// A factor of the rate, keyed by the window's number; the part is its level.
    pub const BURST: u32 = u32::MAX - 7;
    /// First part index of the rows that a request draws of feeds, above those of its templates; the next is the feed.
    pub const ROW: u32 = 1 << 30;
    /// First part index of an operation's extractions (which of several matches), above those of its templates.
    pub const EXTRACTION: u32 = 1 << 31;
    /// The part of an operation that tells which step follows it.
    pub const NEXT: u32 = u32::MAX;
    /// The part that is the pause behind it.
    pub const PAUSE: u32 = u32::MAX - 1;
}

/// Operations that a journey may have where it can meet one again.
pub const MOST_OPERATIONS: usize = 1 << VISIT;
/// How often it may meet one: the keys of all visits stay below the streams.
pub const MOST_VISITS: u32 = 10_000;
const VISIT: u32 = 18;

/// The key of an operation, met for the `visit`-th time, from 0, in its journey.
#[inline]
pub fn operation(op: u32, visit: u32) -> u32 {
    op.wrapping_add(visit << VISIT)
}

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// One block of Philox4x32-10.
#[inline]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..ROUNDS {
        if round > 0 {
            key[0] = key[0].wrapping_add(WEYL[0]);
            key[1] = key[1].wrapping_add(WEYL[1]);
        }
        let first = u64::from(MULTIPLIER[0]) * u64::from(counter[0]);
        let second = u64::from(MULTIPLIER[1]) * u64::from(counter[2]);
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
    }
    counter
}

/// A stream of draws for one (seed, arrival, operation, part).
///
/// An arrival's number has 40 bits and a stream 2^24 blocks of two values each; beyond that it repeats.
#[derive(Debug, Clone)]
pub struct Draw {
    key: [u32; 2],
    counter: [u32; 4],
    spare: Option<u64>,
}

impl Draw {
    pub fn new(seed: u64, arrival: u64, op: u32, part: u32) -> Self {
        Draw {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [arrival as u32, ((arrival >> 32) & 0xFF) as u32, op, part],
            spare: None,
        }
    }

    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        if let Some(value) = self.spare.take() {
            return value;
        }
        let block = philox(self.counter, self.key);
        self.counter[1] = self.counter[1].wrapping_add(1 << 8);
        self.spare = Some(u64::from(block[2]) | u64::from(block[3]) << 32);
        u64::from(block[0]) | u64::from(block[1]) << 32
    }

    /// Uniform in the open interval (0, 1), in steps of 2^-52.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
    }

    /// Uniform in 0..n without bias (Lemire, Fast random integer generation in an interval, 2019); 0 for n = 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Standard normal (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Gamma with this shape, above 0, and scale 1 (Marsaglia and Tsang, A simple method for generating gamma variables,
    /// 2000; below 1 by way of the shape one higher).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.unit().ln() / shape;
            return self.gamma(shape + 1.0) * boost.exp();
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}
