"""The hook of redis-py against a real Redis: spans against the server's own count of commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import run_both
from tests.throwaway import redis

pytestmark = pytest.mark.optional(reason="Redis's server program is not installed everywhere")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis() as made:
        yield made


def test_commands_pipelines_and_the_wait(port: int, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import sys, threading
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
        client = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
        client.flushall()
        client.script_flush()
        print(client.set("hunter-key", "hunter-value"), client.get("hunter-key"))
        for number in (1, 2, 1):
            print(client.get(f"item:{number}"))  # looking
        print(client.mget(["a", "b"]), client.ping())
        with client.pipeline() as pipe:
            print(pipe.set("a", "1").incr("a").get("hunter-key").execute())
        with client.pipeline(transaction=False) as pipe:
            for number in range(12):
                pipe.rpush("list", number)
            print(pipe.execute(), pipe.execute())
        def move(pipe):
            value = int(pipe.get("a"))
            pipe.multi()
            pipe.set("a", value + 1)
        print(client.transaction(move, "a"), client.get("a"))
        try:
            client.incr("list")
        except redis.ResponseError as error:
            print(error)
        print(client.register_script("return redis.call('GET', KEYS[1])")(keys=["a"]))
        pubsub = client.pubsub()
        pubsub.subscribe("news")
        print(pubsub.get_message(timeout=1)["type"], client.publish("news", "hunter"))
        try:
            redis.Redis(port=1, retry=Retry(NoBackoff(), 0)).get("a")
        except redis.ConnectionError:
            print("refused")

        pool = redis.BlockingConnectionPool(max_connections=1, timeout=5, port=int(sys.argv[1]))
        held = pool.get_connection()
        asked = threading.Event()
        def other():
            asked.set()
            print(redis.Redis(connection_pool=pool).get("a"))
        thread = threading.Thread(target=other)
        thread.start()
        asked.wait()
        threading.Event().wait(0.1)
        pool.release(held)
        thread.join()
        """,
        str(port),
    )
    spans = seen.of("redis")
    whats = [span.what for span in spans if span.name != "connect"]
    whats.remove("SCRIPT FLUSH")
    assert whats[:8] == ["FLUSHALL", "SET ?", "GET ?", "GET ?", "GET ?", "GET ?", "MGET ?", "PING"]
    assert whats[8:10] == ["MULTI; SET ?; INCRBY ?; GET ?; EXEC", "; ".join(["RPUSH ?"] * 10) + "; ..."]
    assert [span.attributes["db.operation.batch.size"] for span in spans if span.attributes] == [3, 12, 1]
    assert whats[10:14] == ["WATCH ?", "GET ?", "MULTI; SET ?; EXEC", "GET ?"]
    counted = Counter(whats)
    assert counted["EVALSHA ?"] == 2
    assert counted["SCRIPT LOAD ?"] == 1
    assert counted["PUBLISH ?"] == 1
    looked = [span for span in spans if span.line == seen.line("# looking")]
    assert len(looked) == 3
    assert looked[0].parameters == looked[2].parameters != looked[1].parameters
    assert [span.error for span in spans if span.what == "INCRBY ?"] == ["redis.exceptions.ResponseError"]
    (wait,) = [span for span in spans if span.name == "pool wait"]
    assert wait.end - wait.start > 50e6
    assert {span.server for span in spans if span.name != "pool wait"} == {f"localhost:{port}", "localhost:1"}
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter" not in written


def test_tasks_keep_their_parents_apart(port: int, tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import asyncio, sys
        import redis.asyncio as redis
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None

        async def work(client, number):
            span = core and core.enter(core.operation("test", "internal", "", str(number)))
            for turn in range(5):
                await client.set(f"task:{number}", number)
                value = await client.get(f"task:{number}")  # asking
            async with client.pipeline() as pipe:
                await pipe.get(f"task:{number}").get("none").execute()
            if span:
                core.leave(span)
            return value

        async def main():
            pool = redis.BlockingConnectionPool(max_connections=2, timeout=5, port=int(sys.argv[1]))
            client = redis.Redis(connection_pool=pool)
            print(await asyncio.gather(*(work(client, number) for number in range(8))))
            await client.aclose()
            await pool.disconnect()
        asyncio.run(main())
        """,
        str(port),
    )
    tasks = {span.id for span in seen.of("test")}
    assert len(tasks) == 8
    for id in tasks:
        own = [span for span in seen.of("redis") if span.parent == id]
        counted = Counter(span.what for span in own)
        assert counted["SET ?"] == counted["GET ?"] == 5
        assert counted["MULTI; GET ?; GET ?; EXEC"] == 1
        assert {span.line for span in own if span.what == "GET ?"} == {seen.line("# asking")}
    assert len([span for span in seen.of("redis") if span.name == "pool wait"]) >= 6
