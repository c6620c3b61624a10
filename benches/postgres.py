"""What looking at PostgreSQL takes: CPU of the collector and of the server's processes behind it, a second of the run.

``python -m benches.postgres [--seconds 10]`` starts a throw-away server and keeps it at work over 2, 20 and 80
connections. It prints milliseconds of CPU a second: of the thread that looks, of the two server processes that answer
(utime and stime of /proc), and what the server itself counts for our statements. It asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from loadstone.gather.postgres import counters
from loadstone.gather.postgres.activity import Activity
from loadstone.gather.postgres.collector import INTERVAL_S, LOOK_MS, SNAPSHOT_MS
from loadstone.gather.postgres.connection import connect, rights
from loadstone.gather.postgres.statements import Statements
from loadstone.model.redaction import Redaction
from tests.throwaway import Postgres, postgres

__all__ = ["Cost", "main", "measure"]

CONNECTIONS = (2, 20, 80)
PAUSE_S = 0.02  # between two transactions of one connection
PHASES = 5
OPTIONS = "-c shared_preload_libraries=pg_stat_statements -c max_connections=120"


class Cost(msgspec.Struct, frozen=True):
    """Milliseconds a second of the run, but for what is named otherwise."""

    transactions_per_s: float
    looking: float
    snapshots: float
    server_looking: float
    server_snapshots: float
    server_counted: float
    answer_ms: float


def measure(server: Postgres, connections: int, seconds: float, interval_s: float) -> Cost:
    """Look at a server at work for a while, with a phase's border every fifth of it."""
    redaction = Redaction(os.urandom(16).hex())
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="loadstone-bench-") as folder:
        done = stack.enter_context(_work(server, connections))
        counting = stack.enter_context(connect(server.dsn, statement_ms=SNAPSHOT_MS))
        looking = stack.enter_context(connect(server.dsn, statement_ms=LOOK_MS))
        may = rights(counting)
        activity = Activity(looking, may, redaction, Path(folder, "waits.bin"), interval_s)
        statements = Statements(counting, may, counters.layout(counting, may), redaction)
        before = len(done)
        activity.start()
        statements.start()
        pause = threading.Event()
        for phase in range(PHASES):
            statements.mark(str(phase))
            pause.wait(seconds / PHASES)
        served = len(done) - before
        statements.finish()
        activity.finish()
        pids = looking.info.backend_pid, counting.info.backend_pid
        server_looking, server_snapshots = (1e3 * _cpu_s(pid) / seconds for pid in pids)
    return Cost(
        served / seconds,
        1e3 * activity.cpu_s / seconds,
        1e3 * statements.cpu_s / seconds,
        server_looking,
        server_snapshots,
        1e3 * statements.server_s() / seconds,
        1e3 * activity.waited_s / max(1, activity.looks),
    )


@contextmanager
def _work(server: Postgres, connections: int) -> Iterator[list[None]]:
    """Sessions that read and write until the block ends; the list grows by an element a transaction."""
    done: list[None] = []
    stop = threading.Event()

    def run(session: psycopg.Connection[tuple[Any, ...]], number: int) -> None:
        while not stop.wait(PAUSE_S):
            session.execute("SELECT abalance FROM account WHERE id = %s", (number,))
            session.execute("UPDATE account SET abalance = abalance + 1 WHERE id = %s", (number % 5,))
            done.append(None)

    with ExitStack() as stack:
        sessions = [stack.enter_context(psycopg.connect(server.dsn, autocommit=True)) for _ in range(connections)]
        threads = [threading.Thread(target=run, args=(one, number)) for number, one in enumerate(sessions)]
        for thread in threads:
            thread.start()
        try:
            yield done
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _cpu_s(pid: int) -> float:
    """utime and stime of a process (proc(5))."""
    stat = Path("/proc", str(pid), "stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    print("interval  connections  transactions/s  looking  snapshots  server: looking  snapshots  counted  answer, ms")
    with postgres(options=OPTIONS) as server:
        with psycopg.connect(server.dsn, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION pg_stat_statements")
            owner.execute("CREATE TABLE account (id int PRIMARY KEY, abalance int NOT NULL)")
            owner.execute("INSERT INTO account SELECT i, 0 FROM generate_series(0, 99) i")
        for interval_s in (INTERVAL_S, INTERVAL_S / 2):
            for connections in CONNECTIONS:
                cost = measure(server, connections, asked.seconds, interval_s)
                print(
                    f"{interval_s:8.2f}  {connections:11}  {cost.transactions_per_s:14.0f}  {cost.looking:7.2f}  "
                    f"{cost.snapshots:9.2f}  {cost.server_looking:15.1f}  {cost.server_snapshots:9.1f}  "
                    f"{cost.server_counted:7.2f}  {cost.answer_ms:10.2f}"
                )


if __name__ == "__main__":
    main()
