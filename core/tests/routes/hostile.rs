//! Tables that want too much, and paths that are no paths.

use std::time::Instant;

use loadstone_core::lines::routes::{Limits, Routes};

use crate::tables::WORDS;
use crate::{Dice, KEY, get, learned, plains};

/// A million in a release build.
const SLUGS: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

fn slug(dice: &mut Dice, number: usize) -> String {
    format!("{}-{}-{number}", WORDS[dice.below(64)], WORDS[dice.below(64)])
}

#[test]
fn a_million_slugs_are_one_route() {
    let mut routes = Routes::new(KEY, Limits::default());
    let mut dice = Dice::new(1);
    for number in 0..SLUGS {
        routes.observe(0, format!("/articles/{}", slug(&mut dice, number)).as_bytes(), b"", 200, 0);
        if number % 100 == 0 {
            routes.observe(0, b"/articles/new", b"", 200, 0);
            routes.observe(0, b"/articles", b"", 200, 0);
        }
    }
    let settled = routes.settle();
    assert_eq!(plains(&settled.routes), ["GET /articles", "GET /articles/new", "GET /articles/{}"]);
    let field = &settled.routes.iter().find(|route| route.template.ends_with('}')).unwrap().fields[0];
    let off = (field.distinct as f64 / SLUGS as f64 - 1.0).abs();
    assert!(off < 0.13, "{}", field.distinct);
    assert!(field.values.len() <= 100);
    assert!(settled.map.len() < 10_000, "{}", settled.map.len());
}

#[test]
fn words_and_ids_of_all_kinds_at_the_root_are_told_apart() {
    let mut routes = Routes::new(KEY, Limits::default());
    let mut dice = Dice::new(2);
    for number in 0..50_000 {
        let path = match dice.below(4) {
            0 => format!("/{}", slug(&mut dice, number)),
            1 => format!("/{number}"),
            2 => format!("/{:024x}", dice.roll()),
            _ => ["/about", "/login", "/pricing", "/search", "/cart"][dice.below(5)].to_owned(),
        };
        routes.observe(0, path.as_bytes(), b"", 200, 0);
    }
    let found = plains(&routes.settle().routes);
    assert_eq!(found, ["GET /about", "GET /cart", "GET /login", "GET /pricing", "GET /search", "GET /{}"]);
}

#[test]
fn everything_different_at_every_level_stays_within_bounds() {
    let limits = Limits { nodes: 4_000, words: 256, missing: 1_000, values: 4_000 };
    let mut routes = Routes::new(KEY, limits);
    let mut dice = Dice::new(3);
    for _ in 0..SLUGS / 5 {
        let word = |dice: &mut Dice| (0..5).map(|_| (b'a' + dice.below(26) as u8) as char).collect::<String>();
        let path = format!("/{}/{}/{}", word(&mut dice), word(&mut dice), word(&mut dice));
        routes.observe(0, path.as_bytes(), b"", 200, 0);
    }
    let settled = routes.settle();
    assert!(settled.routes.len() < 300, "{}", settled.routes.len());
    let most = settled.routes.iter().map(|route| route.requests).max().unwrap();
    assert!(most > SLUGS as u64 / 10, "{most}");
    assert!(settled.map.len() < 50_000, "{}", settled.map.len());
}

#[test]
fn what_was_only_missing_makes_no_route() {
    let mut asked: Vec<_> = (0..500).map(|number| (0, format!("/wp-{number}/setup.php"), String::new(), 404)).collect();
    asked.push((0, "/products/9999".into(), String::new(), 404));
    asked.extend((0..20).map(|number| get(&format!("/products/{number}"))));
    let mut routes = learned(&asked, Limits::default());
    let settled = routes.settle();
    assert_eq!(plains(&settled.routes), ["GET /products/{}"]);
    assert_eq!(settled.routes[0].requests, 21);
    let seen = routes.observe(0, b"/products/777777", b"", 404, 0);
    assert_eq!(routes.settle().map[seen.leaf as usize], 0);
    let seen = routes.observe(0, b"/nothing/here", b"", 404, 0);
    assert_eq!(routes.settle().map[seen.leaf as usize], -1);
}

#[test]
fn what_scanners_ask_for_makes_no_route_even_where_all_is_answered() {
    let mut routes = Routes::new(KEY, Limits::default());
    routes.observe(0, b"/.env", b"", 200, 2);
    routes.observe(0, b"/app", b"", 200, 0);
    assert_eq!(plains(&routes.settle().routes), ["GET /app"]);
}

#[test]
fn garbage_is_no_panic() {
    let mut routes = Routes::new(KEY, Limits::default());
    let mut dice = Dice::new(4);
    for length in 0..3_000usize {
        let path: Vec<u8> = (0..length % 300).map(|_| dice.roll() as u8).collect();
        let query: Vec<u8> = (0..length % 200).map(|_| dice.roll() as u8).collect();
        routes.observe((length % 12) as u8, &path, &query, 200, 0);
        routes.peek(0, &path);
    }
    routes.observe(0, &vec![b'/'; 1 << 20], b"", 200, 0);
    routes.observe(0, "/a".repeat(2_000).as_bytes(), "a=b&".repeat(10_000).as_bytes(), 200, 0);
    for route in routes.settle().routes {
        assert!(route.template.starts_with('/') && route.template.is_ascii(), "{}", route.template);
    }
}

#[test]
fn a_slash_that_only_sends_on_is_no_route_of_its_own() {
    let mut routes = Routes::new(KEY, Limits::default());
    for number in 0..30 {
        routes.observe(0, format!("/items/{number}").as_bytes(), b"", 301, 0);
        routes.observe(0, format!("/items/{number}/").as_bytes(), b"", 200, 0);
        routes.observe(0, format!("/posts/{number}").as_bytes(), b"", 200, 0);
        routes.observe(0, format!("/posts/{number}/").as_bytes(), b"", 200, 0);
    }
    assert_eq!(plains(&routes.settle().routes), ["GET /items/{}/", "GET /posts/{}", "GET /posts/{}/"]);
}

#[test]
fn a_path_that_was_seen_is_found_fast() {
    let mut routes = Routes::new(KEY, Limits::default());
    let paths: Vec<String> = (0..5_000).map(|number| format!("/products/{number}/reviews")).collect();
    let begun = Instant::now();
    for _ in 0..4 {
        for path in &paths {
            routes.observe(0, path.as_bytes(), b"page=2&sort=price", 200, 0);
        }
    }
    // Told, not held: the machine may be busy.
    println!("{:.0} ns a request", begun.elapsed().as_nanos() as f64 / 20_000.0);
}
