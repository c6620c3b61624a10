"""A probe of a real service: a page that asks for each of its rows, by the number of rows."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.cli.asked import Choices, asked_of
from loadstone.cli.observe import Ways
from loadstone.drive.engine import native
from loadstone.errors import SpecError
from loadstone.lab.probe import probe
from loadstone.lab.trial import Asked
from loadstone.model.shape import Shape
from loadstone.model.workload import Workload
from loadstone.spec import Spec, load
from tests.throwaway import free_port

SERVICE = """
import sqlite3, sys
from flask import Flask, request

app = Flask(__name__)
with sqlite3.connect("shelf.db") as held:
    held.execute("CREATE TABLE IF NOT EXISTS author (id integer PRIMARY KEY, name text)")
    held.executemany("INSERT OR IGNORE INTO author VALUES (?, ?)", [(n, f"author {n}") for n in range(100)])


@app.get("/shelf")
def shelf():
    held = sqlite3.connect("shelf.db")
    rows = range(int(request.args["limit"]))
    return {"items": [held.execute("SELECT name FROM author WHERE id = ?", (n,)).fetchone() for n in rows]}


app.run(port=int(sys.argv[1]), threaded=True)
"""
SPEC = """
[service]
url = "http://127.0.0.1:{port}"
start = {start!r}

[[journey]]
name = "browse"
[[journey.step]]
name = "shelf"
get = "/shelf?limit={{int(5, 9)}}"

[shape.steady]
rate = "30/s"
duration = "10s"
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """The service in a folder of its own."""
    pytest.importorskip("flask")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(SERVICE)
    port = free_port()
    start = shlex.join([sys.executable, "app.py", str(port)])
    (tmp_path / "loadstone.toml").write_text(SPEC.format(port=port, start=start))
    return load(str(tmp_path / "loadstone.toml"))


def test_a_statement_for_each_row_has_slope_one(spec: Spec, tmp_path: Path) -> None:
    def ask(workload: Workload, shape: Shape, seed: int) -> Asked:
        changed = msgspec.structs.replace(spec, workload=workload, shapes={shape.name: shape})
        ways = Ways(without=("profile", "host"))
        return asked_of(changed, spec.service, Choices(seed=seed, report=False), ways)[0]

    archive = Archive(tmp_path / ".loadstone")
    report = probe(archive, spec.workload, spec.shape, "limit", (4, 12), ask, native, seconds=1.5, seed=3)
    assert report.caveats == ()
    assert sorted(run.value for run in report.runs) == [4, 4, 12, 12]
    (said,) = [one for one in report.said if "n-plus-one" in one.for_]
    assert said.sentence.startswith(
        "12 statements at limit=12, 4 at limit=4: slope 1.00 [1.00, 1.00] statements per unit of limit: an N+1"
    )
    with pytest.raises(SpecError, match="--probe rows=10,20,40"):
        probe(archive, spec.workload, spec.shape, "rows", (), ask, native)
    with pytest.raises(SpecError, match="at most 1800 s"):
        probe(archive, spec.workload, spec.shape, "limit", (1, 2), ask, native, seconds=1000)
    assert len(archive.ids()) == 4
