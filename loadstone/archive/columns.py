"""The archive's tables: how intervals and samples lie in columns, and the SQL that turns JSON lines into them.

``intervals``: a row a cell, the interval's own columns repeated; an interval without cells is one row whose cell
columns are null. ``number`` counts a run's intervals from 0, ``cell`` the cells of one. A histogram ``response`` is
``response_count``, ``_min_ns``, ``_max_ns``, ``_sum_ns`` and the lists ``_buckets`` and ``_counts``, so that the
intervals can be rebuilt exactly. ``host_known`` tells a host without figures from no host.

DuckDB reads the JSON lines itself: no numpy and no Arrow are imported to close a run.
"""

from __future__ import annotations

__all__ = [
    "HISTOGRAMS",
    "INTERVAL_COLUMNS",
    "SAMPLE_COLUMNS",
    "interval_rows",
    "intervals_from_json",
    "quoted",
    "samples_from_json",
]

HISTOGRAMS = ("response", "service", "lag", "first_byte")

_HISTOGRAM = "STRUCT(count BIGINT, min_ns BIGINT, max_ns BIGINT, sum_ns BIGINT, buckets BIGINT[][])"

_INTERVAL_JSON = {
    "t_s": "DOUBLE",
    "span_s": "DOUBLE",
    "offered": "BIGINT",
    "started": "BIGINT",
    "dropped": "BIGINT",
    "sent": "BIGINT",
    "done": "BIGINT",
    "redirects": "BIGINT",
    "in_flight": 'STRUCT(mean DOUBLE, "max" BIGINT)',
    "connections": 'STRUCT("open" BIGINT, opened BIGINT, failed BIGINT)',
    "generator": (
        "STRUCT(cpu_s DOUBLE, cores INTEGER, busiest_share DOUBLE, lag_p99_s DOUBLE, rss_bytes BIGINT, "
        "late BIGINT, clipped BIGINT, stalls BIGINT)"
    ),
    "host": "STRUCT(steal_share DOUBLE, pressure_share DOUBLE, busy_share DOUBLE)",
    "cells": (
        'STRUCT(journey VARCHAR, step VARCHAR, phase INTEGER, result VARCHAR, error BOOLEAN, "count" BIGINT, '
        'bytes_in BIGINT, bytes_out BIGINT, "over" BIGINT[], '
        + ", ".join(f"{name} {_HISTOGRAM}" for name in HISTOGRAMS)
        + ")[]"
    ),
}

# name -> (type, where it comes from: i is the interval, u.c its cell)
_INTERVAL: dict[str, tuple[str, str]] = {
    "t_s": ("DOUBLE", "i.t_s"),
    "span_s": ("DOUBLE", "i.span_s"),
    **{name: ("BIGINT", f"i.{name}") for name in ("offered", "started", "dropped", "sent", "done", "redirects")},
    "in_flight_mean": ("DOUBLE", "i.in_flight.mean"),
    "in_flight_max": ("BIGINT", 'i.in_flight."max"'),
    "connections_open": ("BIGINT", 'i.connections."open"'),
    "connections_opened": ("BIGINT", "i.connections.opened"),
    "connections_failed": ("BIGINT", "i.connections.failed"),
    "generator_cpu_s": ("DOUBLE", "i.generator.cpu_s"),
    "generator_cores": ("INTEGER", "i.generator.cores"),
    "generator_busiest_share": ("DOUBLE", "i.generator.busiest_share"),
    "generator_lag_p99_s": ("DOUBLE", "i.generator.lag_p99_s"),
    "generator_rss_bytes": ("BIGINT", "i.generator.rss_bytes"),
    "generator_late": ("BIGINT", "i.generator.late"),
    "generator_clipped": ("BIGINT", "i.generator.clipped"),
    "generator_stalls": ("BIGINT", "i.generator.stalls"),
    "host_known": ("BOOLEAN", "i.host IS NOT NULL"),
    "host_steal_share": ("DOUBLE", "i.host.steal_share"),
    "host_pressure_share": ("DOUBLE", "i.host.pressure_share"),
    "host_busy_share": ("DOUBLE", "i.host.busy_share"),
    "journey": ("VARCHAR", "u.c.journey"),
    "step": ("VARCHAR", "u.c.step"),
    "phase": ("INTEGER", "u.c.phase"),
    "result": ("VARCHAR", "u.c.result"),
    "error": ("BOOLEAN", "u.c.error"),
    "count": ("BIGINT", 'u.c."count"'),
    "bytes_in": ("BIGINT", "u.c.bytes_in"),
    "bytes_out": ("BIGINT", "u.c.bytes_out"),
    "over": ("BIGINT[]", 'u.c."over"'),
}
for _name in HISTOGRAMS:
    for _part in ("count", "min_ns", "max_ns", "sum_ns"):
        _INTERVAL[f"{_name}_{_part}"] = ("BIGINT", f'u.c.{_name}."{_part}"')
    _INTERVAL[f"{_name}_buckets"] = ("BIGINT[]", f"list_transform(u.c.{_name}.buckets, lambda pair: pair[1])")
    _INTERVAL[f"{_name}_counts"] = ("BIGINT[]", f"list_transform(u.c.{_name}.buckets, lambda pair: pair[2])")

