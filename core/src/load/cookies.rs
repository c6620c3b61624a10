//! One user's cookies for the one host that is driven (RFC 6265).

/// As many cookies as a browser keeps for a domain, and as many bytes in one (RFC 6265, 6.1, gives the least).
const MOST_COOKIES: usize = 180;
const MOST_BYTES: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    path: Vec<u8>,
    secure: bool,
    /// Seconds since the epoch.
    expires_s: Option<i64>,
}

/// A jar. Times are seconds since the epoch.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    pub fn new() -> Self {
        Jar::default()
    }

    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Takes in one `Set-Cookie` value that came with a reply to `target`, a path with an optional query, from `host`.
    /// What is malformed or meant for another host is left out.
    pub fn store(&mut self, set_cookie: &[u8], host: &str, target: &[u8], now_s: i64) {
        let mut fields = set_cookie.split(|byte| *byte == b';');
        let Some((name, value)) = fields.next().and_then(pair) else {
            return;
        };
        if name.is_empty() || name.len() + value.len() > MOST_BYTES || super::encode::breaks_line(set_cookie) {
            return;
        }
        let mut path = default_path(target);
        let (mut secure, mut max_age, mut expires) = (false, None, None);
        for field in fields {
            let (key, value) = pair(field).unwrap_or((field.trim_ascii(), b""));
            if key.eq_ignore_ascii_case(b"path") {
                path = if value.first() == Some(&b'/') { value } else { default_path(target) };
            } else if key.eq_ignore_ascii_case(b"secure") {
                secure = true;
            } else if key.eq_ignore_ascii_case(b"max-age") {
                max_age = age(value).or(max_age);
            } else if key.eq_ignore_ascii_case(b"expires") {
                expires = date(value).or(expires);
            } else if key.eq_ignore_ascii_case(b"domain") && !domain_matches(value, host) {
                return;
            }
        }
        let expires_s = max_age.map(|age: i64| if age <= 0 { i64::MIN } else { now_s.saturating_add(age) }).or(expires);
        let known = self.cookies.iter().position(|cookie| cookie.name == name && cookie.path == path);
        if expires_s.is_some_and(|at| at <= now_s) {
            if let Some(index) = known {
                self.cookies.remove(index);
            }
            return;
        }
        match known {
            Some(index) => {
                let cookie = &mut self.cookies[index];
                cookie.value.clear();
                cookie.value.extend_from_slice(value);
                (cookie.secure, cookie.expires_s) = (secure, expires_s);
            }
            None => {
                if self.cookies.len() >= MOST_COOKIES {
                    self.cookies.remove(0);
                }
                let (name, value, path) = (name.to_vec(), value.to_vec(), path.to_vec());
                self.cookies.push(Cookie { name, value, path, secure, expires_s });
            }
        }
    }

    /// The cookies that a request for `target` carries.
    pub fn select(&self, target: &[u8], secure: bool, now_s: i64) -> Selection {
        let path = path_of(target);
        let mut selection = Selection::default();
        for (index, cookie) in self.cookies.iter().enumerate() {
            let alive = cookie.expires_s.is_none_or(|at| at > now_s);
            if alive && (secure || !cookie.secure) && path_matches(&cookie.path, path) {
                selection.0[index / 64] |= 1 << (index % 64);
            }
        }
        selection
    }

    /// Appends `name=value; name=value`, longer paths first, then older cookies (RFC 6265, 5.4).
    pub fn write(&self, selection: Selection, out: &mut Vec<u8>) {
        let chosen = || (0..self.cookies.len()).filter(|index| selection.has(*index)).map(|index| &self.cookies[index]);
        let start = out.len();
        let mut bound = usize::MAX;
        while let Some(length) = chosen().map(|cookie| cookie.path.len()).filter(|length| *length < bound).max() {
            for cookie in chosen().filter(|cookie| cookie.path.len() == length) {
                if out.len() > start {
                    out.extend_from_slice(b"; ");
                }
                out.extend_from_slice(&cookie.name);
                out.push(b'=');
                out.extend_from_slice(&cookie.value);
            }
            bound = length;
        }
    }

    /// The value of a cookie, the last stored of that name.
    pub fn get(&self, name: &[u8], now_s: i64) -> Option<&[u8]> {
        let alive = |cookie: &&Cookie| cookie.name == name && cookie.expires_s.is_none_or(|at| at > now_s);
        self.cookies.iter().rev().find(alive).map(|cookie| cookie.value.as_slice())
    }
}

/// Which cookies of a jar a request carries, for as long as the jar does not change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selection([u64; MOST_COOKIES.div_ceil(64)]);

impl Selection {
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

/// `name=value` of a Set-Cookie value, as far as its first semicolon.
pub fn name_and_value(set_cookie: &[u8]) -> Option<(&[u8], &[u8])> {
    pair(set_cookie.split(|byte| *byte == b';').next()?)
}

fn pair(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', field)?;
    Some((field[..at].trim_ascii(), field[at + 1..].trim_ascii()))
}

fn path_of(target: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    &target[..end]
}

/// The directory of the request's path (RFC 6265, 5.1.4).
fn default_path(target: &[u8]) -> &[u8] {
    let path = path_of(target);
    match memchr::memrchr(b'/', path) {
        Some(at) if at > 0 && path[0] == b'/' => &path[..at],
        _ => b"/",
    }
}

fn path_matches(cookie: &[u8], request: &[u8]) -> bool {
    request.starts_with(cookie)
        && (request.len() == cookie.len() || cookie.last() == Some(&b'/') || request[cookie.len()] == b'/')
}

/// RFC 6265, 5.1.3; an empty domain says nothing.
fn domain_matches(domain: &[u8], host: &str) -> bool {
    let domain = domain.strip_prefix(b".").unwrap_or(domain);
    let host = host.as_bytes();
    if domain.is_empty() || host.eq_ignore_ascii_case(domain) {
        return true;
    }
    let Some(front) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let numeric = host.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':'));
    !numeric && front > 0 && host[front - 1] == b'.' && host[front..].eq_ignore_ascii_case(domain)
}

fn age(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// A cookie date (RFC 6265, 5.1.1), in seconds since the epoch.
pub fn date(value: &[u8]) -> Option<i64> {
    let delimiter = |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E);
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in value.split(delimiter).filter(|token| !token.is_empty()) {
        if let (None, Some(found)) = (time, clock(token)) {
            time = Some(found);
        } else if let (None, Some(found)) = (day, digits(token, 1, 2)) {
            day = Some(found);
        } else if let (None, Some(found)) = (month, month_of(token)) {
            month = Some(found);
        } else if let (None, Some(found)) = (year, digits(token, 2, 4)) {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    if !(1..=31).contains(&day) || year < 1601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn digits(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let count = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(least..=most).contains(&count) {
        return None;
    }
    Some(token[..count].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')))
}

fn clock(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let hour = fields.next().filter(|field| field.iter().all(u8::is_ascii_digit))?;
    let minute = fields.next().filter(|field| field.iter().all(u8::is_ascii_digit))?;
    Some((digits(hour, 1, 2)?, digits(minute, 1, 2)?, digits(fields.next()?, 1, 2)?))
}

fn month_of(token: &[u8]) -> Option<i64> {
    const MONTHS: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let start = token.get(..3)?.to_ascii_lowercase();
    MONTHS.chunks(3).zip(1..).find(|(name, _)| *name == start).map(|(_, number)| number)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, chrono-compatible low-level date algorithms).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
