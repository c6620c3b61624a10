"""``loadstone traffic`` over written logs: read natively, fitted, scored, told, kept."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from loadstone.model.traffic import Traffic
from loadstone.traffic.fit import generate
from tests.cli.conftest import Command
from tests.traffic.fit.worlds import SHOP

BEGIN_S = 1_700_000_000


def written(seconds: float, seed: int) -> list[str]:
    """Lines of the shop's traffic, combined format."""
    hits = generate(SHOP, seed, seconds)
    ids = {value: 100 + at for at, value in enumerate(np.unique(hits.rows.value).tolist())}
    lines = []
    for time_ns, client, number, value in zip(
        hits.rows.time_ns.tolist(),
        hits.rows.client.tolist(),
        hits.rows.route.tolist(),
        hits.rows.value.tolist(),
        strict=True,
    ):
        route = hits.routes()[number]
        when = datetime.fromtimestamp(BEGIN_S + time_ns // 10**9, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        path = route.template.replace("{id}", str(ids[value]))
        lines.append(
            f'10.{client >> 16 & 255}.{client >> 8 & 255}.{client & 255} - - [{when}] "{route.method} {path} HTTP/1.1" '
            f'200 512 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:1{client % 9}) Firefox/128.0"'
        )
    return lines


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return written(9000, 3)


def test_the_shop_comes_back_from_its_logs(loadstone: Command, lines: list[str]) -> None:
    half = len(lines) // 2
    Path("access.log.1.gz").write_bytes(gzip.compress("\n".join([*lines[:half], ""]).encode()))
    Path("access.log").write_text("\n".join([*lines[half:], "rubbish", ""]))
    told = loadstone("traffic", "access.log", "access.log.1.gz")
    assert told.code == 0, told
    assert told.out.startswith("At the peak, 2023-11-14 ")
    assert "closer to the traffic held out than the naive reference in" in " ".join(told.out.split())
    assert "not read   1 line" in told.out
    assert "assumed" in told.out
    assert told.out.splitlines()[-1] == "next    loadstone init URL --log access.log --log access.log.1.gz"
    (kept,) = Path(".loadstone/traffic").glob("*/traffic.json")
    assert str(kept) in told.out
    content = kept.read_text()
    assert "10.0." not in content
    assert "Mozilla" not in content
    model = msgspec.json.decode(content, type=Traffic)
    assert {load.route.split("{")[0] for load in model.mix} == {
        "GET /products", "GET /products/", "GET /products/search", "GET /orders", "POST /orders",
    }  # fmt: skip
    assert model.fidelity is not None


def test_as_json_it_is_the_model(loadstone: Command, lines: list[str]) -> None:
    Path("access.log").write_text("\n".join(lines[:3000]))
    told = loadstone("traffic", "access.log", "--json", "--idle", "10m", "--peak", "20m", "--archive", "elsewhere")
    assert told.code == 0, told
    model = msgspec.json.decode(told.out, type=Traffic)
    assert (model.idle_s.value, model.arrivals.peak_s) == (600, 1200)
    assert len(list(Path("elsewhere/traffic").glob("*/traffic.json"))) == 1


def test_a_log_of_robots_is_no_workload(loadstone: Command) -> None:
    line = '10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "GET /products HTTP/1.1" 200 5 "-" "Googlebot/2.1"'
    Path("bots.log").write_text("\n".join([line] * 40))
    told = loadstone("traffic", "bots.log")
    assert told.code == 4
    assert told.out.startswith("There is no traffic of people in this log")
    assert "next" not in told.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none.log",), "none.log"),
        (("empty.log",), "no line to read"),
        (("empty.log", "--idle", "0s"), "at least a second"),
        (("empty.log", "--openapi", "none.json"), "none.json cannot be read"),
        ((), "LOG"),
    ],
)
def test_what_cannot_be_read_is_said_with_a_way_out(loadstone: Command, arguments: tuple[str, ...], says: str) -> None:
    Path("empty.log").write_text("")
    told = loadstone("traffic", *arguments)
    assert told.code == 2, told
    assert says in told.err
    assert "Traceback" not in told.err
