"""The fitting half: from columns of requests to a model of traffic. Functions of their arguments alone."""

from __future__ import annotations

from loadstone.traffic.fit.fidelity import score
from loadstone.traffic.fit.fit import fit
from loadstone.traffic.fit.generating import generate
from loadstone.traffic.fit.memory import MemoryHits, batch_of

__all__ = ["MemoryHits", "batch_of", "fit", "generate", "score"]
