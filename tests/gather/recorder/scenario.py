"""One small program, run twice: bare and recorded. What it prints must be the same; what was recorded is returned."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from loadstone.gather.recorder import inject
from loadstone.gather.recorder.inject._loadstone_recorder import layout
from loadstone.gather.recorder.reading import read

__all__ = ["Recorded", "Span", "directory", "run_both", "spans_in"]

INJECT = str(Path(inject.__file__).parent)
KINDS = {number: name for name, number in layout.KINDS.items()}


class Span(NamedTuple):
    """A record with its texts."""

    scope: str
    kind: str
    system: str
    name: str
    statement: str
    rows: int | None
    error: str
    server: str
    file: str
    line: int
    function: str
    trace: bytes
    id: int
    parent: int
    start: int
    end: int
    thread: int
    parameters: int
    method: str
    path: str
    query: str
    status: int
    attributes: Mapping[str, Any]
    pid: int

    @property
    def what(self) -> str:
        """Its statement, else its name."""
        return " ".join(self.statement.split()) or self.name


class Recorded(NamedTuple):
    """What a run printed and recorded; ``facts`` are what the process noted about its libraries."""

    output: str
    spans: list[Span]
    facts: list[Mapping[str, Any]]
    source: str

    def of(self, *scopes: str) -> list[Span]:
        """The spans of these libraries, in order of their start."""
        return sorted((span for span in self.spans if span.scope in scopes), key=lambda span: span.start)

    def line(self, mark: str) -> int:
        """The number of the program's one line that has ``mark``."""
        found = [number for number, text in enumerate(self.source.splitlines(), 1) if mark in text]
        assert len(found) == 1, mark
        return found[0]

    def state(self, library: str) -> set[str]:
        """``covered``, ``not covered``, or both."""
        return {str(fact["state"]) for fact in self.facts if fact["library"] == library}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty directory for a spool."""
    made = tmp_path / "spool"
    made.mkdir()
    return made


def environment(spool: Path | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with the recorder or without it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOADSTONE_", "PYTHON"))}
    kept |= more or {}
    if spool is not None:
        path = [INJECT, *([kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else [])]
        kept |= {"PYTHONPATH": ":".join(path), "LOADSTONE_RECORDER": str(spool), "LOADSTONE_RECORDER_KEY": "00" * 16}
    return kept


def run_both(
    folder: Path,
    program: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    python: Sequence[str] = (sys.executable,),
    between: Callable[[], None] | None = None,
) -> Recorded:
    """Run it bare, then recorded; ``between`` puts back what the first run changed."""
    source = textwrap.dedent(program).strip() + "\n"
    app = folder / "app.py"
    app.write_text(source)
    command = [*python, str(app), *arguments]
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    bare = _run(command, folder, environment(None, env))
    assert bare.returncode == 0, bare.stderr
    if between is not None:
        between()
    seen = _run(command, folder, environment(spool, env))
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout == bare.stdout
    assert seen.stderr == bare.stderr
    spans, facts = spans_in(spool)
    return Recorded(seen.stdout, spans, facts, source)


def spans_in(spool: Path) -> tuple[list[Span], list[Mapping[str, Any]]]:
    """Every span of every process that wrote there, and what the processes noted. Nothing may be torn or lost."""
    processes, refused = read(spool)
    assert not refused
    spans: list[Span] = []
    facts: list[Mapping[str, Any]] = []
    for process in processes:
        assert process.lost == 0
        facts += process.facts()
        for records, torn in process.records():
            assert torn == 0
            for record in records[(records["flags"] & layout.PAUSE) == 0]:
                read_text = {
                    name: (process.text(int(record[name])) or ("",))[0]
                    for name in ("name", "statement", "site", "error", "server", "method", "path", "query")
                }
                kind = process.operation(int(record["operation"]))
                file, line, function = (read_text["site"] or "\n0\n").split("\n")
                spans.append(
                    Span(
                        scope=kind["scope"],
                        kind=KINDS[kind["kind"]],
                        system=kind["system"],
                        name=read_text["name"] or kind["name"],
                        statement=read_text["statement"],
                        rows=None if record["rows"] < 0 else int(record["rows"]),
                        error=read_text["error"],
                        server=read_text["server"],
                        file=file,
                        line=int(line),
                        function=function,
                        trace=record["trace"].tobytes(),
                        id=int(record["span"]),
                        parent=int(record["parent"]),
                        start=int(record["start"]),
                        end=int(record["end"]),
                        thread=int(record["thread"]),
                        parameters=int(record["parameters"]),
                        method=read_text["method"],
                        path=read_text["path"],
                        query=read_text["query"],
                        status=int(record["http_status"]),
                        attributes=process.literal(int(record["attributes"])),
                        pid=process.pid,
                    )
                )
    return spans, facts


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
