"""What came of reading access logs: how much, in which format, and what could not be read."""

from __future__ import annotations

import msgspec

__all__ = ["LogFile", "LogReading", "Malformed"]


class Malformed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line that could not be read. ``text`` is its beginning, masked, with control bytes written as escapes."""

    file: str
    line: int
    text: str
    reason: str


class LogFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: its format's name, and its first and last instant (ns, wall clock), 0 where it has none."""

    path: str
    format: str
    lines: int = 0
    first_ns: int = 0
    last_ns: int = 0


class LogReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Over all files. ``hits`` were read; ``malformed`` lines were counted and sampled; ``backwards`` are lines whose
    time lies before the one above them; ``bots``, ``scanners`` and ``monitors`` are among the hits. ``bytes_read`` are
    of text, unpacked where the files are packed."""

    files: tuple[LogFile, ...] = ()
    lines: int = 0
    hits: int = 0
    malformed: int = 0
    samples: tuple[Malformed, ...] = ()
    backwards: int = 0
    bots: int = 0
    scanners: int = 0
    monitors: int = 0
    bytes_read: int = 0
    notes: tuple[str, ...] = ()
