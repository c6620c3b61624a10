"""Real input: Datasette from PyPI, driven by the command that docs/real-service.md gives."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.integration.observing import ROOT, loadstone
from tests.throwaway import free_port

EXAMPLE = ROOT / "examples" / "datasette"


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The example in a folder of its own, on a free port, driven for a few seconds; its summary."""
    folder = tmp_path_factory.mktemp("datasette")
    runpy.run_path(str(EXAMPLE / "library.py"))["write_library"](folder / "library.db")
    text = (EXAMPLE / "loadstone.toml").read_text().replace("8001", str(free_port()))
    (folder / "loadstone.toml").write_text(text)
    done = loadstone("run", "--for", "4s", "--warm-up", "1s", "--seed", "7", "--json", cwd=folder)
    assert done.returncode in (0, 3), done.stderr  # so short a run may leave an objective undecided
    return folder, json.loads(done.stdout)


def test_it_answers_without_an_error(driven: tuple[Path, dict[str, Any]]) -> None:
    _, summary = driven
    assert summary["status"] == "complete"
    assert summary["requests"] > 100
    assert (summary["errors"], summary["dropped"]) == (0, 0)
    steps = {step["step"]: step["results"] for step in summary["steps"]}
    assert set(steps["books of an author"]) == set(steps["book"]) == {"200"}


def test_datasette_counted_what_was_sent(driven: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = driven
    run = folder / ".loadstone" / "runs" / summary["run"]
    log = (run / "service.log").read_text()
    seen = Counter("list" if "?author_id" in path else "book" for path in re.findall(r'"GET (/library/\S+)', log))
    answer = loadstone(
        "sql",
        "--json",
        "select step, sum(count)::bigint as count from intervals where step is not null group by step",
        cwd=folder,
    )
    counted = {row["step"]: row["count"] for row in json.loads(answer.stdout)}
    assert counted == {"books of an author": seen["list"], "book": seen["book"]}


def test_the_details_are_of_the_books_that_the_lists_held(driven: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = driven
    log = (folder / ".loadstone" / "runs" / summary["run"] / "service.log").read_text()
    authors = {int(number) for number in re.findall(r"author_id=(\d+)&", log)}
    books = [int(number) for number in re.findall(r'"GET /library/book/(\d+)\.json', log)]
    assert len(set(books)) > 10, "a random one of the list, not always the first"
    assert {1 + (book - 1) % 300 for book in books} <= authors


def test_check_shows_the_exchange(driven: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = driven
    done = loadstone("check", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"/library/book/\d+\.json", done.stdout)
