"""Plans that auto_explain wrote, out of a real server's log in each of its formats."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.postgres import log
from loadstone.gather.postgres.connection import TAG, Refused, connect, rights
from loadstone.gather.postgres.log import Format, logged
from loadstone.gather.postgres.plans import observed
from loadstone.model.redaction import Redaction
from tests.gather.postgres.conftest import dsn_of
from tests.throwaway import Postgres, postgres

needs_postgres = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")
AUTO = "-c shared_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
QUERY = f"SELECT relname FROM pg_class WHERE relname = 'secret\n\t\"name' /*traceparent='00-{TRACE}-{SPAN}-03'*/"


@needs_postgres
@pytest.mark.parametrize("kind", ["stderr", "csvlog", "jsonlog", "a file behind standard error"])
def test_plans_are_read_from_every_log(kind: str, redaction: Redaction) -> None:
    collected = kind in ("stderr", "csvlog", "jsonlog")
    options = f"{AUTO} -c auto_explain.log_format=json"
    if collected:
        options += f" -c logging_collector=on -c log_destination={kind}"
    with postgres(options=options) as cluster, psycopg.connect(cluster.dsn, autocommit=True) as service:
        with connect(cluster.dsn, statement_ms=5000) as connection:
            may = rights(connection)
            found = log.find(connection, may)
            assert found is not None
            assert found.format == (kind if collected else "stderr")
            service.execute(QUERY.encode())
            service.execute("SELECT count(*) FROM pg_class")
            connection.execute(f"SELECT {TAG} 'our own'".encode())
            content, whole = _until(lambda: log.written(found), lambda told: "count(*)" in told[0])
        assert whole
        plans = observed(logged(content, found.format, "postgres"), redaction)
    named = {plan.statement: plan for plan in plans}
    assert set(named) == {"SELECT relname FROM pg_class WHERE relname = ?", "SELECT count(*) FROM pg_class"}
    plan = named["SELECT relname FROM pg_class WHERE relname = ?"]
    assert (plan.trace_id, plan.span_id, plan.source) == (TRACE, SPAN, "auto_explain")
    assert plan.execute_s is not None
    assert plan.root["Actual Rows"] == 0
    assert "secret" not in json.dumps(plan.root) + plan.statement


@needs_postgres
def test_why_there_are_none_is_told(server: Postgres) -> None:
    with connect(server.dsn, statement_ms=5000) as connection:
        assert log.find(connection, rights(connection)) is None  # loaded, and switched off
    with postgres(options=AUTO) as cluster, connect(cluster.dsn, statement_ms=5000) as connection:
        with pytest.raises(Refused) as refused:
            log.find(connection, rights(connection))
        assert "auto_explain.log_format" in refused.value.missing.advice
    options = f"{AUTO} -c auto_explain.log_format=json -c logging_collector=on"
    with postgres(options=options) as cluster:
        with psycopg.connect(cluster.dsn, autocommit=True) as owner:
            owner.execute("CREATE ROLE plain LOGIN")
        with connect(dsn_of(cluster, "plain"), statement_ms=5000) as connection:
            with pytest.raises(Refused) as refused:
                log.find(connection, rights(connection))
            assert "GRANT" in refused.value.missing.advice


def test_what_is_torn_or_foreign_is_passed_over() -> None:
    plan = '{"Query Text": "SELECT 1", "Plan": {"Node Type": "Result"}}'
    lines = [
        "LOG:  duration: 1.5 ms  plan:",
        "\t{",
        '\t"Query Text": "SELECT torn',
        "2026 LOG:  duration: 2.5 ms  plan:",
        "\t" + plan,
        "LOG:  duration: 3 ms  statement: SELECT 1",
        "\t" + plan,
        "LOG:  duration: 4 ms  plan:",
        '\t{"Query Text": 5, "Plan": {}}',
        "LOG:  duration: 5 ms  plan:",
    ]
    found = list(logged("\n".join(lines), "stderr", "postgres"))
    assert [(one.seconds, one.statement) for one in found] == [(0.0025, "SELECT 1")]
    entry = json.dumps({"dbname": "other", "message": f"duration: 1 ms  plan:\n{plan}"})
    assert list(logged(entry, "jsonlog", "postgres")) == []
    assert len(list(logged(entry, "jsonlog", "other"))) == 1


@given(
    st.sampled_from(["stderr", "csvlog", "jsonlog"]),
    st.lists(st.sampled_from(["duration: 1 ms  plan:\n", "\t{", '"', "{", "}", ",", "\n", "\x00", "[" * 2000, "é"])),
)
def test_any_log_is_taken(kind: Format, parts: list[str]) -> None:
    for one in logged("".join(parts), kind, "postgres"):
        assert isinstance(one.told["Plan"], dict)


def test_the_slowest_of_each_statement_is_kept(redaction: Redaction) -> None:
    def one(seconds: float, comment: str = "") -> log.Logged:
        return log.Logged(seconds, f"SELECT {seconds}{comment}", {"Plan": {"Node Type": "Result"}})

    traced = f" /*traceparent='00-{TRACE}-{SPAN}-01'*/"
    plans = observed([one(0.1), one(0.3), one(0.2), one(0.05, traced)], redaction)
    assert [(plan.execute_s, plan.trace_id) for plan in plans] == [(0.3, None), (0.05, TRACE)]


def test_a_log_that_was_begun_anew_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("new")
    assert log.written(log.Log(path, "stderr", 1000)) == ("new", True)
    path.write_bytes(b"old\xffnew")
    assert log.written(log.Log(path, "stderr", 3)) == ("\ufffdnew", True)


def _until(look: Callable[[], tuple[str, bool]], done: Callable[[tuple[str, bool]], bool]) -> tuple[str, bool]:
    """The logging collector writes a moment after the statement has ended."""
    pause = threading.Event()
    for _ in range(500):
        found = look()
        if done(found):
            return found
        pause.wait(0.02)
    raise AssertionError("the log never came")
