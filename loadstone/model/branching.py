"""How often a journey whose steps lead to one another asks for each of them, on average."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from loadstone.model.workload import Journey, Step

__all__ = ["expected_requests"]

NEGLIGIBLE = 1e-9
"""Share of journeys that are still under way when the rest of them is left out."""


def expected_requests(journey: Journey) -> dict[str, float]:
    """Requests of each step in one journey that no error ends, by name; 1 where steps simply follow each other."""
    steps = [action for action in journey.actions if isinstance(action, Step)]
    found = dict.fromkeys((step.name for step in steps), 0.0)
    if not journey.leads_back:
        return dict.fromkeys(found, 1.0)
    after = {before.name: behind.name for before, behind in pairwise(steps)}
    follows: dict[str, Mapping[str, float]] = {
        step.name: step.next if step.next is not None else {after[step.name]: 1.0} if step.name in after else {}
        for step in steps
    }
    here: dict[str, float] = dict(journey.start or {steps[0].name: 1.0})
    for _ in range(journey.most):
        there: dict[str, float] = {}
        for name, share in here.items():
            found[name] += share
            for following, probability in follows[name].items():
                there[following] = there.get(following, 0.0) + share * probability
        if sum(there.values()) < NEGLIGIBLE:
            break
        here = there
    return found
