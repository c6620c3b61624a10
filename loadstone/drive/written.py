"""Parameters that the spec itself writes out: evidence may show them, since whoever reads it has the spec."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from loadstone.drive.compile import TARGET_SAFE
from loadstone.model import template
from loadstone.model.workload import Step, Workload

__all__ = ["written_pairs"]

_DRAWN = "\x00"  # stands for a value that is not in the spec; no target holds it


def written_pairs(workload: Workload) -> frozenset[str]:
    """``name=value`` of every query, as it goes over the wire: literal text, and each option of a ``{choice(…)}``."""
    return frozenset(
        pair
        for journey in workload.journeys
        for step in journey.actions
        if isinstance(step, Step)
        for target in _spelled(template.parse(step.target))
        for pair in target.partition("?")[2].split("&")
        if "=" in pair and _DRAWN not in pair
    )


def _spelled(parts: tuple[template.Part, ...]) -> Iterator[str]:
    """The target once for each option, every choice of it at the same place."""
    widest = max((len(part.options) for part in parts if isinstance(part, template.Choice)), default=1)
    for place in range(widest):
        yield "".join(_text(part, place) for part in parts)


def _text(part: template.Part, place: int) -> str:
    match part:
        case template.Text():
            return quote(part.text, TARGET_SAFE)
        case template.Choice():
            option = part.options[min(place, len(part.options) - 1)]
            return option if part.raw else quote(option, "")
        case _:
            return _DRAWN
