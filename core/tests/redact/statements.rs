use proptest::prelude::*;

use crate::redactor;

const SYSTEMS: &[&str] =
    &["postgresql", "mysql", "sqlite", "mssql", "", "oracle", "mongodb", "redis", "clickhouse", "neo4j"];

fn masked(text: &str, system: &str) -> String {
    redactor().statement(text, system).0
}

#[test]
fn literals_of_every_kind_become_marks() {
    let cases = [
        ("SELECT * FROM t WHERE a = 'x' AND b = 5", "SELECT * FROM t WHERE a = ? AND b = ?"),
        ("select 'it''s', 1.5e-3, .5, 0xFF, -7, 1_000", "select ?, ?, ?, ?, ?, ?"),
        ("select E'a\\'b', B'01', x'ff', U&'d\\0061t', N'x'", "select ?, ?, ?, ?, ?"),
        ("select $$it's$$, $tag$ a $$ b $tag$, 1", "select ?, ?, ?"),
        ("select a - 5, a -5, -5, (-5), a*-5", "select a - ?, a -?, ?, (?), a*?"),
        ("select t1.c2, \"T 1\".\"x\" from t1", "select t1.c2, \"T 1\".\"x\" from t1"),
        ("select a::int, b::text[] from t where c = $1::uuid", "select a::int, b::text[] from t where c = ?::uuid"),
        (
            "select a from t where b IS NOT NULL and c = true and d is false",
            "select a from t where b IS NOT NULL and c = ? and d is false",
        ),
        ("select a from t where b @> '{1}' and c ->> 'k' = 'v'", "select a from t where b @> ? and c ->> ? = ?"),
        ("select /* why */ a -- because 'x'\n from t;", "select a from t"),
        ("select date '2020-01-01' + interval '1 day'", "select date ? + interval ?"),
        ("select a % 5, a %% 5 from t", "select a % ?, a % ? from t"),
        ("SELECT 1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03'*/", "SELECT ?"),
        ("UPDATE t SET a='x',b=NULL WHERE id IN ( 1,2, 3 )", "UPDATE t SET a=?, b=? WHERE id IN (?)"),
        (
            "insert into t values (1, 'a'), (2, 'b'), (3, now()) returning id",
            "insert into t values (?, ?), (?, now()) returning id",
        ),
        ("select 1 where (a, b) in ((1, 2), (3, 4))", "select ? where (a, b) in ((?, ?))"),
        ("select 1 where a = any(array[1, 2, 3])", "select ? where a = any(array[?])"),
        ("select a from t where b = 'cut off in the mid", "select a from t where b = ?"),
        ("select a from t where \"b", "select a from t where ?"),
        ("begin; select 1;", "begin; select ?"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(masked(text, "postgresql"), expected, "{text}");
    }
}

#[test]
fn quotes_are_read_as_the_system_reads_them() {
    assert_eq!(masked("select \"x\" where `a` = 'it\\'s' # 'no", "mysql"), "select ? where `a` = ?");
    assert_eq!(masked("select a from t where b = \"bob\"", "sqlite"), "select a from t where b = ?");
    assert_eq!(
        masked("select \"a\" from \"t\" where \"t\".\"b\" = \"t\".\"c\"", "sqlite"),
        "select \"a\" from \"t\" where \"t\".\"b\" = \"t\".\"c\""
    );
    assert_eq!(masked("select [a b] from t where c = @p1", "mssql"), "select [a b] from t where c = ?");
    assert_eq!(masked("select a like ? escape '\\' and b = 'x'", ""), "select a like ? escape ? and b = ?");
    assert_eq!(masked("select q'[it's]', nq'!it's!' from t", "oracle"), "select ?, ? from t");
    // What a backslash does is not known here: all that follows may be inside or outside.
    assert_eq!(masked("select 'a\\', 'secret', b", ""), "select ?");
    assert_eq!(
        masked("{\"find\": \"users\", \"filter\": {\"email\": \"a@b\", \"n\": [1, 2]}}", "mongodb"),
        "{\"find\": ?, \"filter\": {\"email\": ?, \"n\": [?]}}"
    );
}

#[test]
fn a_command_keeps_its_name_alone() {
    assert_eq!(masked("GET user:17", "redis"), "GET ?");
    assert_eq!(masked("MSET a 1 b 2", "redis"), "MSET ?");
    assert_eq!(masked("CONFIG GET maxmemory", "redis"), "CONFIG GET ?");
    assert_eq!(masked("SET k secret\nline two", "redis"), "SET ?");
    assert_eq!(masked("SET k v\nGET k", "redis"), "SET ?\nGET ?");
    assert_eq!(masked("17:user", "redis"), "?");
    assert_ne!(redactor().statement("GET a", "redis").1, redactor().statement("GET b", "redis").1);
    assert_eq!(redactor().statement("GET ?", "redis").1, "");
}

#[test]
fn equal_literals_hash_equally_and_others_do_not() {
    let hash = |text: &str| redactor().statement(text, "postgresql").1;
    assert_eq!(hash("select 1, 'a'"), hash("SELECT  1,'a'"));
    assert_ne!(hash("select 1, 'a'"), hash("select 'a', 1"));
    assert_ne!(hash("select 5"), hash("select -5"));
    assert_ne!(hash("select 'ab', 'c'"), hash("select 'a', 'bc'"));
    assert_eq!(hash("select $1, %s, ?"), "");
    assert_eq!(hash("select 1").len(), 16);
}

/// One statement in three styles, out of the same parts.
fn styles() -> impl Strategy<Value = Vec<String>> {
    let literal = prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        "[a-z ;,()%?$:-]{0,12}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        (any::<u16>(), any::<u16>()).prop_map(|(a, b)| format!("{a}.{b}")),
    ];
    let piece = ("[a-z]{2,8}", literal, 1usize..5);
    prop::collection::vec(piece, 1..6).prop_map(|pieces| {
        let mut styles = vec!["SELECT a FROM t WHERE ".to_owned(); 4];
        let mut number = 0;
        for (at, (name, literal, count)) in pieces.iter().enumerate() {
            for (style, out) in styles.iter_mut().enumerate() {
                let mut values = vec![];
                for _ in 0..*count {
                    number += 1;
                    values.push(match style {
                        0 => literal.clone(),
                        1 => "%s".to_owned(),
                        2 => format!("${number}"),
                        _ => format!(":p_{number}"),
                    });
                }
                let and = if at > 0 { " AND " } else { "" };
                out.push_str(&match count {
                    1 => format!("{and}{name} = {}", values[0]),
                    _ => format!("{and}{name} IN ({})", values.join(", ")),
                });
            }
        }
        styles[2].push_str(" /*traceparent='00-ab-cd-03'*/");
        styles
    })
}

