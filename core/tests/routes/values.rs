//! Fields: their names, kinds and values, and what of them must not be read; routes that were declared.

use loadstone_core::lines::routes::route::{Field, Kind, Route};
use loadstone_core::lines::routes::{Limits, Routes};

use crate::{KEY, get, learned, plains};

fn field<'a>(routes: &'a [Route], template: &str, name: &str) -> &'a Field {
    let route = routes.iter().find(|route| route.template == template);
    let route = route.unwrap_or_else(|| panic!("{template} of {:?}", plains(routes)));
    route.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("{name} of {:?}", route.fields))
}

#[test]
fn variables_have_names_kinds_and_popular_values() {
    let mut routes = Routes::new(KEY, Limits::default());
    for number in 0..100u32 {
        for _ in 0..(100 / (number + 1)).max(1) {
            routes.observe(0, format!("/products/{}", number + 1).as_bytes(), b"", 200, 0);
        }
        routes.observe(0, format!("/products/{}/reviews", number + 1).as_bytes(), b"", 200, 0);
        routes.observe(
            0,
            format!("/tags/{}", ["red", "green", "blue", "x-large"][number as usize % 4]).as_bytes(),
            b"",
            200,
            0,
        );
    }
    let found = routes.settle().routes;
    let id = field(&found, "/products/{product_id}", "product_id");
    assert_eq!((id.kind, id.distinct, id.count_error), (Kind::Number, 100, 0));
    assert_eq!((id.values[0].as_str(), id.counts[0]), ("1", 100));
    assert_eq!((id.values[1].as_str(), id.counts[1]), ("2", 50));
    field(&found, "/products/{product_id}/reviews", "product_id");
}

#[test]
fn parameters_have_shares_and_kinds() {
    let mut routes = Routes::new(KEY, Limits::default());
    for number in 0..100u32 {
        let query = match number % 4 {
            0 => format!("page={}&q=blue+shoes", number % 3),
            1 => "page=1&email=ann%40example.org".to_owned(),
            2 => format!("page=2&token=abc{number}"),
            _ => format!("page=1&_={}", 1_700_000_000 + number),
        };
        routes.observe(0, b"/search", query.as_bytes(), 200, 0);
    }
    let found = routes.settle().routes;
    let named = |name: &str| field(&found, "/search", name);
    assert_eq!((named("page").kind, named("page").required, named("page").share), (Kind::Number, true, 1.0));
    assert_eq!(named("page").values[0], "1");
    assert_eq!((named("q").kind, named("q").required, named("q").share), (Kind::Text, false, 0.25));
    assert_eq!(named("q").values, ["blue+shoes"]);
    assert_eq!((named("email").kind, named("email").values.len()), (Kind::Personal, 0));
    assert_eq!((named("token").kind, named("token").values.len(), named("token").distinct), (Kind::Token, 0, 25));
}

