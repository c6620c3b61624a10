use loadstone_core::hash::Key;
use loadstone_core::load::random::{Draw, MOST_OPERATIONS, MOST_VISITS, operation, philox, stream};

/// The known answers of Random123 (kat_vectors, philox4x32 10).
#[test]
fn philox_gives_the_published_answers() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

/// Appendix A of the SipHash paper: key 00..0f, messages 00, 00 01, …
#[test]
fn siphash_gives_the_published_answers() {
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f").expect("a key");
    let message: Vec<u8> = (0..15).collect();
    assert_eq!(key.hash(&message), 0xa129_ca61_49be_45e5);
    assert_eq!(key.hash(b""), 0x726f_db47_dd0e_0e31);
    assert_eq!(key.hash(&message[..1]), 0x74f8_39c5_93dc_67fd);
    assert_eq!(Key::from_hex("00"), None);
    assert_eq!(Key::from_hex("+00102030405060708090a0b0c0d0e0f"), None);
}

#[test]
fn draws_depend_on_every_part_of_their_key() {
    let first = |seed, arrival, op, part| Draw::new(seed, arrival, op, part).next_u64();
    let base = first(1, 2, 3, 4);
    assert_eq!(base, first(1, 2, 3, 4));
    for other in [
        first(2, 2, 3, 4),
        first(1 << 32 | 1, 2, 3, 4),
        first(1, 3, 3, 4),
        first(1, 1 << 32 | 2, 3, 4),
        first(1, 2, 4, 4),
        first(1, 2, 3, 5),
    ] {
        assert_ne!(base, other);
    }
}

#[test]
fn a_long_stream_does_not_repeat_nor_run_into_its_neighbour() {
    let mut seen = std::collections::HashSet::new();
    for arrival in 0..4 {
        let mut draw = Draw::new(9, arrival, 0, 0);
        for _ in 0..5000 {
            assert!(seen.insert(draw.next_u64()));
        }
    }
}

#[test]
fn units_are_uniform_and_never_touch_the_ends() {
    let mut bins = [0f64; 100];
    let mut draw = Draw::new(3, 1, 1, 1);
    for _ in 0..1_000_000 {
        let unit = draw.unit();
        assert!(unit > 0.0 && unit < 1.0);
        bins[(unit * 100.0) as usize] += 1.0;
    }
    // Chi-square with 99 degrees of freedom: 148.2 is exceeded once in a thousand.
    assert!(chi_square(&bins, &[10_000.0; 100]) < 148.2);
}

#[test]
fn below_is_uniform_for_an_awkward_bound() {
    let mut bins = [0f64; 7];
    let mut draw = Draw::new(3, 1, 1, 2);
    for _ in 0..700_000 {
        bins[draw.below(7) as usize] += 1.0;
    }
    assert!(chi_square(&bins, &[100_000.0; 7]) < 22.5);
    let huge = (1u64 << 63) + 1;
    assert!((0..1000).all(|_| draw.below(huge) < huge));
    assert_eq!(draw.below(1), 0);
    assert_eq!(draw.below(0), 0);
}

#[test]
fn exponential_and_normal_have_their_moments() {
    let count = 400_000u32;
    let mut draw = Draw::new(5, 1, 1, 1);
    let exponential: Vec<f64> = (0..count).map(|_| draw.exponential()).collect();
    let normal: Vec<f64> = (0..count).map(|_| draw.normal()).collect();
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / f64::from(count);
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / f64::from(count))
    };
    let (mean, variance) = moments(&exponential);
    assert!((mean - 1.0).abs() < 0.008 && (variance - 1.0).abs() < 0.025, "{mean} {variance}");
    let (mean, variance) = moments(&normal);
    assert!(mean.abs() < 0.008 && (variance - 1.0).abs() < 0.015, "{mean} {variance}");
}

/// A gamma of shape k and scale 1 has mean k and variance k; below 1 its third moment tells the boost from the body.
#[test]
fn gamma_has_its_moments() {
    for shape in [0.02, 0.3, 1.0, 2.5, 40.0f64] {
        let count = 400_000u32;
        let mut draw = Draw::new(5, 1, 1, 1);
        let drawn: Vec<f64> = (0..count).map(|_| draw.gamma(shape)).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(count);
        let moment = |power| drawn.iter().map(|x| (x - shape).powi(power)).sum::<f64>() / f64::from(count);
        // Standard errors: var(x) = k, var((x-k)^2) = 2k^2 + 6k, var((x-k)^3) = 15k^3 + 130k^2 + 120k at most.
        let error = |variance: f64| 4.5 * (variance / f64::from(count)).sqrt();
        assert!((mean - shape).abs() < error(shape), "{shape}: {mean}");
        assert!((moment(2) - shape).abs() < error(2.0 * shape * shape + 6.0 * shape), "{shape}: {}", moment(2));
        let sixth = 15.0 * shape.powi(3) + 130.0 * shape * shape + 120.0 * shape;
        assert!((moment(3) - 2.0 * shape).abs() < error(sixth), "{shape}: {}", moment(3));
        assert!(drawn.iter().all(|x| *x >= 0.0 && x.is_finite()));
    }
}

#[test]
fn an_operation_met_again_has_another_key() {
    let mut seen = std::collections::HashSet::new();
    for visit in [0, 1, 2, 255, 256, MOST_VISITS - 1, MOST_VISITS] {
        for op in [0, 1, 7, MOST_OPERATIONS as u32 - 1] {
            assert!(seen.insert(operation(op, visit)), "{op} {visit}");
            assert!(operation(op, visit) < stream::BURST);
        }
    }
    assert_eq!(operation(70_000, 0), 70_000);
}

fn chi_square(seen: &[f64], expected: &[f64]) -> f64 {
    seen.iter().zip(expected).map(|(seen, expected)| (seen - expected).powi(2) / expected).sum()
}
