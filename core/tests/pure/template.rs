use std::collections::BTreeMap;

use loadstone_core::hash::Key;
use loadstone_core::load::plan::{Feed, FeedOrder, FeedPer, Part};
use loadstone_core::load::template::{Feeds, Names, RenderError, Scope, Show, Template, Vars};
use proptest::prelude::*;
use serde_json::{Value, json};

struct World {
    secrets: BTreeMap<String, String>,
    feeds: Vec<Feed>,
    rows: Feeds,
    names: Vec<String>,
    vars: Vars,
}

impl World {
    fn new() -> World {
        let feed = |(order, per)| Feed {
            name: "users".to_owned(),
            columns: vec!["email".to_owned(), "number".to_owned()],
            rows: (0..5).map(|row| vec![format!("u{row}@x"), row.to_string()]).collect(),
            order,
            exponent: 1.2,
            shift: 0.7,
            per,
        };
        let feeds = [
            (FeedOrder::Sequential, FeedPer::Journey),
            (FeedOrder::Random, FeedPer::Journey),
            (FeedOrder::Zipf, FeedPer::Journey),
            (FeedOrder::Zipf, FeedPer::Request),
            (FeedOrder::Random, FeedPer::Request),
        ];
        let mut vars = Vars::new(2);
        vars.set(0, b"a b&c");
        World {
            secrets: BTreeMap::from([("TOKEN".to_owned(), "s3 cret".to_owned())]),
            feeds: feeds.map(feed).to_vec(),
            rows: Feeds::new(feeds.map(feed).to_vec()),
            names: vec!["id".to_owned(), "unset".to_owned()],
            vars,
        }
    }

    fn template(&self, parts: Value) -> Template {
        let parts: Vec<Part> = serde_json::from_value(parts).expect("parts");
        let names = Names { vars: &self.names, secrets: &self.secrets, feeds: &self.feeds };
        Template::compile(&parts, &names).expect("a template")
    }

    fn scope(&self, arrival: u64) -> Scope<'_> {
        Scope { vars: &self.vars, feeds: &self.rows, seed: 41, arrival, user: 900 + arrival, op: 2 }
    }

    fn render(&self, parts: Value, arrival: u64) -> String {
        let mut out = Vec::new();
        self.template(parts).render(&self.scope(arrival), &mut out).expect("rendered");
        String::from_utf8(out).expect("UTF-8")
    }

    fn show(&self, parts: Value, how: Show) -> String {
        let mut out = Vec::new();
        self.template(parts).show(&self.scope(7), how, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }
}

#[test]
fn each_part_renders_as_documented() {
    let world = World::new();
    let cases = [
        (json!([{"text": "/a"}, {"text": "?b"}]), "/a?b"),
        (json!([{"var": "id", "encode": "none"}]), "a b&c"),
        (json!([{"var": "id", "encode": "url"}]), "a%20b%26c"),
        (json!([{"var": "id", "encode": "form"}]), "a+b%26c"),
        (json!([{"feed": 0, "column": 0, "encode": "url"}]), "u1%40x"),
        (json!([{"secret": "TOKEN", "encode": "url"}]), "s3%20cret"),
        (json!([{"arrival": {}}, {"text": "/"}, {"user": {}}]), "7/907"),
        (json!([{"int": {"low": -5, "high": -5}}]), "-5"),
        (json!([{"choice": ["only"], "encode": "none"}]), "only"),
        (json!([]), ""),
    ];
    for (parts, expected) in cases {
        assert_eq!(world.render(parts.clone(), 7), expected, "{parts}");
    }
}

#[test]
fn a_template_of_texts_and_secrets_is_constant() {
    let world = World::new();
    let constant = world.template(json!([{"text": "a"}, {"secret": "TOKEN"}, {"text": "b"}]));
    assert_eq!(constant.as_constant(), Some(b"as3 cretb".as_slice()));
    assert_eq!(world.template(json!([{"text": "a"}, {"arrival": {}}])).as_constant(), None);
}

