//! What may be shown of a line that was not understood: its shape.
//!
//! Where it was not understood, nobody knows which word is a name, a path, a password. So only words that logs are made of
//! stay; every other is a `?`. Whoever needs more has the file and the line's number.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Of a line, its beginning.
const LOOKED_AT: usize = 2048;

/// Characters of a sample.
const SHOWN: usize = 160;

/// Names of the protocol (RFC 9110), of months, and what servers write into logs beside requests.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    [
        "get head post put patch delete options trace connect http https ssl tls",
        "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun utc gmt",
        "emerg alert crit critical error err warn warning notice info debug fatal panic traceback exception",
        "time timestamp ts date level msg message method status bytes size duration latency uri url path query host",
        "request response user agent referer client remote addr ip method null true false log stream stdout stderr",
        "mozilla fields version software",
    ]
    .iter()
    .flat_map(|words| words.split(' '))
    .collect()
});

/// The shape of a line: known words and punctuation stay, other words are `?`, bytes that are no text are escapes.
pub fn shape(line: &[u8]) -> String {
    let line = &line[..line.len().min(LOOKED_AT)];
    let mut out = String::new();
    let mut at = 0;
    while at < line.len() && out.len() < SHOWN {
        let length = line[at..].iter().take_while(|byte| is_word(**byte)).count();
        if length > 0 {
            let word = line[at..at + length].to_ascii_lowercase();
            let known = std::str::from_utf8(&word).is_ok_and(|word| KNOWN.contains(word));
            match std::str::from_utf8(&line[at..at + length]) {
                Ok(word) if known => out.push_str(word),
                _ if out.ends_with('?') => {}
                _ => out.push('?'),
            }
            at += length;
            continue;
        }
        match line[at] {
            byte @ 0x20..=0x7e => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
        at += 1;
    }
    out
}

/// Letters of any script, digits, and what stands within words of tokens. Bytes that begin no character of UTF-8 are
/// among them: names were written in other encodings too.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
