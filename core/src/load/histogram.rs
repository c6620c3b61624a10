//! The one histogram: log-linear, base 2, 128 sub-buckets an octave (docs/formats.md, Histogram).

use serde::ser::{Serialize, SerializeStruct, Serializer};

const SUB_BUCKETS: usize = 128;
const SUB_BITS: u32 = 7;
/// The largest value that has a bucket of its own; above it values are clipped.
pub const TOP_NS: u64 = 1 << 42;
/// Buckets are numbered from 0 to this, less one.
pub const BUCKETS: u32 = bucket_of(TOP_NS) + 1;
const OCTAVES: usize = (BUCKETS as usize).div_ceil(SUB_BUCKETS);

/// The bucket of a value not above `TOP_NS`.
#[inline]
pub const fn bucket_of(value: u64) -> u32 {
    let shift = 63 - SUB_BITS - (value | SUB_BUCKETS as u64).leading_zeros();
    (shift << SUB_BITS) + (value >> shift) as u32
}

/// The values of a bucket: from the first, inclusive, to the second, exclusive.
pub const fn bounds_of(bucket: u32) -> (u64, u64) {
    if bucket < 2 * SUB_BUCKETS as u32 {
        return (bucket as u64, bucket as u64 + 1);
    }
    let shift = bucket / SUB_BUCKETS as u32 - 1;
    let mantissa = (SUB_BUCKETS as u32 + bucket % SUB_BUCKETS as u32) as u64;
    (mantissa << shift, (mantissa + 1) << shift)
}

type Octave = Box<[u64; SUB_BUCKETS]>;

/// Counts of nanosecond values. An octave's memory is taken when its first value arrives and then kept.
#[derive(Debug, Clone)]
pub struct Histogram {
    octaves: [Option<Octave>; OCTAVES],
    /// Bit i: octave i holds counts.
    touched: u64,
    count: u64,
    min: u64,
    max: u64,
    sum: u64,
    clipped: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram::new()
    }
}

impl Histogram {
    pub const fn new() -> Self {
        Histogram {
            octaves: [const { None }; OCTAVES],
            touched: 0,
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            clipped: 0,
        }
    }

    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        let bucket = bucket_of(value_ns.min(TOP_NS)) as usize;
        self.count += 1;
        self.sum = self.sum.saturating_add(value_ns);
        self.min = self.min.min(value_ns);
        self.max = self.max.max(value_ns);
        self.clipped += u64::from(value_ns > TOP_NS);
        let index = bucket / SUB_BUCKETS;
        self.touched |= 1 << index;
        match &mut self.octaves[index] {
            Some(octave) => octave[bucket % SUB_BUCKETS] += 1,
            empty => Self::open(empty)[bucket % SUB_BUCKETS] += 1,
        }
    }

    #[cold]
    fn open(slot: &mut Option<Octave>) -> &mut Octave {
        slot.insert(Box::new([0; SUB_BUCKETS]))
    }

    /// Adds the other's counts: the result is as if every value had been recorded here.
    pub fn merge(&mut self, other: &Histogram) {
        for (index, theirs) in other.held() {
            let ours = match &mut self.octaves[index] {
                Some(octave) => octave,
                empty => Self::open(empty),
            };
            for (mine, more) in ours.iter_mut().zip(theirs) {
                *mine += more;
            }
        }
        self.touched |= other.touched;
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.clipped += other.clipped;
    }

    /// Forgets every value; memory is kept.
    pub fn clear(&mut self) {
        let touched = self.touched;
        for (index, octave) in self.octaves.iter_mut().enumerate() {
            if let Some(octave) = octave.as_mut().filter(|_| touched >> index & 1 == 1) {
                octave.fill(0);
            }
        }
        (self.touched, self.count, self.min, self.max, self.sum, self.clipped) = (0, 0, u64::MAX, 0, 0, 0);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact minimum in ns; 0 when empty.
    pub fn min(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min }
    }

    /// The exact maximum in ns; 0 when empty.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The exact sum in ns, saturating.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// How many values were above `TOP_NS`.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// The smallest bucket that at least a share `q` of the values do not exceed: its midpoint, held within the exact
    /// minimum and maximum. None when empty.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count);
        if rank == self.count {
            return Some(self.max);
        }
        let mut seen = 0;
        for (bucket, count) in self.buckets() {
            seen += count;
            if seen >= rank {
                let (low, high) = bounds_of(bucket);
                return Some((low + (high - low) / 2).clamp(self.min, self.max));
            }
        }
        Some(self.max)
    }

    /// The buckets that hold values, in order, with their counts.
    pub fn buckets(&self) -> impl Iterator<Item = (u32, u64)> {
        self.held().flat_map(|(index, octave)| {
            let first = (index * SUB_BUCKETS) as u32;
            octave.iter().zip(first..).filter(|(count, _)| **count > 0).map(|(count, bucket)| (bucket, *count))
        })
    }

    fn held(&self) -> impl Iterator<Item = (usize, &[u64; SUB_BUCKETS])> {
        self.octaves
            .iter()
            .enumerate()
            .filter(|(index, _)| self.touched >> index & 1 == 1)
            .filter_map(|(index, octave)| octave.as_deref().map(|octave| (index, octave)))
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Buckets<'a>(&'a Histogram);
        impl Serialize for Buckets<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.buckets())
            }
        }
        let mut object = serializer.serialize_struct("Histogram", 5)?;
        object.serialize_field("count", &self.count)?;
        object.serialize_field("min_ns", &self.min())?;
        object.serialize_field("max_ns", &self.max)?;
        object.serialize_field("sum_ns", &self.sum)?;
        object.serialize_field("buckets", &Buckets(self))?;
        object.end()
    }
}
