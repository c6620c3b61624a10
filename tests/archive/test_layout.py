"""Run ids sort by time, and every way of naming a run finds the one that is meant."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive, RunWriter, find
from loadstone.errors import EvidenceError, InstrumentError
from tests.archive.made import manifest

SECOND = 1_000_000_000
NOON = 1_795_521_600 * SECOND


def _run(archive: Archive, started_ns: int = NOON, **changes: object) -> str:
    writer = RunWriter(archive, manifest(started_ns))
    writer.close(status="complete", **changes)
    return writer.run


def test_an_id_tells_the_time_in_utc(tmp_path: Path) -> None:
    assert re.fullmatch(r"20261124T120000-[0-9a-f]{4}", _run(Archive(tmp_path)))


def test_the_archive_is_ignored_by_git(tmp_path: Path) -> None:
    _run(Archive(tmp_path / ".loadstone"))
    assert (tmp_path / ".loadstone" / ".gitignore").read_text() == "*\n"


def test_last_counts_back_over_runs_that_stand_for_themselves(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first = _run(archive, NOON)
    second = _run(archive, NOON + SECOND)
    _run(archive, NOON + 2 * SECOND, experiment="e1", pair=1, side="a")
    assert archive.resolve("last").id == second
    assert archive.resolve("last-1").id == first
    with pytest.raises(EvidenceError, match="no last-2"):
        archive.resolve("last-2")


def test_runs_of_one_second_are_ordered_by_their_start(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    started = [_run(archive, NOON + offset) for offset in range(1, 20)]
    assert archive.ids() == started[::-1]


def test_a_run_is_found_by_id_beginning_ending_and_path(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = _run(archive, NOON)
    other = _run(archive, NOON + 3600 * SECOND)
    for reference in (run, run[:11], run[-4:], str(tmp_path / "runs" / run), str(tmp_path / "runs" / run / "x.html")):
        (tmp_path / "runs" / run / "x.html").touch()
        if not other.endswith(run[-4:]):
            assert archive.resolve(reference).id == run


def test_an_ambiguous_beginning_names_the_candidates(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = _run(archive, NOON)
    _run(archive, NOON + SECOND)
    with pytest.raises(EvidenceError, match=f"could be any of 2 runs: .*{run}"):
        archive.resolve("2026")


def test_an_empty_archive_says_how_to_make_a_run(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="loadstone run URL"):
        Archive(tmp_path / "none").resolve("last")
    with pytest.raises(EvidenceError, match='no run "7f3a"'):
        Archive(tmp_path / "none").resolve("7f3a")


def test_an_unknown_format_is_refused_and_its_reader_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = _run(archive)
    path = tmp_path / "runs" / run / "manifest.json"
    document = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(document | {"format": 2, "versions": {"loadstone": "9.1"}, "new": 1}))
    with pytest.raises(EvidenceError, match=r"format 2; this loadstone reads format 1, loadstone 9\.1"):
        _ = archive.resolve("last").manifest
    with pytest.raises(EvidenceError, match="format 2"):
        list(archive.resolve("last").intervals())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}'])
def test_a_broken_manifest_is_an_error_with_its_path(tmp_path: Path, content: bytes) -> None:
    archive = Archive(tmp_path)
    run = _run(archive)
    path = tmp_path / "runs" / run / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=re.escape(str(path))):
        _ = archive.resolve(run).manifest


def test_the_archive_is_found_by_argument_variable_and_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOADSTONE_ARCHIVE", raising=False)
    assert find().root == Path(".loadstone")
    monkeypatch.setenv("LOADSTONE_ARCHIVE", "/elsewhere")
    assert find().root == Path("/elsewhere")
    assert find("here").root == Path("here")


def test_a_place_that_cannot_be_written_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstrumentError, match=r"cannot be written: Not a directory\n.*--archive DIR"):
        Archive(tmp_path / "file").create(NOON)
