"""Processes are found by the port that they listen at, and what they used is counted with their children."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from loadstone.lab.processes import cpu_s, family, listeners

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")

PARENT = """
import os, socket, sys
listener = socket.create_server((sys.argv[1], 0), family=getattr(socket, sys.argv[2]))
if os.fork() == 0:
    sum(range(10_000_000))
    os._exit(0)
os.wait()
child = os.fork()
if child == 0:
    import time
    time.sleep(600)
print(listener.getsockname()[1], child, flush=True)
sys.stdin.read()
os.kill(child, 9)
"""


@pytest.fixture(params=[("127.0.0.1", "AF_INET"), ("::1", "AF_INET6")], ids=["IPv4", "IPv6"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[int, int, int]]:
    """A process that listens, its port and its child."""
    host, name = request.param
    with socket.socket(getattr(socket, name)) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip(f"{host} cannot be bound here")
    words = [sys.executable, "-c", PARENT, host, name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port, child = map(int, process.stdout.readline().split())
        yield process.pid, port, child
        process.stdin.close()


def test_a_listener_is_found_with_its_children(served: tuple[int, int, int]) -> None:
    pid, port, child = served
    assert listeners(port) == {pid, child}  # the child holds the socket too
    assert family({pid}) == {pid, child}


def test_cpu_counts_children_that_have_ended(served: tuple[int, int, int]) -> None:
    pid, _, child = served
    assert cpu_s({pid}) > 2 / os.sysconf("SC_CLK_TCK")
    assert cpu_s({child}) < cpu_s({pid})


def test_nobody_listens_and_nobody_lives() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert listeners(bound.getsockname()[1]) == set()
    assert family({2**22 + 1}) == set()
    assert cpu_s({2**22 + 1}) == 0.0
