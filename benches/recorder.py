"""What the recorder costs a Django service under gunicorn: ``python -m benches.recorder``.

One worker, pinned to a core; bare and recorded turns alternate, the order reversed every other time. A turn is two
runs of the server, of WARM requests and of WARM plus ``--requests``; what the second took of CPU beyond the first, by
the kernel's account of the finished processes, is the requests' alone: start-up is in neither. Prints medians with the
least and the greatest; asserts nothing.
"""

from __future__ import annotations

import argparse
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

import msgspec

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

ENDPOINTS = {"trivial": ("/trivial/", 1, 5), "20 statements": ("/statements/", 21, 1)}
"""Path, spans a request, and how many times ``--requests`` are asked for."""


class Turn(msgspec.Struct, frozen=True):
    """CPU microseconds a request, without and with the recorder, one after the other."""

    bare_us: float
    recorded_us: float

    @property
    def more_us(self) -> float:
        """What the recorder took."""
        return self.recorded_us - self.bare_us


def server_cpu_s(home: Path, path: str, requests: int, core: int, recorder: Mapping[str, str]) -> float:
    """CPU of gunicorn's master and its worker from their start to their end, having answered ``requests``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *("taskset", "--cpu-list", str(core), sys.executable, "-m", "gunicorn", "--workers", "1"),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "error", "site_of_bench:application"),
    ]
    process = subprocess.Popen(command, cwd=home, env={**os.environ, **recorder}, stdin=subprocess.DEVNULL)
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode()
    answered = 0
    while answered < requests:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request)
                reply = b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionRefusedError:
            time.sleep(0.01)  # it is coming up
            continue
        if not reply.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"bench: {path} answered {reply[:200]!r}")
        answered += 1
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)  # with the worker that the master has waited for
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def turn_us(home: Path, path: str, requests: int, core: int, recorded: bool) -> float:
    """CPU microseconds a request."""
    spent = []
    for count in (WARM, WARM + requests):
        environment: Mapping[str, str] = {}
        with tempfile.TemporaryDirectory(prefix="spool-", dir=home) as spool:
            if recorded:
                scene = Scene(Path(spool), Redaction("0" * 32), set, os.getpid())
                start = Recorder().prepare(scene, Start((), {}))
                environment = start.env if start else {}
            spent.append(server_cpu_s(home, path, count, core, environment))
            if recorded:
                found = sum(len(records) for process in read(Path(spool))[0] for records, _ in process.records())
                if found < count:
                    raise SystemExit(f"bench: {count} requests left {found} records")
    return 1e6 * (spent[1] - spent[0]) / requests


def told(values: Sequence[float], unit: str) -> str:
    """Median, least and greatest."""
    return f"{statistics.median(values):7.1f} [{min(values):.1f}, {max(values):.1f}] {unit}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benches.recorder", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=800, help="requests of a turn, five times as many of the trivial (800)"
    )
    parser.add_argument("--repetitions", type=int, default=9, help="turns of each (9)")
    parser.add_argument("--core", type=int, default=0, help="the server's core (0)")
    asked = parser.parse_args()
    if sys.platform != "linux":
        raise SystemExit("bench: Linux is needed")
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {asked.core} or {asked.core})
    with tempfile.TemporaryDirectory(prefix="loadstone-bench-") as directory:
        home = Path(directory)
        (home / "site_of_bench.py").write_text(SITE)
        subprocess.run([sys.executable, "site_of_bench.py"], cwd=home, check=True)
        for name, (path, spans, times) in ENDPOINTS.items():
            turns = []
            for number in range(asked.repetitions):
                order = (False, True) if number % 2 == 0 else (True, False)
                count = times * asked.requests
                took = {recorded: turn_us(home, path, count, asked.core, recorded) for recorded in order}
                turns.append(Turn(took[False], took[True]))
                print(f"  {number + 1}/{asked.repetitions} {name}: {turns[-1]}", file=sys.stderr, flush=True)
            print(f"{name}, {spans} spans a request")
            print(f"  bare             {told([turn.bare_us for turn in turns], 'us CPU a request')}")
            print(f"  recorder         {told([turn.more_us for turn in turns], 'us CPU a request more')}")
            print(f"  a span           {told([turn.more_us / spans for turn in turns], 'us CPU')}")
            print(f"  of the request   {told([100 * turn.more_us / turn.bare_us for turn in turns], '%')}")


if __name__ == "__main__":
    main()
