"""Spans into columns of the ``spans`` table: attributes folded into their columns, everything masked, times judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from loadstone.gather.imports.kin import Kin
from loadstone.gather.imports.masking import ATTRIBUTES, Masking
from loadstone.gather.imports.names import BALLAST, PARAMETERS, RESOURCE, SLOTS, SYSTEMS
from loadstone.gather.imports.span import Resource, Seen, Span
from loadstone.gather.imports.times import number_of
from loadstone.model.evidence import KINDS, TABLES, Columns
from loadstone.model.redaction import Redaction

__all__ = ["BATCH", "columns_of"]

BATCH = 50_000
"""Spans of a batch at most."""

BYTES = 64 << 20
"""Characters of a batch's attributes, events and links after which it is handed over, however few its spans."""

_COLUMNS = tuple(name for name in TABLES["spans"] if name not in ("phase", "step", "request"))
_TYPES: dict[str, type[np.signedinteger[Any]]] = {
    "TINYINT": np.int8,
    "SMALLINT": np.int16,
    "INTEGER": np.int32,
    "BIGINT": np.int64,
}
_INTEGERS = {name: _TYPES[TABLES["spans"][name]] for name in _COLUMNS if TABLES["spans"][name] in _TYPES}
_BOUNDS = {name: (int(np.iinfo(kind).min), int(np.iinfo(kind).max)) for name, kind in _INTEGERS.items()}
_CLIENT = KINDS.index("client")
_ERROR = 2
_YES = ("true", "1", "yes", "")
_NO = ("false", "0", "no", "none", "null")
_encode = msgspec.json.Encoder().encode


def columns_of(spans: Iterable[Span], redaction: Redaction, seen: Seen) -> Iterator[Columns]:
    """Batches of the spans. ``seen`` is complete once the last was taken."""
    fold = _Fold(Masking(redaction, seen), seen)
    kin = Kin(seen)
    rows: list[tuple[Any, ...]] = []
    held = 0
    for span in spans:
        if not span.trace_id or not span.span_id:
            seen.nameless += 1
        elif span.start_ns is None:
            seen.timeless += 1
        else:
            row = fold.row(span)
            rows.append(row)
            held += sum(len(text) for text in row[-3:] if text)
            if len(rows) == BATCH or held >= BYTES:
                yield _batch(rows, kin, seen)
                rows, held = [], 0
    if rows:
        yield _batch(rows, kin, seen)
    kin.tell()


def _batch(rows: list[tuple[Any, ...]], kin: Kin, seen: Seen) -> Columns:
    seen.spans += len(rows)
    lists = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    starts = np.array(lists["start_ns"], np.int64)
    for place in kin.take(lists["trace_id"], lists["span_id"], lists["parent_id"], starts):
        lists["parent_id"][place] = None
    columns: dict[str, Any] = {}
    for name, values in lists.items():
        kind = _INTEGERS.get(name)
        if kind is None:
            columns[name] = np.empty(len(values), object)
            columns[name][:] = values
        elif None in values:
            missing = np.array([value is None for value in values])
            columns[name] = np.ma.MaskedArray(np.array([value or 0 for value in values], kind), missing)
        else:
            columns[name] = np.array(values, kind)
    return columns


