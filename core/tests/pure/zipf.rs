use loadstone_core::load::random::Draw;
use loadstone_core::load::zipf::Zipf;

const EXPONENTS: [f64; 7] = [0.0, 0.5, 0.999_999_999, 1.0, 1.2, 3.0, 9.5];
const SHIFTS: [f64; 5] = [0.0, 0.3, 2.7, 40.0, 1e6];

fn probabilities(n: u64, exponent: f64, shift: f64) -> Vec<f64> {
    // Relative to the first rank's, so that no weight is lost where the shift is large.
    let weight = |rank: u64| ((rank as f64 + shift) / (1.0 + shift)).powf(-exponent);
    let total: f64 = (1..=n).map(weight).sum();
    (1..=n).map(|rank| weight(rank) / total).collect()
}

/// Every rank is the image of one interval of the uniform numbers, and its length is the rank's probability: a grid of
/// them sees each length to two of its steps.
#[test]
fn each_rank_has_exactly_its_probability() {
    let steps = 400_000;
    for exponent in EXPONENTS {
        for shift in SHIFTS {
            let n = 30;
            let zipf = Zipf::new(n, exponent, shift);
            let mut seen = vec![0u32; n as usize];
            for i in 0..steps {
                if let Some(rank) = zipf.rank((f64::from(i) + 0.5) / f64::from(steps)) {
                    seen[rank as usize - 1] += 1;
                }
            }
            let kept: u32 = seen.iter().sum();
            assert!(f64::from(kept) > 0.6 * f64::from(steps), "{exponent} {shift}: {kept} of {steps} were kept");
            for (rank, (seen, expected)) in seen.iter().zip(probabilities(n, exponent, shift)).enumerate() {
                let off = f64::from(*seen) - expected * f64::from(kept);
                // The kept ones are themselves good to a step a rank.
                assert!(off.abs() <= 2.0 + expected * 2.0 * n as f64, "{exponent} {shift}: rank {} {off}", rank + 1);
            }
        }
    }
}

#[test]
fn draws_follow_rank_and_shift() {
    for (exponent, shift) in [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.2, 2.7), (1.0, 10.0), (3.0, 0.5)] {
        let n = 20u64;
        let zipf = Zipf::new(n, exponent, shift);
        let draws = 200_000;
        let mut seen = vec![0f64; n as usize];
        for arrival in 0..draws {
            seen[zipf.draw(&mut Draw::new(11, arrival, 0, 0)) as usize - 1] += 1.0;
        }
        let expected = probabilities(n, exponent, shift);
        let chi_square: f64 = seen
            .iter()
            .zip(&expected)
            .map(|(seen, share)| (seen - share * draws as f64).powi(2) / (share * draws as f64))
            .sum();
        // 19 degrees of freedom, one in a thousand.
        assert!(chi_square < 43.8, "exponent {exponent}, shift {shift}: {seen:?} {expected:?}");
    }
}

#[test]
fn ranks_stay_in_range_at_the_edges() {
    for (n, exponent) in [(1, 0.0), (1, 1.0), (2, 50.0), (1 << 40, 0.1), (1 << 40, 1.0), (3, 700.0)] {
        for shift in [0.0, 0.5, 1e6] {
            let zipf = Zipf::new(n, exponent, shift);
            for arrival in 0..2000 {
                let rank = zipf.draw(&mut Draw::new(1, arrival, 0, 0));
                assert!((1..=n).contains(&rank), "{n} {exponent} {shift}: {rank}");
            }
        }
    }
}