proptest! {
    #[test]
    fn one_statement_reads_the_same_in_every_style(styles in styles()) {
        let texts: Vec<String> = styles.iter().map(|text| masked(text, "postgresql")).collect();
        prop_assert!(texts.iter().all(|text| *text == texts[0]), "{texts:#?}\n{styles:#?}");
    }

    #[test]
    fn masking_twice_changes_nothing(
        text in "([a-z'\"`$?:@%#.,;()\\[\\]{}*/+=<>|&!~ \n\\\\-]|[0-9]|é|IN|VALUES|null|is|--|/\\*|\\*/|\\$\\$){0,60}",
        system in prop::sample::select(SYSTEMS),
    ) {
        let once = masked(&text, system);
        prop_assert_eq!(masked(&once, system), once);
    }

    #[test]
    fn anything_is_masked_without_a_panic(text in "\\PC{0,200}", system in prop::sample::select(SYSTEMS)) {
        redactor().statement(&text, system);
    }

    #[test]
    fn no_digit_survives_but_in_names(
        words in prop::collection::vec(prop_oneof!["[0-9]{1,9}", "'[0-9]{1,9}'", "-?[0-9]+\\.[0-9]+", "0x[0-9a-f]{4}"], 1..9),
        joint in prop::sample::select(&[" ", ", ", " = ", " + ", "(", " AND ", "*"][..]),
        system in prop::sample::select(SYSTEMS),
    ) {
        let text = words.join(joint);
        let masked = masked(&format!("select {text}"), system);
        prop_assert!(!masked.bytes().any(|byte| byte.is_ascii_digit()), "{masked}");
    }

    #[test]
    fn a_statement_cut_anywhere_shows_no_more_than_the_whole(at in 0usize..120) {
        let text = "INSERT INTO t (a, b) VALUES ('sEcReT sEcReT', $$sEcReT$$, E'sEcReT\\'sEcReT', \"c\") /* sEcReT */ -- sEcReT";
        for system in SYSTEMS.iter().filter(|system| !matches!(**system, "redis" | "mongodb")) {
            let cut = masked(text.get(..at.min(text.len())).unwrap(), system);
            prop_assert!(!cut.contains("sEc") && !cut.contains("cReT"), "{system}: {cut}");
        }
    }
}

#[test]
fn long_statements_take_time_in_proportion() {
    // Each is the worst of its kind: were any of it quadratic, this would take minutes.
    for piece in [
        "(",
        "%(",
        "$a",
        "'",
        "\"",
        "--",
        "-",
        "/*",
        "[",
        "a,",
        "IN (?,",
        "values (1),",
        "@",
        "=-",
        "`",
        "\\'",
        "{",
        ":",
        "E'",
    ] {
        let text = piece.repeat(40_000 / piece.len());
        for system in SYSTEMS {
            redactor().statement(&text, system);
        }
    }
}