class _Fold:
    def __init__(self, masking: Masking, seen: Seen) -> None:
        self._masking = masking
        self._seen = seen

    def row(self, span: Span) -> tuple[Any, ...]:
        """The span's cells, in the order of the table."""
        masking, seen = self._masking, self._seen
        resource = span.resource.told or self._resource(span.resource)
        found: dict[str, Any] = {}
        ranks: dict[str, int] = {}
        rest: dict[str, Any] = {}
        parameters: list[str] = []
        namespace = failed = None
        attributes = masking.few(span.attributes)
        system = attributes.get("db.system.name") or attributes.get("db.system") or ""
        system = SYSTEMS.get(system, system) if isinstance(system, str) else ""
        text = masking.text
        for name, value in attributes.items():
            slot = SLOTS.get(name)
            if slot is None:
                if name == "error":
                    failed = value
                elif name == "code.namespace":
                    namespace = value
                elif name.startswith(PARAMETERS):
                    parameters.append(f"{name}={value}")
                else:
                    rest[name] = text(name, value, system) if type(value) is str else masking.value(name, value, system)
            elif slot[0] == "parameters":
                parameters.append(f"{name}={value}")
            elif value is not None and ranks.get(slot[0], 0) < slot[1]:
                found[slot[0]] = (name, value)
                ranks[slot[0]] = slot[1]
        cells: dict[str, Any] = dict(resource[0])
        status = span.status
        for column, (name, value) in found.items():
            if column in _INTEGERS:
                if (whole := self._whole(column, value)) is not None:
                    cells[column] = whole
                else:
                    rest[name] = masking.value(name, value, system)
            elif column == "db_query_text" and type(value) is str:
                cells[column], literals = masking.statement(value, system)
                cells["db_query_parameters_hash"] = literals or None
            elif column in ("target", "url"):
                continue
            elif column == "peer":
                if span.kind == _CLIENT and ranks.get("server_address", 0) < 2:
                    cells["server_address"] = text(name, str(value))
                elif span.kind != _CLIENT:
                    rest[name] = masking.peer(str(value))
            else:
                masked = masking.value(name, value, system)
                cells[column] = masked if type(masked) is str else _encode(masked).decode()
        if system:
            cells["db_system_name"] = text("db.system.name", system)
        if "target" in found or "url" in found:
            self._address(found, cells, span.kind == _CLIENT)
        if parameters:
            literals = cells.get("db_query_parameters_hash") or "0"
            told = int(masking.hash("\0".join(parameters)), 16) ^ int(literals, 16)
            cells["db_query_parameters_hash"] = f"{told:016x}"
        if namespace is not None:
            self._namespace(str(namespace), cells, found, rest)
        if failed is not None:
            said = str(failed).strip()
            if said.lower() not in _NO:
                status = _ERROR
                if said.lower() not in _YES:
                    rest["error.message"] = masking.message(said)
        if resource[1]:
            rest["resource"] = resource[1]
        if span.message:
            rest["otel.status_description"] = masking.message(span.message)
        events = [self._event(event, cells, status) for event in self._few(span.events)] if span.events else None
        links = [self._link(*link) for link in self._few(span.links)] if span.links else None
        start, end = span.start_ns, span.end_ns
        if end is None:
            seen.endless += 1
        elif start is not None and end < start:
            seen.backwards += 1
        cell = cells.get
        return (
            span.trace_id,
            span.span_id,
            span.parent_id,
            start,
            end,
            span.kind,
            status,
            cell("service"),
            cell("service_instance_id"),
            cell("host_name"),
            cell("process_pid"),
            cell("thread_cpu_ns"),
            masking.name(span.name, system),
            span.scope,
            cell("http_request_method"),
            cell("http_route"),
            cell("url_path"),
            cell("url_query"),
            cell("http_response_status_code"),
            cell("db_system_name"),
            cell("db_query_text"),
            cell("db_query_parameters_hash"),
            cell("db_response_returned_rows"),
            cell("server_address"),
            cell("code_file_path"),
            cell("code_line_number"),
            cell("code_function_name"),
            cell("error_type"),
            cell("thread_id"),
            _encode(rest).decode() if rest else None,
            _encode(events).decode() if events else None,
            _encode(links).decode() if links else None,
        )

    def _resource(self, resource: Resource) -> tuple[dict[str, Any], dict[str, Any]]:
        """Cells that the resource fills, and what else it says."""
        cells: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for name, value in self._masking.few(resource.attributes).items():
            column = RESOURCE.get(name)
            if column == "process_pid":
                cells[column] = self._whole(column, value)
            elif column:
                cells[column] = self._masking.text(name, str(value)) if value not in (None, "") else None
            elif not name.startswith(BALLAST):
                rest[name] = self._masking.value(name, value)
        resource.told = (cells, rest)
        return cells, rest

    def _whole(self, column: str, value: object) -> int | None:
        number = number_of(value)
        if number is None or number != int(number):
            return None
        low, high = _BOUNDS[column]
        return int(number) if low <= number <= high else None

    def _address(self, found: dict[str, Any], cells: dict[str, Any], client: bool) -> None:
        """Path, query and server out of an address; what stands in an attribute of its own stays."""
        for place in ("target", "url"):
            if place not in found or (place == "url" and "url_path" in cells):
                continue
            name, value = found[place]
            if type(value) is not str:
                continue
            masked = self._masking.text(name, value)
            scheme, separator, after = masked.partition("://")
            if separator and "?" not in scheme:
                host, slash, masked = after.partition("/")
                if not slash:
                    host, question, masked = after.partition("?")
                    masked = f"/?{masked}" if question else "/"
                else:
                    masked = f"/{masked}"
                if client and "server_address" not in cells:
                    host = host.rpartition("@")[2]
                    cells["server_address"] = host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0]
            path, _, query = masked.partition("?")
            cells.setdefault("url_path", path or None)
            if query:
                cells.setdefault("url_query", query)

    def _namespace(self, namespace: str, cells: dict[str, Any], found: dict[str, Any], rest: dict[str, Any]) -> None:
        name = found.get("code_function_name", ("",))[0]
        masked = self._masking.text("code.namespace", namespace)
        if name == "code.function" and not cells["code_function_name"].startswith(f"{masked}."):
            cells["code_function_name"] = f"{masked}.{cells['code_function_name']}"
        elif not name:
            rest["code.namespace"] = masked

    def _few(self, values: list[Any]) -> list[Any]:
        self._seen.clipped += max(len(values) - ATTRIBUTES, 0)
        return values[:ATTRIBUTES]

    def _event(
        self, event: tuple[int | None, str, dict[str, Any]], cells: dict[str, Any], status: int
    ) -> dict[str, Any]:
        at_ns, name, attributes = event
        kind = attributes.get("exception.type") or attributes.get("error.kind")
        if isinstance(kind, str) and status == _ERROR and "error_type" not in cells:
            cells["error_type"] = self._masking.text("exception.type", kind)
        told: dict[str, Any] = {"time_ns": at_ns, "name": self._masking.name(name, "")}
        if attributes:
            told["attributes"] = self._masking.attributes(attributes)
        return told

    def _link(self, trace_id: bytes, span_id: bytes, attributes: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"trace_id": trace_id.hex(), "span_id": span_id.hex()}
        if attributes:
            told["attributes"] = self._masking.attributes(attributes)
        return told
