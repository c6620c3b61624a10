"""Sick or cured, a specimen answers the same: the fault is in what the answer costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from specimens.catalogue import specimens
from specimens.neighbours import Absent, Neighbours
from specimens.run import ROOT

Answers = dict[str, list[list[object]]]
PYTHON = [one for one in specimens() if (one.folder / "service.py").exists()]
# Plain ones, and by what they need beside them.
GROUPS: dict[tuple[str, ...], list[str]] = {}
for one in PYTHON:
    GROUPS.setdefault(tuple(sorted(one.needs)), []).append(one.name)


@pytest.fixture(scope="module")
def neighbours() -> Iterator[Neighbours]:
    with ExitStack() as stack:
        yield stack.enter_context(Neighbours.running())


def asked(names: list[str], folder: Path, env: dict[str, str], fault: int) -> Answers:
    own = {"FAULT": str(fault), "SPECIMEN_FOLDER": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.specimens.asking", *names],
        cwd=ROOT,
        env=os.environ | env | own,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.optional("PostgreSQL and Redis are not installed everywhere")
@pytest.mark.parametrize("needs", GROUPS, ids=lambda needs: "+".join(needs) or "alone")
def test_the_cure_answers_what_the_fault_answers(
    needs: tuple[str, ...], neighbours: Neighbours, tmp_path: Path
) -> None:
    pytest.importorskip("flask", reason="the specimens are Flask applications")
    try:
        neighbours.need(needs)
    except Absent as absent:
        pytest.skip(str(absent))
    sick, cured = (asked(GROUPS[needs], tmp_path, neighbours.env, fault) for fault in (1, 0))
    assert sick.keys() == cured.keys() == set(GROUPS[needs])
    for name, told in sick.items():
        assert {status for _, status, _ in told} == {200}, name
        if name not in _BOUNDED:
            assert told == cured[name], name
        assert len({digest for _, _, digest in told}) > 1 or len(told) == 1 or name in _SAME, name


_SAME = {"cache_stampede", "unbounded_result"}  # whose parameter says nothing
_BOUNDED = {"unbounded_result"}  # whose cure is to send less
