//! Where an attribute goes, by its name: semantic conventions, old names and new, folded into one column.

use super::batch::{number, text};
use crate::redact::attribute::{Treatment, treatment};

/// Newer names win over older ones where a span has both (the `dup` modes of OTEL_SEMCONV_STABILITY_OPT_IN).
pub const NEW: u8 = 3;
pub const OLD: u8 = 2;
pub const GUESSED: u8 = 1;

/// What an attribute fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A column of texts.
    Text(usize, u8),
    /// A column of numbers.
    Number(usize, u8),
    /// `url.full`: path, query and server.
    Url(u8),
    /// A path that may carry its query.
    Target(u8),
    /// A URL's query.
    Query(u8),
    /// A statement: masked once the span's system is known.
    Statement(u8),
    /// A statement's parameter: hashed into the parameters' hash.
    Parameter,
    /// The other side's name: the server's for a client, the client's for a server.
    Peer,
    /// The namespace of `code.function`.
    Namespace,
    /// OpenTracing's `error`: true, or a message.
    Failed,
    /// Any other.
    Rest,
}

pub struct Known {
    pub slot: Slot,
    pub how: Treatment,
    /// `"name":`
    pub quoted: Vec<u8>,
    pub name: String,
}

impl Known {
    pub fn new(name: &str) -> Known {
        let mut quoted = Vec::with_capacity(name.len() + 3);
        super::value::string(name, &mut quoted);
        quoted.push(b':');
        Known { slot: slot(name), how: treatment(name), quoted, name: name.to_owned() }
    }
}

pub fn slot(name: &str) -> Slot {
    match name {
        "http.request.method" => Slot::Text(text::METHOD, NEW),
        "http.method" => Slot::Text(text::METHOD, OLD),
        "http.route" => Slot::Text(text::ROUTE, NEW),
        "http.response.status_code" => Slot::Number(number::HTTP_STATUS, NEW),
        "http.status_code" => Slot::Number(number::HTTP_STATUS, OLD),
        "url.path" => Slot::Target(NEW),
        "url.query" => Slot::Query(NEW),
        "http.target" | "http.path" => Slot::Target(OLD),
        "url.full" => Slot::Url(OLD),
        "http.url" => Slot::Url(GUESSED),
        "db.system.name" => Slot::Text(text::SYSTEM, NEW),
        "db.system" => Slot::Text(text::SYSTEM, OLD),
        "db.query.text" => Slot::Statement(NEW),
        "db.statement" => Slot::Statement(OLD),
        "sql.query" => Slot::Statement(GUESSED),
        "db.response.returned_rows" => Slot::Number(number::ROWS, NEW),
        "db.statement.parameters" | "db.query.parameters" => Slot::Parameter,
        "server.address" => Slot::Text(text::SERVER, NEW),
        "net.host.name" | "http.server_name" => Slot::Text(text::SERVER, GUESSED),
        "net.peer.name" | "peer.hostname" => Slot::Peer,
        "code.file.path" => Slot::Text(text::FILE, NEW),
        "code.filepath" => Slot::Text(text::FILE, OLD),
        "code.line.number" => Slot::Number(number::LINE, NEW),
        "code.lineno" => Slot::Number(number::LINE, OLD),
        "code.function.name" => Slot::Text(text::FUNCTION, NEW),
        "code.function" => Slot::Text(text::FUNCTION, OLD),
        "code.namespace" => Slot::Namespace,
        "error.type" => Slot::Text(text::ERROR, NEW),
        "exception.type" => Slot::Text(text::ERROR, OLD),
        "error.kind" => Slot::Text(text::ERROR, GUESSED),
        "thread.id" => Slot::Number(number::THREAD, NEW),
        "process.pid" => Slot::Number(number::PID, NEW),
        "loadstone.thread_cpu_ns" => Slot::Number(number::CPU, NEW),
        "error" => Slot::Failed,
        _ if name.starts_with("db.query.parameter.") || name.starts_with("db.operation.parameter.") => Slot::Parameter,
        _ => Slot::Rest,
    }
}

/// The column of a resource's attribute, if it has one.
pub fn of_resource(name: &str) -> Option<usize> {
    match name {
        "service.name" => Some(text::SERVICE),
        "service.instance.id" => Some(text::INSTANCE),
        "host.name" => Some(text::HOST),
        _ => None,
    }
}

/// A resource's attributes that say how the SDK or the process was built: not kept, as each span would carry them.
pub fn is_ballast(name: &str) -> bool {
    name.starts_with("telemetry.") || name.starts_with("process.") || name.starts_with("os.")
}

/// Names of systems that OpenTelemetry renamed (semantic conventions 1.34, "Database").
pub fn system(name: &str) -> &str {
    match name {
        "mssql" => "microsoft.sql_server",
        "oracle" => "oracle.db",
        "redshift" => "aws.redshift",
        "dynamodb" => "aws.dynamodb",
        "cosmosdb" => "azure.cosmosdb",
        "spanner" => "gcp.spanner",
        "db2" => "ibm.db2",
        "hanadb" => "sap.hana",
        other => other,
    }
}
