"""Spans: what a library's hook calls. Standard library only, from Python 3.9; nothing here ever raises.

A hook file ``lib_NAME.py`` is named in ``libraries.py`` beside the modules it patches, and is imported only after one
of these was. It has one function, ``install(module)``, called after each execution of such a module (again after a
reload, so it patches only what is not patched: ``hooks.patch`` sees to that). The shortest useful one::

    from . import core, hooks

    OPERATION = core.operation("acme", "client", "acmedb")     # library, kind, db.system.name

    def install(module):
        version = getattr(module, "__version__", "")
        if not core.supports("acme", version, (2, 0), (4, 0)):  # says "not covered" where it does not
            return
        hooks.patch(module.Cursor, "execute", _execute)
        core.covered("acme", version)

    def _execute(original):
        def execute(self, sql, parameters=(), *rest, **more):
            start = core.begin()                                # 0: this request is not recorded
            try:
                result = original(self, sql, parameters, *rest, **more)
            except BaseException as error:
                core.end(OPERATION, start, sql, parameters, error=error)
                raise
            core.end(OPERATION, start, sql, parameters, rows=self.rowcount, server="db.example:5432")
            return result
        return execute

``begin`` and ``end`` record a span without children (a statement, a command): only the end writes. A span that has
children, or whose id must be told to others, is a ``Span``: ``enter`` makes it the current one, ``leave`` writes it::

    span = core.enter(OPERATION)
    headers["traceparent"] = span.traceparent()                 # names this span as the parent over there
    try:
        reply = original(...)
    except BaseException as error:
        core.leave(span, error=error)
        raise
    core.leave(span, http_status=reply.status, method="GET", path="/x", query="a=1", server="api.example:443")

In asynchronous code both are used the same way, around the ``await``. Texts (``statement``, ``path``, ``query``,
``attributes``) are written as they are into the spool, readable by its owner alone, and masked when it is converted;
parameters never: only their keyed hash is. ``start`` and ``Span.start`` are ``time.perf_counter_ns``.
"""

from __future__ import annotations

import struct
import sys
from _thread import get_ident
from contextvars import ContextVar
from time import perf_counter_ns

from .callsite import site
from .facts import covered, not_covered, version_of
from .layout import KINDS, LEAF, NOTHING, RECORD
from .parameters import fingerprint
from .spool import SPOOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "Span",
    "begin",
    "continue_from",
    "covered",
    "current",
    "end",
    "enter",
    "leave",
    "not_covered",
    "operation",
    "origin",
    "set_current",
    "supports",
    "version_of",
    "write",
]

_current: ContextVar[Span | None] = ContextVar("loadstone_span", default=None)
current = _current.get
set_current = _current.set

_pack = RECORD.pack_into
_pack_leaf = LEAF.pack_into
_known, _text = SPOOL.known, SPOOL.text
_pack_end = struct.Struct("<qq").pack_into  # the fields end and cpu, which follow start
_SIZE = RECORD.size
_NO_TRACE = bytes(16)


class Span:
    """A span that is open. ``recorded`` is false in a request whose caller asked not to be traced."""

    # Most are never set: read from the class, they cost nothing to make.
    cpu = NOTHING
    site = http_status = place = 0
    error: object = None
    heirs: list[Span] | None = None
    previous: Span | None = None
    memory: Any = None
    seed = b""
    name = route = method = path = query = server = attributes = ""

    def __init__(self, operation: int, trace: bytes, parent: int, recorded: bool) -> None:
        self.operation = operation
        self.trace = trace
        self.parent = parent
        self.recorded = recorded
        self.id = SPOOL.next_id()
        self.start = perf_counter_ns()

    def traceparent(self) -> str:
        """The header that makes what is called a child of this span (W3C Trace Context, level 1)."""
        return f"00-{self.trace.hex()}-{self.id:016x}-{'01' if self.recorded else '00'}"


