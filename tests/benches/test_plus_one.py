"""The statement lands in each of its places, and the shop still compiles."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

from benches.plus_one import PLACES, STATEMENT, Place, planted, repository


@pytest.mark.parametrize("place", [*PLACES, None], ids=lambda place: getattr(place, "name", "none"))
def test_two_revisions_differ_in_one_line(place: Place | None, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    repository(folder, place, 8123)
    difference = subprocess.run(
        ["git", "diff", "--unified=0", "HEAD~1", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    added = [line for line in difference.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert len(added) == 1
    assert (STATEMENT in added[0]) == (place is not None)
    for path in (folder / "shop").glob("*.py"):
        ast.parse(path.read_text())
    spec = tomllib.loads((folder / "loadstone.toml").read_text())
    assert spec["service"]["url"] == "http://127.0.0.1:8123"
    assert "-m shop --port 8123" in spec["service"]["start"]
    assert list(spec["shape"]) == ["gate"]


def test_a_line_that_is_gone_is_an_error() -> None:
    with pytest.raises(ValueError, match="has not one line"):
        planted("nothing\n", PLACES[0])
