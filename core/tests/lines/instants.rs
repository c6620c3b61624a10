//! Times and durations in every style.

use loadstone_core::lines::duration::duration;
use loadstone_core::lines::instant::{Clock, SECOND_NS};
use loadstone_core::lines::record::Style;
use proptest::prelude::*;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a day since 1970, by counting.
fn civil(mut day: i64) -> (i64, usize, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while day >= if leap(year) { 366 } else { 365 } {
        day -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    (year, month, day + 1)
}

fn zone(minutes: i64, colon: &str) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{colon}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

proptest! {
    #[test]
    fn an_instant_is_the_same_in_every_style(
        second in 631_152_000i64 + 86_400..4_102_444_800 - 86_400, ns in 0..SECOND_NS, minutes in -14i64 * 60..=14 * 60,
        others in prop::collection::vec(631_238_400i64..4_102_358_400, 0..3),
    ) {
        let mut clock = Clock::default();
        // What was read before must not matter.
        for at in others.into_iter().chain([second, second]) {
            let local = at + minutes * 60;
            let (year, month, day) = civil(local.div_euclid(86_400));
            let of_day = local.rem_euclid(86_400);
            let time = format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
            let clf = format!("{day:02}/{}/{year}:{time} {}", MONTHS[month], zone(minutes, ""));
            prop_assert_eq!(clock.read(clf.as_bytes(), Style::Clf), Some(at * SECOND_NS), "{}", clf);
            prop_assert_eq!(clock.read(clf.as_bytes(), Style::Plain), Some(at * SECOND_NS), "{}", clf);
            let date = format!("{year}-{:02}-{day:02}", month + 1);
            for text in [
                format!("{date}T{time}.{ns:09}{}", zone(minutes, ":")),
                format!("{date} {time},{ns:09} {}", zone(minutes, "")),
            ] {
                prop_assert_eq!(clock.read(text.as_bytes(), Style::Iso), Some(at * SECOND_NS + ns), "{}", text);
            }
            let millis = ns / 1_000_000 * 1_000_000;
            let exact = at * SECOND_NS + millis;
            prop_assert_eq!(clock.read(format!("{at}.{:03}", millis / 1_000_000).as_bytes(), Style::UnixS), Some(exact));
            prop_assert_eq!(clock.read((exact / 1_000_000).to_string().as_bytes(), Style::UnixMs), Some(exact));
            prop_assert_eq!(clock.read((exact / 1000).to_string().as_bytes(), Style::UnixUs), Some(exact));
            prop_assert_eq!(clock.read(exact.to_string().as_bytes(), Style::UnixNs), Some(exact));
        }
    }

    #[test]
    fn garbage_is_no_instant_or_one_of_our_time(text in prop::collection::vec(any::<u8>(), 0..40)) {
        for style in [Style::Clf, Style::Iso, Style::UnixS, Style::UnixNs, Style::Plain, Style::Haproxy] {
            if let Some(ns) = Clock::default().read(&text, style) {
                prop_assert!((631_152_000..4_102_444_800).contains(&(ns / SECOND_NS)));
            }
            let _ = duration(&text, style);
        }
    }

    #[test]
    fn digits_are_no_panic(text in "[-+]?[0-9]{0,25}[.,]?[0-9eE+]{0,25}", date in "[0-9/:A-Za-z -]{0,32}") {
        for style in [Style::UnixS, Style::UnixMs, Style::UnixNs, Style::Plain, Style::Go, Style::Nginx, Style::Alb] {
            let _ = (Clock::default().read(text.as_bytes(), style), duration(text.as_bytes(), style));
            let _ = Clock::default().read(date.as_bytes(), style);
        }
    }
}

#[test]
fn apaches_own_example() {
    let read = |text: &str, style| Clock::default().read(text.as_bytes(), style).map(|ns| ns / SECOND_NS);
    assert_eq!(read("10/Oct/2000:13:55:36 -0700", Style::Clf), Some(971_211_336));
    assert_eq!(read("10/Oct/2000:20:55:36", Style::Clf), Some(971_211_336));
    assert_eq!(read("2000-10-10T20:55:36Z", Style::Iso), Some(971_211_336));
    assert_eq!(read("2000-10-10 20:55:36", Style::Iso), Some(971_211_336));
    assert_eq!(read("9.71211336e8", Style::UnixS), Some(971_211_336));
    assert_eq!(read("31/Dec/2016:23:59:60 +0000", Style::Clf), Some(1_483_228_799));
    for year in ["0000", "1969", "3026", "9999"] {
        assert_eq!(read(&format!("10/Oct/{year}:13:55:36 -0700"), Style::Clf), None);
        assert_eq!(read(&format!("{year}-10-10T13:55:36-07:00"), Style::Iso), None);
    }
    for wrong in [
        "10/Okt/2000:13:55:36 -0700",
        "32/Oct/2000:13:55:36 -0700",
        "30/Feb/2000:13:55:36 -0700",
        "10/Oct/2000:24:55:36",
        "10/Oct/2000:13:55",
        "10/Oct/1969:13:55:36",
        "10/Oct/2000:13:55:36 -07",
        "-",
        "",
    ] {
        assert!(matches!(read(wrong, Style::Clf), None | Some(971_211_336)), "{wrong}");
    }
    let mut clock = Clock::default();
    assert_eq!(clock.read_apart(b"2000-10-10", b"20:55:36"), Some(971_211_336 * SECOND_NS));
    assert_eq!(clock.read_apart(b"2000-10-10", b"20:55:37.5"), Some(971_211_337 * SECOND_NS + SECOND_NS / 2));
    assert_eq!(clock.read_apart(b"2000-10-1", b"20:55:36"), None);
}

#[test]
fn durations() {
    let of = |text: &str, style| duration(text.as_bytes(), style);
    assert_eq!(of("0.123", Style::S), Some(123_000_000));
    assert_eq!(of("41250", Style::Us), Some(41_250_000));
    assert_eq!(of("4", Style::Ms), Some(4_000_000));
    assert_eq!(of("0.1, 0.2 : 0.3", Style::Nginx), Some(600_000_000));
    assert_eq!(of("-, 0.2", Style::Nginx), Some(200_000_000));
    assert_eq!(of("-", Style::Nginx), None);
    assert_eq!(of("0.001 0.002 0.003", Style::Alb), Some(6_000_000));
    assert_eq!(of("0.001 -1 -1", Style::Alb), None);
    assert_eq!(of("1.5ms", Style::Go), Some(1_500_000));
    assert_eq!(of("350µs", Style::Go), Some(350_000));
    assert_eq!(of("1h2m3.5s", Style::Go), Some(3_723_500_000_000));
    assert_eq!(of("0s", Style::Go), Some(0));
    assert_eq!(of("1.5", Style::Go), None);
    assert_eq!(of("-1", Style::S), None);
    assert_eq!(of("99999999999999999999", Style::S), None);
    assert_eq!(of("1e-3", Style::S), Some(1_000_000));
}