#[test]
fn a_missing_variable_is_named() {
    let world = World::new();
    let error = world.template(json!([{"var": "unset"}])).render(&world.scope(1), &mut Vec::new());
    assert_eq!(error, Err(RenderError::Missing("unset".to_owned())));
    assert!(error.expect_err("missing").to_string().contains("{unset}"));
}

#[test]
fn a_line_break_in_a_value_does_not_reach_a_head() {
    let mut world = World::new();
    for bad in ["a\r\nx: y", "a\nb", "a\0b"] {
        world.vars.set(0, bad.as_bytes());
        let template = world.template(json!([{"text": "x "}, {"var": "id", "encode": "none"}]));
        assert!(matches!(template.render_line(&world.scope(1), &mut Vec::new()), Err(RenderError::Unsendable(_))));
        template.render(&world.scope(1), &mut Vec::new()).expect("a body may hold them");
        let encoded = world.template(json!([{"var": "id", "encode": "url"}]));
        encoded.render_line(&world.scope(1), &mut Vec::new()).expect("encoded they are harmless");
    }
}

#[test]
fn rows_are_drawn_by_arrival() {
    let world = World::new();
    let row = |feed, arrival| world.render(json!([{"feed": feed, "column": 1}]), arrival);
    assert_eq!((1..=7).map(|arrival| row(0, arrival)).collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "0", "1"]);
    let random: Vec<String> = (1..=200).map(|arrival| row(1, arrival)).collect();
    assert!((0..5).all(|wanted| random.contains(&wanted.to_string())));
    let pair = world.render(json!([{"feed": 1, "column": 1}, {"text": " "}, {"feed": 1, "column": 0}]), 9);
    let (number, email) = pair.split_once(' ').expect("two columns");
    assert_eq!(email, format!("u{number}@x"), "two columns of one feed come from one row");
}

#[test]
fn draws_are_fixed_by_arrival_and_differ_between_parts() {
    let world = World::new();
    let parts = json!([{"uuid": {}}, {"text": " "}, {"uuid": {}}, {"text": " "}, {"int": {"low": 0, "high": 1000000}},
                       {"text": " "}, {"zipf": {"n": 1000, "exponent": 1.0}}, {"text": " "}, {"choice": ["x", "y"]}]);
    assert_eq!(world.render(parts.clone(), 3), world.render(parts.clone(), 3));
    assert_ne!(world.render(parts.clone(), 3), world.render(parts.clone(), 4));
    let text = world.render(parts, 3);
    let fields: Vec<&str> = text.split(' ').collect();
    assert_ne!(fields[0], fields[1]);
    assert!(fields[2].parse::<u64>().expect("a number") <= 1_000_000);
}

#[test]
fn a_uuid_is_one_of_version_4() {
    let world = World::new();
    for arrival in 1..200 {
        let uuid = world.render(json!([{"uuid": {}}]), arrival);
        let pattern = regex_lite(&uuid);
        assert!(pattern, "{uuid}");
    }
}

fn regex_lite(uuid: &str) -> bool {
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && uuid.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && groups[2].starts_with('4')
        && groups[3].starts_with(['8', '9', 'a', 'b'])
}

#[test]
fn what_is_shown_keeps_secrets_and_query_values() {
    let mut world = World::new();
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f").expect("a key");
    let parts = json!([{"text": "/p/"}, {"var": "id", "encode": "url"}, {"text": "?t="}, {"secret": "TOKEN"},
                       {"text": "&q="}, {"var": "id", "encode": "url"}, {"text": "&r="}, {"var": "id", "encode": "url"}]);
    assert_eq!(world.show(parts.clone(), Show::Named), "/p/a%20b%26c?t={env.TOKEN}&q=a%20b%26c&r=a%20b%26c");
    let masked = world.show(parts.clone(), Show::Masked(key));
    let (path, query) = masked.split_once('?').expect("a query");
    assert_eq!(path, "/p/a%20b%26c");
    let fields: Vec<&str> = query.split('&').collect();
    assert_eq!(fields[0], "t={env.TOKEN}");
    let (q, r) = (&fields[1]["q=".len()..], &fields[2]["r=".len()..]);
    assert_eq!(q, r, "equal values stay equal");
    assert!(q.len() == 9 && q.starts_with('#') && q[1..].bytes().all(|byte| byte.is_ascii_hexdigit()), "{q}");
    world.vars.set(0, b"other");
    assert!(!world.show(parts, Show::Masked(key)).contains(q));
    world.vars.set(0, b"/next?page=secret");
    let link = world.show(json!([{"var": "id"}]), Show::Masked(key));
    assert!(link.starts_with("/next?#") && !link.contains("secret"), "{link}");
    assert_eq!(world.show(json!([{"text": "/"}, {"var": "unset"}]), Show::Masked(key)), "/{unset}");
}

