"""Calls between services: which operations are calls, what they may change, and how a caller makes fewer of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation

__all__ = [
    "CALLS",
    "calls_of",
    "consumes",
    "durations_ns",
    "reads",
    "repeated_above",
    "side_by_side",
    "signs_on",
    "verb",
    "waited_for",
]

CALLS = ("http", "rpc")
"""Families of operations that ask another service."""

AFTER_NS = 1_000_000
"""A call may end so much after its root: the resolution of exporters that count milliseconds."""

_METHODS = {"GET", "HEAD", "OPTIONS", "QUERY", "POST", "PUT", "PATCH", "DELETE"}
_SAFE = {"GET", "HEAD", "OPTIONS", "QUERY"}
_READS = re.compile(
    r"^(?:try)?(?:get|list|find|search|read|query|fetch|look|load|count|check|describe|convert|quote|resolve|select|has|is"
    r"|m?get|hget|hgetall|hmget|exists|scan|smembers|zrange|show|with|values|recommend|calculate|compute|estimate|batchget)"
    r"(?![a-z])",
    re.I,
)
_LOWER = re.compile(r"^(?:get|list|find|search|fetch|query|lookup|read)[a-z]+$")  # backends that keep lower case only
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\s-]")
_SIGN_ON = re.compile(r"(?<![a-z])(?:log-?in|sign-?in|token|oauth2?|authenti|authoriz|session|handshake|csrf)", re.I)
_TOGETHER = (
    (re.compile(r"asyncio|httpx|aiohttp|asyncpg", re.I), "asyncio.gather"),
    (re.compile(r"\.py$|requests|urllib|python|django|flask|psycopg|sqlalchemy", re.I), "a ThreadPoolExecutor's map"),
    (re.compile(r"\.[cm]?[jt]sx?$|@opentelemetry/|node|undici|fetch", re.I), "Promise.all"),
    (re.compile(r"\.java$|\.kt$|io\.opentelemetry|okhttp|spring|netty|jdbc", re.I), "CompletableFuture.allOf"),
    (re.compile(r"\.go$|otelhttp|otelgrpc|go\.opentelemetry|github\.com/", re.I), "an errgroup"),
    (re.compile(r"\.cs$|^System\.Net|Microsoft\.|\.NET", re.I), "Task.WhenAll"),
)


def calls_of(digest: Digest, step: int) -> Iterator[tuple[int, Operation, NDArray[np.int32]]]:
    """(parent, call, places of visits) of a step. Where a client's span is missing, as in exports that kept only
    servers' spans, a server's span right below another service's is the call."""
    for parent, number, places in digest.groups(step):
        operation = digest.operations[number]
        if operation.family in CALLS:
            yield parent, operation, places
        elif operation.family == "server" and operation.kind == "server" and parent >= 0:
            above = digest.operations[parent]
            if above.family in ("server", "inside") and above.service != operation.service:
                yield parent, operation, places


def durations_ns(digest: Digest, requests: NDArray[np.int32]) -> NDArray[np.float64]:
    """Durations of requests, at least a nanosecond, so that shares of them can be had."""
    lasts = digest.requests.end_ns[requests] - digest.requests.start_ns[requests]
    return np.asarray(np.maximum(lasts, 1), np.float64)


def waited_for(digest: Digest, places: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of these visits those whose work was over when their request's root was: what goes on after it (a consumer's
    work, what was started and left alone) made nobody wait."""
    requests = digest.visits.request[places]
    lasts = digest.requests.end_ns[requests] - digest.requests.start_ns[requests]
    return np.asarray(digest.visits.end_ns[places] <= digest.requests.end_ns[requests] + AFTER_NS + lasts // 10)


def repeated_above(digest: Digest, step: int, parent: int, requests: NDArray[np.int32], repeats: int) -> bool:
    """Whether something above is repeated so often itself, in these requests, and is a call: then that is the loop,
    and what lies below only follows."""
    visits, places = digest.visits, digest.visits_of(step)
    seen: set[int] = set()
    while parent >= 0 and parent not in seen:
        seen.add(parent)
        mine = places[(visits.operation[places] == parent) & np.isin(visits.request[places], requests)]
        if not len(mine) or visits.count[mine].sum() < repeats * len(requests):
            return False
        if digest.operations[parent].family in (*CALLS, "server"):
            return True
        above = visits.parent[mine]
        parent = int(above[int(np.argmax(visits.count[mine]))])
    return False


def verb(operation: Operation) -> str:
    """What it does in a word: a method of HTTP, the last part of a remote procedure's name, a statement's first."""
    first = operation.label.split(" ", 1)[0]
    if operation.statement is not None or first in _METHODS or operation.family == "http":
        return first
    return re.split(r"[/.:#]+", operation.name.strip())[-1].strip() or operation.name


def reads(operation: Operation) -> bool:
    """Whether it changes nothing, as far as its name tells. An unknown name is taken to change something."""
    word = verb(operation)
    if operation.family == "http" or word in _SAFE:
        return word in _SAFE
    return bool(_LOWER.match(word)) or any(_READS.match(part) for part in _CAMEL.split(word)[:2] if part)


def signs_on(operation: Operation) -> bool:
    """Whether others need what it gives: a login, a token, a session."""
    return bool(_SIGN_ON.search(operation.label))


def consumes(later: Operation, earlier: Operation) -> bool:
    """Whether the later call plainly needs the earlier one's answer: an item below a list that was asked before."""
    if signs_on(earlier):
        return True
    if "http" not in (later.family, earlier.family) or later.address != earlier.address:
        return False
    above, below = _path(earlier), _path(later)
    return bool(above) and below.startswith(f"{above}/") and not earlier.label.endswith("{}")


def side_by_side(operation: Operation) -> str:
    """How this caller's language runs calls at one time."""
    told = f"{operation.file or ''}"
    for source in (told, operation.scope or ""):
        for pattern, way in _TOGETHER:
            if source and pattern.search(source):
                return way
    return "the language's own way to wait for several at once"


def _path(operation: Operation) -> str:
    return operation.label.split(" ", 1)[-1].rstrip("/")
