"""The command, as a process, with the native engine against a real server: results, signals, kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.drive.summary import exit_code
from loadstone.model.run import Summary
from tests.cli.server import Asked, answering

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[Asked]:
    """A server that answers."""
    with answering() as asked:
        yield asked


def _command(directory: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loadstone", *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LOADSTONE_ARCHIVE": str(directory / "archive")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate()
    return process.returncode, out, err


def test_every_request_is_in_the_summary_the_archive_and_at_the_server(tmp_path: Path, server: Asked) -> None:
    words = ("run", f"{server.url}/items", "--rate", "100/s", "--for", "3s", "--json", "--no-report")
    code, out, err = _ended(_command(tmp_path, *words))
    summary = msgspec.json.decode(out, type=Summary)
    assert (code, err) == (exit_code(summary), "")  # a starved host may void the measurement, never the counts
    assert summary.requests == len(server.lines) > 100
    assert summary.errors == 0
    run = Archive(tmp_path / "archive").resolve("last")
    assert run.manifest.status == "complete"
    counted = sum(cell.count for one in run.intervals() for cell in one.cells if cell.step is not None)
    assert counted == summary.requests
    assert run.samples()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_its_result(tmp_path: Path, server: Asked, number: signal.Signals) -> None:
    process = _command(tmp_path, "run", f"{server.url}/items", "--rate", "50/s", "--for", "10min", "--no-report")
    assert server.first.wait(30)
    process.send_signal(number)
    code, out, err = _ended(process)
    assert code in (0, 4)
    assert "response" in out
    assert "stopping; waiting for the requests in flight" in err
    run = Archive(tmp_path / "archive").resolve("last")
    assert run.manifest.status == "interrupted"
    assert run.manifest.summary is not None
    assert run.manifest.summary.requests == len(server.lines)


def test_kill_9_leaves_a_run_that_every_verb_reads(tmp_path: Path, server: Asked) -> None:
    process = _command(tmp_path, "run", f"{server.url}/items", "--rate", "50/s", "--for", "10min")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("0:0"):
            break
    assert Archive(tmp_path / "archive").resolve("last").manifest.status == "running"
    assert '"running"' in _ended(_command(tmp_path, "sql", "SELECT status FROM runs", "--json"))[1]
    process.kill()
    _ended(process)
    run = Archive(tmp_path / "archive").resolve("last")
    assert run.manifest.status == "crashed"
    assert len(list(run.intervals())) >= 4
    code, out, _ = _ended(_command(tmp_path, "show", "last", "--json"))
    summary = msgspec.json.decode(out, type=Summary)
    assert code == 0  # it shows what was measured and judges nothing
    assert summary.status == "crashed"
    assert summary.requests > 100
    told = _ended(
        _command(tmp_path, "sql", "SELECT status, max(t_s) >= 4 FROM runs JOIN intervals USING (run) GROUP BY 1")
    )
    assert told[1].splitlines()[1].split() == ["crashed", "true"]


def test_check_prints_each_exchange(tmp_path: Path, server: Asked) -> None:
    spec = tmp_path / "loadstone.toml"
    text = f"""
        [service]
        url = "{server.url}"
        [[journey]]
        name = "browse"
        [[journey.step]]
        name = "list"
        get = "/items"
        extract.id = "$.items[*].id"
        [[journey.step]]
        name = "detail"
        get = "/PLACE/{{id}}"
        check.status = 200
        [shape.steady]
        rate = "1/s"
        duration = "1s"
    """
    spec.write_text(text.replace("PLACE", "items"))
    code, out, err = _ended(_command(tmp_path, "check"))
    assert code == 0, err
    assert "= id: 17" in out and "> GET /items/17" in out
    assert [line.split()[1] for line in server.lines] == ["/items", "/items/17"]
    spec.write_text(text.replace("PLACE", "missing"))
    code, out, err = _ended(_command(tmp_path, "check"))
    assert code == 1
    assert "browse.detail   failed: " in out
    assert "1 failed" in err
    assert not (tmp_path / "archive").exists()
    assert _ended(_command(tmp_path, "check", "--dry"))[0] == 0


def test_nothing_answers_is_an_invalid_measurement(tmp_path: Path) -> None:
    code, out, _ = _ended(_command(tmp_path, "run", "http://127.0.0.1:9/", "--rate", "20/s", "--for", "2s", "--json"))
    assert code == 4
    summary = msgspec.json.decode(out, type=Summary)
    assert summary.validity == "invalid"
    assert summary.errors == summary.requests > 0


def test_a_service_is_started_and_stopped(tmp_path: Path) -> None:
    with answering() as other:
        port = int(other.url.rpartition(":")[2])  # free again once this server has gone
    script = tmp_path / "serve.py"
    script.write_text(
        "import http.server, sys\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)"
        ".serve_forever()\n"
    )
    (tmp_path / "loadstone.toml").write_text(
        f"""
        [service]
        url = "http://127.0.0.1:{port}"
        start = "{sys.executable} serve.py {port}"
        [[slo]]
        name = "nothing fails"
        objective = "errors < 10%"
        [[journey]]
        name = "files"
        [[journey.step]]
        name = "file"
        get = "/serve.py"
        [shape.steady]
        rate = "50/s"
        duration = "4s"
        """
    )
    code, out, err = _ended(_command(tmp_path, "run", "--no-report"))
    assert code == 0, out + err
    assert "nothing fails" in out
    run = Archive(tmp_path / "archive").resolve("last")
    assert "GET /serve.py" in (run.text("service.log") or "")
    assert run.manifest.service is not None and run.manifest.service.argv is not None
