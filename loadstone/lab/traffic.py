"""A workload from access logs: read, fitted, scored, and kept in the archive under ``traffic/<id>/traffic.json``."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.archive.writer import replace
from loadstone.errors import EvidenceError, InstrumentError, SpecError
from loadstone.model.route import Route
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit import fit
from loadstone.traffic.hits import read_logs

__all__ = ["FORMAT", "declared_routes", "keep_traffic", "kept_traffic", "traffic_from_logs", "traffic_ids"]

DIRECTORY = "traffic"
DOCUMENT = "traffic.json"
FORMAT = 1

_ID = re.compile(r"\d{8}T\d{6}-t[0-9a-f]{4}")
_LAST = re.compile(r"last(?:-(\d{1,6}))?")


class _Stamp(msgspec.Struct, frozen=True):
    format: int = 0


def traffic_from_logs(
    paths: Sequence[str | os.PathLike[str]],
    *,
    format: str | None = None,
    idle_s: float = 1800.0,
    peak_s: float = 3600.0,
    declared: Sequence[Route] = (),
    show: Sequence[str] = (),
    doing: Callable[[str], None] = lambda _: None,
) -> Traffic:
    """What the logs say. Hashes of clients and values are keyed anew each time, so that nobody can be found by them.
    Raises SpecError where a file or its format cannot be read."""
    hits = read_logs(paths, format=format, key=secrets.token_hex(16), declared=declared, show=show, doing=doing)
    return fit(hits, idle_s=idle_s, peak_s=peak_s, doing=doing)


def declared_routes(path: str | os.PathLike[str]) -> tuple[Route, ...]:
    """The routes of an OpenAPI document. Raises SpecError where it cannot be read."""
    from loadstone.traffic.openapi import read_openapi

    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SpecError(f"{path} cannot be read: {reason}\n    name an OpenAPI document, JSON or YAML") from error
    return read_openapi(text, at=str(path)).routes


def keep_traffic(archive: Archive, traffic: Traffic, at_ns: int) -> Path:
    """Write it to a place of its own; ``at_ns`` names it. Raises InstrumentError when it cannot be written."""
    path = archive.place(DIRECTORY, at_ns, "t") / DOCUMENT
    try:
        replace(path, msgspec.json.format(msgspec.json.encode(traffic)))
    except OSError as error:
        raise InstrumentError(f"{path} cannot be written: {error.strerror}") from error
    return path


def traffic_ids(archive: Archive) -> list[str]:
    """The newest first."""
    try:
        names = [entry.name for entry in os.scandir(archive.root / DIRECTORY) if _ID.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    return sorted(names, reverse=True)


def kept_traffic(archive: Archive, reference: str = "last") -> Traffic:
    """By id, a unique beginning or ending of one, ``last``, ``last-1``. Raises EvidenceError when none or several are
    meant, or it cannot be read."""
    path = archive.root / DIRECTORY / _resolved(archive, reference) / DOCUMENT
    again = "    make it again with: loadstone traffic LOG…"
    try:
        content = path.read_bytes()
        stamp = msgspec.json.decode(content, type=_Stamp).format
        if stamp != FORMAT:
            raise EvidenceError(f"{path} has format {stamp}; this version reads format {FORMAT}\n{again}")
        return msgspec.json.decode(content, type=Traffic)
    except (OSError, msgspec.DecodeError) as error:
        raise EvidenceError(f"{path} cannot be read: {error}\n{again}") from error


def _resolved(archive: Archive, reference: str) -> str:
    ids = traffic_ids(archive)
    last = _LAST.fullmatch(reference)
    if last:
        found = ids[int(last[1] or 0) :][:1]
    elif reference in ids:
        found = [reference]
    else:
        ends = {name: (name, name[16:], name[17:]) for name in ids}
        found = [name for name in ids if reference and any(end.startswith(reference) for end in ends[name])]
    if len(found) == 1:
        return found[0]
    meant = f'"{reference}" could be any of {", ".join(found[:4])}' if found else f'no traffic "{reference}"'
    raise EvidenceError(f"{meant} in {archive.root}; make one with: loadstone traffic LOG…")