def operation(library: str, kind: str, system: str = "", name: str = "") -> int:
    """The number of a kind of span: ``library`` is its scope, ``kind`` one of ``layout.KINDS``, ``system`` the
    db.system.name or messaging.system, ``name`` the span's name where the statement or the method does not make it."""
    return SPOOL.text(repr({"scope": library, "kind": KINDS[kind], "system": system, "name": name}))


def begin() -> int:
    """The instant at which a call begins, 0 where the current request is not recorded."""
    span = current()
    return perf_counter_ns() if span is None or span.recorded else 0


def end(
    operation: int,
    start: int,
    statement: str = "",
    parameters: object = None,
    rows: int | None = NOTHING,
    error: BaseException | None = None,
    server: str = "",
    attributes: str = "",
    depth: int = 2,
) -> None:
    """Write a span without children that began at ``start``. ``depth`` says how many frames are surely not the
    application's: this one and its caller. ``attributes`` is ``repr`` of a flat dict of strings and numbers, by
    OpenTelemetry's names: make it once, for few different ones."""
    if not start:
        return
    stop = perf_counter_ns()
    try:
        span = current()
        if span is None:
            trace, parent = fresh_trace(), 0
        else:
            trace, parent = span.trace, span.id
        hashed = fingerprint(parameters) if parameters else 0
        statement_text = (_known.get(statement) or _text(statement)) if statement else 0
        server_text = (_known.get(server) or _text(server)) if server else 0
        more = (_known.get(attributes) or _text(attributes)) if attributes else 0
        place_of_call = site(depth, statement_text or operation)
        failed = 0 if error is None else _text(_name(error))
        span_id = SPOOL.next_id()
        segment = SPOOL.now  # from here to the end nothing that could fail: a place that is taken is written
        memory, take, room = segment
        place = take()
        if place >= room:
            memory, place = SPOOL.grow(segment)
            if memory is None:
                return
        # fmt: off
        _pack_leaf(
            memory, place * _SIZE, start, stop, NOTHING, trace, span_id, parent, hashed,
            NOTHING if rows is None else rows, get_ident(), operation, statement_text, place_of_call, failed,
            server_text, more, 1 if error is None else 3,
        )
        # fmt: on
    except Exception:
        SPOOL.lose()


def enter(operation: int, name: str = "", depth: int = 2) -> Span:
    """Open a span and make it the current one."""
    above = _current.get()
    if above is None:
        span = Span(operation, fresh_trace(), 0, True)
    else:
        span = Span(operation, above.trace, above.id, above.recorded)
    span.name = name
    span.previous = above
    if span.recorded:
        try:
            span.site = site(depth, operation)
        except Exception:
            span.site = 0
    _current.set(span)
    return span


def leave(
    span: Span,
    error: object = None,
    http_status: int = 0,
    rows: int | None = NOTHING,
    stop: int = 0,
    **texts: str,
) -> None:
    """Close a span and write it; its parent is current again. ``texts`` are ``name``, ``method``, ``route``, ``path``,
    ``query``, ``server``, ``attributes``; ``error`` an exception or the name of an error's type."""
    if _current.get() is span:
        _current.set(span.previous)
    if span.heirs:
        _disown(span.heirs)
    if span.recorded:
        if not stop:
            stop = perf_counter_ns()
        for key, value in texts.items():
            setattr(span, key, value)
        write(span, stop, error if error is not None else span.error, http_status, rows)


