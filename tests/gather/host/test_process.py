"""Processes, from recorded texts and from a /proc made by hand: trees that grow, shrink, hide and reuse pids."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.host.process import (
    Stat,
    parse_io,
    parse_limits,
    parse_mapped_pages,
    parse_pss,
    parse_schedstat,
    parse_stat,
    parse_switches,
)
from loadstone.gather.host.sampler import read
from loadstone.gather.host.tree import MOST_THREADS, Tree

STAT = (
    "559 (a ) b (c) R 551 551 5211 0 -1 4194304 103 0 7 0 40 2 0 0 20 0 3 0 231543 2998272 402 18446744073709551615 "
    "94084047577088 94084047601193 140729794365504 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"
)


def test_a_name_with_brackets_is_no_trouble() -> None:
    assert parse_stat(STAT) == Stat("R", 103, 7, 40, 2, 3, 231543, 402)
    assert parse_stat("559 (x) R 1 2") is None
    assert parse_stat("") is None


def test_the_other_files() -> None:
    assert parse_schedstat("1 2500000000 3\n") == 2.5
    assert parse_switches("Threads:\t1\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n") == (12, 3)
    assert parse_io("rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 5\n") == (4096, 8192)
    assert parse_limits("Max processes  1 1 p\nMax open files            1024      4096     files\n") == 1024
    assert parse_limits("Max open files            unlimited  unlimited     files\n") is None
    assert parse_mapped_pages("4211 1783 402 5 0 900 0\n") == 402
    assert parse_pss("559cd655d000-7ffe793a3000 ---p\nRss:  1780 kB\nPss:                 278 kB\n") == 278 * 1024


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for parse in (parse_stat, parse_schedstat, parse_switches, parse_io, parse_limits, parse_mapped_pages, parse_pss):
        for given_text in (text, STAT[: len(text)], STAT + text):
            parse(given_text)


class FakeProc:
    """A /proc of files that a test writes; 100 ticks a second, pages of 4096 bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = Tree(root, read, 4096, 100)

    def put(self, pid: int, born_s: float, *, cpu_s: float = 0.0, waited_s: float = 0.0, threads: int = 1) -> None:
        folder = self.root / str(pid)
        (folder / "task" / str(pid)).mkdir(parents=True, exist_ok=True)
        (folder / "fd").mkdir(exist_ok=True)
        ticks = int(cpu_s * 100)
        fields = f"1 1 1 0 -1 0 10 0 1 0 {ticks} 0 0 0 20 0 {threads} 0 {int(born_s * 100)} 0 100"
        (folder / "stat").write_text(f"{pid} (x) S {fields} 0 0\n")
        (folder / "task" / str(pid) / "schedstat").write_text(f"0 {int(waited_s * 1e9)} 1\n")
        (folder / "io").write_text("read_bytes: 0\nwrite_bytes: 0\n")
        (folder / "limits").write_text("Max open files            10         10       files\n")

    def drop(self, pid: int) -> None:
        (self.root / str(pid) / "stat").unlink()

    def look(self, *pids: int, boot_s: float) -> dict[str, float]:
        return {metric: value for (metric, _), value in self.tree.look(pids, boot_s).items()}


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path)


def test_a_tree_is_added_up(proc: FakeProc) -> None:
    proc.put(1, 5, cpu_s=10, threads=2)
    proc.put(2, 5, cpu_s=20)
    first = proc.look(1, 2, boot_s=100)
    proc.put(1, 5, cpu_s=11, threads=2, waited_s=0.5)
    then = proc.look(1, 2, boot_s=101)
    assert then["cpu_cores"] - first["cpu_cores"] == pytest.approx(1)
    assert then["run_wait_s_per_s"] - first["run_wait_s_per_s"] == pytest.approx(0.5)
    assert (then["processes"], then["threads"], then["rss_bytes"]) == (2, 3, 2 * 100 * 4096)


def test_one_that_ends_takes_nothing_back_and_one_that_is_born_counts_whole(proc: FakeProc) -> None:
    proc.put(1, 5, cpu_s=10)
    proc.put(2, 5, cpu_s=20)
    first = proc.look(1, 2, boot_s=100)
    proc.drop(2)
    proc.put(3, 100.5, cpu_s=0.25)
    proc.put(4, 50, cpu_s=7)  # it was there before and joins now: what it did is not of this run
    then = proc.look(1, 2, 3, 4, boot_s=101)
    assert then["cpu_cores"] - first["cpu_cores"] == pytest.approx(0.25)
    assert then["processes_new"] - first["processes_new"] == 2
    assert then["processes_ended"] - first["processes_ended"] == 1


def test_a_pid_that_is_used_again_is_another_process(proc: FakeProc) -> None:
    proc.put(1, 5, cpu_s=10)
    first = proc.look(1, boot_s=100)
    proc.put(1, 100.5, cpu_s=0.5)
    then = proc.look(1, boot_s=101)
    assert then["cpu_cores"] - first["cpu_cores"] == pytest.approx(0.5)
    assert then["processes_new"] - first["processes_new"] == 1


def test_what_cannot_be_read_is_told_and_nothing_else_is_lost(proc: FakeProc) -> None:
    proc.put(1, 5, cpu_s=10)
    (proc.root / "1" / "io").unlink()
    (proc.root / "1" / "fd").rmdir()
    found = proc.look(1, boot_s=100)
    assert found["processes"] == 1
    assert "descriptors" not in found
    assert proc.tree.hidden == {"bytes read and written", "open descriptors"}


def test_the_process_nearest_to_its_limit(proc: FakeProc) -> None:
    proc.put(1, 5)
    proc.put(2, 5)
    for number in range(8):
        (proc.root / "2" / "fd" / str(number)).touch()
    size = (proc.root / "2" / "fd").stat().st_size
    found = proc.look(1, 2, boot_s=100)
    assert found["descriptors_share"] == pytest.approx((size or 8) / 10)


def test_very_many_threads_are_not_looked_at_one_by_one(proc: FakeProc) -> None:
    proc.put(1, 5, threads=MOST_THREADS + 1)
    found = proc.look(1, boot_s=100)
    assert found["threads"] == MOST_THREADS + 1
    assert "run_wait_s_per_s" not in found
    assert any("threads" in told for told in proc.tree.hidden)


def test_nothing_that_lives_is_no_reading(proc: FakeProc) -> None:
    assert proc.look(1, boot_s=100) == {}
    assert not proc.tree.seen
