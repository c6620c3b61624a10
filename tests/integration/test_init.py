"""init meets four services: what it writes is taken by check and run, and nothing that may change something is sent."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from loadstone.cli import main
from loadstone.lab.init import measuring
from loadstone.model.route import SAFE
from loadstone.model.workload import Step
from loadstone.spec import Spec, load
from tests.integration.init_services import DJANGO, FASTAPI, FLASK
from tests.throwaway import free_port

STARTED_WITHIN_S = 30.0
BUSY = ("generator-saturated", "late-schedule", "offered-off")
"""Voids that are the fault of what else runs on this machine."""

RUN = ("run", "--rate", "10/s", "--for", "2s", "--warm-up", "0s", "--no-report", "--quiet", "--json")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Short runs, in a directory of their own."""
    monkeypatch.setattr(measuring, "ALONE_S", 0.5)
    monkeypatch.setattr(measuring, "ALONE_WARM_UP_S", 0.2)
    monkeypatch.setattr(measuring, "BASELINE_S", 2.0)
    monkeypatch.setattr(measuring, "WARM_UP_S", 0.5)
    monkeypatch.chdir(tmp_path)


def loadstone(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def introduced(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], Spec]:
    """What init says of itself, and the spec that it wrote."""
    assert loadstone("init", *arguments, "--json") == 0, capsys.readouterr().err
    told = json.loads(capsys.readouterr().out)
    return told, load("loadstone.toml")


def accepted(capsys: pytest.CaptureFixture[str]) -> None:
    """check takes the spec, and run measures it."""
    code = loadstone("check")
    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    code = loadstone(*RUN)
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert summary["requests"] > 0
    assert summary["errors"] == 0, said.out
    busy = [one for one in summary["caveats"] if one["level"] == "void" and one["code"] in BUSY]
    assert code in (0, 3) or (code == 4 and busy), said.out


def became(told: dict[str, Any]) -> dict[str, str]:
    return {one["route"]: one["how"] for one in told["covered"]}


def sent(path: Path) -> set[str]:
    """Methods that reached the service."""
    return {line.split(" ", 1)[0] for line in path.read_text().splitlines()}


@contextmanager
def running(text: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """A service; its URL, and where it notes what it was asked."""
    (folder / "service.py").write_text(text)
    seen = folder / "seen.txt"
    port = free_port()
    words = [sys.executable, str(folder / "service.py"), str(port), str(seen)]
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: _answers(f"{url}/"), process, folder / "service.log")
        yield url, seen
    finally:
        process.terminate()
        process.wait()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + STARTED_WITHIN_S
    while not ready():
        assert process.poll() is None and time.monotonic() < last, log.read_text(errors="replace")[-2000:]
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2.0).status_code < 500
    except httpx.HTTPError:
        return False


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """The sample shop's URL."""
    port = free_port()
    words = [sys.executable, "-m", "loadstone.demo", "--port", str(port)]
    with (folder / "shop.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: _answers(f"{url}/healthz"), process, folder / "shop.log")
        yield url
    finally:
        process.terminate()
        process.wait()


def test_the_sample_shop_from_a_url_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with shop(tmp_path) as url:
        told, spec = introduced(capsys, url)
        how = became(told)
        assert how["POST /login"] == "off"
        assert sum(what == "journey" for what in how.values()) >= 4
        actions = [action for journey in spec.workload.journeys for action in journey.actions]
        assert any(isinstance(action, Step) and action.extract for action in actions)
        assert told["baseline"]["run"] in [path.name for path in Path(".loadstone/runs").iterdir()]
        assert any("login" in one["name"] for one in told["discovery"]["unknowns"])
        assert told["next"] == "loadstone check"
        accepted(capsys)


def test_the_sample_shop_with_a_user_and_a_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop(tmp_path) as url:
        (tmp_path / "visit.har").write_text(json.dumps(recorded(url)))
        monkeypatch.setenv("LOADSTONE_PASSWORD", "loadstone-demo")
        told, spec = introduced(capsys, url, "--user", "shopper7@example.com", "--har", "visit.har")
        how = became(told)
        assert how["POST /login"] == how["GET /account"] == "journey"
        names = [journey.name for journey in spec.workload.journeys]
        assert "recorded" in names
        steps = [
            action for action in spec.workload.journeys[names.index("recorded")].actions if isinstance(action, Step)
        ]
        assert {step.method for step in steps} == {"get"}
        assert "recorded whole" in told["off"]
        text = Path("loadstone.toml").read_text()
        for secret in ("loadstone-demo", "shopper7", "a-recorded-secret"):
            assert secret not in text
            assert secret not in json.dumps(told)
        monkeypatch.setenv("LOADSTONE_USER", "shopper7@example.com")
        accepted(capsys)


def recorded(url: str) -> dict[str, Any]:
    """A visit as a browser writes it down: a list, one of its products, and an order that was never sent."""
    entries: list[dict[str, Any]] = []

    def add(method: str, target: str, status: int, body: str, kind: str, posted: str | None = None) -> None:
        request: dict[str, Any] = {"method": method, "url": url + target, "httpVersion": "HTTP/1.1", "headers": [],
                                   "queryString": [], "cookies": [], "headersSize": -1, "bodySize": -1}  # fmt: skip
        if posted is not None:
            request["postData"] = {"mimeType": "application/json", "text": posted}
            request["headers"] = [{"name": "Authorization", "value": "Bearer a-recorded-secret"}]
        reply = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [],
                 "content": {"size": len(body), "mimeType": kind, "text": body}, "redirectURL": "", "headersSize": -1,
                 "bodySize": -1}  # fmt: skip
        entries.append({"startedDateTime": f"2025-01-01T10:00:{len(entries):02d}.000Z", "time": 5, "request": request,
                        "response": reply, "cache": {}, "timings": {"send": 0, "wait": 5, "receive": 0}})  # fmt: skip

    listed = httpx.get(f"{url}/products?page=2", trust_env=False)
    add("GET", "/products?page=2", 200, listed.text, "application/json")
    number = listed.json()["items"][3]["id"]
    add(
        "GET",
        f"/products/{number}",
        200,
        httpx.get(f"{url}/products/{number}", trust_env=False).text,
        "application/json",
    )
    add("POST", "/cart/items", 201, "{}", "application/json", json.dumps({"product_id": number, "quantity": 1}))
    return {"log": {"version": "1.2", "creator": {"name": "a browser", "version": "1"}, "entries": entries}}


