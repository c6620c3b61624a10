"""SQL over runs: the three tables, and nothing but the three tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.archive import Archive, RunWriter
from loadstone.archive.query import query
from loadstone.errors import SpecError
from tests.archive.made import interval, manifest, sample


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two closed runs and one that is going."""
    archive = Archive(tmp_path / "it's")
    for number in range(3):
        writer = RunWriter(archive, manifest(1_795_521_600_000_000_000 + number * 10**9, labels={"n": str(number)}))
        writer.add(interval(1.0, done=10))
        writer.add(interval(2.0, done=20))
        if number < 2:
            writer.samples((sample(1), sample(2)))
            writer.close(status="complete")
    return archive


def test_runs_intervals_and_samples_each_have_their_run(archive: Archive) -> None:
    ids = archive.ids()[::-1]
    assert query(archive, "SELECT run, status FROM runs ORDER BY run").rows == (
        (ids[0], "complete"),
        (ids[1], "complete"),
        (ids[2], "running"),
    )
    told = query(archive, 'SELECT run, count(*) AS n, sum("count") AS c FROM intervals GROUP BY run ORDER BY run')
    assert told.columns == ("run", "n", "c")
    assert told.rows == tuple((run, 2, 30) for run in ids)
    assert query(archive, "SELECT run, count(*) FROM samples GROUP BY run ORDER BY run").rows == (
        (ids[0], 2),
        (ids[1], 2),
    )
    assert query(archive, "SELECT labels['n'], started FROM runs ORDER BY run LIMIT 1").rows[0][0] == "0"


def test_an_empty_archive_has_empty_tables(tmp_path: Path) -> None:
    for table in ("runs", "intervals", "samples"):
        assert query(Archive(tmp_path), f"SELECT * FROM {table}").rows == ()


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_text('/etc/passwd')",
        "FROM read_blob('{runs}/*/manifest.json')",
        "FROM glob('/*')",
        "FROM '{outside}'",
        "COPY (SELECT 1) TO '{outside}'",
        "COPY runs TO '{runs}/x.parquet'",
        "ATTACH '{outside}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{outside}'",
        "DROP TABLE runs",
        "CREATE TABLE x (a INT)",
        "",
    ],
)
def test_nothing_else_is_read_or_written(archive: Archive, tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text("a\n1\n")
    with pytest.raises(SpecError):
        query(archive, sql.format(runs=archive.runs_directory, outside=outside))
    assert outside.read_text() == "a\n1\n"


def test_a_mistake_is_told_in_words(archive: Archive) -> None:
    with pytest.raises(SpecError, match="runz"):
        query(archive, "SELECT * FROM runz")
