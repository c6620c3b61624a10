use loadstone_core::redact::address::dsn;
use proptest::prelude::*;

use crate::redactor;

#[test]
fn names_stay_and_values_become_hashes() {
    let query = redactor().query("q=red+shoes&page=3&sort=price&sort=x&empty=&17&a=b=c");
    let parts: Vec<&str> = query.split('&').collect();
    assert!(parts[0].starts_with("q=#") && parts[0].len() == 11);
    assert_eq!(&parts[1..3], ["page=3", "sort=price"]);
    assert!(parts[3].starts_with("sort=#"));
    assert_eq!(parts[4], "empty=");
    assert!(parts[5].starts_with('#') && parts[6].starts_with("a=#"));
}

#[test]
fn a_url_loses_user_and_fragment() {
    let url = |text: &str| redactor().url(text);
    assert_eq!(url("https://bob:pw@shop.example/p?page=2#top"), "https://shop.example/p?page=2");
    assert_eq!(url("https://bob:p/w?x@shop.example/p"), "https://shop.example/p");
    assert_eq!(url("https://shop.example:8000/p"), "https://shop.example:8000/p");
    assert_eq!(url("http://[::1]:80/a@b"), "http://[::1]:80/a@b");
    assert_eq!(url("/p#secret?page=1"), "/p");
    let masked = url("/p?a=1#x");
    assert_eq!(masked, url("/p?a=1"));
    assert_eq!(url(&masked), masked);
}

#[test]
fn a_data_source_says_where_and_who_alone() {
    let cases = [
        (
            "postgresql://bob:hunter2@db:5432/shop?sslmode=require&password=x",
            "postgresql://bob@db:5432/shop?sslmode=require",
        ),
        ("postgres://bob:p@ss/w?rd@db/shop", "postgres://bob@db/shop"),
        ("host=db port=5432 user=bob password=hunter2 dbname=shop", "host=db port=5432 user=bob dbname=shop"),
        ("host=db password='hun ter\\'2 user=x' dbname=shop", "host=db dbname=shop"),
        ("password = hunter2 host = db", "host = db"),
        ("Server=db;Database=shop;User Id=bob;Password=\"hun;ter2\";", "Server=db;Database=shop;User Id=bob"),
        ("bob:hunter2@tcp(db:3306)/shop", "bob@tcp(db:3306)/shop"),
        ("/var/lib/shop.db", "/var/lib/shop.db"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
    ];
    for (text, expected) in cases {
        assert_eq!(dsn(text), expected, "{text}");
    }
}

#[test]
fn headers_go_by_their_names() {
    let header = |name: &str, value: &str| redactor().header(name, value);
    assert_eq!(header("Content-Type", "text/html"), "text/html");
    assert_eq!(header("content_length", "12"), "12");
    assert_eq!(header("Authorization", "Bearer x"), "#");
    assert_eq!(header("set-cookie", "a=b"), "#");
    assert!(header("X-Customer", "bob").starts_with('#'));
}

#[test]
fn attributes_go_by_their_names_and_by_what_looks_like_a_secret() {
    let kept = |name: &str, value: &str| redactor().attribute(name, value, "postgresql");
    assert_eq!(kept("http.request.method", "GET"), "GET");
    assert_eq!(kept("db.statement", "select 5"), "select ?");
    assert_eq!(kept("http.target", "/a?page=2"), "/a?page=2");
    assert_eq!(kept("http.request.header.cookie", "a"), "#");
    assert_eq!(kept("http.request.header.content_type", "a/b"), "a/b");
    assert_eq!(kept("user_agent.original", "curl/8"), "curl/8");
    assert_eq!(kept("network.peer.address", "10.0.0.7"), "10.0.0.7");
    for (name, value) in [
        ("enduser.id", "bob"),
        ("user.email", "bob@example.com"),
        ("db.query.parameter.0", "bob"),
        ("client.address", "10.0.0.7"),
        ("network.peer.address", "93.184.216.34"),
        ("app.api_key", "abc"),
        ("customer.email", "bob@example.com"),
        ("note", "Authorization: Bearer abcdefgh12345678"),
        ("note", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        ("note", "AKIAIOSFODNN7EXAMPLE"),
        ("note", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    ] {
        let masked = kept(name, value);
        assert!(masked.len() == 9 && masked.starts_with('#'), "{name}: {masked}");
    }
    assert!(!kept("peer", "postgresql://bob:hunter2@db/shop").contains("hunter2"));
    assert_eq!(kept("gen_ai.usage.token.count", "5").len(), 9);
}

proptest! {
    #[test]
    fn no_value_survives_and_masking_twice_changes_nothing(
        pairs in prop::collection::vec(("[a-z]{1,5}", "[A-Z0-9%+=]{4,12}"), 0..6),
        path in "/[a-z/]{0,12}",
    ) {
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let masked = redactor().url(&format!("{path}?{}", query.join("&")));
        for (name, value) in &pairs {
            prop_assert!(name == "page" || !masked.contains(value.as_str()), "{masked}");
        }
        prop_assert_eq!(redactor().url(&masked), masked);
    }

    #[test]
    fn anything_is_read_without_a_panic(text in "\\PC{0,120}", name in "\\PC{0,20}") {
        let all = redactor();
        for masked in [all.query(&text), all.url(&text), all.value(&text), dsn(&text), all.attribute(&name, &text, "")] {
            prop_assert!(masked.len() <= text.len() * 10 + 16);
        }
        prop_assert_eq!(all.url(&all.url(&text)), all.url(&text));
    }

    #[test]
    fn no_password_survives_in_a_url(word in "[A-Z/?#@:]{6,12}Q") {
        let masked = dsn(&format!("postgres://bob:{word}@db/shop"));
        prop_assert!(!masked.contains(&word), "{masked}");
    }
}

#[test]
fn the_hash_is_the_one_of_the_engines_samples() {
    use loadstone_core::hash::Key;
    let key = Key::from_hex(crate::KEY).unwrap();
    let mut shown = b"q=".to_vec();
    key.mask(b"shoes", &mut shown);
    assert_eq!(redactor().query("q=shoes").into_bytes(), shown);
}