#[test]
fn what_tells_of_people_is_nowhere_in_what_leaves() {
    let mut asked = Vec::new();
    for number in 0..200u32 {
        asked.push(get(&format!("/unsubscribe/person{number}@example.org")));
        asked.push(get(&format!("/reset-password/{:032x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15_9e37_79b9)));
        asked.push(get(&format!("/clients/+4930123{number:04}")));
        asked.push((0, "/pay".into(), format!("card=4111111111111111&iban=DE89370400440532013000&n={number}"), 200));
        asked.push((0, "/find".into(), format!("q=anna.smith{number}%40example.org"), 200));
        asked.push((0, "/find".into(), "q=4111+1111+1111+1111".into(), 200));
        asked.push((
            0,
            "/in".into(),
            "next=/a&jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3".into(),
            200,
        ));
    }
    let found = serde_json::to_string(&learned(&asked, Limits::default()).settle().routes).unwrap();
    for told in ["person1", "example.org", "4111", "DE89", "eyJ", "+4930", "smith", "00000000000"] {
        assert!(!found.contains(told), "{told} in {found}");
    }
}

#[test]
fn one_personal_value_among_many_is_left_out() {
    let mut asked: Vec<_> = (0..200).map(|number| get(&format!("/boxes/box{number}"))).collect();
    asked.push(get("/boxes/ann%40example.org"));
    let found = learned(&asked, Limits::default()).settle().routes;
    let name = &found[0].fields[0];
    assert_eq!(name.distinct, 201);
    assert!(!name.values.iter().any(|value| value.contains("example")));
    assert!(name.values.len() == 100);
}

#[test]
fn names_that_may_be_shown_are() {
    let mut routes = Routes::new(KEY, Limits::default());
    routes.show(["token".to_owned()]);
    routes.observe(0, b"/a", b"token=abc", 200, 0);
    assert_eq!(field(&routes.settle().routes, "/a", "token").values, ["abc"]);
}

#[test]
fn declared_routes_win() {
    let mut routes = Routes::new(KEY, Limits::default());
    let declared = r#"[
        {"method": "GET", "template": "/users/{name}", "sources": ["openapi"], "name": "a user", "example": null,
         "fields": [{"name": "name", "where": "path", "kind": "text"}, {"name": "full", "where": "query", "kind": "word", "required": false}]},
        {"method": "GET", "template": "/items/{pk}", "sources": ["django"], "fields": [{"name": "pk", "kind": "number"}]},
        {"method": "GET", "template": "/files/{path}", "sources": ["flask"], "fields": [{"name": "path", "many": true}]},
        {"method": "GET", "template": "/never/{x}", "sources": ["flask"], "fields": [{"name": "x"}]}
    ]"#;
    routes.declare_all(declared.as_bytes()).unwrap();
    for number in 0..50u32 {
        routes.observe(0, b"/users/me", b"full=yes", 200, 0);
        routes.observe(1, b"/users/me", b"", 200, 0);
        routes.observe(0, format!("/items/{number}").as_bytes(), b"", 200, 0);
        routes.observe(0, b"/items/export", b"", 200, 0);
        routes.observe(0, format!("/files/a/b{number}/c.txt").as_bytes(), b"", 200, 0);
        routes.observe(0, format!("/other/{number}").as_bytes(), b"", 200, 0);
    }
    let settled = routes.settle();
    let ids: Vec<String> = settled.routes.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
    assert_eq!(
        ids,
        [
            "GET /users/{name}",
            "HEAD /users/{name}",
            "GET /items/{pk}",
            "GET /files/{path}",
            "GET /never/{x}",
            "GET /items/export",
            "GET /other/{other}_id".replace("{other}_id", "{other_id}").as_str(),
        ]
    );
    assert_eq!(settled.routes[0].sources, ["openapi", "log"]);
    assert_eq!(settled.routes[0].rest["name"], "a user");
    assert_eq!(field(&settled.routes, "/users/{name}", "full").values, ["yes"]);
    assert_eq!(field(&settled.routes, "/items/{pk}", "pk").distinct, 50);
    assert_eq!(field(&settled.routes, "/files/{path}", "path").values.len(), 50);
    assert_eq!(settled.routes[4].requests, 0);
    assert!(routes.declare(0, "no/path").is_err());
}

#[test]
fn a_referer_is_found_without_being_counted() {
    let mut routes = Routes::new(KEY, Limits::default());
    let seen = routes.observe(0, b"/products/1", b"", 200, 0);
    assert_eq!(routes.peek(0, b"/products/1?page=2"), Some(seen.leaf));
    assert_eq!(routes.peek(0, b"/nowhere"), None);
    assert_eq!(routes.settle().routes[0].requests, 1);
}

#[test]
fn names_of_people_are_not_read_and_their_numbers_are() {
    let mut asked: Vec<_> = (0..60).map(|number| get(&format!("/users/ann{number}"))).collect();
    asked.extend((0..60).map(|number| get(&format!("/customers/{number}"))));
    asked.extend((0..60).map(|number| get(&format!("/@ann{number}/posts"))));
    let found = learned(&asked, Limits::default()).settle().routes;
    assert_eq!(plains(&found), ["GET /customers/{}", "GET /users/{}", "GET /{}/posts"]);
    let kind = |template: &str| {
        let field = &found.iter().find(|route| route.template.starts_with(template)).unwrap().fields[0];
        (field.kind, field.values.is_empty(), field.distinct)
    };
    assert_eq!(kind("/users/"), (Kind::Personal, true, 60));
    assert_eq!(kind("/customers/"), (Kind::Number, false, 60));
    assert_eq!(kind("/{"), (Kind::Personal, true, 60));
}
