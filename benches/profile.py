"""What the profiler costs the service: the same small CPU-bound service bare, profiled, and profiled without stops.

    python -m benches.profile --rounds 8 --seconds 4

A round gives each of them its turn, in an order that is reversed every other time; ratios are taken within a round. The
service has one core, everything else another. Prints, asserts nothing.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from loadstone.gather.collector import Scene
from loadstone.gather.profile.collector import Profile
from loadstone.model.redaction import Redaction

WORK = 3000
"""Turns of the service's loop for each request: some 0.2 ms of Python."""

TURNS: dict[str, Callable[[], Profile | None]] = {
    "bare": lambda: None,
    "profiled": Profile,
    "nonblocking": lambda: Profile(nonblocking=True),
}


class Turn(msgspec.Struct, frozen=True):
    """One turn: requests a second, the service's CPU seconds a request, and the profilers' share of a core."""

    per_s: float
    cpu_s: float
    profiler_share: float


class Handler(BaseHTTPRequestHandler):
    """Answers after some work."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """The work, and a line."""
        total = 0
        for number in range(WORK):
            total += number
        body = b"%d\n" % total
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing."""


def serve(threads: int) -> None:
    """The service, with threads that wait: each is looked at for every sample. Says its port."""
    for _ in range(threads):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def drive(port: int, seconds: float) -> None:
    """Requests one after the other on one connection; says how many and how long."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        connection.request("GET", "/")
        connection.getresponse().read()
        count += 1
    print(count, passed)


@contextmanager
def service(core: int, threads: int) -> Iterator[tuple[int, int]]:
    """The service as a process: its id and port."""
    command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "benches.profile", "serve", str(threads)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def cpu_s(pid: int) -> float:
    """CPU seconds of a process until now."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    user, system = stat[stat.rindex(")") + 2 :].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def turn(make: Callable[[], Profile | None], pid: int, port: int, seconds: float) -> Turn:
    """One turn."""
    profile = make()
    with tempfile.TemporaryDirectory() as spool:
        if profile is not None:
            profile.prepare(Scene(Path(spool), Redaction("00" * 16), lambda: {pid}, os.getpid()), None)
            profile.open()
        before = cpu_s(pid)
        command = [sys.executable, "-m", "benches.profile", "drive", str(port), str(seconds)]
        count, passed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        spent = cpu_s(pid) - before
        share = 0.0
        if profile is not None:
            profile.stop()
            gathered = profile.close()
            if gathered.missing:
                sys.exit(f"no profile: {gathered.missing[0].reason}")
            share = (gathered.cpu_s or 0.0) / float(passed)
    return Turn(int(count) / float(passed), spent / int(count), share)


def middle(values: list[float]) -> str:
    """The median, and the extremes in brackets."""
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def main() -> None:
    """The rounds, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=20, help="that wait, as the pool of a usual server does")
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    rounds: list[dict[str, Turn]] = []
    with service(cores[0], asked.threads) as (pid, port):
        turn(TURNS["bare"], pid, port, 1.0)
        for number in range(asked.rounds):
            order = list(TURNS.items())[:: -1 if number % 2 else 1]
            rounds.append({name: turn(make, pid, port, asked.seconds) for name, make in order})
            words = "  ".join(f"{name} {rounds[-1][name].per_s:.0f}/s" for name in TURNS)
            print(f"  {number + 1}/{asked.rounds}  {words}", file=sys.stderr, flush=True)
    print(f"medians of {asked.rounds} rounds of {asked.seconds:g} s [least, most]; {asked.threads} idle threads")
    for name in list(TURNS)[1:]:
        throughput = [turns[name].per_s / turns["bare"].per_s for turns in rounds]
        cpu = [turns[name].cpu_s / turns["bare"].cpu_s for turns in rounds]
        share = [turns[name].profiler_share for turns in rounds]
        print(f"{name:<12} throughput x {middle(throughput)}  CPU a request x {middle(cpu)}", end="  ")
        print(f"profilers {middle(share)} cores")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["drive"]:
        drive(int(sys.argv[2]), float(sys.argv[3]))
    else:
        main()
