"""What a span of each library's hook costs: CPU of the process, with the recorder and without it, in turns.

``python -m benches.recorder_libraries [--rounds 5]`` prints a table. Each turn is a process of its own that makes the
same calls in chunks; its CPU is that of the cheapest chunk (user and system, all threads), because on a machine with
other work a chunk can only become dearer. Servers (PostgreSQL, Redis, MariaDB, HTTP) are processes of their own, whose
CPU is not counted. The calls run under a server span, DEPTH frames deep.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from tests.gather.recorder.scenario import environment, spans_in
from tests.throwaway import free_port, mariadb, postgres, redis

Server = TypeVar("Server")

CHUNKS = 20
DEPTH = 30  # frames between the interpreter's first and the call: what a framework's request has

AROUND = (
    f"CHUNKS = {CHUNKS}\n"
    + """
import sys, time, gc
try:
    from _loadstone_recorder import core
    OPERATION = core.operation("bench", "server")
except ImportError:
    core = None

def deep(left, call):
    return call() if left == 0 else deep(left - 1, call)

def measure(call, count):
    span = core and core.continue_from(OPERATION, None)
    call(count // CHUNKS)
    gc.collect()
    gc.disable()
    least = 1 << 62
    for _ in range(CHUNKS):
        before = time.process_time_ns()
        deep(int(sys.argv[2]), lambda: call(count // CHUNKS))
        least = min(least, time.process_time_ns() - before)
    if span:
        core.leave(span)
    print(least, flush=True)

async def deep_async(left, call):
    return await (call() if left == 0 else deep_async(left - 1, call))

async def measure_async(call, count):
    span = core and core.continue_from(OPERATION, None)
    await call(count // CHUNKS)
    gc.collect()
    gc.disable()
    least = 1 << 62
    for _ in range(CHUNKS):
        before = time.process_time_ns()
        await deep_async(int(sys.argv[2]), lambda: call(count // CHUNKS))
        least = min(least, time.process_time_ns() - before)
    if span:
        core.leave(span)
    print(least, flush=True)
"""
)

# library -> (the scope that is counted, calls a turn, the program; sys.argv[1] says where its server is)
PROGRAMS: dict[str, tuple[str, int, str]] = {
    "sqlite3, cursor.execute": (
        "sqlite3",
        2_000,
        """
        import sqlite3
        cursor = sqlite3.connect(":memory:").cursor()
        def work(count):
            for number in range(count):
                cursor.execute("SELECT ?, ?", (number % 100, "text")).fetchone()
        measure(work, COUNT)
        """,
    ),
    "sqlite3, connection.execute": (
        "sqlite3",
        2_000,
        """
        import sqlite3
        connection = sqlite3.connect(":memory:")
        def work(count):
            for number in range(count):
                connection.execute("SELECT ?, ?", (number % 100, "text")).fetchone()
        measure(work, COUNT)
        """,
    ),
    "psycopg2": (
        "psycopg2",
        2_000,
        """
        import psycopg2
        connection = psycopg2.connect(sys.argv[1])
        cursor = connection.cursor()
        def work(count):
            for number in range(count):
                cursor.execute("SELECT %s, %s", (number % 100, "text"))
                cursor.fetchone()
        measure(work, COUNT)
        """,
    ),
    "psycopg": (
        "psycopg",
        2_000,
        """
        import psycopg
        cursor = psycopg.connect(sys.argv[1]).cursor()
        def work(count):
            for number in range(count):
                cursor.execute("SELECT %s::int, %s", (number % 100, "text")).fetchone()
        measure(work, COUNT)
        """,
    ),
    "psycopg, asynchronous": (
        "psycopg",
        2_000,
        """
        import asyncio, psycopg
        async def main():
            cursor = (await psycopg.AsyncConnection.connect(sys.argv[1])).cursor()
            async def work(count):
                for number in range(count):
                    await cursor.execute("SELECT %s::int, %s", (number % 100, "text"))
                    await cursor.fetchone()
            await measure_async(work, COUNT)
        asyncio.run(main())
        """,
    ),
    "asyncpg": (
        "asyncpg",
        2_000,
        """
        import asyncio, asyncpg
        async def main():
            connection = await asyncpg.connect(sys.argv[1])
            async def work(count):
                for number in range(count):
                    await connection.fetchrow("SELECT $1::int, $2::text", number % 100, "text")
            await measure_async(work, COUNT)
        asyncio.run(main())
        """,
    ),
    "pymysql": (
        "pymysql",
        2_000,
        """
        import pymysql
        cursor = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="root").cursor()
        def work(count):
            for number in range(count):
                cursor.execute("SELECT %s, %s", (number % 100, "text"))
                cursor.fetchone()
        measure(work, COUNT)
        """,
    ),
    "redis": (
        "redis",
        2_000,
        """
        import redis
        client = redis.Redis(port=int(sys.argv[1]))
        def work(count):
            for number in range(count):
                client.get(f"key:{number % 100}")
        measure(work, COUNT)
        """,
    ),
    "redis, asynchronous": (
        "redis",
        2_000,
        """
        import asyncio, redis.asyncio as redis
        async def main():
            client = redis.Redis(port=int(sys.argv[1]))
            async def work(count):
                for number in range(count):
                    await client.get(f"key:{number % 100}")
            await measure_async(work, COUNT)
            await client.aclose()
        asyncio.run(main())
        """,
    ),
    "urllib3": (
        "urllib3",
        2_000,
        """
        import urllib3
        pool = urllib3.HTTPConnectionPool("127.0.0.1", int(sys.argv[1]))
        def work(count):
            for number in range(count):
                pool.request("GET", f"/items/{number % 100}?page=2").data
        measure(work, COUNT)
        """,
    ),
    "requests": (
        "urllib3",
        2_000,
        """
        import requests
        session = requests.Session()
        session.trust_env = False
        def work(count):
            for number in range(count):
                session.get(f"http://127.0.0.1:{sys.argv[1]}/items/{number % 100}?page=2").content
        measure(work, COUNT)
        """,
    ),
    "httpx": (
        "httpx",
        2_000,
        """
        import httpx
        client = httpx.Client(trust_env=False)
        def work(count):
            for number in range(count):
                client.get(f"http://127.0.0.1:{sys.argv[1]}/items/{number % 100}?page=2").content
        measure(work, COUNT)
        """,
    ),
    "httpx, asynchronous": (
        "httpx",
        2_000,
        """
        import asyncio, httpx
        async def main():
            async with httpx.AsyncClient(trust_env=False) as client:
                async def work(count):
                    for number in range(count):
                        await client.get(f"http://127.0.0.1:{sys.argv[1]}/items/{number % 100}?page=2")
                await measure_async(work, COUNT)
        asyncio.run(main())
        """,
    ),
    "aiohttp": (
        "aiohttp",
        2_000,
        """
        import asyncio, aiohttp
        async def main():
            async with aiohttp.ClientSession() as session:
                async def work(count):
                    for number in range(count):
                        async with session.get(f"http://127.0.0.1:{sys.argv[1]}/items/{number % 100}?page=2") as answer:
                            await answer.read()
                await measure_async(work, COUNT)
        asyncio.run(main())
        """,
    ),
    "http.client": (
        "http.client",
        2_000,
        """
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
        def work(count):
            for number in range(count):
                connection.request("GET", f"/items/{number % 100}?page=2")
                connection.getresponse().read()
        measure(work, COUNT)
        """,
    ),
}

HTTP_SERVER = """
import socket, sys, threading
answer = b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello"
def serve(connection):
    kept = b""
    while True:
        data = connection.recv(65536)
        if not data:
            return
        kept += data
        while b"\\r\\n\\r\\n" in kept:
            kept = kept.partition(b"\\r\\n\\r\\n")[2]
            connection.sendall(answer)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


@contextlib.contextmanager
def _http() -> Iterator[int]:
    """The port of a server that answers every GET with the same five bytes."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", HTTP_SERVER, str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield port
    finally:
        process.kill()
        process.communicate()


def _turn(program: Path, where: str, spool: Path | None) -> int:
    """CPU nanoseconds of the least of the program's chunks of calls."""
    command = [sys.executable, str(program), where, str(DEPTH)]
    done = subprocess.run(command, env=environment(spool), capture_output=True, text=True, check=True)
    return int(done.stdout)


def _cost(name: str, where: str, rounds: int, folder: Path) -> tuple[float, float, list[float]]:
    """Microseconds: a call that is not recorded; a span, by the least turns of both kinds; a span, by each pair."""
    scope, count, source = PROGRAMS[name]
    program = folder / "program.py"
    program.write_text(AROUND + textwrap.dedent(source).replace("COUNT", str(count)))
    turns: dict[bool, list[int]] = {False: [], True: []}
    for number in range(rounds):
        spool = folder / f"spool-{number}"
        spool.mkdir()
        for recorded in (True, False) if number % 2 else (False, True):
            turns[recorded].append(_turn(program, where, spool if recorded else None))
        spans = [span for span in spans_in(spool)[0] if span.scope == scope]
        made = [span for span in spans if span.statement.startswith(("SELECT", "GET")) or span.method == "GET"]
        assert len(made) == (CHUNKS + 1) * (count // CHUNKS), f"{name}: {len(made)} spans"
    calls = 1000 * (count // CHUNKS)
    pairs = [(one - other) / calls for one, other in zip(turns[True], turns[False], strict=True)]
    return min(turns[False]) / calls, (min(turns[True]) - min(turns[False])) / calls, pairs


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="libraries whose name begins so")
    chosen = parser.parse_args()
    servers: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
        "sqlite3": lambda: contextlib.nullcontext(""),
        "psycopg": lambda: _mapped(postgres(), lambda server: server.dsn),
        "asyncpg": lambda: _mapped(postgres(), lambda server: server.dsn),
        "pymysql": lambda: _mapped(mariadb(), lambda server: str(server.port)),
        "redis": lambda: _mapped(redis(), str),
    }
    print("| library | call, us | span, us | by pairs of turns: median [least, greatest] |")
    print("|---|---|---|---|")
    for name in PROGRAMS:
        if not name.startswith(chosen.only):
            continue
        key = next((key for key in servers if name.startswith(key)), "")
        server = servers[key]() if key else _mapped(_http(), str)
        with server as where, tempfile.TemporaryDirectory() as folder:
            call, span, pairs = _cost(name, where, chosen.rounds, Path(folder))
        told = f"{statistics.median(pairs):.1f} [{min(pairs):.1f}, {max(pairs):.1f}]"
        print(f"| {name} | {call:.1f} | **{span:.1f}** | {told} |", flush=True)


@contextlib.contextmanager
def _mapped(server: contextlib.AbstractContextManager[Server], of: Callable[[Server], str]) -> Iterator[str]:
    with server as made:
        yield of(made)


if __name__ == "__main__":
    main()
