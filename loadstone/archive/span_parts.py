"""Spans into their parts: each once, sorted by trace and start, a trace whole in one part, our own traces numbered."""

from __future__ import annotations

from pathlib import Path

import msgspec

from loadstone.archive.staging import Staging, as_archived
from loadstone.model.evidence import KINDS, TABLES, Counts

__all__ = ["PART_SPANS", "write_spans"]

PART_SPANS = 2_000_000
"""Spans of a part at most, but for a trace that is larger by itself: it is what is sorted at once."""

_SERVER = KINDS.index("server")
_REQUESTS = (1 << 40) - 1
_SET = ("phase", "step", "request")  # known only here, whatever a collector said


def write_spans(
    staging: Staging, directory: Path, counts: Counts, nonce: int | None, bounds: tuple[int, int]
) -> Counts:
    """Write ``spans-NNN.parquet`` and count them. ``bounds`` are how many phases and steps the run has.

    Of spans with one (trace id, span id, kind) the longest stays, of equals the last to arrive; a Zipkin client and
    server that share an id differ in kind and both stay.
    """
    relation = staging.relation()
    parts = -(-staging.rows // PART_SPANS)
    rows = traces = own = duplicates = 0
    services: set[str] = set()
    for part in range(parts):
        source = (
            relation if parts == 1 else f"(SELECT * FROM {relation} WHERE hash(trace_hi, trace_lo) % {parts} = {part})"
        )
        doubles = _doubles(staging, source)
        own += _own(staging, source, nonce, bounds)
        staging.copy(_sorted(source, doubles), directory / f"spans-{part:03d}.parquet")
        told = staging.ask(f"SELECT count(*), count(DISTINCT (trace_hi, trace_lo)) FROM {source}")[0]
        rows += told[0] - doubles
        traces += told[1]
        duplicates += doubles
        services |= {row[0] for row in staging.ask(f"SELECT DISTINCT service FROM {source} WHERE service IS NOT NULL")}
    return msgspec.structs.replace(
        counts,
        rows=counts.rows | {"spans": rows},
        traces=traces,
        own_traces=own,
        duplicates=duplicates,
        services=tuple(sorted(services)),
    )


def _doubles(staging: Staging, source: str) -> int:
    """Note the rows to be dropped in the table ``doubles``; how many they are."""
    key = "trace_hi, trace_lo, span, kind"
    staging.ask(f"""
        CREATE OR REPLACE TEMP TABLE doubles AS
        WITH several AS (SELECT {key} FROM {source} WHERE span <> 0 GROUP BY ALL HAVING count(*) > 1),
        ranked AS (
            SELECT number, row_number() OVER (
                PARTITION BY {key} ORDER BY end_ns - start_ns DESC NULLS LAST, end_ns DESC NULLS LAST, number DESC
            ) AS place
            FROM {source} SEMI JOIN several USING ({key})
        )
        SELECT number FROM ranked WHERE place > 1""")
    return int(staging.ask("SELECT count(*) FROM doubles")[0][0])


def _own(staging: Staging, source: str, nonce: int | None, bounds: tuple[int, int]) -> int:
    """Note phase, step and request of our own traces in the table ``own``; how many they are.

    The engine's parent id is that of a span without a parent in its trace: a server span if there is one, the first
    otherwise. An orphan's parent id is random, so what lies beyond the plan's phases and steps is not believed.
    """
    ours = "false" if nonce is None else f"trace_hi >> 32 = {nonce & 0xFFFFFFFF}"
    staging.ask(f"""
        CREATE OR REPLACE TEMP TABLE own AS
        WITH ours AS (SELECT trace_hi, trace_lo, span, parent, kind, start_ns FROM {source} WHERE {ours}),
        roots AS (
            SELECT * FROM ours WHERE parent <> 0
            AND (parent >> 56) < {bounds[0]} AND ((parent >> 40) & 65535) BETWEEN 1 AND {bounds[1]}
            AND (parent & {_REQUESTS}) > 0
            AND NOT EXISTS (
                FROM ours AS o WHERE o.trace_hi = ours.trace_hi AND o.trace_lo = ours.trace_lo AND o.span = ours.parent
            )
        ),
        first AS (
            SELECT trace_hi, trace_lo,
                first(parent ORDER BY kind IS DISTINCT FROM {_SERVER}, start_ns, parent) AS packed
            FROM roots GROUP BY ALL
        )
        SELECT trace_hi, trace_lo, CAST(packed >> 56 AS SMALLINT) AS phase,
            CAST((packed >> 40) & 65535 AS INTEGER) AS step, CAST(packed & {_REQUESTS} AS BIGINT) AS request
        FROM first""")
    return int(staging.ask("SELECT count(*) FROM own")[0][0])


def _sorted(source: str, doubles: int) -> str:
    columns = ", ".join(f'own."{column}"' if column in _SET else as_archived(column) for column in TABLES["spans"])
    once = "WHERE number NOT IN (SELECT number FROM doubles)" if doubles else ""
    return (
        f"SELECT {columns} FROM {source} AS s LEFT JOIN own USING (trace_hi, trace_lo) {once} "
        "ORDER BY trace_hi, trace_lo, start_ns, number"
    )
