"""What is written is read back exactly: from closed parts, from the open tail, and across both."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from loadstone.archive import Archive, RunWriter
from loadstone.archive.reader import TAIL
from loadstone.model.interval import Interval
from tests.archive.made import interval, manifest, runs_of_intervals, sample


def _written(root: Path, intervals: tuple[Interval, ...]) -> RunWriter:
    writer = RunWriter(Archive(root), manifest())
    for one in intervals:
        writer.add(one)
    return writer


@settings(max_examples=40, deadline=None)
@given(runs_of_intervals)
def test_intervals_survive_the_closing_of_a_run(intervals: tuple[Interval, ...]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        archive = Archive(Path(directory))
        writer = RunWriter(archive, manifest())
        half = len(intervals) // 2
        for one in intervals[:half]:
            writer.add(one)
        writer.close_part()
        for one in intervals[half:]:
            writer.add(one)
        run = archive.resolve("last")
        assert tuple(run.intervals()) == intervals
        writer.close(status="complete")
        assert tuple(run.intervals()) == intervals


def test_a_part_is_closed_every_ten_minutes(tmp_path: Path) -> None:
    writer = RunWriter(Archive(tmp_path), manifest())
    seconds = [float(second) for second in range(1, 1203)]
    for second in seconds:
        writer.add(interval(second))
    run = Archive(tmp_path).run(writer.run)
    assert [part.name for part in run.parts()] == ["intervals-000.parquet", "intervals-001.parquet"]
    assert (run.directory / TAIL).read_bytes().count(b"\n") == 2
    assert [one.t_s for one in run.intervals()] == seconds


def test_a_crash_between_closing_a_part_and_emptying_the_tail_doubles_nothing(tmp_path: Path) -> None:
    writer = RunWriter(Archive(tmp_path), manifest())
    intervals = tuple(interval(float(second)) for second in (1, 2, 3))
    for one in intervals[:2]:
        writer.add(one)
    before = (writer.directory / TAIL).read_bytes()
    writer.close_part()
    writer.add(intervals[2])
    tail = writer.directory / TAIL
    tail.write_bytes(before + tail.read_bytes())
    assert tuple(Archive(tmp_path).resolve("last").intervals()) == intervals


@pytest.mark.parametrize("torn", [b'{"format":1,"t_s":3.0,"sp', b"", b"{}"])
def test_a_torn_last_line_is_left_out(tmp_path: Path, torn: bytes) -> None:
    writer = _written(tmp_path, (interval(1.0), interval(2.0)))
    with (writer.directory / TAIL).open("ab") as tail:
        tail.write(torn)
    assert [one.t_s for one in Archive(tmp_path).resolve("last").intervals()] == [1.0, 2.0]


def test_samples_are_read_back(tmp_path: Path) -> None:
    writer = _written(tmp_path, ())
    samples = (
        sample(1, trace_id="0af7651916cd43dd8448eb211c80319c"),
        sample(
            2,
            result="connect",
            error=True,
            kept="failed",
            sent_ns=None,
            first_byte_ns=None,
            status=None,
            message='connection refused: "x"\n',
        ),
    )
    writer.samples(samples)
    assert Archive(tmp_path).resolve("last").samples() == samples


def test_no_samples_are_no_samples(tmp_path: Path) -> None:
    writer = _written(tmp_path, ())
    run = Archive(tmp_path).resolve("last")
    assert run.samples() == ()
    writer.samples(())
    assert run.samples() == ()


def test_a_closed_run_holds_no_tail_and_no_leftovers(tmp_path: Path) -> None:
    writer = _written(tmp_path, (interval(1.0),))
    writer.samples((sample(),))
    writer.close(status="complete")
    assert sorted(path.name for path in writer.directory.iterdir()) == [
        "intervals-000.parquet",
        "manifest.json",
        "samples.parquet",
    ]
