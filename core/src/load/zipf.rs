//! Ranks with unequal popularity, in constant time and memory.

use super::random::Draw;

/// Integers r from 1 to n with probability proportional to (r + shift)^-exponent (Zipf, 1949; Mandelbrot, 1953), by
/// rejection-inversion (Hörmann and Derflinger, Rejection-inversion to generate variates from monotone discrete
/// distributions, 1996, who have the shift too).
///
/// Everything is told in x' = (x + shift) / (1 + shift), which is 1 at the first rank whatever the shift is.
#[derive(Debug, Clone, PartialEq)]
pub struct Zipf {
    n: f64,
    exponent: f64,
    shift: f64,
    /// 1 + shift.
    scale: f64,
    low: f64,
    high: f64,
    cut: f64,
}

impl Zipf {
    /// `n` at least 1, `exponent` and `shift` finite and not negative.
    pub fn new(n: u64, exponent: f64, shift: f64) -> Self {
        let n = n.max(1) as f64;
        let mut zipf = Zipf { n, exponent, shift, scale: 1.0 + shift, low: 0.0, high: 0.0, cut: 0.0 };
        zipf.low = zipf.integral(1.5) - zipf.weight(1.0);
        zipf.high = zipf.integral(n + 0.5);
        zipf.cut = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    pub fn draw(&self, draw: &mut Draw) -> u64 {
        loop {
            if let Some(rank) = self.rank(draw.unit()) {
                return rank;
            }
        }
    }

    /// The rank that a uniform number of (0, 1) stands for; None for one that is to be drawn anew.
    #[inline]
    pub fn rank(&self, unit: f64) -> Option<u64> {
        let u = self.high + unit * (self.low - self.high);
        let x = self.inverse(u);
        let k = x.round().clamp(1.0, self.n);
        (k - x <= self.cut || u >= self.integral(k + 0.5) - self.weight(k)).then_some(k as u64)
    }

    /// The derivative of the integral: proportional to (x + shift)^-exponent.
    fn weight(&self, x: f64) -> f64 {
        (-self.exponent * self.scaled(x).ln()).exp() / self.scale
    }

    /// The integral of the weight from 1 to x: (x'^(1-s) - 1) / (1 - s), which is ln x' at s = 1.
    fn integral(&self, x: f64) -> f64 {
        let log = self.scaled(x).ln();
        expm1_over((1.0 - self.exponent) * log) * log
    }

    fn inverse(&self, x: f64) -> f64 {
        let t = (x * (1.0 - self.exponent)).max(-1.0);
        (ln1p_over(t) * x).exp() * self.scale - self.shift
    }

    fn scaled(&self, x: f64) -> f64 {
        (x + self.shift) / self.scale
    }
}

/// (e^x - 1) / x, continuous at 0.
fn expm1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x / 2.0 }
}

/// ln(1 + x) / x, continuous at 0.
fn ln1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x / 2.0 }
}
