"""What a key of the spec can hold. A kind reads a value and describes it for the JSON Schema, so the two agree.

``read`` gives the value that the nouns are made of, or ``MISSING`` when something was wrong, which it has then said.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from loadstone.spec.report import Place, did_you_mean

__all__ = ["MISSING", "Choose", "Field", "Kind", "ListOf", "MapOf", "Table", "Value", "value_from_text"]


class _Missing:
    """The one value that stands for "something was wrong here"."""


MISSING: Final = _Missing()


class Kind(Protocol):
    """Anything that a key can hold."""

    def read(self, value: object, place: Place) -> object:
        """The value, or ``MISSING`` after complaining at ``place``."""
        ...

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema, as far as that can say it."""
        ...


@dataclass(frozen=True)
class Value:
    """A single value. ``parse`` raises ValueError with the sentence that is said; "this" in it is the key."""

    describes: Mapping[str, Any]
    parse: Callable[[object], object]

    def read(self, value: object, place: Place) -> object:
        """The parsed value; the error of ``parse`` is what is said."""
        try:
            return self.parse(value)
        except ValueError as error:
            key = next((key for key in reversed(place.path) if isinstance(key, str)), "this")
            place.wrong(re.sub("^this (?=is|may)", f'"{key}" ', str(error)))
            return MISSING

    def schema(self) -> dict[str, Any]:
        """As it was described."""
        return dict(self.describes)


