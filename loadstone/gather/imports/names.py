"""Where a span's attribute goes, by its name: OpenTelemetry's semantic conventions, old names and new in one column."""

from __future__ import annotations

__all__ = ["BALLAST", "KINDS", "PARAMETERS", "RESOURCE", "SLOTS", "SYSTEMS"]

NEW, OLD, GUESSED = 3, 2, 1
"""The newer name wins where a span has both (OTEL_SEMCONV_STABILITY_OPT_IN=…/dup)."""

SLOTS: dict[str, tuple[str, int]] = {
    "http.request.method": ("http_request_method", NEW),
    "http.method": ("http_request_method", OLD),
    "http.route": ("http_route", NEW),
    "http.response.status_code": ("http_response_status_code", NEW),
    "http.status_code": ("http_response_status_code", OLD),
    "url.path": ("target", NEW),
    "url.query": ("url_query", NEW),
    "http.target": ("target", OLD),
    "http.path": ("target", OLD),
    "url.full": ("url", OLD),
    "http.url": ("url", GUESSED),
    "db.system.name": ("db_system_name", NEW),
    "db.system": ("db_system_name", OLD),
    "db.query.text": ("db_query_text", NEW),
    "db.statement": ("db_query_text", OLD),
    "sql.query": ("db_query_text", GUESSED),
    "cassandra.query": ("db_query_text", GUESSED),
    "db.response.returned_rows": ("db_response_returned_rows", NEW),
    "db.statement.parameters": ("parameters", OLD),
    "db.query.parameters": ("parameters", OLD),
    "server.address": ("server_address", NEW),
    "net.host.name": ("server_address", GUESSED),
    "http.server_name": ("server_address", GUESSED),
    "net.peer.name": ("peer", OLD),
    "peer.hostname": ("peer", GUESSED),
    "code.file.path": ("code_file_path", NEW),
    "code.filepath": ("code_file_path", OLD),
    "code.line.number": ("code_line_number", NEW),
    "code.lineno": ("code_line_number", OLD),
    "code.function.name": ("code_function_name", NEW),
    "code.function": ("code_function_name", OLD),
    "error.type": ("error_type", NEW),
    "exception.type": ("error_type", OLD),
    "error.kind": ("error_type", GUESSED),
    "thread.id": ("thread_id", NEW),
    "process.pid": ("process_pid", NEW),
    "loadstone.thread_cpu_ns": ("thread_cpu_ns", NEW),
}
"""Attribute -> its column and how far it is to be believed. ``target``, ``url``, ``peer`` and ``parameters`` are no
columns: the builder makes columns of them."""

PARAMETERS = ("db.query.parameter.", "db.operation.parameter.")
"""Names that begin so hold a statement's parameters."""

RESOURCE = {
    "service.name": "service",
    "service.instance.id": "service_instance_id",
    "host.name": "host_name",
    "process.pid": "process_pid",
}

BALLAST = ("telemetry.", "process.", "os.")
"""A resource's attributes that say how process or SDK were built are not kept: each span would carry them."""

SYSTEMS = {
    "mssql": "microsoft.sql_server",
    "oracle": "oracle.db",
    "redshift": "aws.redshift",
    "dynamodb": "aws.dynamodb",
    "cosmosdb": "azure.cosmosdb",
    "spanner": "gcp.spanner",
    "db2": "ibm.db2",
    "hanadb": "sap.hana",
}
"""Systems that OpenTelemetry renamed (semantic conventions 1.34, "Database")."""

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
