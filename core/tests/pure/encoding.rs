use loadstone_core::load::encode::{base64, decimal, encode, in_target, target};
use loadstone_core::load::plan::Encode;
use proptest::prelude::*;

fn encoded(how: Encode, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(how, value, &mut out);
    out
}

/// Percent-decoding by the letter of RFC 3986, 2.1; `+` is a space in a form.
fn decoded(text: &[u8], form: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                out.push(u8::from_str_radix(digits, 16).expect("hex"));
            }
            b'+' if form => out.push(b' '),
            other => out.push(other),
        }
    }
    out
}

#[test]
fn known_encodings() {
    assert_eq!(encoded(Encode::Url, "a b/ü~-._".as_bytes()), b"a%20b%2F%C3%BC~-._");
    assert_eq!(encoded(Encode::Form, b"a b+c"), b"a+b%2Bc");
    assert_eq!(encoded(Encode::Json, b"say \"hi\"\n\\\x01"), b"say \\\"hi\\\"\\n\\\\\\u0001");
    assert_eq!(encoded(Encode::None, b"a b"), b"a b");
    assert_eq!(target("/a b/ü?x=1%20".as_bytes()), b"/a%20b/%C3%BC?x=1%20");
    // RFC 4648, 10.
    for (value, expected) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
    {
        assert_eq!(base64(value.as_bytes()), expected.as_bytes());
    }
}

proptest! {
    #[test]
    fn url_and_form_come_back(value in prop::collection::vec(any::<u8>(), 0..60)) {
        for (how, form) in [(Encode::Url, false), (Encode::Form, true)] {
            let text = encoded(how, &value);
            prop_assert!(text.iter().all(|byte| in_target(*byte) && !b"&=#?/".contains(byte)));
            prop_assert_eq!(decoded(&text, form), value.clone());
        }
    }

    #[test]
    fn a_json_string_comes_back(value in any::<String>()) {
        let text = [b"\"", encoded(Encode::Json, value.as_bytes()).as_slice(), b"\""].concat();
        prop_assert_eq!(serde_json::from_slice::<String>(&text).expect("JSON"), value);
    }

    #[test]
    fn any_bytes_make_a_json_string(value in prop::collection::vec(any::<u8>(), 0..60)) {
        let text = [b"\"", encoded(Encode::Json, &value).as_slice(), b"\""].concat();
        prop_assert_eq!(serde_json::from_slice::<String>(&text).expect("JSON"), String::from_utf8_lossy(&value));
    }

    #[test]
    fn a_number_is_written_in_decimal(number in any::<u64>()) {
        let mut out = Vec::new();
        decimal(number, &mut out);
        prop_assert_eq!(String::from_utf8(out).expect("ASCII"), number.to_string());
    }
}