def value_from_text(parse: Callable[[str], object], says: str, pattern: str) -> Value:
    """A quantity written as text. A bare number is given to ``parse`` too, which then suggests what it may mean."""

    def read(value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            parse(str(value))
        if not isinstance(value, str):
            raise ValueError(says)
        return parse(value)

    return Value({"type": "string", "pattern": pattern}, read)


@dataclass(frozen=True)
class Field:
    """A key of a table. ``doc`` is what an editor shows."""

    kind: Kind
    doc: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table with known keys.

    ``title`` is how it is written (``[service]``); ``one_of`` are keys of which exactly one is needed, ``not_both``
    sets of keys that exclude each other.
    """

    title: str
    fields: Mapping[str, Field]
    one_of: tuple[str, ...] = ()
    not_both: tuple[tuple[str, ...], ...] = ()

    def read(self, value: object, place: Place) -> object:
        """Known keys that were read; every other key is a problem."""
        title = self._title(place)
        if not isinstance(value, dict):
            place.wrong(f"{title} is a table")
            return MISSING
        suggested = self._unknown(value, place)
        found = {
            key: self.fields[key].kind.read(inner, place / key) for key, inner in value.items() if key in self.fields
        }
        for key, known in self.fields.items():
            if known.required and key not in value and key not in suggested:
                self._missing(key, place)
        if self.one_of and not any(key in value or key in suggested for key in self.one_of):
            place.wrong(f"{title} needs {_either(self.one_of)}")
        for keys in (*self.not_both, *([self.one_of] if self.one_of else [])):
            self.exclude(keys, value, place)
        return {key: inner for key, inner in found.items() if inner is not MISSING}

    def _unknown(self, value: Mapping[str, object], place: Place) -> set[str]:
        """Complain of keys that are not known; the known ones that they may have meant."""
        suggested: set[str] = set()
        for key in value:
            if key not in self.fields:
                unused = [name for name in self.fields if name not in value]
                suggested.update(difflib.get_close_matches(key, unused, 1))
                listed = ", ".join(self.fields)
                hint = did_you_mean(key, unused) or f"; it has {listed}"
                (place / key).wrong(f'{self._title(place)} has no key "{key}"{hint}')
        return suggested

    def _missing(self, key: str, place: Place) -> None:
        if place.path:
            place.wrong(f'{self._title(place)} needs the key "{key}": {self.fields[key].doc}')
        else:
            name = getattr(self.fields[key].kind, "title", key)
            place.wrong(f"a spec needs {name}: {self.fields[key].doc}", found=f"no {name}")

    def exclude(self, keys: tuple[str, ...], value: Mapping[str, object], place: Place) -> None:
        """Complain of those of the keys that are there beside another, all but the first in the file."""
        present = sorted((key for key in keys if key in value), key=lambda key: (place / key).line)
        for key in present[1:]:
            (place / key).wrong(
                f'"{key}" and "{present[0]}" exclude each other in {self._title(place)}; keep one of them'
            )

    def _title(self, place: Place) -> str:
        return self.title.replace("NAME", str(place.path[-1])) if place.path else "a spec"

    def schema(self) -> dict[str, Any]:
        """Known keys only, with those that are needed and those that exclude each other."""
        made: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: {"description": f.doc, **f.kind.schema()} for key, f in self.fields.items()},
        }
        if required := [key for key, f in self.fields.items() if f.required]:
            made["required"] = required
        if self.one_of:
            made["oneOf"] = [{"required": [key]} for key in self.one_of]
        pairs = [(a, b) for keys in self.not_both for i, a in enumerate(keys) for b in keys[i + 1 :]]
        if pairs:
            made["allOf"] = [{"not": {"required": list(pair)}} for pair in pairs]
        return made


@dataclass(frozen=True)
class ListOf:
    """An array; ``title`` is how its elements are written (``[[journey]]``)."""

    title: str
    kind: Kind
    at_least: int = 0

    def read(self, value: object, place: Place) -> object:
        """Every element, in order."""
        if not isinstance(value, list):
            place.wrong(f"{self.title} is an array" + ("; write it with two brackets" if "[[" in self.title else ""))
            return MISSING
        if len(value) < self.at_least:
            place.wrong(f"there is at least one {self.title}")
        return [self.kind.read(inner, place / index) for index, inner in enumerate(value)]

    def schema(self) -> dict[str, Any]:
        """An array of the kind."""
        return {"type": "array", "items": self.kind.schema(), **({"minItems": 1} if self.at_least else {})}


@dataclass(frozen=True)
class MapOf:
    """A table whose keys the user names; ``names`` is what they must match and ``says`` the sentence for it."""

    title: str
    kind: Kind
    names: str
    says: str
    reserved: tuple[str, ...] = ()
    at_least: int = 0

    def read(self, value: object, place: Place) -> object:
        """What was read, by the user's names."""
        if not isinstance(value, dict):
            place.wrong(f"{self.title} is a table")
            return MISSING
        if len(value) < self.at_least:
            place.wrong(f"there is at least one {self.title}")
        read: dict[str, Any] = {}
        for key, inner in value.items():
            if not re.search(self.names, key):
                (place / key).wrong(self.says)
            elif key in self.reserved:
                (place / key).wrong(f'"{key}" already means something in a template; take another name')
            read[key] = self.kind.read(inner, place / key)
        return {key: inner for key, inner in read.items() if inner is not MISSING}

    def schema(self) -> dict[str, Any]:
        """Any name of the right form."""
        names: dict[str, Any] = {"pattern": self.names}
        if self.reserved:
            names["not"] = {"enum": list(self.reserved)}
        made: dict[str, Any] = {"type": "object", "propertyNames": names, "additionalProperties": self.kind.schema()}
        return made | ({"minProperties": 1} if self.at_least else {})


@dataclass(frozen=True)
class Choose:
    """Another table where the key ``key`` is (a step that thinks)."""

    key: str
    when: Table
    otherwise: Table

    def read(self, value: object, place: Place) -> object:
        """By the kind that the key chooses."""
        if not isinstance(value, dict) or self.key not in value:
            return self.otherwise.read(value, place)
        if others := [key for key in self.otherwise.one_of if key in value]:
            self.otherwise.exclude((self.key, others[0]), value, place)
            return MISSING
        return self.when.read(value, place)

    def schema(self) -> dict[str, Any]:
        """``if`` the key is there."""
        return {"if": {"required": [self.key]}, "then": self.when.schema(), "else": self.otherwise.schema()}


def _either(keys: tuple[str, ...]) -> str:
    quoted = [f'"{key}"' for key in keys]
    return quoted[0] if len(quoted) == 1 else f"one of {', '.join(quoted[:-1])} or {quoted[-1]}"
