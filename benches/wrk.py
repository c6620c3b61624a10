"""Loadstone beside wrk: ``python -m benches.wrk``.

Against nginx and against a bare epoll server, closed loop, one core for the client and one for the server, turns
alternated. Prints ratios and writes docs/performance.md; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import loadstone
from benches.contest import contest, cpu_per_request_s, throughput_per_s
from benches.page import page, ratios
from benches.parts import PAGE, put
from benches.targets import Target, bare, nginx

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "target/release/examples"
AGENT = f"loadstone/{loadstone.__version__}"


def contestants(target: Target, seconds: int, connections: int, home: Path, alone: bool) -> dict[str, list[str]]:
    """The command of each, by name. All send the same request, header for header, save the floor."""
    plan = home / f"plan-{target.port}.json"
    plan.write_text(json.dumps(max_plan(target.port, seconds, connections)))
    loadstone_command = [
        str(Path(sys.executable).with_name("loadstone")),
        *("run", target.url, "--max", "--connections", str(connections), "--for", f"{seconds}s", "--cores", "1"),
        *("--archive", str(home / "archive")),
    ]
    wrk = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "-H",
        f"User-Agent: {AGENT}",
        "-H",
        "Accept: */*",
        target.url,
    ]
    told = {"wrk": wrk, "loadstone run": loadstone_command}
    if alone:
        told["engine alone"] = [str(EXAMPLES / "generator"), str(plan)]
        told["floor"] = [str(EXAMPLES / "floor_client"), f"127.0.0.1:{target.port}", str(connections), str(seconds)]
    return told


def max_plan(port: int, seconds: int, connections: int) -> dict[str, object]:
    """The plan of ``loadstone run URL --max``, as docs/formats.md has it."""
    second_ns = 1_000_000_000
    request = {
        "op": "request",
        "step": "request",
        "number": 1,
        "method": "GET",
        "target": [{"text": "/"}],
        "headers": [],
        "body": None,
        "timeout_ns": 10 * second_ns,
        "redirects": 0,
        "check": {"status": None, "contains": [], "regex": [], "json": []},
        "extract": [],
    }
    phase = {
        "name": "steady",
        "rate_per_s": None,
        "users": connections,
        "duration_ns": seconds * second_ns,
        "measured": True,
    }
    return {
        "format": 1,
        "seed": 1,
        "target": {
            "scheme": "http",
            "host": "127.0.0.1",
            "port": port,
            "tls": {"ca_file": None, "verify": True},
            "auth": None,
        },
        "secrets": {},
        "feeds": [],
        "journeys": [{"name": "request", "weight": 1.0, "ops": [request]}],
        "shape": {"arrivals": "closed", "phases": [phase]},
        "thresholds": [],
        "limits": {
            "cores": 1,
            "connections": connections,
            "journeys": 100_000,
            "head_bytes": 262_144,
            "body_bytes": 67_108_864,
        },
        "record": {
            "interval_ns": second_ns,
            "slowest": 50,
            "failed": 50,
            "uniform": 100,
            "exchanges": False,
            "hash_key": "0" * 32,
            "trace": None,
        },
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="benches.wrk", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="length of a turn (20)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each contestant (5)")
    parser.add_argument("--connections", type=int, default=50, help="kept-alive connections (50)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    asked = parser.parse_args()
    if sys.platform != "linux" or {asked.server_core, asked.client_core} - os.sched_getaffinity(0):
        raise SystemExit("bench: two cores of a Linux machine are needed, one for the server and one for the client")
    if not shutil.which("wrk"):
        raise SystemExit("bench: wrk was not found; on Debian or Ubuntu: apt-get install wrk")
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--examples"], cwd=ROOT, check=True)

    results = {}
    with tempfile.TemporaryDirectory(prefix="loadstone-bench-") as directory:
        home = Path(directory)
        for server in (nginx(asked.server_core, home), bare(asked.server_core, EXAMPLES / "bare_server")):
            with server as target:
                print(f"against {target.name}", file=sys.stderr)
                runners = contestants(target, asked.seconds, asked.connections, home, alone=True)
                rounds = contest(target, runners, asked.seconds, asked.repetitions, asked.client_core, home)
                results[target.name] = rounds
    for name, rounds in results.items():
        print(f"against {name}, to wrk, median [least, greatest]")
        for contestant in list(rounds[0])[1:]:
            cpu = ratios(rounds, contestant, cpu_per_request_s)
            rate = ratios(rounds, contestant, throughput_per_s)
            print(
                f"  {contestant:<16} CPU a request {cpu.median:.2f} [{cpu.low:.2f}, {cpu.high:.2f}]"
                f"   requests a second {rate.median:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
            )
    if not asked.no_page:
        put("wrk", page(results, asked.seconds, asked.connections))
        print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
