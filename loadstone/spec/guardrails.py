"""``[guardrails]``: names that the user composes of a metric and a step, each with how much worse it may become."""

from __future__ import annotations

import re
from typing import Any

from loadstone.model.guard_metric import GUARD_METRICS, parse_guard
from loadstone.spec import values as v
from loadstone.spec.kinds import MISSING
from loadstone.spec.report import Place

__all__ = ["SLOS", "GuardrailTable"]

SLOS = "slos"
"""The key that says whether the candidate must meet the objectives."""

_DOC = {
    "relative": 'how much worse it may become, for example "5%"',
    "share": 'how many more of the requests may fail, for example "+0.1%"',
    "count": 'how many more a request may take, "+0" for none',
    "bytes": 'how much larger a reply may become: "+0", "+2kB" or "2%"',
}
_AMOUNT = r"[0-9]+(?:\.[0-9]+)?"
_FORMS = {
    "relative": rf"{_AMOUNT} ?%",
    "share": rf"\+ ?{_AMOUNT} ?%",
    "count": rf"\+ ?{_AMOUNT}",
    "bytes": rf"\+ ?{_AMOUNT} ?(?:[kKMG]?i?B)?",
}


class GuardrailTable:
    """A table whose keys are checked one by one: ``slos``, or a metric and perhaps ``of journey.step``."""

    title = "[guardrails]"

    def read(self, value: object, place: Place) -> object:
        """``{"slos": bool, "guards": (…)}``, in the order of the file."""
        if not isinstance(value, dict):
            place.wrong(f"{self.title} is a table")
            return MISSING
        guards: list[object] = []
        slos: object = True
        for key, inner in value.items():
            at = place / key
            if key == SLOS:
                slos = v.FLAG.read(inner, at)
                continue
            try:
                guards.append(parse_guard(key, _text(key, inner), at.line))
            except ValueError as error:
                at.wrong(str(error))
        if slos is False and set(value) == {SLOS}:
            place.wrong(
                f'{self.title} without the objectives holds nothing; add one, for example "p95 response" = "5%"'
            )
        return {SLOS: slos is not False, "guards": tuple(guards)}

    def schema(self) -> dict[str, Any]:
        """Every metric by itself, and as ``metric of journey.step``."""
        patterns: dict[str, Any] = {}
        for metric, known in GUARD_METRICS.items():
            name = re.escape(metric).replace("\\ ", " ") + ("(?: of .+)?" if known.steps else "")
            forms = "|".join(_FORMS[way] for way in known.ways)
            patterns[f"^{name}$"] = {
                "description": _DOC[known.ways[0]],
                "type": "string",
                "pattern": rf"^\s*(?:{forms})\s*$",
            }
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {SLOS: {"description": "the candidate must meet the objectives", **v.FLAG.schema()}},
            "patternProperties": patterns,
        }


def _text(name: str, value: object) -> str:
    """The amount as it was written; a bare number is read too, so that the error can say what it should be."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        parse_guard(name, f"{value:g}")  # always refused, with what it should have been
    raise ValueError(f'how much worse "{name}" may become is written as text, for example "5%" or "+0"')
