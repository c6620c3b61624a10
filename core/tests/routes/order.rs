//! The order of requests plays no part, below the bounds; templates and values give back the path.

use proptest::prelude::*;

use loadstone_core::lines::routes::template::Template;
use loadstone_core::lines::routes::{Limits, fields, segment};

use crate::tables::TABLES;
use crate::{Asked, Dice, learned};

/// Segments of all shapes, few enough of each that they meet.
fn a_segment() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["users", "api", "v1", "products", "me", "new", "search", "posts", "settings", "en", "de"])
            .prop_map(str::to_owned),
        3 => (0..40u32).prop_map(|number| number.to_string()),
        2 => (0..60u32).prop_map(|number| format!("a-title-of-{number}")),
        2 => "[a-e]{1,3}",
        1 => (0..9u64).prop_map(|number| format!("{:024x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        1 => (0..9u32).prop_map(|number| format!("{number}.json")),
        1 => (0..30u32).prop_map(|number| format!("p{number}.png")),
        1 => "[ -~]{0,6}",
    ]
}

fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let path = prop::collection::vec(a_segment(), 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let one = (
        0..4u8,
        path,
        prop::sample::select(vec!["", "page=2", "q=x&page=1"]),
        prop::sample::select(vec![200u16, 404, 301]),
    );
    prop::collection::vec(
        one.prop_map(|(method, path, query, status)| (method, path, query.to_owned(), status)),
        0..300,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_requests_plays_no_part(mut asked in requests(), seed in 0..u64::MAX) {
        let first = learned(&asked, Limits::default()).settle().routes;
        Dice::new(seed).shuffle(&mut asked);
        let second = learned(&asked, Limits::default()).settle().routes;
        for (one, other) in second.iter().zip(&first) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(second.len(), first.len());
    }

    #[test]
    fn a_request_keeps_its_route_and_the_route_gives_back_its_path(asked in requests()) {
        let mut routes = learned(&asked, Limits::default());
        let settled = routes.settle();
        if let Some((method, path, _, status)) = asked.last() {
            let seen = routes.observe(*method, path.as_bytes(), b"", *status, 0);
            let place = routes.settle().map[seen.leaf as usize];
            prop_assert_eq!(place, settled.map[seen.leaf as usize], "{}", path);
            if place >= 0 {
                let template = Template::braced(&settled.routes[place as usize].template).unwrap();
                let normal = segment::normal(path.as_bytes()).0.into_owned();
                let segments: Vec<&[u8]> = segment::segments(&normal).collect();
                let values = template.values(&fields::unfolded(&segments));
                prop_assert!(values.is_some(), "{} of {}", path, template.text());
                let mut values = values.unwrap().into_iter().map(|parts| String::from_utf8(parts.join(&b'/')).unwrap());
                let mut back = String::new();
                for (number, part) in template.text().split(['{', '}']).enumerate() {
                    back.push_str(&if number % 2 == 1 { values.next().unwrap() } else { part.to_owned() });
                }
                let normal = String::from_utf8(normal).unwrap();
                prop_assert_eq!(back.trim_end_matches('/'), normal.trim_end_matches('/'));
            } else {
                prop_assert_eq!(*status, 404);
            }
        }
    }

    #[test]
    fn small_bounds_break_nothing(asked in requests(), nodes in 30..200usize, words in 2..20usize) {
        let limits = Limits { nodes, words, missing: 50, values: 50 };
        let settled = learned(&asked, limits).settle();
        for route in &settled.map {
            prop_assert!(*route >= -1 && *route < settled.routes.len() as i32);
        }
        let mut ids: Vec<String> = settled.routes.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), settled.routes.len());
    }
}

#[test]
fn a_days_traffic_backwards_gives_the_same_routes() {
    for table in TABLES {
        let mut asked = table.traffic(3, 5_000);
        let first = learned(&asked, Limits::default()).settle().routes;
        asked.reverse();
        for (one, other) in learned(&asked, Limits::default()).settle().routes.iter().zip(&first) {
            assert_eq!(one, other, "{}", table.name);
        }
    }
}
