"""``receiver.json``: what the receiver saw, written each second while it runs and once more when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from loadstone.gather.otlp.intake import Counts

__all__ = ["REPORT", "Ready", "ReceiverReport", "read_report", "write_report"]

REPORT = "receiver.json"


class Ready(msgspec.Struct, frozen=True):
    """The line that the receiver prints once it listens; ``grpc_port`` is None where it was not asked for."""

    port: int
    grpc_port: int | None
    pid: int


class ReceiverReport(msgspec.Struct, frozen=True):
    """``cpu_s`` is the process's CPU time since it was ready, ``starting_cpu_s`` what it took before. ``status`` stays
    ``running`` where it was killed: the counts are then at most a second old. ``rss_bytes`` is the most memory that it
    held. ``slow_heads`` are connections that were closed because the head of a request did not come."""

    format: Literal[1]
    status: Literal["running", "ended"]
    pid: int
    port: int
    grpc_port: int | None
    started_ns: int
    written_ns: int
    cpu_s: float
    starting_cpu_s: float
    rss_bytes: int
    spool_bytes: int
    slow_heads: int
    counts: Counts


def write_report(directory: Path, report: ReceiverReport) -> None:
    """Replace the report as a whole. Raises OSError."""
    path = directory / f"{REPORT}.new"
    path.write_bytes(msgspec.json.encode(report) + b"\n")
    path.replace(directory / REPORT)


def read_report(directory: Path) -> ReceiverReport | None:
    """The last report, or None where there is none that can be read."""
    try:
        return msgspec.json.decode((directory / REPORT).read_bytes(), type=ReceiverReport)
    except (OSError, msgspec.DecodeError):
        return None
