//! Messages of errors and logs: the sentence stays; quoted texts, numbers, addresses and assigned values become `?`.

use super::secret::find_secret;

/// Masks a message.
pub fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        mask_line(line, &mut out);
    }
    out
}

/// Masks a stack trace: lines that say where the program was stay as they are, the others are messages.
pub fn stack(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if is_frame(line) { out.push_str(line) } else { mask_line(line, &mut out) }
    }
    out
}

/// A frame as Python, Java, JavaScript, Ruby and Go write it.
fn is_frame(line: &str) -> bool {
    let bare = line.trim();
    if find_secret(bare) || bare.len() > 1024 {
        return false;
    }
    let python = || {
        let rest = bare.strip_prefix("File \"")?;
        let (_, rest) = rest.split_once("\", line ")?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let name = rest[digits..].strip_prefix(", in ").unwrap_or("");
        (digits > 0 && (digits == rest.len() || is_name(name))).then_some(())
    };
    let numbered = || {
        let rest = bare.strip_prefix("at ")?;
        let place = rest.trim_end_matches(')').rsplit(['(', ' ']).next()?;
        let function = rest.split('(').next().unwrap_or("").trim_end();
        let placed = place
            .rsplit_once(':')
            .is_some_and(|(_, line)| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()));
        (placed
            && !place.contains(['\'', '"', '@', '?'])
            && (function.is_empty() || function.split(' ').all(|word| is_name(word) || word == place)))
        .then_some(())
    };
    python().is_some() || numbered().is_some()
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.<>$[]/-:".contains(&byte) || byte >= 0x80)
}

fn mask_line(line: &str, out: &mut String) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let after_letter = out.ends_with(char::is_alphabetic);
        match byte {
            b'\'' | b'"' | b'`' if byte == b'"' || !after_letter => {
                at = closing(bytes, at + 1, byte);
                masked(out);
            }
            b'=' | b':' if byte == b'=' || bytes.get(at + 1) == Some(&b'=') => {
                out.push(byte as char);
                at += 1;
                at = assigned(bytes, at, out);
            }
            _ if is_in_word(byte) => {
                let end =
                    bytes[at..].iter().position(|byte| !is_in_word(*byte)).map_or(bytes.len(), |length| at + length);
                at = if bytes[end..].starts_with(b"://") {
                    masked(out);
                    address_end(bytes, end)
                } else {
                    word(&line[at..end], out);
                    end
                };
            }
            _ => {
                out.push(byte as char);
                at += 1;
            }
        }
    }
}

/// Masks what follows a `=`, to the end of its brackets, its quotes or its word.
fn assigned(bytes: &[u8], from: usize, out: &mut String) -> usize {
    let Some(byte) = bytes.get(from).copied() else { return from };
    match byte {
        b'(' => {
            let end = bytes[from..].iter().position(|byte| *byte == b')').map_or(bytes.len(), |length| from + length);
            out.push('(');
            if end > from + 1 {
                masked(out);
            }
            end
        }
        b'=' | b'>' | b'\'' | b'"' | b'`' => from,
        _ if byte.is_ascii_whitespace() => from,
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b')' | b'&');
            let end = bytes[from..].iter().position(ends).map_or(bytes.len(), |length| from + length);
            if end > from {
                masked(out);
            }
            end
        }
    }
}

/// After the closing quote, or the end of the line: what is cut within a quotation is masked whole.
fn closing(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at).copied() {
        let within =
            bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphanumeric() || *next == quote || *next >= 0x80);
        at += match byte {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii) => 2,
            _ if byte == quote && !within => return at + 1,
            _ => 1,
        };
    }
    bytes.len()
}

fn address_end(bytes: &[u8], from: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>');
    bytes[from..].iter().position(ends).map_or(bytes.len(), |length| from + length)
}

fn word(text: &str, out: &mut String) {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.contains('@') || (digits > 0 && text.len() >= 12) || find_secret(text) {
        masked(out);
    } else if digits == 0 {
        out.push_str(text);
    } else {
        for character in text.chars() {
            if character.is_ascii_digit() { masked(out) } else { out.push(character) }
        }
    }
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_.-+@/\\~%#$*!|".contains(&byte)
}

fn masked(out: &mut String) {
    if !out.ends_with('?') {
        out.push('?');
    }
}
