"""One directory per run, append-only, written as the run goes and readable after a crash (docs/archive.md)."""

from __future__ import annotations

from loadstone.archive.layout import Archive, find, short
from loadstone.archive.reader import Run
from loadstone.archive.writer import RunWriter

__all__ = ["Archive", "Run", "RunWriter", "find", "short"]
