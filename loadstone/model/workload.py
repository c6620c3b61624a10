"""What users do: journeys of steps with their weights, think times and data. Nothing here says how much or when."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Body", "Check", "Extraction", "Feed", "Journey", "Step", "Think", "Workload"]

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


class Extraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``extract.X``: where a value comes from. ``expression`` is a JSONPath, a regex, a header's or a cookie's name."""

    name: str
    source: Literal["json", "regex", "header", "cookie"]
    expression: str
    pick: Literal["first", "last", "random"] = "first"


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a good reply is. ``status`` holds inclusive ranges; null means that only an error status (>= 400) fails."""

    status: tuple[tuple[int, int], ...] | None = None
    contains: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    json: tuple[str, ...] = ()


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body, still a template. ``json`` holds a TOML table, ``form`` its fields, ``text`` a text."""

    kind: Literal["text", "json", "form"]
    value: str | dict[str, object] | list[object]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="step"):
    """One request of a journey. ``target`` and header values are template texts.

    ``next`` makes the journey a graph: which step follows, by name, with its probability; what is missing from 1 is
    the end of the journey. Without it the next one in the file follows. ``pause`` is thought before whichever follows.
    """

    name: str
    method: str
    target: str
    headers: dict[str, str] = {}
    body: Body | None = None
    timeout_s: float = 10.0
    redirects: int = 0
    check: Check = Check()
    extract: tuple[Extraction, ...] = ()
    next: dict[str, float] | None = None
    pause: Think | None = None


class Think(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="think"):
    """A pause between two steps, drawn anew each time: ``low_s``, ``high_s`` for uniform, ``sigma`` for lognormal."""

    distribution: Literal["constant", "exponential", "uniform", "lognormal"]
    value_s: float = 0.0
    low_s: float = 0.0
    high_s: float = 0.0
    sigma: float = 0.0


class Journey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user's way through the service. A weight is relative to the other journeys'.

    ``start`` says with which step it begins, by name and probability (which add up to 1); without it, the first.
    ``most`` bounds the requests of one journey whose steps lead back.
    """

    name: str
    weight: float
    actions: tuple[Step | Think, ...]
    start: dict[str, float] | None = None
    most: int = 1_000

    @property
    def leads_back(self) -> bool:
        """Whether its steps are a graph, and do not simply follow each other."""
        return self.start is not None or any(isinstance(one, Step) and one.next is not None for one in self.actions)


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of data for templates (``{users.email}``); ``source`` is the file that they came from.

    ``zipf`` draws the row of rank r, the file's order, with probability proportional to (r + shift)^-exponent. ``per``
    says how long a drawn row holds: for the journey, or for one request.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    order: Literal["sequential", "random", "zipf"] = "sequential"
    source: str | None = None
    exponent: float = 1.0
    shift: float = 0.0
    per: Literal["journey", "request"] = "journey"


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Journeys and the data that they draw on. ``trace_share`` is the share of requests with a sampled traceparent."""

    journeys: tuple[Journey, ...]
    feeds: tuple[Feed, ...] = ()
    trace_share: float | None = None
