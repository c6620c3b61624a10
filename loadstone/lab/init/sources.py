"""What is known of a service before it is asked: documents and recordings, each read on its own.

A source that cannot be read is told and is no reason to stop: the others may hold the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from loadstone.errors import LoadstoneError, SpecError
from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Database, Dependency, Login, Obstacle
from loadstone.model.recording import Recording
from loadstone.model.route import Route

__all__ = ["Document", "Found", "Har", "Postman", "Source", "collect", "counted", "read_text"]

Doing = Callable[[str], None]


class Found(msgspec.Struct, frozen=True):
    """What one source tells. ``says`` is what came of it, in a few words; ``notes`` are sentences."""

    says: str
    routes: tuple[Route, ...] = ()
    login: Login | None = None
    framework: str = ""
    recordings: tuple[Recording, ...] = ()
    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """One place to look."""

    @property
    def name(self) -> str:
        """``the HAR file shop.har``."""
        ...

    @property
    def retry(self) -> str:
        """The command that would tell what this source could not; URL in it stands for the service's."""
        ...

    def look(self, url: str) -> Found:
        """What it tells of the service at this URL. Raises LoadstoneError, ValueError or OSError."""
        ...


def collect(sources: Iterable[Source], url: str, doing: Doing) -> tuple[list[Found], list[str]]:
    """What each tells, and a line for each on what came of it."""
    found: list[Found] = []
    looked: list[str] = []
    for source in sources:
        doing(f"reading {source.name} …")
        try:
            one = source.look(url)
        except (LoadstoneError, ValueError, OSError) as error:
            unknown = Unknown(f"what {source.name} holds", source.retry.replace("URL", url))
            one = Found(f"could not be read: {_sentence(error)}", unknowns=(unknown,))
        found.append(one)
        looked.append(f"{source.name}: {one.says}")
        doing(looked[-1])
    return found, looked


class Document:
    """An OpenAPI document in a file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"the OpenAPI document {path}"
        self.retry = f"loadstone init URL --openapi {path}"

    def look(self, url: str) -> Found:
        """Its routes and its login."""
        return read_text(Path(self._path).read_bytes(), self._path, url)


def read_text(text: str | bytes, at: str, url: str) -> Found:
    """What an OpenAPI document tells."""
    from loadstone.traffic.openapi import read_openapi

    read = read_openapi(text, at=at, url=url)
    says = counted(len(read.routes), "route")
    return Found(says, read.routes, read.login, notes=read.notes)


class Har:
    """A recording of a browser."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"the recording {path}"
        self.retry = f"loadstone init URL --har {path}"

    def look(self, url: str) -> Found:
        """Its exchanges with this service."""
        from loadstone.traffic.har import read_har

        recording = read_har(Path(self._path), url=url)
        return _recorded(recording, ())


class Postman:
    """A collection of Postman."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"the collection {path}"
        self.retry = f"loadstone init URL --postman {path}"

    def look(self, url: str) -> Found:
        """Its requests, and the routes that they name."""
        from loadstone.traffic.postman import read_postman

        recording, routes = read_postman(Path(self._path), url=url)
        return _recorded(recording, routes)


def _recorded(recording: Recording, routes: tuple[Route, ...]) -> Found:
    from loadstone.lab.init.tables import observed

    if not recording.exchanges:
        raise SpecError(f"{recording.path} has no request to this service")
    seen = [(one.method, one.target, 1) for one in recording.exchanges if one.status < 400]
    made = observed(seen, recording.kind, routes)
    says = f"{counted(len(recording.exchanges), 'request')} to {counted(len(made), 'route')}"
    return Found(says, made, recordings=(recording,), notes=recording.notes)


def counted(count: int, word: str) -> str:
    """``1 route``, ``23 routes``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _sentence(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no {error.filename}"
    first = str(error).strip().splitlines()[:1]
    return first[0] if first else type(error).__name__
