"""What kill -9 leaves: a run that reads as crashed, with every second that was told before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadstone.archive import Archive, RunWriter
from loadstone.archive.process import boot_id, is_alive, start_ticks
from loadstone.archive.query import query
from tests.archive.made import interval, manifest

WRITER = """
import sys
from pathlib import Path
from loadstone.archive import Archive, RunWriter
from tests.archive.made import interval, manifest
writer = RunWriter(Archive(Path(sys.argv[1])), manifest())
writer.add(interval(1.0))
writer.close_part()
writer.add(interval(2.0))
writer.add(interval(3.0))
print(writer.run, flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_readable_and_crashed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
        assert Archive(tmp_path).resolve(run_id).manifest.status == "running"
        process.send_signal(signal.SIGKILL)
        process.wait()
    run = Archive(tmp_path).resolve("last")
    assert run.manifest.status == "crashed"
    assert [one.t_s for one in run.intervals()] == [1.0, 2.0, 3.0]
    with (run.directory / "intervals.jsonl").open("a") as tail:
        tail.write('{"format": 1, "t_s": 4')
    told = query(Archive(tmp_path), "SELECT status, number, t_s FROM intervals JOIN runs USING (run) ORDER BY number")
    assert told.rows == (("crashed", 0, 1.0), ("crashed", 1, 2.0), ("crashed", 2, 3.0))


def test_a_reused_process_id_is_another_process(tmp_path: Path) -> None:
    ticks = start_ticks(os.getpid())
    if ticks is None:
        pytest.skip("no /proc on this system")
    assert is_alive(os.getpid(), ticks, boot_id())
    assert not is_alive(os.getpid(), ticks + 1, boot_id())
    assert not is_alive(os.getpid(), ticks, "another boot")


def test_without_start_times_the_process_id_must_do() -> None:
    assert is_alive(os.getpid(), None, None)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not is_alive(process.pid, None, None)


def test_a_run_that_ends_while_it_is_looked_at_has_not_crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(Archive(tmp_path), manifest())
    writer.add(interval(1.0))

    def ends_now(*_: object) -> bool:
        writer.close(status="complete")
        return False

    monkeypatch.setattr("loadstone.archive.reader.is_alive", ends_now)
    assert Archive(tmp_path).resolve("last").manifest.status == "complete"
