//! What looks like a secret wherever it stands. A net under the policy by names, not a promise.

use memchr::memmem;

/// Prefixes that issuers give their tokens, and how many characters follow at least: AWS ("Unique identifiers"), GitHub
/// ("Token formats"), Slack ("Token types"), Stripe ("API keys"), Google ("API keys"), OpenAI, GitLab, npm.
const TOKENS: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("sk_live_", 10),
    ("rk_live_", 10),
    ("sk_test_", 10),
    ("sk-", 20),
    ("AIza", 30),
    ("glpat-", 16),
    ("npm_", 30),
];

/// True where a text holds a bearer or basic credential, a JWT, a key of a known issuer, a private key or a URL with a
/// password.
pub fn find_secret(text: &str) -> bool {
    text.len() >= 12
        && (credential(text) || jwt(text) || token(text) || text.contains(" PRIVATE KEY-----") || with_password(text))
}

fn credential(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b' ', bytes).any(|space| {
        let word = text[..space].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        let known = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
        known && run(bytes, space + 1) >= 8
    })
}

/// Three parts in base64url, of which the first is a JSON object (RFC 7519).
fn jwt(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), "eyJ").take(16).any(|at| {
        let length = run(text.as_bytes(), at);
        text.get(at..at + length).is_some_and(|token| token.split('.').filter(|part| part.len() >= 4).count() >= 2)
    })
}

fn token(text: &str) -> bool {
    let bytes = text.as_bytes();
    let firsts = memchr::memchr3_iter(b'A', b'g', b'x', bytes).chain(memchr::memchr3_iter(b's', b'r', b'n', bytes));
    firsts.into_iter().any(|at| {
        let fresh = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        fresh
            && TOKENS.iter().any(|(prefix, least)| {
                bytes[at..].starts_with(prefix.as_bytes()) && alphanumeric(bytes, at + prefix.len()) >= *least
            })
    })
}

fn with_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split([' ', '\n', '"', '\'']).next().unwrap_or("");
        authority
            .split_once('@')
            .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, word)| !word.is_empty()))
    })
}

fn run(bytes: &[u8], from: usize) -> usize {
    let fits = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-+/=~".contains(byte);
    bytes[from.min(bytes.len())..].iter().take(4096).take_while(fits).count()
}

fn alphanumeric(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}
