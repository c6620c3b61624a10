"""Values of the spec that say how something is drawn: what follows a step, which row of a feed."""

from __future__ import annotations

import re

from loadstone.model import template
from loadstone.model.quantity import parse_share
from loadstone.spec.kinds import MapOf, Value

__all__ = ["MOST", "ORDER", "PER", "probabilities"]

MOST_REQUESTS = 10_000  # as in the engine, which keys draws by how often a journey was at a step


def _probability(value: object) -> float:
    if isinstance(value, str):
        share = parse_share(value)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('a probability is a number such as 0.6, or a text such as "60%"')
    else:
        share = float(value)
    if not 0 < share <= 1:
        raise ValueError("a probability here is above 0 and at most 1; leave out what never follows")
    return share


_PROBABILITY = Value(
    {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "string", "pattern": "%$"}]},
    _probability,
)


def probabilities(key: str) -> MapOf:
    """Of steps, by name; ``key`` is the key that holds them."""
    return MapOf(f'"{key}"', _PROBABILITY, r"\S", "this is the name of a step")


def _most(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_REQUESTS:
        raise ValueError(f"this is a whole number from 1 to {MOST_REQUESTS:,}, without quotes")
    return value


MOST = Value({"type": "integer", "minimum": 1, "maximum": MOST_REQUESTS}, _most)

_ORDER_SAYS = 'the order is "sequential", "random", or by popularity: "zipf(1.1)" or "zipf(1.1, 2.7)"'
_ZIPF = re.compile(r"zipf(?:\(([^(),]+)(?:, ?([^(),]+))?\))?")


def _order(value: object) -> tuple[str, float, float]:
    """The order, and the exponent and the shift of zipf."""
    if value in ("sequential", "random"):
        return str(value), 1.0, 0.0
    if not isinstance(value, str) or not (found := _ZIPF.fullmatch(value)):
        raise ValueError(_ORDER_SAYS)
    return "zipf", *template.popularity([number.strip() for number in found.groups() if number is not None])


ORDER = Value({"type": "string", "pattern": r"^(?:sequential|random|zipf(?:\([^()]+\))?)$"}, _order)


def _per(value: object) -> object:
    if value not in ("journey", "request"):
        raise ValueError('a row holds for the whole "journey" or for one "request"')
    return value


PER = Value({"enum": ["journey", "request"]}, _per)