INTERVAL_COLUMNS: dict[str, str] = {
    "number": "BIGINT",
    "cell": "INTEGER",
    **{name: kind for name, (kind, _) in _INTERVAL.items()},
}

SAMPLE_COLUMNS: dict[str, str] = {
    "journey": "VARCHAR",
    "step": "VARCHAR",
    "phase": "INTEGER",
    "result": "VARCHAR",
    "error": "BOOLEAN",
    "kept": "VARCHAR",
    "arrival": "BIGINT",
    "request": "BIGINT",
    "intended_ns": "BIGINT",
    "sent_ns": "BIGINT",
    "first_byte_ns": "BIGINT",
    "done_ns": "BIGINT",
    "status": "INTEGER",
    "bytes_in": "BIGINT",
    "bytes_out": "BIGINT",
    "method": "VARCHAR",
    "target": "VARCHAR",
    "trace_id": "VARCHAR",
    "message": "VARCHAR",
}


def quoted(text: str) -> str:
    """The text as a string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def interval_rows(source: str, first_number: str = "0") -> str:
    """SELECT of INTERVAL_COLUMNS over ``source``, a table of intervals as nested JSON, in the order of its rows."""
    values = ", ".join(f'{where} AS "{name}"' for name, (_, where) in _INTERVAL.items())
    return (
        f"SELECT {first_number} + i.place AS number, CAST(u.cell AS INTEGER) AS cell, {values} "
        f"FROM (SELECT *, row_number() OVER () - 1 AS place FROM {source}) AS i "
        "LEFT JOIN LATERAL (SELECT unnest(i.cells) AS c, generate_subscripts(i.cells, 1) - 1 AS cell) AS u ON true "
        "ORDER BY number, cell"
    )


def intervals_from_json(path: str, longest_line: int, *, torn: bool = False) -> str:
    """A table function over a file of intervals, a line each. ``torn``: the last line may be cut off."""
    return _read_json(path, _INTERVAL_JSON, longest_line, torn=torn)


def samples_from_json(path: str, longest_line: int) -> str:
    """SELECT of SAMPLE_COLUMNS over a file of samples, a line each."""
    names = ", ".join(f'"{name}"' for name in SAMPLE_COLUMNS)
    return f"SELECT {names} FROM {_read_json(path, SAMPLE_COLUMNS, longest_line, torn=False)}"


def _read_json(path: str, columns: dict[str, str], longest_line: int, *, torn: bool) -> str:
    spelled = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
    size = max(1 << 20, longest_line + 1024)
    return (
        f"read_json({quoted(path)}, format='newline_delimited', columns={{{spelled}}}, "
        f"ignore_errors={str(torn).lower()}, maximum_object_size={size})"
    )
