"""Traits: what some requests of a step have and others have not, from parameters to the statements they send.

Which traits are looked at never depends on how slow their requests were (only on how many they are), so that a test of
one against the other is fair (independent filtering: Bourgon, Gentleman and Huber, PNAS 107, 2010).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.latency.critical import leading_steps
from loadstone.diagnose.locus import named
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.root_facts import MOST_REQUESTS, Told, root_facts
from loadstone.model.quantity import format_count, format_size

__all__ = ["RANK", "WORK", "Kind", "Trait", "Traits", "traits_of"]

Ints = NDArray[np.int32]

Kind = Literal["parameter", "path", "attribute", "route", "status", "place", "size", "operation", "rows"]
"""``place`` is a host, an instance or a process."""

WORK: tuple[Kind, ...] = ("size", "operation", "rows")
"""What a request does, not what it is asked."""

RANK: dict[Kind, int] = {
    "parameter": 0,
    "path": 1,
    "attribute": 2,
    "route": 3,
    "place": 4,
    "status": 5,
    "size": 6,
    "rows": 7,
    "operation": 8,
}
"""Of traits with the same requests the lowest is named: a parameter leads to statements."""

FEWEST = 5
"""Requests that must have a trait, and must lack it: three in a row could not be told from chance among a thousand
traits."""

FEWEST_OF_STEP = 100
"""Requests of a step below which it has no tail to speak of: five beyond p95."""

MOST_VALUES = 300
"""Values of one attribute in one step, the most frequent first; the rest is dropped and counted."""

MOST_TRAITS = 3000
"""Traits of one step."""

MANY_NUMBERS = 20
"""A number with more values than this is cut at its quantiles."""

_CUTS = (0.5, 0.75, 0.9, 0.95, 0.99)
_TIMES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000)
_MASKED = re.compile(r"#[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True)
class Trait:
    """``requests`` are places in the digest, ascending. ``words`` complete "when …". ``readable`` is false where the
    value was masked."""

    step: int
    kind: Kind
    attribute: str
    value: str
    words: str
    requests: Ints
    readable: bool = True

    @property
    def told(self) -> str:
        """In a list."""
        return f"{self.attribute}: {self.value}"


@dataclass(frozen=True)
class Traits:
    """``looked`` are the requests looked at, by step: all, or in large runs an even part of them. ``dropped`` counts
    values left out by attribute."""

    of_step: dict[int, tuple[Trait, ...]]
    looked: dict[int, Ints]
    dropped: dict[str, int]


def traits_of(scene: Scene) -> Traits:
    """All traits of all steps. One pass over root spans, one over the digest's visits."""
    digest = scene.digest
    looked = _looked(digest)
    dropped: dict[str, int] = {}
    facts = root_facts(scene, looked)
    of_step: dict[int, tuple[Trait, ...]] = {}
    for step, requests in looked.items():
        found = [trait for told in facts for trait in _valued(digest, step, requests, told, dropped)]
        found += _placed(digest, step, requests)
        found += _sized(digest, step, requests)
        found += _operations(digest, step, requests)
        of_step[step] = tuple(found[:MOST_TRAITS])
        if len(found) > MOST_TRAITS:
            dropped["traits"] = dropped.get("traits", 0) + len(found) - MOST_TRAITS
    return Traits(of_step, looked, dropped)


