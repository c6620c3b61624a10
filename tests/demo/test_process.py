from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The shop on a free port with everything it writes below ``folder``; its process and url."""
    (folder / "tmp").mkdir()
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    process = subprocess.Popen(
        [sys.executable, "-m", "loadstone.demo", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"listening on (http://\S+)", line):
                yield process, found[1]
                break
        else:
            pytest.fail("the shop ended without listening")
    finally:
        process.kill()
        process.communicate()


def get(url: str) -> dict[str, object]:
    """A JSON reply; the listener's backlog holds the connection until the workers accept."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        return dict(json.load(reply))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_until_sigterm_and_cleans_up(tmp_path: Path, workers: str) -> None:
    with started(tmp_path, "--workers", workers) as (process, url):
        assert get(f"{url}/healthz") == {"status": "ok"}
        assert get(f"{url}/products?page=2")["total"] == 10_000
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_named_database_outlives_it(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    with started(tmp_path, "--database", str(path)) as (process, url):
        assert get(f"{url}/healthz") == {"status": "ok"}
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert path.exists()
    assert not path.with_name("kept.sqlite3-wal").exists()


def run(*options: str, cwd: Path, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-m", "loadstone.demo"] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, *start, *options],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"XDG_CACHE_HOME": str(cwd)},
    )


@pytest.mark.parametrize(
    ("missing", "options", "extra"),
    [("psycopg", ("--dsn", "postgresql://127.0.0.1:1/x"), "postgres")],
)
def test_a_missing_extra_is_one_sentence(tmp_path: Path, missing: str, options: tuple[str, ...], extra: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from loadstone.demo.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = run("--port", "0", *options, cwd=tmp_path, code=code)
    assert done.returncode == 2
    assert done.stderr == f"shop: {missing} is not installed; install it with: pip install 'loadstone[{extra}]'\n"


def test_what_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("not a shop")
    done = run("--port", "0", "--database", str(tmp_path / "mine"), cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    done = run("--port", "0", "--dsn", "postgresql://127.0.0.1:1/nothing?connect_timeout=2", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("shop: cannot reach the database: ")
