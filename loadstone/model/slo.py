"""A service level objective, judged by counts of good and bad requests, never by a bucket's edge."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from loadstone.model.quantity import parse_duration, parse_share

__all__ = ["OBJECTIVE_PATTERN", "Objective", "Slo", "parse_objective"]

OBJECTIVE_PATTERN = r"^(p[0-9]+(?:\.[0-9]+)?|errors|[0-9]+(?:\.[0-9]+)? ?%) ?< ?([0-9][^<]*)$"


class Objective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``objective = "…"`` says.

    ``kind`` is ``share`` for ``99% < 300ms``, ``quantile`` for ``p99 < 300ms``, ``errors`` for ``errors < 0.1%``.
    ``good_share`` is the share of requests that must be good (0.99, 0.99, 0.999); ``limit_s`` is null for errors.
    """

    kind: Literal["share", "quantile", "errors"]
    good_share: float
    limit_s: float | None
    text: str


class Slo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An objective over a step (``journey`` and ``step``), a whole journey, or every request (neither)."""

    name: str
    objective: Objective
    journey: str | None = None
    step: str | None = None


def parse_objective(text: str) -> Objective:
    """What ``99% < 300ms``, ``p99 < 300ms`` or ``errors < 0.1%`` says. Raises ValueError with a sentence."""
    says = 'an objective is written as "99% < 300ms", "p99 < 300ms" or "errors < 0.1%"'
    found = re.fullmatch(OBJECTIVE_PATTERN, text)
    if found is None:
        near = re.sub(r"\s*(<=|≤|under|below|less than)\s*", " < ", text.strip())
        raise ValueError(f'{says}; did you mean "{near}"?' if re.fullmatch(OBJECTIVE_PATTERN, near) else says)
    subject, limit = found.groups()
    if subject == "errors":
        allowed = parse_share(limit)
        if allowed >= 1:
            raise ValueError("an objective that allows every request to fail says nothing")
        return Objective("errors", round(1 - allowed, 12), None, text)
    good = parse_share(subject.removeprefix("p") + "%" if subject.startswith("p") else subject)
    limit_s = parse_duration(limit)
    if not 0 < good < 1:
        raise ValueError('the share of good requests is above 0 % and below 100 %; for every request write "99.9%"')
    if limit_s <= 0:
        raise ValueError("the limit of an objective is above 0")
    return Objective("quantile" if subject.startswith("p") else "share", good, limit_s, text)
