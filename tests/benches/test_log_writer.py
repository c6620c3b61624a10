"""A log of a seed is always the same log, and every line of it is one."""

from __future__ import annotations

from pathlib import Path

from benches.log_writer import write_combined
from loadstone.traffic.hits import read_logs


def test_the_same_seed_is_the_same_log(tmp_path: Path) -> None:
    lines = write_combined(tmp_path / "a", 300_000, seed=3)
    assert lines == write_combined(tmp_path / "b", 300_000, seed=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    write_combined(tmp_path / "c", 300_000, seed=4)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()
    reading = read_logs([tmp_path / "a"], format=None, key="0" * 32).reading()
    assert (reading.hits, reading.malformed, reading.backwards) == (lines, 0, 0)
