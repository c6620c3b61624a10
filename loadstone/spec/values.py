"""Single values of the spec that are no plain quantity: think times, status sets, names, paths, credentials."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator
from typing import Any

from loadstone.model import template
from loadstone.model.quantity import DURATION_PATTERN, parse_duration, parse_share
from loadstone.model.workload import Think
from loadstone.spec.kinds import MISSING, Value, value_from_text
from loadstone.spec.report import Place

__all__ = [
    "AMOUNT", "ANY_TEXT", "BODY_TEMPLATE", "COUNT", "CREDENTIAL", "FLAG", "FORM_VALUE", "INSTRUMENT", "NAME",
    "PATH", "PLAIN_TEXT", "POSITIVE", "READY_PATH", "REDIRECTS", "SHARE", "STATUS", "TEMPLATE", "TEXTS", "THINK",
    "UP_TO_NOW", "JsonBody", "positive_duration",
]  # fmt: skip

_DURATION = DURATION_PATTERN.strip("^$")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"


def positive_duration(text: str) -> float:
    """A duration above 0."""
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError("a duration here is above 0")
    return seconds


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("this is a text in quotes")
    return value


PLAIN_TEXT = Value({"type": "string", "pattern": r"\S"}, _text)


def _name(value: object) -> str:
    text = _text(value)
    if len(text) > 200 or not text.isprintable():
        raise ValueError("a name is printable text of at most 200 characters")
    return text


NAME = Value({"type": "string", "pattern": r"\S", "maxLength": 200}, _name)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("this is true or false, without quotes")
    return value


FLAG = Value({"type": "boolean"}, _flag)


def _instrument(value: object) -> bool | str:
    if value == "otel" or isinstance(value, bool):
        return value
    raise ValueError("this is true (Loadstone's own recorder), \"otel\" (OpenTelemetry's packages) or false")


INSTRUMENT = Value({"enum": [True, False, "otel"]}, _instrument)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("this is a number, without quotes")
    if not -1e300 <= value <= 1e300:
        raise ValueError("this is a number that a float can hold")
    return float(value)


def _positive(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1e9:
        raise ValueError("this is a number above 0 and at most 1,000,000,000")
    return number


POSITIVE = Value({"type": "number", "exclusiveMinimum": 0, "maximum": 1e9}, _positive)


def _whole(value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"this is a whole number from {low} to {high:,}, without quotes")
    return value


COUNT = Value({"type": "integer", "minimum": 1, "maximum": 1_000_000}, lambda value: _whole(value, 1, 1_000_000))
REDIRECTS = Value({"type": "integer", "minimum": 0, "maximum": 20}, lambda value: _whole(value, 0, 20))


def _share(value: object) -> float:
    if isinstance(value, str):
        return parse_share(value)
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError('a share is a number from 0 to 1, or a text such as "1%"')
    return number


SHARE = Value({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "%$"}]}, _share)


def _amount(value: object) -> str | float:
    return value if isinstance(value, str) else _number(value)


def _any_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("this is a text in quotes")
    if "\0" in value:
        raise ValueError("a variable of the environment holds no NUL")
    return value


ANY_TEXT = Value({"type": "string"}, _any_text)
AMOUNT = Value({"type": ["string", "number"]}, _amount)


def _up_to_now(value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    return _text(value)


UP_TO_NOW = Value({"type": "string", "pattern": r"\S"}, _up_to_now)


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, str) and one for one in listed):
        raise ValueError("this is a text in quotes, or an array of them")
    return tuple(listed)


TEXTS = Value(
    {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ]
    },
    _texts,
)


def _template(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("this is a text in quotes")
    template.parse(value)
    return value


def _header_value(value: object) -> str:
    text = _template(value)
    if any(c in text for c in "\r\n\0"):
        raise ValueError("a header's value is one line")
    return text


TEMPLATE = Value({"type": "string"}, _header_value)
BODY_TEMPLATE = Value({"type": "string"}, _template)


def _path(value: object) -> str:
    text = _header_value(value)
    if re.match(r"https?://", text):
        raise ValueError('a step names a path on the service, starting with "/"; the host stands in [service] url')
    if not text.startswith(("/", "{")):
        raise ValueError(f'a path starts with "/"; did you mean "/{text}"?' if text else 'a path starts with "/"')
    if "#" in text:
        raise ValueError("a fragment (#…) is never sent to a service; leave it out")
    return text


PATH = Value({"type": "string", "pattern": r"^(?!https?://)[/{][^#]*$"}, _path)


def _ready_path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or any(c.isspace() for c in value):
        raise ValueError('"ready" is a path that answers once the service is up, for example "/healthz"')
    return value


READY_PATH = Value({"type": "string", "pattern": r"^/\S*$"}, _ready_path)


def _credential(value: object) -> str:
    if isinstance(value, str):
        try:
            parts = template.parse(value)
        except template.TemplateError:
            parts = ()
        if len(parts) == 1 and isinstance(parts[0], template.Secret):
            return value
    raise ValueError('a credential stays in the environment: write "{env.NAME}" and set NAME there')


CREDENTIAL = Value({"type": "string", "pattern": r"^\{env\.[A-Za-z_][A-Za-z0-9_-]*(\|raw)?\}$"}, _credential)

_THINK_SAYS = (
    'a think time is written as "2s", "exponential(2s)" (its mean), "uniform(1s, 3s)" or "lognormal(2s, 0.6)" '
    "(its median and sigma)"
)
_THINK = re.compile(r"(exponential|uniform|lognormal)\(([^(),]+)(?:, ?([^(),]+))?\)")


def _think(text: str) -> Think:
    found = _THINK.fullmatch(text)
    if found is None:
        if "(" in text:
            raise ValueError(_THINK_SAYS)
        return Think("constant", value_s=parse_duration(text))
    kind, first, second = found.groups()
    match kind, second:
        case "exponential", None:
            return Think("exponential", value_s=positive_duration(first))
        case "uniform", str():
            low, high = parse_duration(first), parse_duration(second)
            if low > high:
                raise ValueError(
                    f'a uniform think time goes from low to high; did you mean "uniform({second}, {first})"?'
                )
            return Think("uniform", low_s=low, high_s=high)
        case "lognormal", str():
            if not re.fullmatch(_NUMBER, second) or float(second) > 5:
                raise ValueError("the sigma of a lognormal think time is a number from 0 to 5")
            return Think("lognormal", value_s=positive_duration(first), sigma=float(second))
    raise ValueError(_THINK_SAYS)


THINK = value_from_text(_think, _THINK_SAYS, r"^(?:[0-9][0-9a-z. ]*|(?:exponential|uniform|lognormal)\([^()]+\))$")


def _status(value: object) -> tuple[tuple[int, int], ...]:
    ranges = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, int) and not isinstance(one, bool) and 100 <= one <= 599:
            ranges.append((one, one))
        elif isinstance(one, str) and re.fullmatch("[1-5]xx", one):
            ranges.append((int(one[0]) * 100, int(one[0]) * 100 + 99))
        else:
            hint = f"; did you mean {one}?" if isinstance(one, str) and re.fullmatch("[1-5][0-9]{2}", one) else ""
            raise ValueError(f'a status is a number such as 200, a class such as "2xx", or an array of them{hint}')
    if not ranges:
        raise ValueError("an array of statuses names at least one")
    return tuple(ranges)


_ONE_STATUS = {
    "anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string", "pattern": "^[1-5]xx$"}]
}
STATUS = Value({"anyOf": [*_ONE_STATUS["anyOf"], {"type": "array", "items": _ONE_STATUS, "minItems": 1}]}, _status)


class JsonBody:
    """A JSON body as a TOML table or array. What is wrong inside is told on its own line."""

    def read(self, value: object, place: Place) -> object:
        """The value as it stands, its texts still templates."""
        if not isinstance(value, dict | list):
            place.wrong('"json" is a table or an array; a text is sent as it stands with "body"')
            return MISSING
        sound = True
        for inner, at in _leaves(value, place):
            try:
                _json_leaf(inner)
            except ValueError as error:
                at.wrong(str(error))
                sound = False
        return value if sound else MISSING

    def schema(self) -> dict[str, Any]:
        """Any table or array."""
        return {"type": ["object", "array"]}


def _leaves(value: object, place: Place) -> Iterator[tuple[object, Place]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, place / key)
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(inner, place / index)
        case _:
            yield value, place


def _json_leaf(value: object) -> None:
    match value:
        case str():
            template.parse(value)
        case bool() | int():
            pass
        case float() if math.isfinite(value):
            pass
        case float():
            raise ValueError("JSON has no nan and no inf")
        case _:
            raise ValueError("JSON has no dates; write this one as a text in quotes")


def _form_value(value: object) -> object:
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, str | int | float):
            raise ValueError("a field of a form is a text, a number, true or false, or an array of them")
        _json_leaf(one)
    return value


_SCALAR = {"type": ["string", "number", "boolean"]}
FORM_VALUE = Value({"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}, _form_value)
