"""The spools of a run's processes as the ``spans`` and ``waits`` tables, in OpenTelemetry's terms.

A record holds numbers of texts; each text is looked up, masked and split up once a batch, however many rows share it.
No batch has more than 65,536 rows, and no order: the archive sorts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.gather.recorder.inject._loadstone_recorder import layout
from loadstone.gather.recorder.reading import ProcessSpool
from loadstone.model.evidence import Columns
from loadstone.model.redaction import Redaction

__all__ = ["Counts", "spans", "waits"]

_VERB = re.compile(r"\s*\(*\s*([A-Za-z]+)")
_TARGET = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+(?:ONLY\s+)?([\w.\"`\[\]$-]+)", re.IGNORECASE)
_QUOTES = str.maketrans("", "", '"`[]')
_Meaning = TypeVar("_Meaning")
_REMEMBERED = 50_000  # masked statements kept from one batch to the next


class Counts(msgspec.Struct):
    """What became of the records, complete once the tables have been read."""

    spans: int = 0
    waits: int = 0
    torn: int = 0
    lost: int = 0
    clipped: int = 0
    unreadable_texts: int = 0


class _Statement(msgspec.Struct, frozen=True):
    text: str
    literals: str  # keyed hash of the literals, "" where there are none
    name: str
    clipped: bool


def spans(
    processes: Sequence[ProcessSpool], redaction: Redaction, host: str, service: str, counts: Counts
) -> Iterator[Columns]:
    """Every span that the processes recorded."""
    for process in processes:
        counts.lost += process.lost
        texts = _Texts(process, redaction, counts)
        for records, torn in process.records():
            counts.torn += torn
            records = records[(records["flags"] & layout.PAUSE) == 0]
            if len(records):
                counts.spans += len(records)
                yield _spans(records, texts, host, service)


def waits(processes: Sequence[ProcessSpool], counts: Counts) -> Iterator[Columns]:
    """Every pause of the processes' garbage collectors."""
    for process in processes:
        for records, _ in process.records():
            records = records[(records["flags"] & layout.PAUSE) != 0]
            if len(records):
                counts.waits += len(records)
                yield _pauses(records, process)


def _pauses(records: NDArray[Any], process: ProcessSpool) -> Columns:
    traced = records["parent"] != 0
    generations, collected = records["http_status"].tolist(), records["rows"].tolist()
    return {
        "at_ns": records["start"] + process.header["offset_ns"],
        "duration_ns": records["end"] - records["start"],
        "kind": _same("gc", len(records)),
        "name": _objects([f"generation {generation}" for generation in generations]),
        "process_pid": np.full(len(records), process.pid, np.int32),
        "thread_id": records["thread"].astype(np.int64),
        "trace_id": _blobs(records["trace"], traced),
        "span_id": _blobs(records["parent"].astype(">u8").view("V8"), traced),
        "detail": _objects([json.dumps({"collected": number}) for number in collected]),
    }


def _spans(records: NDArray[Any], texts: _Texts, host: str, service: str) -> Columns:
    process = texts.process
    count = len(records)
    every = np.ones(count, bool)
    operation, operations = _numbered(records["operation"], texts.operation)
    in_system = records["statement"].astype(np.uint64) << np.uint64(32) | records["operation"]
    statement, statements = _numbered(in_system, texts.statement)
    site, sites = _numbered(records["site"], texts.site)
    method, methods = _numbered(records["method"], texts.plain)
    route, routes = _numbered(records["route"], texts.plain)
    name, names = _numbered(records["name"], texts.plain)
    path, paths = _numbered(records["path"], texts.plain)
    query, queries = _numbered(records["query"], texts.query)
    server, servers = _numbered(records["server"], texts.plain)
    error, errors = _numbered(records["error"], texts.plain)
    more, attributes = _numbered(records["attributes"], texts.attributes)
    # A span's name is made of few things: make each that occurs once.
    parts = operation
    for place, values in ((name, names), (statement, statements), (method, methods), (route, routes)):
        parts = parts * len(values) + place
    first, which = np.unique(parts, return_index=True, return_inverse=True)[1:]
    made = _objects(
        [
            names[name[row]]
            or _name(operations[operation[row]], statements[statement[row]], methods[method[row]], routes[route[row]])
            for row in first.tolist()
        ]
    )
    lines = np.array([0 if place is None else place[1] for place in sites], np.int32)[site]
    status = records["http_status"].astype(np.int16)
    return {
        "trace_id": _blobs(records["trace"], every),
        "span_id": _blobs(records["span"].astype(">u8").view("V8"), every),
        "parent_id": _blobs(records["parent"].astype(">u8").view("V8"), records["parent"] != 0),
        "start_ns": records["start"] + process.header["offset_ns"],
        "end_ns": records["end"] + process.header["offset_ns"],
        "kind": np.array([each["kind"] for each in operations], np.int8)[operation],
        "status": (records["done"] - 1).astype(np.int8),
        "service": _same(str(process.header.get("service") or service), count),
        "service_instance_id": _same(f"{process.pid}-{process.header['ticks']}", count),
        "host_name": _same(host, count),
        "process_pid": np.full(count, process.pid, np.int32),
        "thread_cpu_ns": np.ma.masked_equal(records["cpu"], layout.NOTHING),
        "name": made[which],
        "scope": _objects([each["scope"] for each in operations])[operation],
        "http_request_method": _objects(methods)[method],
        "http_route": _objects(routes)[route],
        "url_path": _objects(paths)[path],
        "url_query": _objects(queries)[query],
        "http_response_status_code": np.ma.masked_equal(status, 0),
        "db_system_name": _objects([each["system"] or None for each in operations])[operation],
        "db_query_text": _objects([each and each.text for each in statements])[statement],
        "db_query_parameters_hash": _hashes(records["parameters"], statement, statements),
        "db_response_returned_rows": np.ma.masked_less(records["rows"], 0),
        "server_address": _objects(servers)[server],
        "code_file_path": _objects([place and place[0] for place in sites])[site],
        "code_line_number": np.ma.masked_equal(lines, 0),
        "code_function_name": _objects([place and place[2] for place in sites])[site],
        "error_type": _objects(errors)[error],
        "thread_id": records["thread"].astype(np.int64),
        "attributes": _objects(attributes)[more],
    }


