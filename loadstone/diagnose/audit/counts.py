"""Two counts of one thing, held against each other: requests and server spans, statements and database spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import sqrt

import msgspec

from loadstone.diagnose.audit.facts import Facts
from loadstone.model.evidence import KINDS, AuditCheck, Evidence

__all__ = ["DATABASE_SHARE", "DATABASE_SPARE", "database", "requests", "sampled"]

SAMPLING_DEVIATIONS = 4.0
"""A share of requests is drawn for tracing; their number strays by so many standard deviations once in 16,000 runs."""

DATABASE_SHARE = 0.01
DATABASE_SPARE = 5
"""Statements that only one side counts: a driver's own on connecting (SET, SHOW), a pool's ping, the collector's last
look. A hundredth, and five in any case."""

_SERVER, _CLIENT = KINDS.index("server"), KINDS.index("client")
_TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK"}
_BATCH = "db.operation.batch.size"  # one span of an executemany: the database counts each of its rows
_BEGUN = "loadstone.implicit_begin"  # a driver that sends BEGIN of itself, within the first statement's span
_REQUESTS = ("counts by request", "shares of latency by cause", "what is rare")
_STATEMENTS = ("statements a request", "time in the database", "that there is no N+1")


def requests(evidence: Evidence, facts: Facts) -> AuditCheck:
    """Requests sent against server spans that name one of them as their parent."""
    code = "requests"
    if not facts.steps:
        return AuditCheck(
            code, "could not look", "Loadstone sent no requests in this run, so there is nothing to count."
        )
    if facts.trace_share <= 0:
        told = "No request carried trace context, so no server span tells whose it is."
        return AuditCheck(code, "could not look", told, None, None, _REQUESTS)
    found = _entries(evidence)
    total = found.total()
    if not total:
        why = _why(evidence, ("traces", "recorder", "spans"))
        sent = sum(step.seen for step in facts.steps)
        return AuditCheck(
            code, "fail", f"{sent:,} requests were answered, and no server span came{why}.", sent, 0, _REQUESTS
        )
    seen = sum(step.seen for step in facts.steps) + facts.redirects
    most = seen + sum(step.unsure for step in facts.steps) + facts.unanswered
    low, high = _expected(seen, facts.trace_share)[0], _expected(most, facts.trace_share)[1]
    wrong = [
        f"{step.journey}.{step.step} {found[step.number]:,} of {step.seen:,}"
        for step in facts.steps
        if not _within(
            found[step.number], step.seen, step.seen + step.unsure + facts.redirects + facts.unanswered, facts
        )
    ]
    traced = "" if facts.trace_share >= 1 else f", {facts.trace_share:.3g} of them traced"
    told = f"{total:,} server spans for {seen:,} requests{traced}"
    if most > seen:
        told += f" and {most - seen:,} more that may not have arrived"
    if low <= total <= high and not wrong:
        return AuditCheck(code, "pass", f"{told}.", seen * facts.trace_share, total)
    if total > high:
        told += "; more than one span a request says that it is a server's"
    where = f": {', '.join(wrong[:3])}{', …' if len(wrong) > 3 else ''}" if wrong else ""
    return AuditCheck(code, "fail", f"{told}{where}.", seen * facts.trace_share, total, _REQUESTS)


def sampled(facts: Facts) -> AuditCheck | None:
    """Requests without a trace by choice. None where Loadstone sent nothing."""
    if not facts.steps or facts.trace_share <= 0:
        return None
    if facts.trace_share >= 1:
        return AuditCheck("sampled", "pass", "Every request was traced.", 1.0, 1.0)
    told = f"{1 - facts.trace_share:.1%} of the requests were not traced; what is rare may not be among the others."
    return AuditCheck("sampled", "fail", told, 1.0, facts.trace_share, ("what is rare",))


def database(evidence: Evidence) -> tuple[AuditCheck, ...]:
    """What each database counted itself against the client spans that name it, BEGIN and COMMIT among them."""
    calls: dict[str, Counter[str]] = {}
    windows: dict[str, tuple[int, int]] = {}
    for batch in evidence.rows("statements", ("db_system_name", "db_query_text", "calls", "start_ns", "end_ns")):
        columns = (batch[name].tolist() for name in ("db_system_name", "db_query_text", "calls", "start_ns", "end_ns"))
        for system, text, count, start, end in zip(*columns, strict=True):
            calls.setdefault(system or "", Counter())[text or ""] += count or 0
            low, high = windows.get(system or "", (1 << 63, 0))
            windows[system or ""] = (min(low, start or low), max(high, end or high))
    spans = _statements(evidence, windows)
    if not calls and not spans:
        return ()
    checks = [_compared(system, calls[system], spans.get(system, Counter())) for system in sorted(calls)]
    checks += [
        AuditCheck(
            "database",
            "could not look",
            f"{spans[system].total():,} spans of {system}, which counted nothing itself"
            f"{_why(evidence, (system, 'postgres', 'statements'))}.",
            None,
            spans[system].total(),
            _STATEMENTS[2:],
        )
        for system in sorted(spans.keys() - calls.keys())
    ]
    return tuple(checks)


def _compared(system: str, counted: Counter[str], seen: Counter[str]) -> AuditCheck:
    left, right = counted.total(), seen.total()
    spare = max(DATABASE_SPARE, DATABASE_SHARE * left)
    told = f"{system} counted {left:,} statements, spans show {right:,}"
    if abs(left - right) <= spare:
        return AuditCheck("database", "pass", f"{told}.", left, right)
    more, fewer, loss = (
        (counted, seen, _STATEMENTS) if left > right else (seen, counted, ("the database's own figures",))
    )
    missed = ", ".join(f"{_short(text)} {count:,}" for text, count in (more - fewer).most_common(3))
    side = "not in spans" if left > right else "not in the database's counts"
    return AuditCheck("database", "fail", f"{told}; {side}: {missed or 'spread over many'}.", left, right, loss)


def _statements(evidence: Evidence, windows: dict[str, tuple[int, int]]) -> dict[str, Counter[str]]:
    """Statements of database spans, by system, in the time that the system counted them."""
    found: dict[str, Counter[str]] = {}
    columns = ("db_system_name", "db_query_text", "name", "start_ns", "attributes")
    for batch in evidence.rows("spans", columns, where=f"kind = {_CLIENT} AND db_system_name IS NOT NULL"):
        for system, text, name, start, more in zip(*(batch[column].tolist() for column in columns), strict=True):
            words = text or (name if name and name.upper() in _TRANSACTION else None)
            low, high = windows.get(system, (0, 1 << 63))
            if words is None or start is None or not low <= start <= high:
                continue
            counted = found.setdefault(system, Counter())
            if more is None or (_BATCH not in more and _BEGUN not in more):
                counted[words] += 1
                continue
            told = _attributes(more)
            size = told.get(_BATCH)
            counted[words] += size if isinstance(size, int) and size > 0 else 1
            counted["BEGIN"] += bool(told.get(_BEGUN))
    return found


def _attributes(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError:
        return {}


def _entries(evidence: Evidence) -> Counter[int]:
    """Server spans whose parent is the request itself, by step."""
    found: Counter[int] = Counter()
    columns = ("parent_id", "phase", "step", "request")
    for batch in evidence.rows("spans", columns, where=f"kind = {_SERVER} AND request IS NOT NULL"):
        for parent, phase, step, request in zip(*(batch[column].tolist() for column in columns), strict=True):
            if parent is not None and int.from_bytes(parent, "big") == phase << 56 | step << 40 | request:
                found[step] += 1
    return found


def _expected(count: int, share: float) -> tuple[float, float]:
    stray = SAMPLING_DEVIATIONS * sqrt(count * share * (1 - share)) if share < 1 else 0.0
    return count * share - stray, count * share + stray


def _within(found: int, least: int, most: int, facts: Facts) -> bool:
    return _expected(least, facts.trace_share)[0] <= found <= _expected(most, facts.trace_share)[1]


def _why(evidence: Evidence, kinds: tuple[str, ...]) -> str:
    """The reason that a source gave for not being there, as the end of a sentence."""
    reasons = _reasons(evidence, kinds)
    first = next(reasons, None)
    return f" ({first})" if first else ""


def _reasons(evidence: Evidence, kinds: tuple[str, ...]) -> Iterator[str]:
    yield from (one.reason.rstrip(".") for one in evidence.missing() if one.kind in kinds)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
