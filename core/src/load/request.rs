//! One step's request, compiled: its HTTP/1.1 bytes, and how it is shown. No I/O.
//!
//! With `wire` this is all that the engine knows of HTTP/1.1: `encode` turns a step into bytes, a response machine
//! turns bytes into a reply.

use super::cookies::Jar;
use super::encode;
use super::endpoint::Endpoint;
use super::plan::Request;
use super::redirect::{Hop, Origin};
use super::template::{Names, RenderError, Scope, Show, Template};
use super::trace::Stamp;
use super::wire::is_token;
use crate::error::Error;

const AGENT: &str = concat!("loadstone/", env!("CARGO_PKG_VERSION"));

/// What one sending of a request depends on besides the step.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    pub scope: Scope<'a>,
    /// The user's cookies, and the time in seconds since the epoch that their expiry is held against.
    pub jar: Option<&'a Jar>,
    pub now_s: i64,
    pub trace: Option<Stamp>,
}

/// A request as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// A header field: its value as sent, and as shown where that differs.
#[derive(Debug, Clone)]
struct Line {
    name: String,
    value: Template,
    shown: Option<String>,
}

/// A compiled step.
#[derive(Debug, Clone)]
pub struct Prepared {
    method: String,
    target: Template,
    /// From behind the target to the last field that does not speak of the body.
    lines: Template,
    /// Fields that speak of the body, and its length where that is constant.
    content: Template,
    /// Whether a length is written once the body is rendered.
    measured: bool,
    body: Option<Template>,
    /// The whole request, and where fields of one sending go, when nothing in it varies.
    whole: Option<(Vec<u8>, usize)>,
    headers: Vec<Line>,
    origin: Origin,
    own_cookie: bool,
    closes: bool,
}

