use loadstone_core::load::cookies::{Jar, date};
use proptest::prelude::*;

fn sent(jar: &Jar, target: &str, secure: bool, now_s: i64) -> String {
    let mut out = Vec::new();
    let selection = jar.select(target.as_bytes(), secure, now_s);
    jar.write(selection, &mut out);
    assert_eq!(selection.is_empty(), out.is_empty());
    String::from_utf8(out).expect("UTF-8")
}

fn jar(cookies: &[&str]) -> Jar {
    let mut jar = Jar::new();
    cookies.iter().for_each(|cookie| jar.store(cookie.as_bytes(), "shop.example", b"/cart/add?x=/y/z", 1000));
    jar
}

#[test]
fn a_cookie_comes_back_on_its_path() {
    let jar = jar(&["a=1", "b=2; Path=/", "c=3; path=/car", "d=4; Path=/cart/", "e=5; Path=relative"]);
    assert_eq!(sent(&jar, "/", false, 1000), "b=2");
    assert_eq!(sent(&jar, "/cart", false, 1000), "a=1; e=5; b=2");
    assert_eq!(sent(&jar, "/cart/add?q=1", false, 1000), "d=4; a=1; e=5; b=2", "longer paths first");
    assert_eq!(sent(&jar, "/car/x", false, 1000), "c=3; b=2");
    assert_eq!(sent(&jar, "/?next=/cart/add", false, 1000), "b=2");
}

#[test]
fn the_last_one_wins_and_keeps_its_place() {
    let jar = jar(&["a=1; Path=/", "b=2; Path=/", "a=3; Path=/", "a=4; Path=/x"]);
    assert_eq!(sent(&jar, "/", false, 1000), "a=3; b=2");
    assert_eq!(jar.get(b"a", 1000), Some(b"4".as_slice()));
}

#[test]
fn cookies_end_when_they_should() {
    let jar_now = jar(&[
        "a=1; Path=/; Max-Age=10",
        "b=2; Path=/; Expires=Thu, 01 Jan 1970 00:17:00 GMT",
        "c=3; Path=/; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ]);
    assert_eq!(sent(&jar_now, "/", false, 1009), "a=1; b=2; c=3");
    assert_eq!(sent(&jar_now, "/", false, 1010), "b=2");
    assert_eq!(sent(&jar_now, "/", false, 1020), "");
    assert_eq!(jar_now.get(b"a", 1010), None);
    assert!(jar(&["a=1; Path=/", "a=; Path=/; Max-Age=0"]).is_empty());
    assert!(jar(&["a=1; Path=/", "a=; Path=/; Max-Age=-1"]).is_empty());
    assert!(jar(&["a=1; Path=/", "a=; Path=/; Expires=Thu, 01-Jan-1970 00:00:01 GMT"]).is_empty());
    assert!(!jar(&["a=1; Max-Age=x"]).is_empty());
    assert!(!jar(&["a=1; Max-Age=99999999999999999999"]).is_empty());
}

#[test]
fn secure_cookies_stay_on_https() {
    let jar = jar(&["a=1; Path=/; Secure; HttpOnly; SameSite=Lax", "b=2; Path=/"]);
    assert_eq!(sent(&jar, "/", false, 1000), "b=2");
    assert_eq!(sent(&jar, "/", true, 1000), "a=1; b=2");
}

#[test]
fn a_cookie_for_another_host_is_left_out() {
    for (domain, kept) in [
        ("shop.example", true),
        (".Shop.Example", true),
        ("example", true),
        ("", true),
        ("op.example", false),
        ("other.example", false),
        ("a.shop.example", false),
    ] {
        assert_eq!(!jar(&[&format!("a=1; Domain={domain}")]).is_empty(), kept, "{domain}");
    }
    let mut numeric = Jar::new();
    numeric.store(b"a=1; Domain=0.0.1", "127.0.0.1", b"/", 0);
    assert!(numeric.is_empty());
}

#[test]
fn malformed_cookies_are_left_out() {
    for cookie in ["", "novalue", "=x", ";a=1", "a=b\rc"] {
        assert!(jar(&[cookie]).is_empty(), "{cookie:?}");
    }
    assert!(jar(&[&format!("a={}", "x".repeat(5000))]).is_empty());
    assert_eq!(sent(&jar(&[" a = \"q=1\" ; Path = / "]), "/", false, 0), "a=\"q=1\"");
}

#[test]
fn a_jar_is_bounded() {
    let mut jar = Jar::new();
    (0..1000).for_each(|n| jar.store(format!("c{n}=1; Path=/").as_bytes(), "h", b"/", 0));
    let text = sent(&jar, "/", false, 0);
    assert_eq!(text.split("; ").count(), 180);
    assert!(text.ends_with("c999=1"));
}

/// The three forms of RFC 9110, 5.6.7, and what servers make of them.
#[test]
fn dates_are_read_in_every_form() {
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "06 nov 1994 8:49:37",
    ] {
        assert_eq!(date(text.as_bytes()), Some(784_111_777), "{text}");
    }
    assert_eq!(date(b"Tue, 29 Feb 2028 00:00:00 GMT"), Some(1_835_395_200));
    for text in [
        "",
        "yesterday",
        "06 Nov 1994",
        "08:49:37 06 Nov",
        "32 Nov 1994 08:49:37",
        "06 Nov 1600 08:49:37",
        "06 Nov 1994 24:00:00",
        "06 Nov 1994 08:60:00",
    ] {
        assert_eq!(date(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_stored_without_a_panic(cookie in prop::collection::vec(any::<u8>(), 0..60), target in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut jar = Jar::new();
        jar.store(&cookie, "h", &target, 0);
        jar.store(&[b"a=1; Expires=", cookie.as_slice()].concat(), "h", &target, 0);
        let mut out = Vec::new();
        jar.write(jar.select(&target, true, 0), &mut out);
        prop_assert!(!out.iter().any(|byte| b"\r\n\0".contains(byte)));
    }
}
