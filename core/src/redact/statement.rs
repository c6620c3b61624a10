//! A statement without its literals: one text for all that differ only in values, however the values are written.
//!
//! Literals and placeholders (`$1`, `%s`, `%(name)s`, `:name`, `@name`, `?`) become `?`, runs of equal elements of IN,
//! ARRAY and VALUES become one, comments go (sqlcommenter's among them), white space becomes one space. So a statement
//! reads the same with its literals, as a driver sees it and as pg_stat_statements tells it. What cannot be told apart
//! from a literal is masked; so is the rest of a statement that was cut within a quotation.

mod lists;

use super::dialect::{Backslash, Dialect};
use super::quoted::{
    begins_word, comment_end, delimited_end, dollar_end, line_end, number_end, placeholder_end, string_end, word_end,
};

/// What the literals were, for their hash.
#[derive(Debug, Default, Clone)]
pub struct Literals {
    /// Each literal as written, and a byte that no text holds.
    pub bytes: Vec<u8>,
}

impl Literals {
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0xFF);
    }
}

/// Masks a statement; what it masked is appended to `literals`.
pub fn mask(text: &str, dialect: Dialect, literals: &mut Literals) -> String {
    let writer = Writer {
        text,
        dialect,
        out: String::with_capacity(text.len().min(4096)),
        gap: false,
        last: Token::Start,
        minus: None,
        frames: Vec::new(),
        literals,
    };
    writer.run()
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    Start,
    Name,
    Word(&'a str),
    Value,
    Open,
    Close,
    Comma,
    Dot,
    Operator(&'a str),
}

impl Token<'_> {
    fn is_word(self, words: &[&str]) -> bool {
        matches!(self, Token::Word(word) if words.iter().any(|known| known.eq_ignore_ascii_case(word)))
    }
}

/// A pair of brackets, or the rows after VALUES. `element` is where the current element begins in the output.
struct Frame {
    folds: bool,
    rows: bool,
    element: usize,
    previous: Option<(usize, usize)>,
}

struct Writer<'a, 'l> {
    text: &'a str,
    dialect: Dialect,
    out: String,
    /// White space or a comment stands before the next token.
    gap: bool,
    last: Token<'a>,
    /// Where the output ended before the minus sign that was just written, if that is a sign.
    minus: Option<usize>,
    frames: Vec<Frame>,
    literals: &'l mut Literals,
}

/// Words after which a minus is a sign. A word that is missing leaves the minus in place, no more.
const BEFORE_SIGN: &[&str] = &[
    "select",
    "where",
    "and",
    "or",
    "not",
    "in",
    "values",
    "limit",
    "offset",
    "between",
    "then",
    "else",
    "when",
    "by",
    "set",
    "on",
    "case",
    "returning",
    "like",
    "having",
    "distinct",
    "is",
    "from",
    "top",
    "return",
];

/// PostgreSQL's limit of an operator's name is 63 (NAMEDATALEN - 1).
const LONGEST_OPERATOR: usize = 63;

const COMPARES: &[&str] = &["=", "<", ">", "<=", ">=", "<>", "!=", "==", "<=>", "~", "!~", "+", "-", "*", "/", "||"];

impl<'a> Writer<'a, '_> {
    fn run(mut self) -> String {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if byte.is_ascii_whitespace() || byte == 0x0B {
                self.gap = true;
                at += 1;
                continue;
            }
            at = match self.comment(bytes, at) {
                Some(end) => {
                    self.gap = true;
                    end
                }
                None => self.token(bytes, at, byte),
            };
        }
        self.out.truncate(self.out.trim_end_matches([' ', ';']).len());
        self.out
    }

    fn comment(&self, bytes: &[u8], at: usize) -> Option<usize> {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => Some(comment_end(bytes, at, self.dialect.nests_comments()).unwrap_or(bytes.len())),
            (b'-', Some(b'-')) if self.dialect.has_line_comments() => Some(line_end(bytes, at)),
            (b'#', _) if self.dialect == Dialect::MySql => Some(line_end(bytes, at)),
            _ => None,
        }
    }

    /// Writes the token at `at`; the place after it.
    fn token(&mut self, bytes: &[u8], at: usize, byte: u8) -> usize {
        self.leave_rows(byte, bytes, at);
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        match byte {
            b'\'' => self.string(at, string_end(bytes, at, self.backslash())),
            b'"' => self.double_quoted(bytes, at),
            b'`' => self.name(at, string_end(bytes, at, Backslash::Plain)),
            b'[' if self.dialect.brackets_name() => {
                self.name(at, memchr::memchr(b']', &bytes[at..]).map(|found| at + found + 1))
            }
            b'0'..=b'9' => self.number(at, number_end(bytes, at)),
            b'.' if next.is_ascii_digit() && !matches!(self.last, Token::Name | Token::Close) => {
                self.number(at, number_end(bytes, at))
            }
            b'$' if !next.is_ascii_digit() => match dollar_end(bytes, at) {
                Some(end) => self.string(at, end),
                None => self.dollar(bytes, at, next),
            },
            b'$' => self.dollar(bytes, at, next),
            b':' => self.colon(bytes, at, next),
            b'(' | b'[' | b'{' => self.open(at),
            b')' | b']' | b'}' => self.close(at),
            b',' => self.comma(at),
            b'.' => self.put(at, at + 1, Token::Dot),
            b';' => self.put(at, at + 1, Token::Start),
            b'%' if next == b'%' => {
                let end = self.put(at, at + 1, Token::Operator("%")) + 1;
                self.gap = true;
                end
            }
            _ if begins_word(byte) => self.word(bytes, at),
            _ => match placeholder_end(bytes, at) {
                Some(end) => self.placeholder(end),
                None => self.operator(bytes, at),
            },
        }
    }

    /// What a backslash does in the string that begins here: `ESCAPE '\'` is how SQL itself names one.
    fn backslash(&self) -> Backslash {
        match self.dialect.backslash() {
            Backslash::Ambiguous if self.last.is_word(&["escape"]) => Backslash::Plain,
            other => other,
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    fn write(&mut self, text: &str) {
        let closes = matches!(text, ")" | "]" | "," | ";");
        let spaced = self.gap || self.last == Token::Comma;
        if spaced && !closes && self.last != Token::Open && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.gap = false;
        self.out.push_str(text);
    }

    fn put(&mut self, from: usize, to: usize, token: Token<'a>) -> usize {
        self.write(self.slice(from, to));
        self.last = token;
        to
    }

    fn placeholder(&mut self, end: usize) -> usize {
        self.write("?");
        self.last = Token::Value;
        end
    }

    fn literal(&mut self, from: usize, to: usize) -> usize {
        let literal = self.slice(from, to);
        self.literals.push(literal);
        self.placeholder(to)
    }

    fn number(&mut self, from: usize, to: usize) -> usize {
        if let (Some(place), Token::Operator("-")) = (self.minus, self.last) {
            let spaced = self.out[place..].starts_with(' ');
            self.out.truncate(place);
            self.gap = spaced;
            self.literals.push("-");
        }
        self.literal(from, to)
    }

    /// A string from `from`, to the end of the statement where it does not close.
    fn string(&mut self, from: usize, end: Option<usize>) -> usize {
        self.literal(from, end.unwrap_or(self.text.len()))
    }

    fn name(&mut self, from: usize, end: Option<usize>) -> usize {
        match end {
            Some(end) => self.put(from, end, Token::Name),
            None => self.string(from, None),
        }
    }

    fn double_quoted(&mut self, bytes: &[u8], at: usize) -> usize {
        let backslash = if self.dialect == Dialect::Sqlite { Dialect::Unknown } else { self.dialect }.backslash();
        let Some(end) = string_end(bytes, at, backslash) else { return self.string(at, None) };
        let literal = match self.dialect {
            Dialect::Postgres | Dialect::SqlServer | Dialect::Command => false,
            Dialect::MySql => true,
            Dialect::Json => !bytes[end..].trim_ascii_start().starts_with(b":"),
            Dialect::Sqlite | Dialect::Unknown => {
                let plain = bytes[at + 1..end - 1].iter().all(|byte| is_plain(*byte));
                !plain || (bytes.get(end) != Some(&b'.') && self.wants_value())
            }
        };
        if literal { self.literal(at, end) } else { self.put(at, end, Token::Name) }
    }

    /// True where a value stands more likely than a name.
    fn wants_value(&self) -> bool {
        let in_list = match self.frames.as_slice() {
            [.., rows, tuple] => tuple.folds || rows.rows,
            [one] => one.folds,
            [] => false,
        };
        in_list
            || matches!(self.last, Token::Operator(operator) if COMPARES.contains(&operator))
            || self.last.is_word(&["like", "ilike", "glob", "regexp", "rlike", "match", "limit", "offset"])
    }

    fn dollar(&mut self, bytes: &[u8], at: usize, next: u8) -> usize {
        if next.is_ascii_digit() {
            return self.placeholder(placeholder_end(bytes, at).unwrap_or(at + 1));
        }
        if self.dialect == Dialect::Json || !begins_word(next) {
            return self.put(at, at + 1, Token::Operator("$"));
        }
        self.placeholder(word_end(bytes, at + 1))
    }

    fn colon(&mut self, bytes: &[u8], at: usize, next: u8) -> usize {
        let two = matches!(next, b':' | b'=');
        let fresh = self.gap || matches!(self.last, Token::Start | Token::Open | Token::Comma | Token::Operator(_));
        if !two && fresh && self.dialect != Dialect::Json && (begins_word(next) || next.is_ascii_digit()) {
            return self.placeholder(word_end(bytes, at + 1));
        }
        let end = at + 1 + usize::from(two);
        self.put(at, end, Token::Operator(self.slice(at, end)))
    }

    fn word(&mut self, bytes: &[u8], at: usize) -> usize {
        let end = word_end(bytes, at);
        let word = self.slice(at, end);
        let quote = bytes.get(end) == Some(&b'\'');
        if quote && (word.starts_with('_') || matches!(word, "e" | "E" | "b" | "B" | "x" | "X" | "n" | "N")) {
            let escapes = if matches!(word, "e" | "E") { Dialect::MySql } else { self.dialect };
            return self.string(at, string_end(bytes, end, escapes.backslash()));
        }
        if quote && self.dialect == Dialect::Unknown && matches!(word, "q" | "Q" | "nq" | "NQ" | "Nq" | "nQ") {
            return self.string(at, delimited_end(bytes, end));
        }
        let unicode = matches!(word, "u" | "U") && bytes.get(end) == Some(&b'&');
        if unicode && bytes.get(end + 1) == Some(&b'\'') {
            return self.string(at, string_end(bytes, end + 1, self.dialect.backslash()));
        }
        let constant = ["true", "false", "null"].iter().any(|known| known.eq_ignore_ascii_case(word));
        if constant && self.last != Token::Dot && !self.last.is_word(&["is", "not", "set", "default"]) {
            return self.literal(at, end);
        }
        self.put(at, end, Token::Word(word));
        if self.last.is_word(&["values"]) {
            self.frames.push(Frame { folds: true, rows: true, element: self.out.len(), previous: None });
        }
        end
    }

    fn operator(&mut self, bytes: &[u8], at: usize) -> usize {
        let mut end = at + 1;
        while let (Some(byte), true) = (bytes.get(end), end - at < LONGEST_OPERATOR) {
            let run = &self.text[at..end];
            let comment = self.comment(bytes, end).is_some();
            let value = *byte == b'@' && COMPARES.contains(&run) && placeholder_end(bytes, end).is_some();
            if !b"+-*/<>=~!@#^&|".contains(byte) || !b"+-*/<>=~!@#^&|".contains(&bytes[at]) || comment || value {
                break;
            }
            end += 1;
        }
        // A sign does not belong to the operator before it (PostgreSQL's manual, 4.1.3 Operators).
        let telling = bytes[at..end].iter().any(|byte| b"~!@#^&|".contains(byte));
        while end - at > 1 && matches!(bytes[end - 1], b'+' | b'-') && !telling {
            end -= 1;
        }
        let operator = self.slice(at, end);
        let signs = match self.last {
            Token::Start | Token::Open | Token::Comma | Token::Operator(_) => true,
            word => word.is_word(BEFORE_SIGN),
        };
        let before = self.out.len();
        self.put(at, end, Token::Operator(operator));
        self.minus = (operator == "-" && signs).then_some(before);
        end
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b' ' | b'-') || byte >= 0x80
}
