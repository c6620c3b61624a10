use loadstone_core::load::plan::Scheme;
use loadstone_core::load::redirect::{Hop, Origin};
use proptest::prelude::*;

fn origin() -> Origin {
    Origin { scheme: Scheme::Http, host: "Shop.example".to_owned(), port: 80 }
}

fn resolve(current: &str, reference: &str) -> Option<String> {
    let target = origin().resolve(current.as_bytes(), reference.as_bytes());
    target.map(|target| String::from_utf8(target).expect("ASCII"))
}

#[test]
fn references_resolve_on_this_server() {
    for (reference, expected) in [
        ("/x", "/x"),
        ("x", "/b/c/x"),
        ("./x", "/b/c/x"),
        ("../x", "/b/x"),
        ("../../../x", "/x"),
        ("..", "/b/"),
        (".", "/b/c/"),
        ("?y=1", "/b/c/d?y=1"),
        ("", "/b/c/d?q=1"),
        ("#top", "/b/c/d?q=1"),
        ("x#top", "/b/c/x"),
        ("x?a=../b", "/b/c/x?a=../b"),
        ("//shop.example/x", "/x"),
        ("http://shop.EXAMPLE/x?y", "/x?y"),
        ("HTTP://shop.example:80", "/"),
        ("http://shop.example?q", "/?q"),
        ("/a b/ü", "/a%20b/%C3%BC"),
        ("/a%20b", "/a%20b"),
        ("x:y", "/none"),
        ("/x:y", "/x:y"),
        ("/a//b", "/a//b"),
    ] {
        let expected = (expected != "/none").then_some(expected);
        assert_eq!(resolve("/b/c/d?q=1", reference).as_deref(), expected, "{reference}");
    }
}

#[test]
fn other_servers_are_not_followed() {
    for reference in [
        "https://shop.example/x",
        "http://other.example/x",
        "http://shop.example:8080/x",
        "//other/x",
        "http://shop.example@evil/x",
        "mailto:a@b",
        "http:/x",
        "http://shop.example:x/",
    ] {
        assert_eq!(resolve("/", reference), None, "{reference}");
    }
    let v6 = Origin { scheme: Scheme::Https, host: "::1".to_owned(), port: 8443 };
    assert_eq!(v6.resolve(b"/", b"https://[::1]:8443/x"), Some(b"/x".to_vec()));
    assert_eq!(v6.resolve(b"/", b"https://[::1]/x"), None);
}

#[test]
fn methods_turn_as_the_standard_says() {
    let hop = |method: &str, status| {
        Hop::follow(method, b"/a/b", status, Some(b"c"), &origin()).map(|hop| (hop.method, hop.body))
    };
    for status in [301, 302, 303] {
        assert_eq!(hop("POST", status), Some(("GET".to_owned(), false)));
        assert_eq!(hop("HEAD", status), Some(("HEAD".to_owned(), true)));
        assert_eq!(hop("GET", status), Some(("GET".to_owned(), true)));
    }
    for status in [307, 308] {
        assert_eq!(hop("POST", status), Some(("POST".to_owned(), true)));
    }
    for status in [200, 300, 304, 305, 404] {
        assert_eq!(hop("GET", status), None);
    }
    assert_eq!(Hop::follow("GET", b"/", 302, None, &origin()), None);
    assert_eq!(Hop::follow("GET", b"/a/b", 302, Some(b"c"), &origin()).map(|hop| hop.target), Some(b"/a/c".to_vec()));
}

proptest! {
    #[test]
    fn any_location_is_a_path_or_none(current in "/[ -~]{0,20}", reference in prop::collection::vec(any::<u8>(), 0..40), local in any::<bool>()) {
        let reference = if local { [b"http://shop.example", reference.as_slice()].concat() } else { reference };
        if let Some(target) = origin().resolve(current.as_bytes(), &reference) {
            prop_assert_eq!(target.first(), Some(&b'/'));
            prop_assert!(target.iter().all(|byte| (0x21..=0x7E).contains(byte)));
        }
    }
}
