"""A spec that is proposed and not yet written: the nouns of ``loadstone.toml``, each with what its comment says."""

from __future__ import annotations

import msgspec

from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import Feed, Journey

__all__ = ["Draft"]


class Draft(msgspec.Struct, frozen=True):
    """``comments`` are sentences by the place that they stand above: ``""`` the file, ``service``, ``slo.NAME``,
    ``journey.NAME``, ``journey.NAME.STEP``, ``feed.NAME``, ``shape.NAME``, ``off`` (those that are). ``off`` are
    journeys that would change something, or need what is not known: written out, each line behind a ``#``.

    A feed's ``source`` is the file, relative to the spec, that its rows are written to.
    """

    service: Service
    journeys: tuple[Journey, ...]
    shapes: tuple[Shape, ...]
    feeds: tuple[Feed, ...] = ()
    slos: tuple[Slo, ...] = ()
    off: tuple[Journey, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    comments: dict[str, tuple[str, ...]] = {}
