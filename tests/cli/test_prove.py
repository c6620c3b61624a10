"""``loadstone prove`` at the command line, over a scripted engine: its plan, its answer, what it refuses."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted
from loadstone.model.comparison import Comparison
from tests.cli.conftest import Command

SPEC = """
[service]
url = "http://127.0.0.1:9"

[[slo]]
name = "items are fast"
step = "browse.items"
objective = "p95 < 300ms"

[[journey]]
name = "browse"
step = [{ name = "items", get = "/items" }]

[[journey]]
name = "search"
step = [{ name = "search", get = "/search" }]

[shape.steady]
rate = "100/s"
duration = "30s"

[shape.crowd]
users = 5
duration = "30s"
"""

URLS = ("--a", "http://127.0.0.1:8001", "--b", "http://127.0.0.1:8002")
SHORT = ("--for", "3s", "--warm-up", "0s", "--pairs", "6", "--seed", "41", "--no-observed")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of two journeys, in the directory where commands run."""
    path = tmp_path / "loadstone.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """Two ports that accept connections; whoever listens there says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
        yield a.getsockname()[1], b.getsockname()[1]


@pytest.fixture
def urls(ports: tuple[int, int]) -> tuple[str, ...]:
    """Both sides as arguments."""
    return "--a", f"http://127.0.0.1:{ports[0]}", "--b", f"http://127.0.0.1:{ports[1]}"


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch, loadstone: Command, ports: tuple[int, int]) -> dict[str, Script]:
    """How the services behind the ports behave, each run with a luck of its own; nothing cools down between."""
    told = {"A": Script(), "B": Script()}
    luck = itertools.count(1)

    def engine(plan: bytes) -> Engine:
        side = "B" if f":{ports[1]}".encode() in plan else "A"
        return scripted(plan, replace(told[side], seed=next(luck)))

    monkeypatch.setattr("loadstone.drive.engine.native", engine)
    monkeypatch.setattr("loadstone.prove.design.COOL_DOWN_S", 0.0)
    return told


def test_the_plan_starts_nothing(loadstone: Command, spec: Path) -> None:
    told = loadstone("prove", *URLS, *SHORT, "--journey", "browse", "--plan")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].startswith("6 pairs, order drawn (seed 41), 3 s a run (300 requests): ")
    assert lines[1].startswith("order: ")
    assert "loadstone calibrate" in lines[2]
    assert not Path(".loadstone").exists()
    plan = json.loads(loadstone("prove", *URLS, *SHORT, "--journey", "browse", "--plan", "--json").out)
    assert (plan["design"]["planned"], plan["refusal"], plan["calibrated"]) == (6, None, False)
    assert " ".join(plan["design"]["order"]) == lines[1].removeprefix("order: ")


def test_a_faster_side_is_told_so_and_shown_again(
    loadstone: Command, spec: Path, sides: dict[str, Script], urls: tuple[str, ...]
) -> None:
    sides["A"] = Script(mean_s=0.004)
    sides["B"] = Script(mean_s=0.002)
    told = loadstone("prove", *urls, *SHORT)
    assert told.code == 0, told
    lines = told.out.splitlines()
    assert lines[0] == f"A  {urls[1]}   B  {urls[3]}"
    assert lines[2].startswith("6 interleaved pairs, ")
    assert "Faster: p95 response of browse.items is 0." in told.out
    assert told.err.startswith("6 pairs, order drawn (seed 41), 3 s a run")
    assert "pair 6 of 6, side" in told.err
    (kept,) = Path(".loadstone/experiments").iterdir()
    again = loadstone("show", kept.name.partition("-")[2])
    assert again.out.splitlines()[2:] == lines
    comparison = msgspec.json.decode(loadstone("show", kept.name, "--json").out, type=Comparison)
    assert comparison.verdict == "faster"
    assert loadstone("show", "last").err.startswith("no run"), "a side is never the last run"


def test_a_slower_side_exits_1_and_json_is_alone_on_stdout(
    loadstone: Command, spec: Path, sides: dict[str, Script], urls: tuple[str, ...]
) -> None:
    sides["B"] = Script(mean_s=0.02)
    told = loadstone("prove", *urls, *SHORT, "--json")
    assert (told.code, told.err) == (1, "")
    comparison = msgspec.json.decode(told.out, type=Comparison)
    assert comparison.verdict == "slower"
    assert [side.label for side in comparison.sides] == [urls[1], urls[3]]


def test_markdown_is_for_a_ticket(
    loadstone: Command, spec: Path, sides: dict[str, Script], urls: tuple[str, ...]
) -> None:
    told = loadstone("prove", *urls, *SHORT, "--markdown", "-q")
    assert told.err == ""
    assert told.out.startswith("**")
    assert "<details>" in told.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "two sides are needed"),
        (("--a-env", "X=1", "--b-env", "X=1"), "loadstone calibrate"),
        (("--a", "nothere"), "no URL, no revision"),
        ((*URLS, "--shape", "wave"), "wave"),
        ((*URLS, "--journey", "buy"), 'no journey "buy"; it has browse, search'),
        ((*URLS, "--rate", "0/s"), "drives nothing"),
        ((*URLS, "--shape", "crowd", "--rate", "5/s"), "closed population"),
        ((*URLS, "--pairs", "5"), "6 are the fewest"),
        ((*URLS, "--pairs", "500", "--plan"), "make the runs longer"),
        ((*URLS, "--budget", "9s", "--plan"), "6 pairs take"),
        ((*URLS, "--margin", "0%"), '"5%" or "1.05"'),
        ((*URLS, "--metric-margin", "speed=5%"), "nothing that a guardrail can hold"),
        ((*URLS, "--build", "make"), "neither side is one"),
        ((*URLS, "--run", "last"), "--finding"),
        ((*URLS, "--finding", "3b9e"), "has a diagnosis; make one"),
        ((*URLS, "--json", "--markdown"), "not both"),
        (("--a-call", "POST /x"), "go together"),
        (("--a", "http://example.com", "--b", "http://127.0.0.1:1", "--plan"), "example.com"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out(
    loadstone: Command, spec: Path, arguments: tuple[str, ...], says: str
) -> None:
    told = loadstone("prove", *arguments)
    assert (told.code, told.out) == (2, "")
    assert says in told.err
    assert not Path(".loadstone/runs").exists()


def test_without_a_spec_the_ways_to_one_are_told(loadstone: Command) -> None:
    assert "there is no loadstone.toml here" in loadstone("prove", *URLS).err


def test_no_value_of_a_secret_is_kept(loadstone: Command, spec: Path, sides: dict[str, Script]) -> None:
    started = 'url = "http://127.0.0.1:9"\nstart = "sleep 9"\nready_timeout = "100ms"'
    spec.write_text(SPEC.replace('url = "http://127.0.0.1:9"', started))
    told = loadstone("prove", "--a-env", "API_KEY=hunter2", "--b-env", "API_KEY=hunter3", *SHORT)
    assert "hunter" not in told.out + told.err
    kept = [path for path in Path(".loadstone").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"hunter" in path.read_bytes()]
