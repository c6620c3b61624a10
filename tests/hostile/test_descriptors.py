"""A process without a descriptor left, in a process of its own because the limit is the process's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.hostile.load import MS, closed, plan_for
from tests.hostile.server import HostileServer, Peer

pytestmark = pytest.mark.timeout(60)

USERS = 60
DRIVE = """
import resource, sys
import msgspec
from loadstone.drive.engine import native
from tests.hostile.load import run_to_the_end

engine = native(sys.stdin.buffer.read())
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
engine.start()
load = run_to_the_end(engine)
print(msgspec.json.encode((load.results, sorted(load.messages()), load.opened)).decode())
"""


def answer(peer: Peer) -> None:
    while peer.request():
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def test_exhausted_descriptors_are_connect_errors_among_good_replies() -> None:
    with HostileServer(answer) as server:
        plan = plan_for(server.port, shape=closed(USERS, 500 * MS))
        done = subprocess.run(
            [sys.executable, "-c", DRIVE], input=plan, capture_output=True, cwd=Path(__file__).parents[2], timeout=50
        )
    assert done.returncode == 0, done.stderr.decode()
    results, messages, opened = msgspec.json.decode(done.stdout, type=tuple[dict[str, int], list[str], int])
    assert set(results) == {"200", "connect"}
    assert results["200"] == server.requests, "no request was lost, none was counted twice"
    assert opened == server.connections < 40
    # More users than connections: those left over rest between their attempts.
    assert USERS - 40 < results["connect"] < USERS * 10
    assert any("Too many open files" in message for message in messages)
