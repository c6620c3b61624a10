"""Evidence of services that are not ours, or ours: Datasette from PyPI, the sample shop on SQLite and on PostgreSQL."""

from __future__ import annotations

import runpy
import shlex
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from tests.integration.observing import ROOT, Observed, observed, sql
from tests.throwaway import free_port, postgres

DATASETTE = ROOT / "examples" / "datasette"


@pytest.fixture(scope="module")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """Datasette over a small library."""
    folder = tmp_path_factory.mktemp("datasette")
    runpy.run_path(str(DATASETTE / "library.py"))["write_library"](folder / "library.db")
    text = (DATASETTE / "loadstone.toml").read_text().replace("8001", str(free_port()))
    (folder / "loadstone.toml").write_text(text)
    return observed(folder)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """The sample shop by its own spec."""
    folder = tmp_path_factory.mktemp(f"shop-{request.param}")
    port = free_port()
    start = shlex.join([sys.executable, "-m", "loadstone.demo", "--port", str(port)])
    text = files("loadstone.demo").joinpath("loadstone.toml").read_text().replace("8000", str(port))
    spec = folder / "loadstone.toml"
    if request.param == "sqlite":
        spec.write_text(text.replace("python -m loadstone.demo --port " + str(port), start))
        yield observed(folder)
        return
    with postgres(counting=True) as server:
        start += f" --dsn {server.dsn}"
        spec.write_text(text.replace("python -m loadstone.demo --port " + str(port), start))
        yield observed(folder, "--dsn", "{env.SHOP_DSN}", env={"SHOP_DSN": server.dsn})


def test_datasettes_requests_are_all_seen(datasette: Observed) -> None:
    assert datasette.check("requests")["outcome"] == "pass"
    seen = sql(datasette.folder, "SELECT count(*) AS n FROM spans WHERE kind = 2 AND request IS NOT NULL")[0]["n"]
    assert seen == datasette.requests > 50


def test_datasettes_statements_stand_under_their_requests(datasette: Observed) -> None:
    """Datasette runs its statements in threads of its own: the parent must survive the hop."""
    rows = sql(
        datasette.folder,
        "SELECT count(*) AS n, count(p.span_id) AS under FROM spans s LEFT JOIN spans p "
        "ON s.trace_id = p.trace_id AND s.parent_id = p.span_id WHERE s.db_query_text LIKE '%book%' AND s.request > 0",
    )
    assert rows[0]["n"] > 50
    assert rows[0]["under"] == rows[0]["n"]


def test_the_shops_requests_are_all_seen(shop: Observed) -> None:
    assert shop.check("requests")["outcome"] == "pass"
    steps = sql(shop.folder, "SELECT count(DISTINCT step) AS n FROM spans WHERE kind = 2 AND request > 0")
    assert steps[0]["n"] >= 4


def test_the_shops_statements_are_counted_on_both_sides(shop: Observed) -> None:
    check = shop.check("database")
    assert check["outcome"] == ("pass" if shop.evidence["rows"]["statements"] else "could not look"), check


def test_the_shop_is_seen_from_all_sides(shop: Observed) -> None:
    rows = shop.evidence["rows"]
    assert rows["spans"] > 100
    assert rows["host"] > 100
    assert rows["stacks"] > 10 or any(one["kind"] == "profile" for one in shop.evidence["missing"])
    assert Path(shop.folder / ".loadstone" / "runs" / shop.summary["run"] / "report.html").stat().st_size > 100_000
