"""The tables ``waits`` and ``host`` from what was seen of PostgreSQL's sessions.

A sampled wait has no duration: ``detail`` (JSON) tells how far apart the looks were, ``interval_ns``; so many looks
stand for so much time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.gather.postgres.activity import Seen, Totals
from loadstone.gather.postgres.statements import SYSTEM
from loadstone.model.evidence import Columns

__all__ = ["BATCH", "SCOPE", "host_columns", "wait_columns"]

BATCH = 65_536
SCOPE = "database"


def wait_columns(seen: Iterator[Seen], texts: Mapping[int, str], interval_ns: int) -> Iterator[Columns]:
    """Batches of ``waits``. ``texts`` are whole masked statements by query id: they join where a session's own text is
    cut off or has other literals."""
    while rows := list(islice(seen, BATCH)):
        yield {
            "at_ns": np.array([row.at_ns for row in rows], dtype=np.int64),
            "kind": _objects([SYSTEM] * len(rows)),
            "name": _objects([row.name for row in rows]),
            "process_pid": np.array([row.pid for row in rows], dtype=np.int32),
            "blocked_by": np.ma.MaskedArray(
                np.array([(row.blocked_by or (0,))[0] for row in rows], dtype=np.int32),
                mask=[not row.blocked_by for row in rows],
            ),
            "trace_id": _objects([row.trace for row in rows]),
            "span_id": _objects([row.span for row in rows]),
            "db_query_text": _objects([texts.get(row.query_id or 0, row.text) for row in rows]),
            "detail": _objects([_detail(row, interval_ns) for row in rows]),
        }


def host_columns(totals: Sequence[Totals]) -> Iterator[Columns]:
    """One batch of ``host``, or none: sessions and the database's own counters, scope ``database``."""
    rows = [(one, *value) for one in totals for value in _values(one)]
    if rows:
        yield {
            "at_ns": np.array([row[0].at_ns for row in rows], dtype=np.int64),
            "span_ns": np.array([row[0].span_ns for row in rows], dtype=np.int64),
            "scope": _objects([SCOPE] * len(rows)),
            "metric": _objects([row[1] for row in rows]),
            "unit": _objects([row[2] for row in rows]),
            "value": np.array([row[3] for row in rows], dtype=np.float64),
        }


def _values(one: Totals) -> Iterator[tuple[str, str, float]]:
    yield "connections_active", "connections", one.active
    yield "connections_waiting", "connections", one.waiting
    yield "connections_idle", "connections", one.idle
    yield "connections_idle_in_transaction", "connections", one.idle_in_transaction
    if one.counters is None or one.span_ns <= 0:
        return
    commits, rollbacks, hit, fetched, deadlocks, temp_files, temp_bytes = one.counters
    seconds = one.span_ns / 1e9
    yield "commits_per_s", "/s", commits / seconds
    yield "rollbacks_per_s", "/s", rollbacks / seconds
    yield "blocks_read_per_s", "blocks/s", max(0, fetched - hit) / seconds
    if fetched > 0:
        yield "blocks_hit_share", "share", min(1.0, hit / fetched)
    yield "deadlocks", "deadlocks", float(deadlocks)
    yield "temp_files", "files", float(temp_files)
    yield "temp_bytes_per_s", "bytes/s", temp_bytes / seconds


def _detail(row: Seen, interval_ns: int) -> str:
    told: dict[str, Any] = {"interval_ns": interval_ns, "state": row.state}
    if row.query_id is not None:
        told["query_id"] = str(row.query_id)
    if row.blocked_by:
        told["blocked_by"] = row.blocked_by
    if row.blocker is not None:
        told["blocker"] = row.blocker
    if row.truncated:
        told["truncated"] = True
    return msgspec.json.encode(told).decode()


def _objects(values: Sequence[object]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