def write(span: Span, stop: int, error: object, http_status: int, rows: int | None = NOTHING) -> None:
    """Write a span, and note its place: written again, it takes the same one."""
    try:
        known, text = _known, _text
        name = (known.get(span.name) or text(span.name)) if span.name else 0
        method = (known.get(span.method) or text(span.method)) if span.method else 0
        route = (known.get(span.route) or text(span.route)) if span.route else 0
        path = (known.get(span.path) or text(span.path)) if span.path else 0
        query = (known.get(span.query) or text(span.query)) if span.query else 0
        server = (known.get(span.server) or text(span.server)) if span.server else 0
        more = (known.get(span.attributes) or text(span.attributes)) if span.attributes else 0
        failed = 0 if error is None else text(error if isinstance(error, str) else _name(error))
        if not 0 < http_status < 65536:
            http_status = 0
        if rows is None:
            rows = NOTHING
        thread = get_ident()
        segment = SPOOL.now
        memory, place = span.memory, span.place
        if memory is None or span.seed is not SPOOL.seed:  # not yet, or by the process that this was forked from
            memory, take, room = segment
            place = take()
            if place >= room:
                memory, place = SPOOL.grow(segment)
                if memory is None:
                    return
            span.memory, span.place, span.seed = memory, place, SPOOL.seed
        # fmt: off
        _pack(
            memory, place * _SIZE, span.start, stop, span.cpu, span.trace, span.id, span.parent, 0, rows, thread,
            span.operation, name, 0, span.site, failed, method, route, path, query, server, more, http_status, 0,
            1 if error is None else 3,
        )
        # fmt: on
    except Exception:
        SPOOL.lose()


def prolong(span: Span, stop: int) -> None:
    """Move the end of a span that is written already, and its CPU time."""
    if span.memory is not None and span.seed is SPOOL.seed:
        try:
            _pack_end(span.memory, span.place * _SIZE + 8, stop, span.cpu)
        except Exception:
            SPOOL.lose()


def continue_from(operation: int, traceparent: str | None) -> Span:
    """Open a server's or consumer's span where another process's left off, and make it the current one.

    One rule: it is recorded unless its caller says that it is not sampled. Without a (readable) ``traceparent`` it
    begins a trace of its own.
    """
    trace, parent, recorded = origin(traceparent)
    span = Span(operation, trace, parent, recorded)
    span.previous = _current.get()
    _current.set(span)
    return span


def origin(traceparent: str | None) -> tuple[bytes, int, bool]:
    """The trace, the parent's id and whether to record, as ``continue_from`` has it."""
    if traceparent is not None and len(traceparent) >= 55:
        try:
            version, trace_hex, parent_hex, flags = traceparent[:55].split("-")
            trace, parent = bytes.fromhex(trace_hex), int(parent_hex, 16)
            if len(trace) == 16 and len(parent_hex) == 16 and trace != _NO_TRACE and parent and version != "ff":
                return trace, parent, int(flags, 16) & 1 == 1
        except ValueError:
            pass  # not readable: as if there were none
    return fresh_trace(), 0, True


def fresh_trace() -> bytes:
    """An id for a trace that begins here."""
    return SPOOL.seed[8:] + SPOOL.next_id().to_bytes(8, "big")


def supports(library: str, version: str, low: tuple[int, ...], below: tuple[int, ...]) -> bool:
    """Whether ``low <= version < below``; where not, or where it cannot be read, that is noted."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    if numbers and low <= tuple(numbers) < below:
        return True
    not_covered(library, version, f"known are {'.'.join(map(str, low))} and later, before {'.'.join(map(str, below))}")
    return False


def heir(span: Span) -> Span:
    """A stand-in for ``span`` in a thread that may outlive it: afterwards its spans are a trace of their own."""
    stand_in = Span(span.operation, span.trace, 0, span.recorded)
    stand_in.id = span.id
    if span.heirs is None:
        span.heirs = []
    span.heirs.append(stand_in)
    return stand_in


def _disown(heirs: list[Span]) -> None:
    for stand_in in heirs:
        stand_in.trace, stand_in.id, stand_in.recorded = fresh_trace(), 0, True
        if stand_in.heirs:
            _disown(stand_in.heirs)


def _name(error: object) -> str:
    kind = type(error)
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def caught() -> BaseException | None:
    """The exception that is being handled."""
    return sys.exc_info()[1]
