"""Sides as services, the call that switches, and what may be up at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from loadstone.errors import SpecError, TargetError
from loadstone.lab.service import argv
from loadstone.lab.sides import apart, service_key, service_of, side_told
from loadstone.lab.standing import Made, Standing, memory_available_bytes
from loadstone.lab.switch import switched
from loadstone.model.service import Auth, Service
from tests.lab.experiment_scene import listener, side
from tests.throwaway import free_port

SPEC = Service("http://localhost:8000/shop", start="python -m shop --port {port}", cwd="/", env={"DEBUG": "0"})


def test_a_port_is_picked_for_each_start() -> None:
    a, b = (service_of(side(name, "environment", env={"FIX": "1"}), SPEC) for name in ("A", "B"))
    assert apart(a, b) and a.url.startswith("http://127.0.0.1:") and a.url.endswith("/shop")
    port = a.url.removeprefix("http://127.0.0.1:").removesuffix("/shop")
    assert argv(a) == ("python", "-m", "shop", "--port", port)
    assert a.env == {"DEBUG": "0", "FIX": "1", "PORT": port}


def test_without_a_place_for_it_both_sides_are_at_the_specs_port() -> None:
    a = service_of(side("A", "command", "python old.py"), SPEC)
    b = service_of(side("B", "command", "python new.py"), SPEC)
    assert not apart(a, b) and a.url == SPEC.url and "PORT" not in a.env


def test_a_plain_run_fills_the_port_of_the_url_in() -> None:
    assert argv(SPEC) == ("python", "-m", "shop", "--port", "8000")


def test_a_url_is_driven_where_it_is_and_only_on_this_machine() -> None:
    made = service_of(side("A", "url", "http://127.0.0.1:8001/"), SPEC)
    assert made.url == "http://127.0.0.1:8001" and made.start is None
    with pytest.raises(SpecError, match="--yes-load shop"):
        service_of(side("A", "url", "http://shop.example"), SPEC)
    allowed = service_of(side("A", "url", "http://shop.example"), SPEC, allowed=("shop.example",))
    assert allowed.url == "http://shop.example"
    with pytest.raises(SpecError, match="side A"):
        service_of(side("A", "url", "shop"), SPEC)


def test_a_command_is_started_here_alone() -> None:
    elsewhere = Service("http://shop.example", start="python -m shop")
    with pytest.raises(SpecError, match="elsewhere"):
        service_of(side("A", "environment"), elsewhere, allowed=("shop.example",))


def test_a_worktree_has_the_services_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    spec = Service("http://127.0.0.1:8000", start="python -m shop", cwd="/srv/shop")
    made = service_of(side("A", "revision", "main"), spec, cwd=Path("/archive/worktrees/1/web"))
    assert made.cwd == "/archive/worktrees/1/web" and made.env["OTEL_SERVICE_NAME"] == "shop"
    named = Service(spec.url, start=spec.start, cwd=spec.cwd, env={"OTEL_SERVICE_NAME": "web"})
    assert service_of(side("A", "revision", "main"), named, cwd=Path("/w")).env["OTEL_SERVICE_NAME"] == "web"


def test_what_a_calibration_calls_a_service_has_no_port_in_it() -> None:
    assert service_key(side("A", "environment"), SPEC) == "python -m shop --port {port}"
    assert service_key(side("A", "command", "python  new.py {port}"), SPEC) == "python new.py {port}"
    assert service_key(side("A", "url", "http://127.0.0.1:8001"), SPEC) == "http://127.0.0.1:8001"


def test_values_of_variables_are_not_told() -> None:
    made = side("A", "environment", env={"TOKEN": "hunter2"})
    assert "hunter2" not in repr(side_told(made, service_of(made, SPEC)))


class _Flags(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str, str | None]]] = []

    def do_POST(self) -> None:
        self.seen.append((self.command, self.path, self.headers.get("authorization")))
        self.send_response(403 if "forbidden" in self.path else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def flags() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Flags)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    _Flags.seen.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_switch_is_called_with_the_specs_credentials(flags: str) -> None:
    switched(Service(flags, auth=Auth(bearer="{env.TOKEN}")), "POST /flags?fix=1", {"TOKEN": "t0"})
    switched(Service(flags, auth=Auth(user="me", password="{env.WORD}")), "POST /flags?fix=0", {"WORD": "w"})
    assert _Flags.seen == [("POST", "/flags?fix=1", "Bearer t0"), ("POST", "/flags?fix=0", "Basic bWU6dw==")]
    with pytest.raises(SpecError, match="variable that is set"):
        switched(Service(flags, auth=Auth(bearer="{env.TOKEN}")), "POST /flags", {})


def test_a_switch_that_is_refused_or_not_answered(flags: str) -> None:
    with pytest.raises(TargetError, match="answered with 403"):
        switched(Service(flags), "POST /forbidden")
    with pytest.raises(TargetError, match="was not answered"):
        switched(Service(f"http://127.0.0.1:{free_port()}"), "POST /flags")
    with pytest.raises(SpecError, match="METHOD /path"):
        switched(Service(flags), "flags?fix=1")


def test_one_service_that_is_switched_is_started_once_and_stopped(tmp_path: Path) -> None:
    start = listener(tmp_path)
    started: list[Service] = []

    def make() -> Service:
        return service_of(side("A", "call", call="POST /x"), Service("http://127.0.0.1:9", start=start))

    standing = Standing({"A": Made(make, None), "B": Made(make, "POST /x")}, tmp_path, starting=started.append)
    try:
        up = standing.ready("A")
        with pytest.raises(TargetError, match="was not answered"):
            standing.ready("B")  # the listener closes at once
        assert standing.together and len(started) == 1
        standing.rest("A")
        assert up.process is not None and up.process.exit_code() is None
    finally:
        standing.close()
    assert up.process.exit_code() is not None


def test_the_second_side_is_started_only_where_there_is_room(tmp_path: Path) -> None:
    start = listener(tmp_path)
    for free, together in ((1 << 40, True), (256 << 20, False), (None, False)):
        made = {
            name: Made(lambda: service_of(side("A", "command", start), Service("http://127.0.0.1:9")))
            for name in ("A", "B")
        }
        standing = Standing(made, tmp_path, available_bytes=lambda free=free: free)  # type: ignore[arg-type,misc]
        try:
            standing.ready("B")
            assert standing.together is together
        finally:
            standing.close()


def test_free_memory_is_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable:   42 kB\n")
    assert memory_available_bytes(tmp_path / "meminfo") == 42 * 1024
    assert memory_available_bytes(tmp_path / "nothing") is None