def test_fastapi_by_its_own_description(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(FASTAPI, tmp_path) as (url, seen):
        told, _ = introduced(capsys, url)
        how = became(told)
        assert (
            how["GET /api/books"]
            == how["GET /api/books/{book_id}"]
            == how["GET /api/books/{book_id}/chapters"]
            == "journey"
        )
        assert how["GET /api/books/{book_id}/chapters/{chapter_id}"] == "journey"
        assert how["GET /api/find"] == "journey", "words of the replies are searched for"
        assert how["GET /health"] == "left out"
        assert how["GET /api/secret/{key}"] == "left out"
        assert how["POST /api/books"] == how["DELETE /api/books/{book_id}"] == "off"
        assert any("/api/secret/{key}" in one["name"] and one["command"] for one in told["discovery"]["unknowns"])
        accepted(capsys)
        assert sent(seen) <= set(SAFE)
        text = Path("loadstone.toml").read_text()
        assert '# post = "/api/books"' in text
        assert "$.items[*].id | random" in text


def test_django_that_is_started_tells_its_routes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "service.py").write_text(DJANGO)
    seen = tmp_path / "seen.txt"
    port = free_port()
    start = shlex.join([sys.executable, str(tmp_path / "service.py"), "{port}", str(seen)])
    told, spec = introduced(capsys, f"http://127.0.0.1:{port}", "--start", start)
    how = became(told)
    assert told["discovery"]["framework"].startswith("Django")
    assert how["GET /trails/"] == how["GET /trails/{slug}/"] == how["GET /trails/{slug}/reviews/"] == "journey"
    assert how["POST /trails/{slug}/book/"] == "off"
    assert spec.service.start == start
    accepted(capsys)
    assert sent(seen) <= set(SAFE)


LINE = (
    "10.0.0.{client} - - [10/Oct/2024:13:{minute:02d}:{second:02d} +0000] "
    '"GET {path} HTTP/1.1" 200 512 "-" "Mozilla/5.0"\n'
)


def test_flask_with_an_access_log_gets_its_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for visit in range(200):
        at = visit * 15
        for step, path in enumerate(["/", "/songs", f"/songs/{1 + visit * visit % 30}", f"/songs/{1 + visit % 7}"]):
            minute, second = divmod(at + 3 * step, 60)
            lines.append(LINE.format(client=visit % 250, minute=minute % 60, second=second, path=path))
    (tmp_path / "access.log").write_text("".join(lines))
    with running(FLASK, tmp_path) as (url, seen):
        told, spec = introduced(capsys, url, "--log", "access.log")
        how = became(told)
        assert how["GET /songs"] == "journey"
        assert sum(what == "journey" for what in how.values()) >= 3
        assert any(
            journey.start is not None or any(getattr(a, "next", None) for a in journey.actions)
            for journey in spec.workload.journeys
        )
        assert any(shape.name == "peak" for shape in spec.shapes.values())
        assert any("visits" in one.name for one in spec.assumptions)
        accepted(capsys)
        assert sent(seen) <= set(SAFE)


def test_nothing_that_is_there_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loadstone.toml").write_text("mine")
    assert loadstone("init", f"http://127.0.0.1:{free_port()}") == 2
    assert "--force" in capsys.readouterr().err
    assert Path("loadstone.toml").read_text() == "mine"


def test_a_service_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert loadstone("init", f"http://127.0.0.1:{free_port()}") == 4
    said = capsys.readouterr().err
    assert "127.0.0.1" in said
    assert "Traceback" not in said
    assert not Path("loadstone.toml").exists()


def test_a_host_that_is_not_this_machine_is_not_met_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    assert loadstone("init", "http://192.0.2.1:8000") == 2
    assert "--yes-load 192.0.2.1" in capsys.readouterr().err


def test_a_password_is_no_argument(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOADSTONE_PASSWORD", raising=False)
    assert loadstone("init", "http://127.0.0.1:1", "--user", "ann") == 2
    assert "LOADSTONE_PASSWORD" in capsys.readouterr().err
    assert os.environ.get("LOADSTONE_PASSWORD") is None
