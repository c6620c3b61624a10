"""The live view: one rewritten line on a terminal, plain lines elsewhere, the same figures on both."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from loadstone.cli.live import Live
from loadstone.model.interval import Interval
from loadstone.model.service import Service
from tests.archive.made import interval


def _second(t_s: float, done: int = 500) -> Interval:
    one = interval(t_s, done)
    whole = msgspec.structs.replace(one.cells[0], step=None)
    return msgspec.structs.replace(one, cells=(*one.cells, whole))


def test_plain_lines_come_every_five_seconds() -> None:
    out = io.StringIO()
    live = Live(out, "500/s for 30 s", terminal=False)
    live.opened("20261123T101530-7f3a", Path("x"))
    for second in range(1, 13):
        live.interval(_second(float(second)))
    live.close()
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("500/s for 30 s ") and lines[0].endswith("   run 7f3a")
    assert [line.split()[0] for line in lines[1:]] == ["0:05", "0:10"]
    assert "offered 500/s  done 500/s  in flight 0.5  errors 0   p99  " in lines[1]
    assert "\x1b" not in out.getvalue() and "\r" not in out.getvalue()


def test_a_terminal_line_is_rewritten_and_left_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = io.StringIO()
    live = Live(out, "load", terminal=True)
    live.interval(_second(1.0))
    live.interval(_second(2.0))
    live.close()
    drawn = out.getvalue().split("\r\x1b[K")
    assert drawn[0] == ""
    assert [line.split()[0] for line in drawn[1:]] == ["0:01", "0:02"]
    assert max(len(line.rstrip("\n")) for line in drawn) <= 59
    assert out.getvalue().endswith("\n")


def test_words_do_not_mix_with_the_line() -> None:
    out = io.StringIO()
    live = Live(out, "load", terminal=True)
    live.starting(Service(url="http://x", start="python -m shop"))
    live.interval(_second(1.0))
    live.stopping(now=False)
    live.interval(_second(2.0))
    live.stopping(now=True)
    text = out.getvalue()
    assert text.startswith("starting python -m shop\n")
    assert "\r\x1b[Kstopping; waiting for the requests in flight (Ctrl-C again to cut them off)\n" in text
    assert text.endswith("\r\x1b[Kcutting off the requests in flight\n")


def test_errors_and_drops_add_up() -> None:
    out = io.StringIO()
    live = Live(out, "load", terminal=True)
    for second in (1.0, 2.0):
        one = _second(second)
        cells = (msgspec.structs.replace(one.cells[0], error=True), *one.cells[1:])
        live.interval(msgspec.structs.replace(one, cells=cells, dropped=3))
    assert "errors 1,000  dropped 6" in out.getvalue()


def test_a_second_without_a_request_has_no_p99() -> None:
    out = io.StringIO()
    Live(out, "load", terminal=True).interval(msgspec.structs.replace(interval(1.0), cells=()))
    assert out.getvalue().endswith("  -")
