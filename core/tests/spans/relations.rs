use std::collections::{HashMap, HashSet};

use loadstone_core::spans::kin::{Kin, Relation};
use proptest::prelude::*;

fn settled(relations: &[Relation]) -> Kin {
    let mut kin = Kin::default();
    relations.iter().for_each(|one| kin.note(*one));
    kin.settle();
    kin
}

fn relation(span: u64, parent: u64, start: i64) -> Relation {
    Relation { trace: 1, span, kind: 1, parent, start, end: start + 10 }
}

#[test]
fn relations_are_counted() {
    let kin = settled(&[
        relation(1, 0, 0),
        relation(2, 1, 5),
        relation(2, 1, 5),
        relation(3, 99, 5),
        relation(4, 1, -5),
        relation(5, 5, 7),
        relation(6, 7, 20),
        relation(7, 6, 10),
        Relation { trace: 2, ..relation(1, 0, 0) },
    ]);
    assert_eq!((kin.traces, kin.orphans, kin.duplicates, kin.cycles), (2, 1, 1, 2));
    assert_eq!(kin.without_parent, HashSet::from([(1, 5), (1, 7)]));
    // Span 4 starts before its parent; so does 7, as 6 does not.
    assert_eq!(kin.skewed, 2);
}

#[test]
fn a_server_that_outlasts_its_client_is_skewed() {
    let client = Relation { kind: 3, ..relation(1, 0, 0) };
    let server = Relation { kind: 2, end: 11, ..relation(2, 1, 5) };
    assert_eq!(settled(&[client, server]).skewed, 1);
    assert_eq!(settled(&[client, Relation { end: 10, ..server }]).skewed, 0);
}

proptest! {
    #[test]
    fn no_cycle_is_left(parents in prop::collection::vec((0..12u64, 0..50i64), 1..12)) {
        let relations: Vec<Relation> =
            parents.iter().enumerate().map(|(at, (parent, start))| relation(at as u64 + 1, *parent, *start)).collect();
        let kin = settled(&relations);
        let above: HashMap<u64, u64> = relations
            .iter()
            .filter(|one| !kin.without_parent.contains(&(1, one.span)))
            .map(|one| (one.span, one.parent))
            .collect();
        for one in &relations {
            let (mut at, mut steps) = (one.span, 0);
            while let Some(parent) = above.get(&at) {
                at = *parent;
                steps += 1;
                prop_assert!(steps <= relations.len(), "a cycle is left");
            }
        }
        prop_assert_eq!(kin.cycles as usize, kin.without_parent.len());
    }
}
