"""What ``specimen.toml`` says of each specimen, with the expected line looked up by its mark in the code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "Expected", "Specimen", "line_of", "specimen", "specimens"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Expected:
    """What the first finding's locus must hold; None asks for nothing. ``line`` is that of the mark in ``file``."""

    step: str | None = None
    statement: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Specimen:
    """One folder. ``service`` says in words what it is built from; ``needs`` are names of ``neighbours.Neighbours``;
    ``build`` is a command that goes before its start; ``also`` are codes that may be named before it, each with the
    reason why that is right too; ``env`` goes to the service, ``sick|cured`` or for both."""

    name: str
    fault: str
    service: str
    needs: tuple[str, ...]
    build: tuple[str, ...]
    expected: Expected
    also: dict[str, str]
    env: dict[str, str]

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return FOLDER / self.name

    @property
    def spec(self) -> Path:
        """What drives it."""
        return self.folder / "loadstone.toml"


def line_of(file: Path, mark: str) -> int:
    """The number of the one line that ends in the mark, whatever starts a comment; ValueError unless there is one."""
    found = [number for number, line in enumerate(file.read_text().splitlines(), 1) if line.rstrip().endswith(mark)]
    if len(found) != 1:
        raise ValueError(f"{file} has {len(found)} lines that end in {mark!r}; one is looked for")
    return found[0]


def specimen(name: str) -> Specimen:
    """One by the name of its folder; FileNotFoundError where there is none."""
    told: dict[str, Any] = tomllib.loads((FOLDER / name / "specimen.toml").read_text())
    expected = dict(told.get("expected", {}))
    mark = expected.pop("mark", None)
    file = expected.get("file")
    if mark is not None and file is not None:
        expected["line"] = line_of((FOLDER / name / file).resolve(), mark)
    if file is not None:
        expected["file"] = Path(file).name
    return Specimen(
        name=name,
        fault=told["fault"],
        service=told["service"],
        needs=tuple(told.get("needs", ())),
        build=tuple(told.get("build", ())),
        expected=Expected(**expected),
        also=told.get("also", {}),
        env=told.get("env", {}),
    )


def specimens() -> list[Specimen]:
    """All of them, by name."""
    return [specimen(path.parent.name) for path in sorted(FOLDER.glob("*/specimen.toml"))]