class _Texts:
    """Looks up one process's texts, as the tables want them."""

    def __init__(self, process: ProcessSpool, redaction: Redaction, counts: Counts) -> None:
        self.process = process
        self._redaction = redaction
        self._counts = counts
        self._statements: dict[tuple[str, str], _Statement] = {}
        self._operations: dict[int, Mapping[str, Any]] = {}

    def plain(self, number: int) -> str | None:
        found = self._found(number)
        return None if found is None else found[0]

    def query(self, number: int) -> str | None:
        found = self._found(number)
        return None if found is None else self._redaction.query(found[0])

    def operation(self, number: int) -> Mapping[str, Any]:
        if number not in self._operations:
            self._operations[number] = self.process.operation(number)
        return self._operations[number]

    def site(self, number: int) -> tuple[str, int, str] | None:
        text = self.plain(number)
        parts = () if text is None else text.split("\n")
        if len(parts) != 3 or not parts[1].isdecimal():
            return None
        return parts[0], int(parts[1]), parts[2]

    def attributes(self, number: int) -> str | None:
        read = self.process.literal(number)
        return json.dumps(self._redaction.attributes(read)) if read else None

    def statement(self, number: int) -> _Statement | None:
        """``number`` is the statement's above 32 bits of the operation's: what is a literal depends on the system."""
        found = self._found(number >> 32)
        if found is None:
            return None
        system = self.operation(number & 0xFFFF_FFFF)["system"]
        known = self._statements.get((system, found[0]))
        if known is None:
            masked, literals = self._redaction.statement(found[0], system)
            known = _Statement(f"{masked} …" if found[1] else masked, literals, _summary(masked), found[1])
            if len(self._statements) >= _REMEMBERED:
                self._statements.clear()
            self._statements[system, found[0]] = known
            self._counts.clipped += known.clipped
        return known

    def _found(self, number: int) -> tuple[str, bool] | None:
        found = self.process.text(number)
        if found is None and number:
            self._counts.unreadable_texts += 1
        return found


def _summary(masked: str) -> str:
    """A statement's verb and first table, as OpenTelemetry names database spans (db.query.summary)."""
    verb = _VERB.match(masked)
    if verb is None:
        return ""
    target = _TARGET.search(masked)
    word = verb[1].upper()
    return word if target is None else f"{word} {target[1].translate(_QUOTES)}"


def _name(operation: Mapping[str, Any], statement: _Statement | None, method: str | None, route: str | None) -> str:
    if operation["name"]:
        return str(operation["name"])
    if statement is not None and statement.name:
        return statement.name
    if method:
        return f"{method} {route}" if route else method
    return str(operation["system"] or operation["scope"])


def _numbered(numbers: NDArray[Any], of: Callable[[int], _Meaning]) -> tuple[NDArray[np.intp], list[_Meaning]]:
    """Each row's place in a list of what the different numbers stand for."""
    if numbers[0] == numbers[-1] and np.all(numbers == numbers[0]):  # as most columns are: nothing to sort
        return np.zeros(len(numbers), np.intp), [of(int(numbers[0]))]
    different, places = np.unique(numbers, return_inverse=True)
    return places, [of(number) for number in different.tolist()]


def _hashes(
    parameters: NDArray[np.uint64], statement: NDArray[np.intp], statements: Sequence[_Statement | None]
) -> NDArray[Any]:
    """One hash of a statement's parameters and of the literals in its text, null where there are none of both."""
    literals = np.array([int(each.literals or "0", 16) if each else 0 for each in statements], np.uint64)[statement]
    both = literals ^ np.where(parameters == layout.UNKNOWN, np.uint64(0), parameters)
    told = _objects([f"{value:016x}" for value in both.tolist()])
    told[(parameters == layout.UNKNOWN) | ((parameters == 0) & (literals == 0))] = None
    return told


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _same(value: str | None, count: int) -> NDArray[Any]:
    made = np.empty(count, object)
    made[:] = value or None
    return made


def _blobs(values: NDArray[Any], there: NDArray[np.bool_]) -> NDArray[Any]:
    made = values.astype(object)
    made[~there] = None
    return made
