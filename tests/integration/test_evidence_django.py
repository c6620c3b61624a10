"""Evidence of a Django service under gunicorn with two pre-forked workers, on SQLite and PostgreSQL: counts agree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.observing import ROOT, Observed, observed, sql
from tests.throwaway import free_port, postgres

EXAMPLE = ROOT / "examples" / "django"


def _in_a_folder(folder: Path, env: dict[str, str], *arguments: str) -> Observed:
    for name in ("bookshelf.py", "loadstone.toml"):
        shutil.copy(EXAMPLE / name, folder)
    spec = folder / "loadstone.toml"
    spec.write_text(spec.read_text().replace("8000", str(free_port())))
    fill = [sys.executable, "bookshelf.py", "fill"]
    subprocess.run(fill, cwd=folder, check=True, env=os.environ | env)
    return observed(folder, *arguments, env=env)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """The example, driven and observed."""
    folder = tmp_path_factory.mktemp(f"django-{request.param}")
    if request.param == "sqlite":
        yield _in_a_folder(folder, {})
        return
    with postgres(options="-c track_io_timing=on", counting=True) as server:
        url = f"postgresql://{server.user}:hunter2@/postgres?host={server.folder}"
        yield _in_a_folder(folder, {"DATABASE_URL": url, "SHOP_DSN": server.dsn}, "--dsn", "{env.SHOP_DSN}")


def test_every_request_has_its_server_span(shelf: Observed) -> None:
    assert shelf.check("requests")["outcome"] == "pass"
    assert shelf.requests > 50
    entries = "FROM spans WHERE kind = 2 AND request IS NOT NULL"
    spans = sql(shelf.folder, f"SELECT count(*) AS n, count(DISTINCT request) AS requests {entries}")
    assert spans == [{"n": shelf.requests, "requests": shelf.requests}]


def test_a_shelf_asks_once_for_itself_and_once_for_each_book(shelf: Observed) -> None:
    """The N+1 that the example holds: 20 statements of one text under one server span, from one line."""
    rows = sql(
        shelf.folder,
        "SELECT s.db_query_text, s.code_line_number AS line, count(*) AS n FROM spans s JOIN spans p "
        "ON s.trace_id = p.trace_id AND p.kind = 2 AND p.http_route LIKE '%books' "
        "WHERE s.db_query_text LIKE '%author%WHERE%' GROUP BY ALL",
    )
    shelves = sql(shelf.folder, "SELECT count(*) AS n FROM spans WHERE kind = 2 AND http_route LIKE '%books'")[0]["n"]
    source = (EXAMPLE / "bookshelf.py").read_text().splitlines()
    assert len(rows) == 1
    assert "book.author.name" in source[rows[0]["line"] - 1]
    assert rows[0]["n"] == 20 * shelves


def test_the_database_counted_what_the_spans_say(shelf: Observed) -> None:
    check = shelf.check("database")
    if shelf.evidence["rows"]["statements"]:
        assert check["outcome"] == "pass", check
    else:
        assert check["outcome"] == "could not look", check


def test_the_observers_price_is_told(shelf: Observed) -> None:
    told = {row["name"]: row for row in shelf.evidence["cost"]}
    assert told["service CPU a request"]["bare"] > 0
    assert told["service CPU a request"]["observed"] > 0
    assert [one["name"] for one in shelf.evidence["collectors"]]


def test_the_spec_shows_its_parameter_and_the_dsn_stays_out(shelf: Observed) -> None:
    readable = "SELECT count(*) AS n FROM spans WHERE regexp_matches(url_query, '^shelf=[0-9]+$')"
    assert sql(shelf.folder, readable)[0]["n"] > 0
    for path in (shelf.folder / ".loadstone").rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path
