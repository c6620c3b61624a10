"""A document in JSON or YAML: its data, the line of each part, and references within it.

YAML is read by the rules of its version 1.2, as OpenAPI asks (4.3): dates stay texts, ``yes`` and ``on`` are words, and
keys are texts, so that ``200:`` is ``"200"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn
from urllib.parse import unquote

import msgspec

from loadstone.errors import Problem, SpecError

__all__ = ["Document", "Path", "read_text"]

Path = tuple[str | int, ...]

MOST_LETTERS = 64 << 20
"""A longer text is no description of an interface."""

MOST_LINED = 8 << 20
"""Letters of the longest JSON document whose lines are looked up, which takes the better part of a second a MiB."""

MOST_HOPS = 32
"""References that lead to references, before it is called a circle."""

DEEPEST = 200
"""Levels of nesting; what is deeper was made to break a reader."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TABS = re.compile(r"^[ \t]*\t[ \t]*$", re.MULTILINE)
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Document:
    """Data with lines. ``data`` is the root table."""

    def __init__(self, data: dict[str, object], at: str, lines: Mapping[Path, int] | None, text: str) -> None:
        self.data = data
        self.at = at
        self._lines = lines
        self._text = text
        self.notes: list[str] = []
        self.spent = 0  # parts of the example that is being made
        self._told: set[str] = set()

    def line(self, path: Path) -> int:
        """The line of what is at a path, or of the nearest thing above it; 0 where lines are not known."""
        if self._lines is None:
            self._lines = _lines_of(self._text)
        for end in range(len(path), -1, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 0

    def note(self, path: Path, what: str) -> None:
        """Say something of a place, once."""
        line = self.line(path)
        said = f"{self.at}:{line}: {what}" if line else f"{self.at}: {what}"
        if said not in self._told:
            self._told.add(said)
            self.notes.append(said)

    def fail(self, path: Path, found: str, expected: str) -> NoReturn:
        """Raise SpecError for a document that cannot be used."""
        raise SpecError.of((Problem(self.at, max(1, self.line(path)), found, expected),))

    def table(self, value: object, path: Path) -> dict[str, object]:
        """What a table or a reference to one holds; empty, with a word about it, where it is none."""
        found, _ = self.resolved(value, path)
        if isinstance(found, dict):
            return found
        if found is not None:
            self.note(path, f"{'.'.join(map(str, path[-2:]))} is not a table, and was left out")
        return {}

    def resolved(self, value: object, path: Path = ()) -> tuple[object, str | None]:
        """The value behind ``$ref``, and the last reference that led there."""
        reference: str | None = None
        for _ in range(MOST_HOPS):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value, reference
            reference = value["$ref"]
            if not reference.startswith("#"):
                self.note(path, f'"{reference[:80]}" is in another document, which was not read')
                return None, reference
            found = self._pointed(reference[1:])
            if found is None:
                self.note(path, f'"{reference[:80]}" points at nothing in this document')
                return None, reference
            value = found
        self.note(path, "references that lead in a circle were left out")
        return None, reference

    def _pointed(self, pointer: str) -> object:
        """What a JSON pointer (RFC 6901) points at."""
        value: object = self.data
        for part in pointer.split("/")[1:] if pointer else []:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        return value


def read_text(text: str | bytes | Mapping[str, object], at: str) -> Document:
    """Decode it. Raises SpecError with file and line for what is neither JSON nor YAML, or no table."""
    if isinstance(text, Mapping):
        return Document(dict(text), at, {}, "")
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig", "replace")
    text = text.lstrip("\ufeff")
    if len(text) > MOST_LETTERS:
        raise SpecError(f"{at} is longer than {MOST_LETTERS >> 20} MiB; that is no OpenAPI document")
    start = text.lstrip()[:1]
    if not start:
        raise SpecError.of((Problem(at, 1, "an empty document", "an OpenAPI document is JSON or YAML"),))
    if start == "<":
        expected = "this is HTML; give the address of the document itself (often /openapi.json), not of a page about it"
        raise SpecError.of((Problem(at, 1, text.lstrip()[:40].splitlines()[0], expected),))
    lines: Mapping[Path, int] | None = None
    if start == "{":
        try:
            data: object = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            data, lines = _yaml_of_braces(text, at, str(error))
    else:
        data, lines = _yaml(text, at)
    if not isinstance(data, dict):
        raise SpecError.of((Problem(at, 1, "no table", 'an OpenAPI document begins with "openapi: 3…"'),))
    return Document(data, at, lines, text)


def _yaml_of_braces(text: str, at: str, said: str) -> tuple[object, Mapping[Path, int]]:
    """YAML that begins with a brace; if it is none either, the error is JSON's."""
    try:
        return _yaml(text, at)
    except SpecError:
        found = re.search(r"\(byte (\d+)\)", said)
        position = int(found[1]) if found else len(text.encode())
        line = text.encode()[:position].count(b"\n") + 1
        shown = (text.splitlines() or [""])[min(line, len(text.splitlines())) - 1].strip()[:60]
        what = re.sub(r"JSON is malformed: | \(byte \d+\)", "", said)
        raise SpecError.of((Problem(at, line, shown or "the end of the file", f"this is not JSON: {what}"),)) from None


def _lines_of(text: str) -> Mapping[Path, int]:
    """Lines of a JSON document, which is YAML but for rare texts; none where it is not."""
    if not text or len(text) > MOST_LINED:
        return {}
    try:
        return _yaml(text, "")[1]
    except SpecError:
        return {}


def _yaml(text: str, at: str) -> tuple[object, Mapping[Path, int]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if "\t" in text:  # libyaml minds a tab in an otherwise empty line, which YAML 1.2 allows
        text = _TABS.sub("", text)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        shown = text.splitlines()[line - 1].strip()[:60] if line <= len(text.splitlines()) else "the end of the file"
        expected = f"this is not YAML: {error.problem or error.context or 'it cannot be read'}"
        raise SpecError.of((Problem(at, line, shown, expected),)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise SpecError.of((Problem(at, 1, "a document that cannot be read", str(error).splitlines()[0]),)) from None
    built = _Built(at)
    return (None, {}) if node is None else (built.value(node, ()), built.lines)


class _Built:
    """Values of composed nodes. What an alias stands for is made once, so that aliases of aliases cost nothing."""

    def __init__(self, at: str) -> None:
        self.lines: dict[Path, int] = {}
        self._at = at
        self._made: dict[int, object] = {}
        self._open: set[int] = set()

    def value(self, node: object, path: Path) -> object:
        import yaml

        assert isinstance(node, yaml.Node)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._made:
            return self._made[id(node)]
        if id(node) in self._open or len(path) > DEEPEST:
            said = "an alias within itself" if id(node) in self._open else "nesting without end"
            raise SpecError.of((Problem(self._at, node.start_mark.line + 1, said, "write it out once"),))
        self._open.add(id(node))
        made = self._table(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self._open.discard(id(node))
        self._made[id(node)] = made
        return made

    def _list(self, node: object, path: Path) -> list[object]:
        values: Sequence[object] = getattr(node, "value", ())
        return [self.value(inner, (*path, index)) for index, inner in enumerate(values)]

    def _table(self, node: object, path: Path) -> dict[str, object]:
        table: dict[str, object] = {}
        merged: dict[str, object] = {}
        pairs: Sequence[tuple[object, object]] = getattr(node, "value", ())
        for key, inner in pairs:
            name = str(getattr(key, "value", ""))
            self.lines[(*path, name)] = getattr(key, "start_mark").line + 1  # noqa: B009
            value = self.value(inner, (*path, name))
            if name == "<<":
                for more in value if isinstance(value, list) else [value]:
                    merged |= more if isinstance(more, dict) else {}
            else:
                table[name] = value
        return {**merged, **table}


def _scalar(node: object) -> object:
    text, style = str(getattr(node, "value", "")), getattr(node, "style", None)
    if style not in (None, ""):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 400 and _INT.fullmatch(text):
        return int(text)
    return float(text) if len(text) < 400 and _FLOAT.fullmatch(text) else text