#[test]
fn cleared_variables_are_gone() {
    let mut vars = Vars::new(1);
    vars.set(0, b"x");
    vars.set(3, b"beyond");
    assert_eq!((vars.get(0), vars.get(3), vars.get(1)), (Some(b"x".as_slice()), Some(b"beyond".as_slice()), None));
    vars.clear();
    assert_eq!((vars.get(0), vars.get(9)), (None, None));
}

proptest! {
    #[test]
    fn an_integer_stays_in_its_range(low in any::<i64>(), high in any::<i64>(), arrival in 1..1000u64) {
        let (low, high) = (low.min(high), low.max(high));
        let text = World::new().render(json!([{"int": {"low": low, "high": high}}]), arrival);
        prop_assert!((low..=high).contains(&text.parse::<i64>().expect("an integer")));
    }

    #[test]
    fn a_value_comes_back_from_a_query(value in any::<String>()) {
        let mut world = World::new();
        world.vars.set(0, value.as_bytes());
        let text = world.render(json!([{"text": "/?q="}, {"var": "id", "encode": "form"}, {"text": "&end"}]), 1);
        prop_assert!(text.is_ascii() && !text.contains(' '));
        let inside = text.strip_prefix("/?q=").and_then(|rest| rest.strip_suffix("&end")).expect("the frame");
        prop_assert!(!inside.contains(['&', '=', '#', '?', '/']));
    }
}

/// The row of rank r stands with probability proportional to (r + 0.7)^-1.2, for the journey or for each request; all
/// columns of one request are of one row.
#[test]
fn feeds_drawn_by_rank_have_their_probabilities() {
    let world = World::new();
    let weights: Vec<f64> = (1..=5).map(|rank| (f64::from(rank) + 0.7).powf(-1.2)).collect();
    let total: f64 = weights.iter().sum();
    let row = |feed: usize, arrival, op| world.rows.row(feed, 41, arrival, op).expect("a row")[1].clone();
    for (feed, varies) in [(2, false), (3, true)] {
        let draws = 50_000u64;
        let mut seen = [0f64; 5];
        for draw in 0..draws {
            let (arrival, op) = if varies { (7, draw as u32) } else { (draw, 2) };
            seen[row(feed, arrival, op).parse::<usize>().expect("a number")] += 1.0;
        }
        let chi_square: f64 = seen
            .iter()
            .zip(&weights)
            .map(|(seen, weight)| (seen - weight / total * draws as f64).powi(2) / (weight / total * draws as f64))
            .sum();
        assert!(chi_square < 18.5, "feed {feed}: {seen:?}"); // 4 degrees of freedom, one in a thousand
    }
    for feed in 0..3 {
        assert!((0..50).all(|op| row(feed, 7, op) == row(feed, 7, 0)), "feed {feed} is the journey's");
    }
    assert!((0..50).any(|op| row(4, 7, op) != row(4, 7, 0)));
    let both = json!([{"feed": 3, "column": 0}, {"text": " "}, {"feed": 3, "column": 1}]);
    for arrival in 1..50 {
        let text = world.render(both.clone(), arrival);
        let (email, number) = text.split_once(' ').expect("two columns");
        assert_eq!(email, format!("u{number}@x"));
    }
}
