"""How many requests must show a fault: over a load several, in a few exported traces what there is."""

from __future__ import annotations

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.subject import Subject
from loadstone.model.finding import Fact

__all__ = ["FEW", "few", "needed"]

FEW = 5
"""Below so many requests a share or a mean is told with a caution: of five, one is a fifth."""


def needed(run: Subject, digest: Digest, step: int, least: int) -> int:
    """``least``, or fewer where traces were exported by hand and the step has no more of them: who saved one slow
    trace asks about that one."""
    if run.kind != "import":
        return least
    return max(1, min(least, len(digest.requests_of(step))))


def few(requests: int) -> tuple[Fact, ...]:
    """What speaks against a finding that rests on so few requests."""
    if requests >= FEW:
        return ()
    told = "one request" if requests == 1 else f"{requests} requests"
    return (Fact(f"seen in {told} only: whether others are like it is not known", float(requests), "requests"),)
