"""The spec as a noun: what ``loadstone.toml`` says, checked."""

from __future__ import annotations

import msgspec

from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.guardrail import Guardrails
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import Workload

__all__ = ["Assumption", "Spec", "Unknown"]


class Spec(msgspec.Struct, frozen=True):
    """One file. ``shapes`` are in the file's order; the first is the one that is run when none is named."""

    path: str
    text: str
    service: Service
    workload: Workload
    shapes: dict[str, Shape]
    slos: tuple[Slo, ...] = ()
    guardrails: Guardrails = Guardrails()
    allow_hosts: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    assumptions: tuple[Assumption, ...] = ()
    unknowns: tuple[Unknown, ...] = ()

    @property
    def shape(self) -> Shape:
        """The default shape."""
        return next(iter(self.shapes.values()))
