"""What can be observed here: one row a source of evidence, with what is missing and how to get it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Doctor", "Source"]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source. ``ready``: all of it; ``partly``: some, as ``found`` says; ``missing``: what ``advice`` gets;
    ``not here``: this machine or this service has none. ``cost`` is what it takes of the service, as measured."""

    name: str
    gives: str
    state: Literal["ready", "partly", "missing", "not here"]
    found: str
    advice: str = ""
    cost: str = ""


class Doctor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``--json`` of ``doctor``. ``notes`` are how the service's processes were found, and what a service that Loadstone
    did not start cannot tell."""

    format: Literal[1]
    machine: str
    processes: tuple[int, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
