"""Statements for the page: as spans saw them, as the database counted them, and their plans, joined by masked text."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from loadstone.model.evidence import KINDS, Evidence
from loadstone.model.evidence_view import StatementView

__all__ = ["LISTED", "statement_views"]

LISTED = 50
"""Statements on a page, by their time; among them at least a fifth by their number, where an N+1 stands."""

_SERVER = KINDS.index("server")
_STEPS = 6
_TEXT = 4_000


class _Statement:
    """What was added up of one statement."""

    def __init__(self) -> None:
        self.lengths = array("q")
        self.ours = 0
        self.steps: Counter[int] = Counter()
        self.where: Counter[tuple[str, int | None]] = Counter()
        self.calls: int | None = None
        self.rows: int | None = None
        self.execute_ns = 0

    @property
    def total_ns(self) -> int:
        """By spans, or, where there are none, by the database's own clock."""
        return sum(self.lengths) if self.lengths else self.execute_ns

    @property
    def count(self) -> int:
        """How often it ran, as far as either side knows."""
        return max(len(self.lengths), self.calls or 0)


def statement_views(
    evidence: Evidence, steps: Sequence[tuple[str, str]], plans: Sequence[str]
) -> tuple[StatementView, ...]:
    """The statements that matter, the costliest first. ``plans`` are the texts of the plans that the page has."""
    found: dict[tuple[str, str], _Statement] = {}
    _from_spans(evidence, found)
    _from_database(evidence, found)
    requests = _requests(evidence) if any(one.ours for one in found.values()) else Counter()
    by_time = sorted(found, key=lambda key: (-found[key].total_ns, key))
    by_count = sorted(found, key=lambda key: (-found[key].count, key))[: LISTED // 5]
    kept = set(by_count)
    for key in by_time:
        if len(kept) < LISTED:
            kept.add(key)
    places = {text: place for place, text in reversed(list(enumerate(plans)))}
    return tuple(_view(key, found[key], requests, steps, places) for key in by_time if key in kept)


def _view(
    key: tuple[str, str],
    one: _Statement,
    requests: Counter[int],
    steps: Sequence[tuple[str, str]],
    plans: dict[str, int],
) -> StatementView:
    system, text = key
    asked = sum(requests[step] for step in one.steps)
    spans = len(one.lengths)
    ordered = sorted(one.lengths)
    mean_ns = sum(ordered) / spans if spans else one.execute_ns / one.calls if one.calls else None
    where = one.where.most_common(1)
    named = [".".join(steps[step - 1]) for step, _ in one.steps.most_common(_STEPS) if 0 < step <= len(steps)]
    return StatementView(
        text=text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…",
        db_system_name=system,
        spans=spans,
        per_request=one.ours / asked if asked and one.ours else None,
        calls=one.calls,
        rows=one.rows,
        total_s=one.total_ns / 1e9,
        mean_s=None if mean_ns is None else mean_ns / 1e9,
        p95_s=ordered[min(spans - 1, int(spans * 0.95))] / 1e9 if spans else None,
        where=None if not where else where[0][0][0] if where[0][0][1] is None else f"{where[0][0][0]}:{where[0][0][1]}",
        steps=tuple(named),
        plan=plans.get(text),
    )


def _from_spans(evidence: Evidence, found: dict[tuple[str, str], _Statement]) -> None:
    columns = (
        *("db_system_name", "db_query_text", "start_ns", "end_ns", "step"),
        *("code_file_path", "code_line_number", "db_response_returned_rows"),
    )
    for batch in evidence.rows("spans", columns, where="db_query_text IS NOT NULL"):
        for system, text, start, end, step, path, line, rows in zip(
            *(batch[name].tolist() for name in columns), strict=True
        ):
            key = (system or "", text)
            one = found.get(key)
            if one is None:
                one = found[key] = _Statement()
            one.lengths.append(max(0, (end or 0) - (start or 0)))
            if step is not None:
                one.ours += 1
                one.steps[step] += 1
            if path is not None:
                one.where[path, line] += 1
            if rows is not None:
                one.rows = (one.rows or 0) + rows


def _from_database(evidence: Evidence, found: dict[tuple[str, str], _Statement]) -> None:
    """The database's own counts stand before the spans': it saw every call."""
    columns = ("db_system_name", "db_query_text", "calls", "rows", "execute_ns")
    counted: set[tuple[str, str]] = set()
    for batch in evidence.rows("statements", columns, where="db_query_text IS NOT NULL AND calls > 0"):
        for system, text, calls, rows, execute_ns in zip(*(batch[name].tolist() for name in columns), strict=True):
            key = (system or "", text)
            one = found.setdefault(key, _Statement())
            if key not in counted:
                counted.add(key)
                one.rows = None
            one.calls = (one.calls or 0) + calls
            one.rows = one.rows if rows is None else (one.rows or 0) + rows
            one.execute_ns += execute_ns or 0


def _requests(evidence: Evidence) -> Counter[int]:
    """Our requests by step, as server spans tell them: one a trace."""
    found: Counter[int] = Counter()
    last: bytes | None = None
    where = f"kind = {_SERVER} AND step IS NOT NULL"
    for batch in evidence.rows("spans", ("trace_id", "step"), where=where):
        for trace_id, step in zip(batch["trace_id"].tolist(), batch["step"].tolist(), strict=True):
            if trace_id != last:
                found[step] += 1
                last = trace_id
    return found
