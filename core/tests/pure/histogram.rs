use loadstone_core::load::histogram::{BUCKETS, Histogram, TOP_NS, bounds_of, bucket_of};
use proptest::prelude::*;

/// docs/formats.md, word for word.
fn obvious(value: u64) -> u64 {
    if value < 128 {
        value
    } else {
        let shift = u64::from(value.ilog2()) - 7;
        128 * shift + (value >> shift)
    }
}

fn values() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..300u64,
        0..=TOP_NS,
        (0u32..43, -2i64..3).prop_map(|(bit, off)| (1u64 << bit).saturating_add_signed(off))
    ]
}

fn filled(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    values.iter().for_each(|value| histogram.record(*value));
    histogram
}

fn told(histogram: &Histogram) -> serde_json::Value {
    serde_json::to_value(histogram).expect("a histogram is JSON")
}

#[test]
fn buckets_cover_every_value_without_gap_or_overlap() {
    let mut next = 0;
    for bucket in 0..BUCKETS {
        let (low, high) = bounds_of(bucket);
        assert_eq!(low, next);
        assert_eq!((bucket_of(low), bucket_of(high - 1)), (bucket, bucket));
        let middle = (low + (high - low) / 2) as f64;
        assert!((middle - low as f64).abs() <= 0.004 * low.max(1) as f64);
        assert!(((high - 1) as f64 - middle).abs() <= 0.004 * (high - 1).max(1) as f64);
        next = high;
    }
    assert!(next > TOP_NS);
    assert_eq!(bucket_of(TOP_NS), BUCKETS - 1);
}

#[test]
fn an_empty_histogram_says_nothing() {
    let histogram = Histogram::new();
    assert_eq!(histogram.quantile(0.5), None);
    assert_eq!(told(&histogram).to_string(), r#"{"buckets":[],"count":0,"max_ns":0,"min_ns":0,"sum_ns":0}"#);
}

#[test]
fn the_json_is_that_of_the_format() {
    let histogram = filled(&[1234, 9, 9]);
    assert_eq!(
        serde_json::to_string(&histogram).expect("JSON"),
        format!(r#"{{"count":3,"min_ns":9,"max_ns":1234,"sum_ns":1252,"buckets":[[9,2],[{},1]]}}"#, obvious(1234))
    );
}

#[test]
fn what_is_above_the_top_is_clipped_and_counted() {
    let histogram = filled(&[TOP_NS, TOP_NS + 1, u64::MAX]);
    assert_eq!((histogram.clipped(), histogram.max(), histogram.count()), (2, u64::MAX, 3));
    assert_eq!(histogram.buckets().collect::<Vec<_>>(), [(BUCKETS - 1, 3)]);
    assert_eq!(histogram.sum(), u64::MAX, "a sum saturates");
}

proptest! {
    #[test]
    fn a_value_lies_in_its_bucket(value in values()) {
        prop_assert_eq!(u64::from(bucket_of(value.min(TOP_NS))), obvious(value.min(TOP_NS)));
        let (low, high) = bounds_of(bucket_of(value.min(TOP_NS)));
        prop_assert!((low..high).contains(&value.min(TOP_NS)));
    }

    #[test]
    fn counts_are_those_of_a_map(values in prop::collection::vec(values(), 0..200)) {
        let histogram = filled(&values);
        let mut counts = std::collections::BTreeMap::new();
        values.iter().for_each(|value| *counts.entry(obvious(*value.min(&TOP_NS)) as u32).or_insert(0u64) += 1);
        prop_assert_eq!(histogram.buckets().collect::<Vec<_>>(), counts.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(histogram.min(), values.iter().copied().min().unwrap_or(0));
        prop_assert_eq!(histogram.max(), values.iter().copied().max().unwrap_or(0));
        prop_assert_eq!(histogram.sum(), values.iter().sum::<u64>());
    }

    #[test]
    fn merging_is_addition(a in prop::collection::vec(values(), 0..100), b in prop::collection::vec(values(), 0..100)) {
        let mut merged = filled(&a);
        merged.merge(&filled(&b));
        prop_assert_eq!(told(&merged), told(&filled(&[a, b].concat())));
    }

    #[test]
    fn a_cleared_histogram_is_as_new(a in prop::collection::vec(values(), 0..100), b in prop::collection::vec(values(), 0..100)) {
        let mut reused = filled(&a);
        reused.clear();
        b.iter().for_each(|value| reused.record(*value));
        prop_assert_eq!(told(&reused), told(&filled(&b)));
        prop_assert_eq!(reused.clipped(), filled(&b).clipped());
    }

    #[test]
    fn a_quantile_is_near_the_sorted_values(mut values in prop::collection::vec(0..=TOP_NS, 1..200), q in 0.0..=1.0f64) {
        let found = filled(&values).quantile(q).expect("not empty") as f64;
        values.sort_unstable();
        let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
        let exact = values[rank - 1] as f64;
        prop_assert!((found - exact).abs() <= 0.004 * exact + 0.5, "{found} for {exact}");
    }
}