def _looked(digest: Digest) -> dict[int, Ints]:
    total = max(1, int(digest.requests.measured.sum()))
    looked = {}
    for step in leading_steps(digest, FEWEST_OF_STEP):
        requests = digest.requests_of(step)
        wanted = max(2000, MOST_REQUESTS * len(requests) // total)
        looked[step] = requests[:: -(-len(requests) // wanted)]
    return looked


def _valued(digest: Digest, step: int, requests: Ints, told: Told, dropped: dict[str, int]) -> Iterator[Trait]:
    """An attribute's presence and its values."""
    first, last = np.searchsorted(told.requests, [requests[0], requests[-1] + 1])
    places, values = told.requests[first:last], told.values[first:last]
    mine = digest.requests.step[places] == step
    places = places[mine]
    values = [value for value, of in zip(values, mine, strict=True) if of]
    if len(places) < FEWEST:
        return
    total = len(requests)
    have = np.unique(places)
    if told.kind in ("parameter", "attribute") and _tells(len(have), total):
        yield Trait(step, told.kind, told.attribute, "given", f"{told.attribute} is given", have)
    codes: dict[str | float | bool, int] = {}
    code = np.array([codes.setdefault(value, len(codes)) for value in values])
    if len(codes) > MANY_NUMBERS and all(isinstance(value, int | float) for value in codes):
        number = np.array(values, np.float64)
        yield from _cut(step, told.kind, told.attribute, places, number, total, format_count)
        return
    counts = np.bincount(code)
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in codes]
    frequent = [int(one) for one in np.argsort(-counts, kind="stable") if _tells(int(counts[one]), total)]
    if len(frequent) > MOST_VALUES:
        dropped[told.attribute] = dropped.get(told.attribute, 0) + len(frequent) - MOST_VALUES
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(len(codes) + 1))
    for one in frequent[:MOST_VALUES]:
        holders = np.unique(places[order[bounds[one] : bounds[one + 1]]])
        text = texts[one]
        if _MASKED.match(text):
            words = f"{told.attribute} has one certain value of {len(codes):,}"
            yield Trait(step, told.kind, told.attribute, f"one value of {len(codes):,} ({text})", words, holders, False)
        else:
            equals = "=" if told.kind == "parameter" else " is "
            yield Trait(step, told.kind, told.attribute, text, f"{told.attribute}{equals}{text}", holders)


def _placed(digest: Digest, step: int, requests: Ints) -> Iterator[Trait]:
    """Processes and instances."""
    told = digest.requests
    processes = {number: str(number) for number in np.unique(told.process[requests]).tolist() if number >= 0}
    instances = dict(enumerate(digest.instances))
    for attribute, column, texts in (
        ("process", told.process[requests], processes),
        ("instance", told.instance[requests], instances),
    ):
        for number, text in list(texts.items())[:MOST_VALUES]:
            holders = requests[column == number]
            if text and _tells(len(holders), len(requests)):
                yield Trait(step, "place", attribute, text, f"it runs in {attribute} {text}", holders)


def _sized(digest: Digest, step: int, requests: Ints) -> Iterator[Trait]:
    size = digest.requests.bytes_out[requests]
    known = size >= 0
    if known.sum() >= FEWEST and len(np.unique(size[known])) > MANY_NUMBERS:
        number = size[known].astype(np.float64)
        yield from _cut(step, "size", "the reply's size", requests[known], number, len(requests), format_size)


def _operations(digest: Digest, step: int, requests: Ints) -> Iterator[Trait]:
    """Operations that only some requests have, or have often, or that return many rows."""
    visits = digest.visits
    places = digest.visits_of(step)
    place = np.minimum(np.searchsorted(requests, visits.request[places]), len(requests) - 1)
    places = places[requests[place] == visits.request[places]]
    places = places[np.argsort(visits.operation[places], kind="stable")]
    bounds = [0, *(np.flatnonzero(np.diff(visits.operation[places])) + 1).tolist(), len(places)]
    for first, last in pairwise(bounds):
        if last - first < FEWEST:
            continue
        group = places[first:last]
        told = digest.operations[int(visits.operation[group[0]])]
        holders, inverse = np.unique(visits.request[group], return_inverse=True)
        name = named(told, 60)
        count = np.bincount(inverse, weights=visits.count[group])
        most = {int((count >= times).sum()): times for times in _TIMES}
        for much, times in most.items():
            if _tells(much, len(requests)):
                value = "there" if times == 1 else f"{times:,} times or more"
                yield Trait(step, "operation", name, value, f"it does {name} ({value})", holders[count >= times])
        rows = np.bincount(inverse, weights=np.maximum(visits.rows[group], 0)).astype(np.float64)
        if told.statement is not None and len(np.unique(rows)) > 2:
            yield from _cut(step, "rows", f"rows of {name}", holders, rows, len(requests), format_count)


def _cut(
    step: int,
    kind: Kind,
    attribute: str,
    places: Ints,
    number: NDArray[np.float64],
    total: int,
    written: Callable[[float], str],
) -> Iterator[Trait]:
    """A number at its quantiles: those from there on."""
    finite = np.isfinite(number)
    places, number = places[finite], number[finite]
    if not len(number):
        return
    before = -1
    for cut in np.unique(np.quantile(number, _CUTS, method="higher")).tolist():
        holders = np.unique(places[number >= cut])
        if len(holders) != before and _tells(len(holders), total):
            whole = int(cut) if float(cut).is_integer() else cut
            text = f"{written(whole)} or more"
            yield Trait(step, kind, attribute, text, f"{attribute} is {text}", holders)
        before = len(holders)


def _tells(holders: int, total: int) -> bool:
    return FEWEST <= holders <= total - FEWEST
