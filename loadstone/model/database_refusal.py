"""A database that may not be read: what the server's words mean, and the statement or the line that would help.

The words are those of PostgreSQL (SQLSTATE classes 08, 28, 3D, 42501, 53), of libpq, and of MySQL and MariaDB by their
error numbers. Nothing of an address but role, database and object names gets into a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from loadstone.model.discovery import Obstacle

__all__ = ["obstacle_of_database"]

_NAME = r'"?([\w$.-]{1,63})"?'
_Told = Callable[[re.Match[str], str], tuple[str, str, str]]


def obstacle_of_database(text: str, variable: str = "the DSN") -> Obstacle | None:
    """The obstacle behind what a database or its client said; None for words that are not known. ``variable`` names
    where its address stands (``DATABASE_URL``)."""
    for pattern, told in _KNOWN:
        if found := pattern.search(text):
            code, sentence, advice = told(found, variable)
            return Obstacle(code, sentence, advice)
    return None


def _denied(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    kind, name = found[1].lower(), found[2]
    if kind == "schema":
        way = f"GRANT USAGE ON SCHEMA {name} TO ROLE; GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO ROLE"
    elif kind == "database":
        way = f"GRANT CONNECT ON DATABASE {name} TO ROLE"
    else:
        way = f"GRANT SELECT ON {name} TO ROLE (or, from PostgreSQL 14, GRANT pg_read_all_data TO ROLE)"
    return (
        "database-denied",
        f"The role in {variable} may not read the {kind} {name}.",
        f"As its owner, for the role in {variable}: {way}.",
    )


def _password(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-password",
        f"The database refuses the password of the role {found[1]}.",
        f"Correct the password in {variable}; psql with the same address must get in.",
    )


def _no_password(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-password",
        f"The database wants a password, and {variable} holds none.",
        f"Write it into {variable} in the environment, or into ~/.pgpass.",
    )


def _no_role(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-role",
        f"The database knows no role {found[1]}.",
        f"Name the service's own role in {variable}, or make one: CREATE ROLE {found[1]} LOGIN IN ROLE pg_monitor.",
    )


def _no_database(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-missing",
        f"The server has no database {found[1]}.",
        f"Correct the last part of {variable}; psql --list shows which there are.",
    )


def _hba(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-hba",
        "The server lets nobody in from this machine as this role: no line of its pg_hba.conf fits.",
        "Add a line for this address, role and database to pg_hba.conf and reload: SELECT pg_reload_conf().",
    )


def _peer(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-peer",
        f"Over its socket the server takes the role {found[1]} only from the system user of that name.",
        f"Give a host and a password in {variable} (postgresql://ROLE:PASSWORD@127.0.0.1/NAME), or run as that user.",
    )


def _full(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-full",
        "The database has no connection left for another client.",
        "Let the service's pools hold fewer, or raise max_connections; Loadstone needs two.",
    )


def _starting(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return "database-starting", "The database is starting up or shutting down.", "Try again when it is up."


def _tls(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-tls",
        "Server and address do not agree about TLS.",
        f"Set sslmode in {variable}: sslmode=require where the server wants it, sslmode=disable where it has none.",
    )


def _down(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-not-up",
        f"No database answers at the address in {variable}.",
        f"Start it, or correct host and port in {variable}; in a container, its port must be published.",
    )


def _unknown_host(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-name",
        f"The host in {variable} is not known here.",
        "Inside a compose file hosts have names that this machine does not know: publish the port, and give 127.0.0.1.",
    )


def _silent(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return "database-timeout", "The database gave no answer in time.", "Check the address, and a firewall between."


def _mysql_denied(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-denied",
        f"The account in {variable} may not read what was asked for.",
        "As root: GRANT SELECT ON DATABASE.* TO that account; for statement counts, also ON performance_schema.*.",
    )


def _mysql_host(found: re.Match[str], variable: str) -> tuple[str, str, str]:
    return (
        "database-hba",
        "The server lets nobody in from this machine.",
        "Make the account for this address: CREATE USER 'NAME'@'ADDRESS'.",
    )


_KNOWN: tuple[tuple[re.Pattern[str], _Told], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), told)
    for pattern, told in (
        (
            rf"permission denied for (schema|table|view|relation|sequence|function|database|materialized view) {_NAME}",
            _denied,
        ),
        (rf"password authentication failed for user {_NAME}", _password),
        (r"no password supplied|password is required|fe_sendauth", _no_password),
        (rf"peer authentication failed for user {_NAME}", _peer),
        (r"no pg_hba\.conf entry|pg_hba\.conf rejects", _hba),
        (rf"role {_NAME} does not exist", _no_role),
        (rf"database {_NAME} does not exist", _no_database),
        (r"too many (?:clients|connections)|remaining connection slots|\(1040", _full),
        (r"system is (?:starting up|shutting down|in recovery)", _starting),
        (r"server does not support SSL|SSL (?:connection|off|required)|requires? SSL|sslmode", _tls),
        (rf"\(?1049.*Unknown database '?{_NAME}", _no_database),
        (rf"1045.*Access denied for user '?{_NAME}", _password),
        (r"\b(?:1044|1142|1143|1227)\b.*denied", _mysql_denied),
        (r"\b1130\b|is not allowed to connect to this", _mysql_host),
        (
            r"could not translate host name|failed to resolve host|name or service not known|nodename nor servname",
            _unknown_host,
        ),
        (r"timeout expired|timed? ?out", _silent),
        (r"connection refused|no such file or directory|is the server running|\b200[23]\b.*can't connect", _down),
    )
)
