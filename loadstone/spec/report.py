"""Collects what is wrong with a spec, each with its place, so that all of it is told at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from loadstone.errors import Problem, SpecError
from loadstone.spec.lines import Path

__all__ = ["Place", "Report", "did_you_mean", "shortened"]

_WIDTH = 100  # characters of a source line that an error quotes
_QUOTED = re.compile(r"""(["'])(?!\{env\.).*?(?:\1|$)""")
_SECRET = re.compile(
    r"""(://(?=[^\s"'/]*@)|(?:password|passwd|secret|token|bearer|authorization)["']?\s*=\s*["'](?:(?:bearer|basic|token)\s+)?)"""
    r"""(?!\{)[^\s"'@]+(?=@|["']|$)""",
    re.IGNORECASE,
)


class Report:
    """The problems of one file. ``lines`` gives each path its line."""

    def __init__(self, file: str, text: str, lines: dict[Path, int]) -> None:
        self._file = file
        self._source = text.split("\n")
        self._lines = lines
        self._problems: list[Problem] = []

    def place(self, path: Path) -> Place:
        """The place of a path."""
        return Place(self, path)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest that encloses it; the document itself is line 1."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def quote(self, line: int) -> str:
        """The source line, short enough to repeat."""
        return shortened(self._source[line - 1]) if line <= len(self._source) else ""

    def add(self, line: int, found: str, expected: str) -> None:
        """Add a problem of this file."""
        self.add_elsewhere(Problem(self._file, line, found, expected))

    def add_elsewhere(self, problem: Problem) -> None:
        """Add a problem, of this file or one that it names; the same one is told once."""
        if problem not in self._problems:
            self._problems.append(problem)

    def raise_if_any(self) -> None:
        """Raise SpecError with every problem, the spec's own first, in the order of their lines."""
        if self._problems:
            ordered = sorted(self._problems, key=lambda p: (p.file != self._file, p.file, p.line))
            raise SpecError.of(tuple(ordered))


class Place:
    """A place in the document that can complain."""

    def __init__(self, report: Report, path: Path) -> None:
        self.report = report
        self.path = path

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.report, (*self.path, key))

    @property
    def line(self) -> int:
        """The line that an editor would go to."""
        return self.report.line(self.path)

    def wrong(self, expected: str, *, found: str | None = None) -> None:
        """Say what is expected here; ``found`` stands in for the source line where there is none to show."""
        if found is None:
            found = self.report.quote(self.line)
            found = _QUOTED.sub('"…"', found) if self.path[:1] == ("auth",) else found
        self.report.add(self.line, found, expected)


def shortened(line: str) -> str:
    """A source line, short enough to repeat and without what looks like a secret: errors end up in logs."""
    line = _SECRET.sub(lambda found: f"{found[1]}…", line.strip())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """``; did you mean "url"?`` when a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), 1, cutoff)
    return f'; did you mean "{near[0]}"?' if near else ""
