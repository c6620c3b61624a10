use loadstone_core::paths::Spans;
use loadstone_core::paths::digest::{DOUBLE, digest, layout};
use proptest::prelude::*;

use crate::{One, SERVER, one, spans};

fn any_span() -> impl Strategy<Value = One> {
    let instant = || prop_oneof![9 => 0_i64..30, 1 => Just(-1_i64), 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    (0_u64..12, 0_u64..14, -1_i64..7, instant(), instant(), 0_u64..3, 0_i64..4)
        .prop_map(|(id, parent, kind, start, end, host, flags)| One { id, parent, kind, start, end, host, flags })
}

proptest! {
    #[test]
    fn sections_add_up_to_what_the_requests_took(all in prop::collection::vec(any_span(), 1..24)) {
        let made = digest(&spans(&all)).expect("even columns");
        let took: i64 = made.start.iter().zip(&made.end).map(|(start, end)| end - start).sum();
        prop_assert_eq!(made.visits.critical.iter().sum::<i64>(), took);
        prop_assert_eq!(made.visited.iter().sum::<i32>() as usize, made.visits.count.len());
        prop_assert_eq!(made.visits.count.iter().sum::<i32>(), made.spans.iter().sum::<i32>());
        prop_assert_eq!(made.spans.iter().sum::<i32>() as u64 + made.defects.duplicates, all.len() as u64);
        prop_assert!(made.visits.own.iter().zip(&made.visits.total).all(|(own, total)| 0 <= *own && own <= total));
        prop_assert!(made.visits.busy.iter().zip(&made.visits.total).all(|(busy, total)| busy <= total));
    }

    #[test]
    fn every_row_hangs_somewhere_or_is_a_double(all in prop::collection::vec(any_span(), 1..24)) {
        let laid = layout(&spans(&all)).expect("even columns");
        for row in 0..all.len() {
            let mut at = row as i64;
            let mut steps = 0;
            while at >= 0 {
                at = laid.above[at as usize];
                steps += 1;
                prop_assert!(steps <= all.len(), "a ring");
            }
            prop_assert!(laid.start[row] <= laid.end[row]);
            prop_assert!(at != DOUBLE || laid.above[row] == DOUBLE, "under a double");
        }
    }
}

/// A trace of many spans: the row's id, parent, start and end.
fn large(count: u64, of: impl Fn(u64) -> (u64, i64, i64)) -> Spans {
    let rows = (1..=count).map(|id| {
        let (parent, start, end) = of(id);
        one(id, parent, if id == 1 { SERVER } else { 1 }, start, end)
    });
    let mut made = spans(&rows.collect::<Vec<_>>());
    made.operation.fill(0);
    made
}

#[test]
fn a_million_children_a_million_levels_and_a_ring_of_a_million() {
    let count = 1_000_000;
    let wide = large(count, |id| (u64::from(id > 1), id as i64 - 1, if id == 1 { 1_000_001 } else { id as i64 }));
    let deep = large(count, |id| (id - 1, id as i64, 3_000_000 - id as i64));
    let ring = large(count, |id| (if id == 1 { count } else { id - 1 }, 0, 9));
    for (spans, visits) in [(wide, 2), (deep, 2), (ring, 2)] {
        let made = digest(&spans).expect("even columns");
        assert_eq!(made.visits.count.len(), visits);
        assert_eq!(made.visits.critical.iter().sum::<i64>(), made.end[0] - made.start[0]);
        assert_eq!(made.spans, [count as i32]);
    }
}
