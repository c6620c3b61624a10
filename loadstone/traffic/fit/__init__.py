"""The fitting half: from columns of requests to a model of traffic. Functions of their arguments alone."""

from __future__ import annotations

from loadstone.traffic.fit.assumptions import assumptions
from loadstone.traffic.fit.fidelity import score
from loadstone.traffic.fit.fit import fit
from loadstone.traffic.fit.generating import generate
from loadstone.traffic.fit.memory import MemoryHits, batch_of
from loadstone.traffic.fit.to_spec import feed_names, feeds, journeys, shapes

__all__ = [
    "MemoryHits",
    "assumptions",
    "batch_of",
    "feed_names",
    "feeds",
    "fit",
    "generate",
    "journeys",
    "score",
    "shapes",
]
