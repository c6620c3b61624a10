//! Which quotes hold literals, which begin comments, and where a backslash escapes: it differs by database.

/// A family of statement languages, as far as literals are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Standard strings, E'' strings, dollar quotes, nested comments.
    Postgres,
    /// Double quotes hold strings, backslashes escape, `#` begins a comment.
    MySql,
    /// Standard strings; a double-quoted text that names nothing is taken for a string by the database itself.
    Sqlite,
    /// Standard strings, names in brackets.
    SqlServer,
    /// Both quotes hold strings unless a colon follows; backslashes escape.
    Json,
    /// Words: a command and its arguments.
    Command,
    /// Not known: what is ambiguous is masked.
    Unknown,
}

impl Dialect {
    /// By `db.system` or `db.system.name`, as OpenTelemetry's semantic conventions list them; "" is not known.
    pub fn of(system: &str, text: &str) -> Dialect {
        let known = match system.trim().to_ascii_lowercase().as_str() {
            "postgresql" | "postgres" | "redshift" | "aws.redshift" | "cockroachdb" | "greenplum" | "edb" => {
                Dialect::Postgres
            }
            "mysql" | "mariadb" | "bigquery" | "gcp.spanner" | "spanner" | "hive" | "spark" | "databricks"
            | "neo4j" | "tidb" => Dialect::MySql,
            "sqlite" => Dialect::Sqlite,
            "mssql" | "microsoft.sql_server" | "mssqlcompact" => Dialect::SqlServer,
            "redis" | "valkey" | "keydb" | "memcached" => Dialect::Command,
            "mongodb" | "elasticsearch" | "opensearch" | "dynamodb" | "aws.dynamodb" | "couchdb" | "couchbase"
            | "cosmosdb" | "azure.cosmosdb" | "graphql" => Dialect::Json,
            _ => Dialect::Unknown,
        };
        match text.trim_start().as_bytes().first() {
            Some(b'{' | b'[') if known == Dialect::Unknown => Dialect::Json,
            _ => known,
        }
    }

    pub(super) fn nests_comments(self) -> bool {
        matches!(self, Dialect::Postgres | Dialect::SqlServer | Dialect::Unknown)
    }

    /// True where two dashes begin a comment.
    pub(super) fn has_line_comments(self) -> bool {
        self != Dialect::Json
    }

    pub(super) fn brackets_name(self) -> bool {
        self == Dialect::SqlServer
    }

    pub(super) fn backslash(self) -> Backslash {
        match self {
            Dialect::MySql | Dialect::Json => Backslash::Escapes,
            Dialect::Unknown => Backslash::Ambiguous,
            _ => Backslash::Plain,
        }
    }
}

/// What a backslash does within a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backslash {
    Plain,
    Escapes,
    /// Nobody knows: before a quote, all that follows may be inside or outside.
    Ambiguous,
}
