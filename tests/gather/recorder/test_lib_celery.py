"""The hook of Celery with a real worker and Redis between: one trace from the sender through the worker."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import environment, run_both, spans_in
from tests.throwaway import redis

TASKS = """
import os
from celery import Celery

app = Celery("jobs", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)

@app.task
def inner(number):
    return number + 1

@app.task(bind=True, max_retries=1, default_retry_delay=0)
def outer(self, number):
    import sqlite3
    sqlite3.connect(":memory:").execute("SELECT 1").fetchall()
    if number == 7 and self.request.retries == 0:
        raise self.retry(countdown=0)
    inner.delay(number)
    return number * 2

@app.task
def broken():
    raise ValueError("no")
"""

SENDER = """
import os
from jobs import app, broken, inner, outer

print(outer.delay(3).get(timeout=30))
print(outer.apply_async((7,), headers={"mine": "1"}).get(timeout=30))
try:
    broken.delay().get(timeout=30)
except ValueError as error:
    print(error)
print(inner.apply((1,)).get())
app.control.shutdown()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis() as made:
        yield made


@pytest.mark.optional(reason="Redis's server program is not installed everywhere")
@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_a_task_joins_its_senders_trace(port: int, tmp_path: Path, pool: str) -> None:
    (tmp_path / "jobs.py").write_text(textwrap.dedent(TASKS))
    (tmp_path / "send.py").write_text(textwrap.dedent(SENDER))
    spool = tmp_path / "spool"
    spool.mkdir()
    env = environment(spool, {"BROKER": f"redis://127.0.0.1:{port}/{1 if pool == 'solo' else 2}"})
    words = ["-A", "jobs", "worker", "--pool", pool, "--concurrency", "2", "-l", "WARNING", "--without-mingle"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", *words],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        sender = subprocess.run(
            [sys.executable, "send.py"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=90
        )
        assert sender.stdout.split() == ["6", "14", "no", "2"], sender.stderr
        _, errors = worker.communicate(timeout=60)
    finally:
        worker.kill()
        worker.communicate()
    assert b"Traceback" not in errors.replace(b"ValueError", b"").partition(b"Traceback")[2]
    spans, _ = spans_in(spool)
    celery = [span for span in spans if span.scope == "celery"]
    by_id = {span.id: span for span in spans}
    sent = {span.id: span for span in celery if span.kind == "producer"}
    run = [span for span in celery if span.kind == "consumer"]
    # outer twice and once again, inner twice, broken once
    assert sorted(span.name for span in run) == ["run jobs.broken", *["run jobs.inner"] * 2, *["run jobs.outer"] * 3]
    assert len(sent) == len(run)
    assert {span.parent for span in run} == set(sent), "each run belongs to the sending of its message"
    for span in run:
        assert span.trace == sent[span.parent].trace
        assert span.name.split()[1] == sent[span.parent].name.split()[1]
        assert span.pid != sent[span.parent].pid or "inner" in span.name or "outer" in span.name
    for span in sent.values():
        if "inner" in span.name:
            assert by_id[span.parent].name == "run jobs.outer"
    assert [span.error for span in run if span.error] == ["ValueError"]
    queried = [span for span in spans if span.scope == "sqlite3" and span.statement]
    assert len(queried) == 3
    assert {by_id[span.parent].name for span in queried} == {"run jobs.outer"}
    assert [span.name for span in celery if span.kind == "internal"] == ["run jobs.inner"]


def test_eager_tasks_are_part_of_their_caller(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        from celery import Celery
        app = Celery("jobs")
        app.conf.task_always_eager = True
        @app.task(name="add")
        def add(a, b):
            return a + b
        print(add.delay(1, 2).get(), add.apply((3, 4)).get())
        """,
    )
    assert [(span.name, span.kind) for span in seen.of("celery")] == [("run add", "internal")] * 2
