"""The spec is written whole or not at all, and never over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.errors import InstrumentError, SpecError
from loadstone.lab.init.writing import try_out, write_spec
from loadstone.model.draft import Draft
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Feed, Journey, Step


def draft(target: str = "/things/{things.id}") -> Draft:
    return Draft(
        service=Service("http://127.0.0.1:8000"),
        journeys=(Journey("things", 1.0, (Step("detail", "get", target),)),),
        shapes=(Shape("steady", "poisson", (Phase("steady", 60.0, 1.0),)),),
        feeds=(Feed("things", ("id",), (("1",), ("2",)), "random", "traffic/things.csv"),),
    )


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_spec_and_feeds_are_there_and_nothing_else(tmp_path: Path) -> None:
    spec, feeds = write_spec(draft(), tmp_path / "loadstone.toml", force=False)
    assert spec.workload.feeds[0].rows == (("1",), ("2",))
    assert feeds == (tmp_path / "traffic/things.csv",)
    assert names(tmp_path) == {"loadstone.toml", "traffic/things.csv"}


@pytest.mark.parametrize("there", ["loadstone.toml", "traffic/things.csv"])
def test_what_is_there_stays(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(SpecError, match="--force"):
        write_spec(draft(), tmp_path / "loadstone.toml", force=False)
    assert names(tmp_path) == {there}
    assert (tmp_path / there).read_text() == "mine"
    write_spec(draft(), tmp_path / "loadstone.toml", force=True)
    assert (tmp_path / there).read_text() != "mine"


def test_a_draft_that_is_no_spec_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "loadstone.toml").write_text("mine")
    with pytest.raises(InstrumentError, match="fault of Loadstone"):
        write_spec(draft("/things/{nobody}"), tmp_path / "loadstone.toml", force=True)
    assert (tmp_path / "loadstone.toml").read_text() == "mine"
    with pytest.raises(InstrumentError):
        try_out(draft("/things/{nobody}"), tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no directory"):
        write_spec(draft(), tmp_path / "nowhere" / "loadstone.toml", force=False)
