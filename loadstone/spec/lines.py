"""On which line each key of a TOML document stands.

tomllib gives values without positions, so this scanner walks the text a second time. It is given only what tomllib has
accepted, so it need not judge, only find: docs/decisions/0002-line-numbers.md says why it exists.
"""

from __future__ import annotations

import bisect
import re
import tomllib

__all__ = ["Path", "locate"]

Path = tuple[str | int, ...]
"""Keys and positions in arrays from the root: ``("journey", 0, "step", 1, "get")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"'),
    "'": re.compile(r"'[^']*'"),
}


def locate(text: str) -> dict[Path, int]:
    """Line, from 1, of every table, key and array element of a valid document.

    A table made by a header stands at its first header, one made by dotted keys at the first of them.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        # tomllib reads CRLF as LF, in the same way.
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", self._text))]
        self._lines: dict[Path, int] = {}
        self._elements: dict[Path, int] = {}  # an array of tables: how many elements it has so far

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> Path:
        line = self._line()
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._keys()
        self._at += 2 if array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._enter((*path, key), line)
        path = (*path, keys[-1])
        if array:
            index = self._elements.get(path, 0)
            self._elements[path] = index + 1
            self._lines.setdefault(path, line)
            path = (*path, index)
            self._lines[path] = line
            return path
        return self._enter(path, line)

    def _enter(self, path: Path, line: int) -> Path:
        """The table at ``path``: of an array of tables, its last element."""
        self._lines.setdefault(path, line)
        return (*path, self._elements[path] - 1) if path in self._elements else path

    def _pair(self, table: Path) -> None:
        line = self._line()
        keys = self._keys()
        self._at += 1  # the equals sign
        path = table
        for key in keys:
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._text[start] in "\"'":
                self._skip(_STRINGS[self._text[start]])
                keys.append(tomllib.loads(f"key = {self._text[start : self._at]}")["key"])
            else:
                keys.append(self._text[start : self._skip(_BARE)])
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _value(self, path: Path) -> None:
        for quote, pattern in _STRINGS.items():
            if self._text.startswith(quote, self._at):
                self._skip(pattern)
                return
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._text[self._skip(_BLANK)] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._lines[*path, index] = self._line()
            self._value((*path, index))
            index += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._text[self._skip(_BLANK)] != "}":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._pair(path)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Go past the pattern; the new position."""
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"line {self._line()}: this is not TOML that tomllib accepts")
        self._at = found.end()
        return self._at

    def _line(self) -> int:
        return bisect.bisect_right(self._starts, self._at)
