"""What came of one service met one way: routes found and missed, and how far the newcomer's path went."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from benches.newcomer.service import Foreign, Place, shape_of
from loadstone.model.route import SAFE

__all__ = ["WAYS", "Met", "Way", "met_of"]

Way = Literal["url", "user", "start"]
WAYS: tuple[Way, ...] = ("url", "user", "start")

Told = Mapping[str, tuple[int, float, str, str]]


class Met(msgspec.Struct):
    """Routes are ``GET /v1/projects/{}``; where the service's table tells no methods, both sides are compared by path.

    ``safe`` are true routes that a safe method asks for, ``found`` those of all true ones that init named as they are,
    ``glimpsed`` those of which it named single paths alone (``/lang/de``), ``missed`` the rest, ``extra`` what init
    named and no true route answers. ``driven`` are true routes with a step in a journey that is on. ``exits`` and
    ``took_s`` are by step.
    """

    name: str
    what: str
    version: str
    way: Way
    true: int
    safe: int
    found: int
    found_safe: int
    glimpsed: int
    driven: int
    missed: list[str]
    extra: list[str]
    sources: dict[str, int]
    login: str
    databases: list[str]
    unknowns: int
    obstacles: list[str]
    exits: dict[str, int]
    took_s: dict[str, float]
    validity: str
    requests: int
    errors: int
    failed_steps: list[str]
    said: str = ""

    def line(self) -> str:
        """For a terminal."""
        exits = " ".join(f"{step} {code}" for step, code in self.exits.items())
        found = f"found {self.found} of {self.true} ({self.found_safe} of {self.safe} safe)"
        return (
            f"{self.name:<12} {self.way:<6} {found}, {self.glimpsed} by single paths, {len(self.extra)} extra,"
            f" {self.driven} driven; {exits}; init {self.took_s['init']:.0f} s"
        )


def met_of(foreign: Foreign, way: Way, truth: Iterable[tuple[str, str]], told: Told, place: Place) -> Met:
    """From what the commands printed."""
    looked = _json(told["init"][2])
    discovery = looked.get("discovery", looked)
    run = _json(told["run"][2])
    pairs = [(method.upper(), shape_of(template)) for method, template in truth]
    by_path = all(method == "*" for method, _ in pairs)
    true = _named(pairs, by_path)
    routes = [(one["method"], shape_of(one["template"])) for one in discovery.get("routes", [])]
    named = _named(routes, by_path)
    safe = true if by_path else {one for one in true if one.split()[0] in SAFE}
    glimpsed = {one for one in true - named if any(_answers(one, other) for other in named)}
    covered = [one["route"].split(" ", 1) for one in looked.get("covered", ()) if one["how"] == "journey"]
    steps = _named([(method, shape_of(template)) for method, template in covered], by_path)
    driven = {one for one in true if one in steps or any(_answers(one, step) for step in steps - true)}
    sources: dict[str, int] = {}
    for one in discovery.get("routes", []):
        for source in one.get("sources", []):
            sources[source] = sources.get(source, 0) + 1
    login = discovery.get("login")
    return Met(
        name=foreign.name,
        what=foreign.what,
        version=foreign.version(place),
        way=way,
        true=len(true),
        safe=len(safe),
        found=len(true & named),
        found_safe=len(safe & named),
        glimpsed=len(glimpsed),
        driven=len(driven),
        missed=sorted(true - named - glimpsed),
        extra=sorted(one for one in named - true if not any(_answers(other, one) for other in true)),
        sources=sources,
        login=f"{login['kind']} {login['action']}" if login else "",
        databases=[one["system"] for one in discovery.get("databases", [])],
        unknowns=len(discovery.get("unknowns", [])),
        obstacles=[one["code"] for one in discovery.get("obstacles", [])],
        exits={step: one[0] for step, one in told.items()},
        took_s={step: round(one[1], 1) for step, one in told.items()},
        validity=str(run.get("validity", "")),
        requests=int(run.get("requests", 0)),
        errors=int(run.get("errors", 0)),
        failed_steps=[
            f"{step['journey']}.{step['step']}" for step in run.get("steps", []) if step.get("errors", 0) > 0
        ],
        said="" if told["init"][0] == 0 else told["init"][3][-1500:],
    )


def _named(pairs: Iterable[tuple[str, str]], by_path: bool) -> set[str]:
    return {path if by_path else f"{method} {path}" for method, path in pairs}


def _answers(true: str, named: str) -> bool:
    """Whether the true route answers what was named: the same but for values in the place of variables."""
    pattern = re.escape(true).replace(re.escape("{}"), "[^/ ]+")
    return re.fullmatch(pattern, named) is not None


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
