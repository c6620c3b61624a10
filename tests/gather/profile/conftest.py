"""Real processes to profile, and a stage for the collector."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadstone.gather.collector import Scene
from loadstone.gather.profile.processes import why_not_ptrace
from loadstone.gather.profile.pyspy import find_py_spy
from loadstone.model.redaction import Redaction

HERE = Path(__file__).parent


class Burning:
    """The process of ``burning.py``: ``ask`` returns when it has done what it was told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "burning.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.workers: list[int] = []
        assert self._line() == "ready"

    @property
    def pid(self) -> int:
        return self.process.pid

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def ask(self, words: str) -> str:
        self.tell(words)
        return self._line()

    def fork(self) -> int:
        self.workers.append(int(self.ask("fork")))
        return self.workers[-1]

    def pids(self) -> set[int]:
        return {self.pid, *self.workers} if self.process.poll() is None else set(self.workers)

    def state(self) -> str:
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return stat[stat.rindex(")") + 2]

    def end(self) -> None:
        for worker in self.workers:
            os.kill(worker, 9)
        self.process.kill()
        self.process.communicate()


@contextmanager
def burning() -> Iterator[Burning]:
    service = Burning()
    try:
        yield service
    finally:
        service.end()


@pytest.fixture
def service() -> Iterator[Burning]:
    """A process that may be looked into; skips where none may."""
    if find_py_spy() is None:
        pytest.skip("py-spy is not installed")
    with burning() as process:
        if denied := why_not_ptrace(process.pid):
            pytest.skip(denied[0])
        yield process


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[Callable[[], set[int]]], Scene]:
    """A scene of these processes."""

    def made(pids: Callable[[], set[int]]) -> Scene:
        return Scene(tmp_path, Redaction("00" * 16), pids, os.getpid(), cwd=HERE)

    return made