impl Prepared {
    /// Compiles a step's request. Parts are numbered through target, header values and body.
    pub fn compile(request: &Request, endpoint: &Endpoint, names: &Names) -> Result<Prepared, Error> {
        if !is_token(request.method.as_bytes()) {
            return Err(Error::Plan(format!("the method {:?} is not one", request.method)));
        }
        let mut target = Template::compile_from(&request.target, names, 0)?;
        if target.breaks_line() {
            return Err(Error::Plan("a target may not hold CR, LF or NUL".to_owned()));
        }
        target.map_text(encode::target);
        if let Some(text) = target.as_constant()
            && text.first() != Some(&b'/')
            && text != b"*"
        {
            return Err(Error::Plan("a target begins with /".to_owned()));
        }
        let mut parts = target.parts();
        let mut headers = Vec::new();
        for header in &request.headers {
            if !is_token(header.name.as_bytes()) {
                return Err(Error::Plan(format!("{:?} is not a header's name", header.name)));
            }
            if header.name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(Error::Plan("transfer-encoding is not for a plan to set; a length is sent".to_owned()));
            }
            let value = Template::compile_from(&header.value, names, parts)?;
            if value.breaks_line() {
                return Err(Error::Plan(format!("header {}: a value may not hold CR, LF or NUL", header.name)));
            }
            parts += value.parts();
            headers.push(Line { name: header.name.clone(), value, shown: None });
        }
        let body = match &request.body {
            Some(body) => Some(Template::compile_from(&body.parts, names, parts)?),
            None => None,
        };
        let given = |headers: &[Line], name: &str| headers.iter().any(|line| line.name.eq_ignore_ascii_case(name));
        let add = |headers: &mut Vec<Line>, name: &str, value: &[u8], shown: Option<String>| {
            if !given(headers, name) {
                headers.push(Line { name: name.to_owned(), value: Template::constant(value), shown });
            }
        };
        let own = headers.len();
        add(&mut headers, "host", endpoint.origin.authority().as_bytes(), None);
        add(&mut headers, "user-agent", AGENT.as_bytes(), None);
        add(&mut headers, "accept", b"*/*", None);
        if let Some((sent, shown)) = &endpoint.authorization {
            add(&mut headers, "authorization", sent, Some(shown.clone()));
        }
        headers.rotate_left(own);
        if let Some(kind) = request.body.as_ref().and_then(|body| body.content_type.as_ref()) {
            if encode::breaks_line(kind.as_bytes()) {
                return Err(Error::Plan("a content type may not hold CR, LF or NUL".to_owned()));
            }
            add(&mut headers, "content-type", kind.as_bytes(), None);
        }
        let length = match &body {
            Some(body) => body.as_constant().map(<[u8]>::len),
            None if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") => Some(0),
            None => None,
        };
        if let Some(length) = length {
            add(&mut headers, "content-length", length.to_string().as_bytes(), None);
        }
        let measured = body.is_some() && !given(&headers, "content-length");
        let mut lines = Template::default();
        let mut content = Template::default();
        lines.push_text(b" HTTP/1.1\r\n");
        for header in &headers {
            let about_body = header.name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
            let block = if about_body { &mut content } else { &mut lines };
            block.push_text(format!("{}: ", header.name).as_bytes());
            block.push_template(&header.value);
            block.push_text(b"\r\n");
        }
        lines.settle();
        content.settle();
        let closes = headers.iter().any(|line| {
            let value = line.value.as_constant().unwrap_or_default();
            line.name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case(b"close")
        });
        let mut prepared = Prepared {
            method: request.method.clone(),
            target,
            lines,
            content,
            measured,
            body,
            whole: None,
            own_cookie: given(&headers, "cookie"),
            headers,
            origin: endpoint.origin.clone(),
            closes,
        };
        prepared.whole = prepared.as_constant();
        Ok(prepared)
    }

    fn as_constant(&self) -> Option<(Vec<u8>, usize)> {
        let body = self.body.as_ref().map_or(Some(b"".as_slice()), Template::as_constant)?;
        let (target, lines) = (self.target.as_constant()?, self.lines.as_constant()?);
        let mut whole = [self.method.as_bytes(), b" ", target, lines, self.content.as_constant()?].concat();
        let cut = whole.len();
        whole.extend_from_slice(b"\r\n");
        whole.extend_from_slice(body);
        Some((whole, cut))
    }

    pub fn method(&self) -> &str {
        &self.method
    }

    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// True if the step itself asks for the connection to be closed.
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// Appends the request's bytes. On an error `out` is as it was.
    #[inline]
    pub fn encode(&self, sending: &Sending, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let start = out.len();
        if let Some((whole, cut)) = &self.whole {
            if sending.trace.is_none() && sending.jar.is_none_or(Jar::is_empty) {
                out.extend_from_slice(whole);
                return Ok(());
            }
            out.extend_from_slice(&whole[..*cut]);
            self.own_fields(start + self.method.len() + 1, sending, out);
            out.extend_from_slice(&whole[*cut..]);
            return Ok(());
        }
        let outcome = self.encode_parts(None, sending, out);
        if outcome.is_err() {
            out.truncate(start);
        }
        outcome
    }

    /// Appends the bytes of a request that follows a redirect of this step.
    pub fn encode_hop(&self, hop: &Hop, sending: &Sending, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let start = out.len();
        let outcome = self.encode_parts(Some(hop), sending, out);
        if outcome.is_err() {
            out.truncate(start);
        }
        outcome
    }

    fn encode_parts(&self, hop: Option<&Hop>, sending: &Sending, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let scope = &sending.scope;
        out.extend_from_slice(hop.map_or(&self.method, |hop| &hop.method).as_bytes());
        out.push(b' ');
        let target = out.len();
        match hop {
            Some(hop) => out.extend_from_slice(&hop.target),
            None => self.render_target(scope, out)?,
        }
        self.lines.render_line(scope, out)?;
        let with_body = hop.is_none_or(|hop| hop.body);
        if with_body {
            self.content.render_line(scope, out)?;
        }
        self.own_fields(target, sending, out);
        let Some(body) = self.body.as_ref().filter(|_| with_body) else {
            out.extend_from_slice(b"\r\n");
            return Ok(());
        };
        if !self.measured {
            out.extend_from_slice(b"\r\n");
            return body.render(scope, out);
        }
        // The body is rendered behind room for its length; what of the room is left over is closed up.
        const ROOM: usize = 20;
        out.extend_from_slice(b"content-length: ");
        let digits = out.len();
        out.extend_from_slice(&[b'0'; ROOM]);
        out.extend_from_slice(b"\r\n\r\n");
        let from = out.len();
        body.render(scope, out)?;
        let mut length = out.len() - from;
        let mut at = digits + ROOM;
        loop {
            at -= 1;
            out[at] = b'0' + (length % 10) as u8;
            length /= 10;
            if length == 0 {
                break;
            }
        }
        out.drain(digits..at);
        Ok(())
    }

    /// Appends the target as it goes on the wire. What a value may not hold there is percent-encoded; a full URL of
    /// this server, as replies like to give them, becomes its path.
    fn render_target(&self, scope: &Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let start = out.len();
        self.target.render_line(scope, out)?;
        let target = &out[start..];
        let plain = target.first() == Some(&b'/') || target == b"*";
        if plain && target.iter().all(|byte| encode::in_target(*byte)) {
            return Ok(());
        }
        let fixed = if plain { Some(encode::target(target)) } else { self.origin.absolute(target) };
        let Some(fixed) = fixed else {
            // What the values are is not told: one of them may be a secret.
            let message = "the target is no path on this server: it begins neither with / nor with the server's URL";
            return Err(RenderError::Unsendable(message.to_owned()));
        };
        out.truncate(start);
        out.extend_from_slice(&fixed);
        Ok(())
    }

    /// Fields of this sending alone: the user's cookies and the trace context. The target begins at `target` in `out`.
    fn own_fields(&self, target: usize, sending: &Sending, out: &mut Vec<u8>) {
        if let Some(jar) = sending.jar.filter(|jar| !self.own_cookie && !jar.is_empty()) {
            let rest = &out[target..];
            let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            let secure = self.origin.scheme == super::plan::Scheme::Https;
            let selection = jar.select(&rest[..end], secure, sending.now_s);
            if !selection.is_empty() {
                out.extend_from_slice(b"cookie: ");
                jar.write(selection, out);
                out.extend_from_slice(b"\r\n");
            }
        }
        if let Some(stamp) = sending.trace {
            out.extend_from_slice(b"traceparent: ");
            stamp.write(out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends the rendered target, as it would be sent.
    pub fn target(&self, scope: &Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        self.render_target(scope, out)
    }

    /// The target as people may see it.
    pub fn show_target(&self, scope: &Scope, how: Show) -> String {
        let mut out = Vec::new();
        self.target.show(scope, how, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The whole request as people may see it; for a hop, that hop's.
    pub fn show(&self, hop: Option<&Hop>, sending: &Sending, how: Show) -> Shown {
        let text = |template: &Template| {
            let mut out = Vec::new();
            template.show(&sending.scope, how, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let with_body = hop.is_none_or(|hop| hop.body);
        let target = match hop {
            Some(hop) => String::from_utf8_lossy(&hop.target).into_owned(),
            None => self.show_target(&sending.scope, how),
        };
        let about_body = |name: &str| name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        let shown = self.headers.iter().filter(|line| with_body || !about_body(&line.name));
        let mut headers: Vec<(String, String)> =
            shown.map(|line| (line.name.clone(), line.shown.clone().unwrap_or_else(|| text(&line.value)))).collect();
        let mut own = target.clone().into_bytes();
        own.push(b' ');
        let start = own.len();
        self.own_fields(0, sending, &mut own);
        for line in own[start..].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line.trim_ascii_end());
            if let Some((name, value)) = line.split_once(": ") {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = self.body.as_ref().filter(|_| with_body);
        if let Some(body) = body.filter(|_| self.measured) {
            let mut rendered = Vec::new();
            if body.render(&sending.scope, &mut rendered).is_ok() {
                headers.push(("content-length".to_owned(), rendered.len().to_string()));
            }
        }
        let method = hop.map_or(&self.method, |hop| &hop.method).clone();
        Shown { method, target, headers, body: body.map(text) }
    }
}
