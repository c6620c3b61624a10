"""A real server in a process of its own with the recorder in it, requests that are counted, and what was recorded."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.recorder.collector import Recorder
from loadstone.lab import tree
from loadstone.model.redaction import Redaction

BIN = Path(sys.executable).parent
KEY = "00112233445566778899aabbccddeeff"
TRACE = "0af7651916cd43dd8448eb211c80319c"
_PATIENCE_S = 20.0


class Served:
    """A service that is up, and its recorder."""

    def __init__(self, recorder: Recorder, process: subprocess.Popen[bytes], port: int, token: str) -> None:
        self.recorder = recorder
        self.process = process
        self.port = port
        self.token = token

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def many(
        self,
        path: str,
        count: int,
        threads: int = 4,
        first: int = 1,
        after: Callable[[int], object] = lambda seen: None,
    ) -> set[int]:
        """Which of ``count`` requests were answered, each on a connection of its own and with a parent id of its own,
        from ``first`` on. ``after`` is told how many there are so far."""
        answered: set[int] = set()
        numbers = iter(range(first, first + count))

        def ask() -> None:
            while (number := next(numbers, None)) is not None:
                try:
                    status, _ = self.get(path, {"traceparent": f"00-{TRACE}-{number:016x}-01"})
                except (OSError, http.client.HTTPException):
                    continue
                assert status == 200
                answered.add(number)
                after(len(answered))

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(ask) for _ in range(threads)]:
                done.result()
        return answered

    def pids(self) -> set[int]:
        return tree.alive(self.process.pid, self.token)

    def end(self, number: signal.Signals) -> None:
        """The signal to every process of the tree, and wait until none is left."""
        tree.send(self.process.pid, self.token, number)
        until(lambda: self.process.poll() is not None or number == signal.SIGKILL)
        tree.send(self.process.pid, self.token, signal.SIGKILL)
        self.process.wait()
        until(lambda: not self.pids())


def until(done: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"not within {_PATIENCE_S} s: {what}"
        time.sleep(0.02)


@contextmanager
def served(
    argv: Sequence[str], tmp_path: Path, port: int, env: Mapping[str, str] | None = None, ready: str = "/"
) -> Iterator[Served]:
    """Start ``argv`` in ``tmp_path`` with the recorder in it; wait for ``ready``, which is not asked of the service
    through any request that counts: a plain connection is."""
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    token = f"recorder-test-{port}"
    recorder = Recorder()
    process: list[subprocess.Popen[bytes]] = []
    scene = Scene(
        spool=spool,
        redaction=Redaction(KEY),
        pids=lambda: tree.alive(process[0].pid, token) if process else set(),
        generator=os.getpid(),
        cwd=tmp_path,
    )
    start = recorder.prepare(scene, Start(tuple(argv), dict(env or {})))
    assert start is not None
    log = tmp_path / "service.log"
    with log.open("wb") as output:
        process.append(
            subprocess.Popen(
                start.argv,
                cwd=tmp_path,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **start.env, tree.MARK: token},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
    service = Served(recorder, process[0], port, token)
    try:
        until(lambda: _accepts(port) or process[0].poll() is not None, "accepts")
        assert process[0].poll() is None, log.read_text()
        recorder.open()
        yield service
        if process[0].poll() is None:
            recorder.stop()
    finally:
        service.end(signal.SIGTERM)


def run(argv: Sequence[str], tmp_path: Path, env: Mapping[str, str] | None = None) -> tuple[Recorder, str]:
    """Run a program to its end with the recorder in it: the recorder, and what the program wrote."""
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700, exist_ok=True)
    recorder = Recorder()
    scene = Scene(spool=spool, redaction=Redaction(KEY), pids=set, generator=os.getpid(), cwd=tmp_path)
    start = recorder.prepare(scene, Start(tuple(argv), dict(env or {})))
    assert start is not None
    done = subprocess.run(
        start.argv,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **start.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return recorder, done.stdout


def rows(gathered: Gathered, table: str = "spans") -> list[dict[str, Any]]:
    """The table row by row, None where a value is missing."""
    found: list[dict[str, Any]] = []
    for batch in gathered.tables[table]:
        columns = {name: values.tolist() for name, values in batch.items()}
        count = {len(values) for values in columns.values()}
        assert len(count) == 1, "columns of one length"
        assert all(np.ndim(values) == 1 for values in batch.values())
        found += [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return found


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
