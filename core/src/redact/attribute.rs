//! What of a span's attribute may be kept, by its name: OpenTelemetry's semantic conventions, old names and new.

use super::secret::find_secret;
use super::{Redactor, address, message};

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Kept, unless it looks like a secret or like a URL.
    Keep,
    /// A keyed hash.
    Hash,
    /// A keyed hash of a text; a number is kept (a count of tokens is no token).
    HashText,
    /// `#`: not even a hash.
    Never,
    /// An address of a network: a hash unless it is private or a loopback.
    Peer,
    Statement,
    Url,
    Target,
    Query,
    Dsn,
    Message,
    Stack,
}

/// Header values that say nothing of a user.
const PLAIN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "server",
    "transfer-encoding",
    "user-agent",
    "vary",
];

const NO_HEADERS: &[&str] = &["authorization", "cookie", "cookie2", "proxy-authorization", "set-cookie", "set-cookie2"];

const HEADERS: &[&str] = &[
    "http.request.header.",
    "http.response.header.",
    "rpc.request.metadata.",
    "rpc.response.metadata.",
    "rpc.grpc.request.metadata.",
    "rpc.grpc.response.metadata.",
    "rpc.connect_rpc.request.metadata.",
    "rpc.connect_rpc.response.metadata.",
    "messaging.header.",
    "messaging.message.header.",
];

const HASHED: &[&str] = &[
    "db.query.parameter.",
    "db.operation.parameter.",
    "enduser.",
    "user.",
    "client.",
    "graphql.variables.",
    "http.request.cookie",
    "http.response.cookie",
    "messaging.rabbitmq.header.",
    "baggage.",
];

/// Parts of names that hold secrets wherever they occur.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "cookies",
    "token",
    "apikey",
    "api_key",
    "access_key",
    "private_key",
    "session_id",
    "email",
    "phone",
    "ssn",
    "iban",
];

/// By an attribute's name.
pub fn treatment(name: &str) -> Treatment {
    let lower = name.to_ascii_lowercase();
    let name = lower.as_str();
    if let Some(header) = HEADERS.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        return header_treatment(header);
    }
    match name {
        "db.statement" | "db.query.text" | "db.query.summary" | "graphql.document" | "sql.query"
        | "db.operation.name" | "db.operation.batch" | "cassandra.query" | "redis.command" => Treatment::Statement,
        "db.statement.parameters"
        | "db.query.parameters"
        | "db.sql.parameters"
        | "db.user"
        | "session.id"
        | "session.previous_id"
        | "http.client_ip"
        | "peer.ipv4"
        | "peer.ipv6"
        | "messaging.message.body"
        | "messaging.kafka.message.key"
        | "messaging.message.conversation_id"
        | "process.owner" => Treatment::Hash,
        "process.command_args"
        | "process.command_line"
        | "faas.document.name"
        | "http.request.body"
        | "http.response.body"
        | "http.request.body.content"
        | "http.response.body.content"
        | "gen_ai.prompt"
        | "gen_ai.completion"
        | "gen_ai.input.messages"
        | "gen_ai.output.messages"
        | "gen_ai.system_instructions"
        | "gen_ai.tool.call.arguments"
        | "gen_ai.tool.call.result" => Treatment::HashText,
        "url.full" | "http.url" | "url.original" | "http.request.url" | "rpc.url" => Treatment::Url,
        "http.target" | "url.path" | "http.path" | "url.path_and_query" => Treatment::Target,
        "url.query" | "http.query" | "http.query_string" | "query_string" => Treatment::Query,
        "url.fragment" => Treatment::Hash,
        "db.connection_string" | "db.dsn" => Treatment::Dsn,
        "exception.stacktrace" | "stack" | "error.stack" | "stacktrace" | "thread.stacktrace" => Treatment::Stack,
        "exception.message"
        | "error.message"
        | "message"
        | "error.object"
        | "otel.status_description"
        | "status.message"
        | "log.message"
        | "error.msg"
        | "event.message"
        | "error.description" => Treatment::Message,
        "network.peer.address" | "net.peer.ip" | "net.sock.peer.addr" | "net.sock.peer.name" | "source.address" => {
            Treatment::Peer
        }
        "client.port" | "user.roles" | "user_agent.original" => Treatment::Keep,
        _ if HASHED.iter().any(|prefix| name.starts_with(prefix)) => Treatment::Hash,
        _ if is_secret(name) => Treatment::HashText,
        _ => Treatment::Keep,
    }
}

fn is_secret(name: &str) -> bool {
    SECRET_WORDS.iter().any(|word| {
        name.match_indices(word).any(|(at, _)| {
            let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphabetic());
            edge(name.as_bytes()[..at].last()) && edge(name.as_bytes().get(at + word.len()))
        })
    })
}

fn header_treatment(name: &str) -> Treatment {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        name if NO_HEADERS.contains(&name) => Treatment::Never,
        name if PLAIN_HEADERS.contains(&name) => Treatment::Keep,
        _ => Treatment::Hash,
    }
}

impl Redactor {
    /// A header's value: hashed, but for the few that say nothing of a user; credentials and cookies are `#`.
    pub fn header(&self, name: &str, value: &str) -> String {
        self.treated(header_treatment(name), name, value, "")
    }

    /// An attribute's text as it may be kept.
    pub fn attribute(&self, name: &str, value: &str, system: &str) -> String {
        self.treated(treatment(name), name, value, system)
    }

    /// The same where the treatment of the name is known already.
    pub fn treated(&self, treatment: Treatment, name: &str, value: &str, system: &str) -> String {
        if self.show.contains(name) && !matches!(treatment, Treatment::Never | Treatment::Statement) {
            return value.to_owned();
        }
        match treatment {
            Treatment::Keep if find_secret(value) => self.value(value),
            Treatment::Keep if is_address(value) => self.url(value),
            Treatment::Keep => value.to_owned(),
            Treatment::Hash | Treatment::HashText => self.value(value),
            Treatment::Never => "#".to_owned(),
            Treatment::Peer if is_private(value) => value.to_owned(),
            Treatment::Peer => self.value(value),
            Treatment::Statement => self.statement(value, system).0,
            Treatment::Url => self.url(value),
            Treatment::Target => self.target(value),
            Treatment::Query => self.query(value),
            Treatment::Dsn => address::dsn(value),
            Treatment::Message => message::message(value),
            Treatment::Stack => message::stack(value),
        }
    }

    /// A number or a truth value under a name: a hash where the name's values are hashed, None where it may stay.
    pub fn number(&self, treatment: Treatment, name: &str, value: &str) -> Option<String> {
        match treatment {
            Treatment::Hash | Treatment::Never if !self.show.contains(name) => Some(self.value(value)),
            _ => None,
        }
    }
}

fn is_address(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| rest.contains(['?', '@', '#']))
}

/// Loopback, RFC 1918, RFC 4193 and link-local; a host's name counts as public.
fn is_private(value: &str) -> bool {
    match value.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => value.starts_with('/') || value == "localhost" || is_hash_like(value),
    }
}

fn is_hash_like(value: &str) -> bool {
    address::is_hash(value)
}
