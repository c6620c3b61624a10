"""What the recorder costs a Django service under gunicorn: ``python -m benches.recorder``.

Two servers of one worker each, one bare and one recorded, on the same core. They take turns of few requests each, the
order reversed every other time, and a turn's CPU is the worker's own by the kernel's account (/proc/PID/schedstat,
nanoseconds). What else the machine does meets both alike; a difference is the median of those within a pair.

Two processes of the same program differ by some per cent for as long as they live: where their objects lie decides
which attributes share a place in the interpreter's cache. So several pairs of servers are started, and the cost is the
mean of their differences, with its 95 % interval. When all have ended, the CPU of their whole process trees (wait4's
rusage, start-up included) is told beside it. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from scipy.stats import t as student

from loadstone.gather.collector import Scene, Start
from loadstone.gather.recorder.collector import Recorder
from loadstone.gather.recorder.reading import read
from loadstone.model.redaction import Redaction

WARM = 50

SITE = """
import os
import django
from django.conf import settings
BASE = os.path.dirname(os.path.abspath(__file__))
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="site_of_bench", ALLOWED_HOSTS=["*"], USE_TZ=True,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"], INSTALLED_APPS=["django.contrib.contenttypes"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE, "db.sqlite3"),
                           "CONN_MAX_AGE": None}},
)
django.setup()
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import path
def trivial(request):
    return HttpResponse("ok")
def statements(request):
    names = [ContentType.objects.get(pk=1).model for _ in range(20)]
    return HttpResponse(names[-1])
urlpatterns = [path("trivial/", trivial), path("statements/", statements)]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
if __name__ == "__main__":
    call_command("migrate", verbosity=0)
"""

ENDPOINTS = {"trivial": ("/trivial/", 1), "20 statements": ("/statements/", 21)}
"""Path and spans a request."""


class Server:
    """gunicorn with one worker, up and warm."""

    def __init__(self, home: Path, core: int, spool: Path | None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment: Mapping[str, str] = {}
        if spool is not None:
            scene = Scene(spool, Redaction("0" * 32), set, os.getpid())
            start = Recorder().prepare(scene, Start((), {}))
            environment = start.env if start else {}
        command = [
            *("taskset", "--cpu-list", str(core), sys.executable, "-m", "gunicorn", "--workers", "1"),
            *("--bind", f"127.0.0.1:{self.port}", "--log-level", "error", "site_of_bench:application"),
        ]
        self._process = subprocess.Popen(command, cwd=home, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)

    def ask(self, path: str, requests: int) -> None:
        """Requests one after the other, each on a connection of its own, as the sync worker has it."""
        request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\nconnection: close\r\n\r\n".encode()
        answered = 0
        while answered < requests:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                    connection.sendall(request)
                    reply = b"".join(iter(lambda: connection.recv(65536), b""))
            except ConnectionRefusedError:
                time.sleep(0.05)  # it is coming up
                continue
            if not reply.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"bench: {path} answered {reply[:200]!r}")
            answered += 1

    def turn_us(self, path: str, requests: int) -> float:
        """CPU microseconds of the worker a request."""
        before = self._worker_ns()
        self.ask(path, requests)
        return (self._worker_ns() - before) / 1000 / requests

    def end_s(self) -> float:
        """End it: CPU seconds of the master and of the worker that it has waited for."""
        self._process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime

    def _worker_ns(self) -> int:
        folder = Path(f"/proc/{self._process.pid}")
        (worker,) = (folder / "task" / folder.name / "children").read_text().split()
        return int(Path(f"/proc/{worker}/schedstat").read_text().split()[0])


def told(values: Sequence[float], unit: str) -> str:
    """The mean and its 95 % interval."""
    middle = statistics.mean(values)
    half = float(student.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{middle:7.1f} [{middle - half:.1f}, {middle + half:.1f}] {unit}"


def pairs(bare: Server, recorded: Server, path: str, requests: int, count: int) -> list[tuple[float, float]]:
    """CPU microseconds a request, bare and recorded, of ``count`` pairs of turns."""
    found = []
    for number in range(count):
        if number % 2 == 0:
            one = bare.turn_us(path, requests)
            found.append((one, recorded.turn_us(path, requests)))
        else:
            other = recorded.turn_us(path, requests)
            found.append((bare.turn_us(path, requests), other))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benches.recorder", description=__doc__)
    parser.add_argument("--servers", type=int, default=12, help="pairs of servers (12)")
    parser.add_argument("--requests", type=int, default=20, help="requests of a turn (20)")
    parser.add_argument("--pairs", type=int, default=15, help="pairs of turns of each pair of servers (15)")
    parser.add_argument("--core", type=int, default=0, help="the servers' core (0)")
    asked = parser.parse_args()
    if sys.platform != "linux" or asked.servers < 2:
        raise SystemExit("bench: Linux and two pairs of servers at least are needed")
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {asked.core} or {asked.core})
    bare: dict[str, list[float]] = {name: [] for name in ENDPOINTS}
    more: dict[str, list[float]] = {name: [] for name in ENDPOINTS}
    totals = [0.0, 0.0]
    with tempfile.TemporaryDirectory(prefix="loadstone-bench-") as directory:
        home = Path(directory)
        (home / "site_of_bench.py").write_text(SITE)
        subprocess.run([sys.executable, "site_of_bench.py"], cwd=home, check=True)
        (home / "spool").mkdir(mode=0o700)
        for _ in range(asked.servers):
            servers = Server(home, asked.core, None), Server(home, asked.core, home / "spool")
            for name, (path, _) in ENDPOINTS.items():
                for server in servers:
                    server.ask(path, WARM)
                found = pairs(*servers, path, asked.requests, asked.pairs)
                bare[name].append(statistics.median(a for a, _ in found))
                more[name].append(statistics.median(b - a for a, b in found))
            for kind, server in enumerate(servers):
                totals[kind] += server.end_s()
        processes, _ = read(home / "spool")
        there = sum(int((records["flags"] == 0).sum()) for process in processes for records, _ in process.records())
    for name, (_, spans) in ENDPOINTS.items():
        middle = statistics.mean(bare[name])
        print(f"{name}, {spans} spans a request, {asked.servers} pairs of servers, {asked.pairs} pairs of turns each")
        print(f"  bare             {told(bare[name], 'us CPU a request')}")
        print(f"  recorder         {told(more[name], 'us CPU a request more')}")
        print(f"  a span           {told([each / spans for each in more[name]], 'us CPU')}")
        print(f"  of the request   {told([100 * each / middle for each in more[name]], '%')}")
    print(f"whole servers, start-up included: {totals[0]:.2f} s bare, {totals[1]:.2f} s recorded, {there} spans there")
    asked_for = asked.servers * (WARM + asked.requests * asked.pairs)
    expected = asked_for * sum(spans for _, spans in ENDPOINTS.values())
    if there < expected:
        raise SystemExit(f"bench: {expected} spans were expected")


if __name__ == "__main__":
    main()
