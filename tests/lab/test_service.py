"""A service is started, waited for and stopped with its whole tree, whatever it does."""

from __future__ import annotations

import os
import signal
import socket
import sys
import textwrap
from pathlib import Path

import pytest

from loadstone.errors import SpecError, TargetError
from loadstone.lab import service as service_module
from loadstone.lab import tree
from loadstone.lab.service import ServiceProcess, argv, serving
from loadstone.model.service import Service

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    seen = 0
    def do_GET(self):
        Handler.seen += 1
        self.send_response(503 if Handler.seen < 3 else 200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *words):
        pass
print("up", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    """A loopback port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def _script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text))
    return f"{sys.executable} {path}"


def _service(port: int, start: str, ready: str | None = None, ready_timeout_s: float = 20.0) -> Service:
    return Service(url=f"http://127.0.0.1:{port}", start=start, ready=ready, ready_timeout_s=ready_timeout_s)


def test_it_is_ready_when_its_path_answers_and_gone_afterwards(tmp_path: Path, port: int) -> None:
    service = _service(port, f"{_script(tmp_path, SERVER)} {port}", ready="/healthz")
    log = tmp_path / "service.log"
    with serving(service, log) as process:
        assert process is not None
        assert process.exit_code() is None
        assert os.getsid(process.pid) == process.pid
    assert process.exit_code() == -signal.SIGTERM
    assert log.read_text() == "up\n"


def test_without_a_path_it_is_ready_when_its_port_answers(tmp_path: Path, port: int) -> None:
    with serving(_service(port, f"{_script(tmp_path, SERVER)} {port}"), tmp_path / "log"):
        socket.create_connection(("127.0.0.1", port)).close()


def test_nothing_to_start_is_none(tmp_path: Path) -> None:
    with serving(Service(url="http://127.0.0.1:1"), tmp_path / "log") as process:
        assert process is None


def test_an_early_death_is_told_with_its_last_lines(tmp_path: Path, port: int) -> None:
    start = _script(tmp_path, "import sys; print('no such table: product'); sys.exit(3)")
    expected = pytest.raises(TargetError, match=r"exit code 3 before it was ready(.|\n)*\| no such table: product")
    with expected, serving(_service(port, start), tmp_path / "log"):
        pass


def test_one_that_never_answers_is_given_up_and_killed(tmp_path: Path, port: int) -> None:
    pids = tmp_path / "pid"
    start = _script(
        tmp_path,
        f"""
        import os, pathlib, time
        pathlib.Path({str(pids)!r}).write_text(str(os.getpid()))
        time.sleep(600)
        """,
    )
    with (
        pytest.raises(TargetError, match=r"not ready within 1 s: 127\.0\.0\.1:\d+ does not accept(.|\n)*wrote nothing"),
        serving(_service(port, start, ready_timeout_s=1.0), tmp_path / "log"),
    ):
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="who listens where is found through /proc")
def test_one_that_listens_at_another_port_is_told_which(tmp_path: Path, port: int) -> None:
    start = _script(tmp_path, SERVER.replace("int(sys.argv[1])", "0").replace('print("up"', 'print("up", sys.argv'))
    with (
        pytest.raises(TargetError, match=r"it listens at port \d+ instead: correct url in \[service\]"),
        serving(_service(port, f"{start} {port}", ready_timeout_s=2.0), tmp_path / "log"),
    ):
        pass


def test_a_ready_path_that_is_not_there_is_told(tmp_path: Path, port: int) -> None:
    start = _script(tmp_path, SERVER.replace("503 if Handler.seen < 3 else 200", "404"))
    with (
        pytest.raises(TargetError, match=r"GET /nowhere answered 404; correct ready in \[service\]"),
        serving(_service(port, f"{start} {port}", ready="/nowhere", ready_timeout_s=1.0), tmp_path / "log"),
    ):
        pass


def test_a_wait_ends_when_patience_does(tmp_path: Path, port: int) -> None:
    start = _script(tmp_path, "import time; time.sleep(600)")
    with (
        pytest.raises(TargetError, match="interrupted"),
        serving(_service(port, start), tmp_path / "log", patience=lambda: False),
    ):
        pass


def test_what_is_not_there_cannot_be_started(tmp_path: Path, port: int) -> None:
    with pytest.raises(TargetError, match=r"cannot be started: no-such-program --now\n.*no-such-program"):
        ServiceProcess(_service(port, "x"), ("no-such-program", "--now"), tmp_path / "log", {})


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        start = _script(tmp_path, f"open({str(marker)!r}, 'w')")
        expected = pytest.raises(TargetError, match=f"already answers at 127.0.0.1:{port}")
        with expected, serving(_service(port, start), tmp_path / "log"):
            pass
    assert not marker.exists()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the tree is found through /proc")
def test_nothing_survives_not_even_what_left_the_session(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "STOP_S", 0.2)
    start = _script(
        tmp_path,
        """
        import os, signal, socket, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                os.write(write, b"x")
                time.sleep(600)
            os._exit(0)
        os.read(read, 1)
        server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        time.sleep(600)
        """,
    )
    log = tmp_path / "log"
    with serving(_service(port, f"{start} {port}"), log) as process:
        assert process is not None
        stray = int(log.read_text())
        assert os.getsid(stray) != process.pid
        assert {process.pid, stray} <= tree.alive(process.pid, process._token)
    assert process.exit_code() == -signal.SIGKILL
    stat = Path(f"/proc/{stray}/stat")
    assert not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_command_line_is_split_without_a_shell() -> None:
    assert argv(Service(url="http://x", start="python -m 'my shop' --port 1")) == (
        "python",
        "-m",
        "my shop",
        "--port",
        "1",
    )
    assert argv(Service(url="http://x")) is None
    for wrong in ("python 'x", "  "):
        with pytest.raises(SpecError):
            argv(Service(url="http://x", start=wrong))
