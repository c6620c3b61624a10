"""What the terminal shows of a probe."""

from __future__ import annotations

from loadstone.model.finding import Bounded
from loadstone.model.probe import ProbeReport, ProbeRun, ProbeSaid, ProbeSlope
from loadstone.render.probe_text import probe_text

REPORT = ProbeReport(
    format=1,
    factor="limit",
    unit="",
    runs=(ProbeRun("a", 10.0, ()), ProbeRun("b", 40.0, ())),
    slopes=(
        ProbeSlope("shop", "page", "statements", "a request", ((10.0, 11.0), (40.0, 41.0)), Bounded(1.0, 0.98, 1.02)),
        ProbeSlope("shop", "page", "queue", "s a request", ((10.0, 0.001), (40.0, 0.0025)), Bounded(5e-5, -1e-5, 9e-5)),
    ),
    said=(ProbeSaid("shop", "page", "41 statements at 40 rows, 11 at 10: one for each row", ("n-plus-one",), ()),),
    caveats=("the last \x1b[31mlevel\x1b[0m was left alone",),
)


def test_a_probe_in_one_screen() -> None:
    assert probe_text(REPORT).splitlines() == [
        "limit 10, 40: 2 runs",
        "",
        "shop.page: 41 statements at 40 rows, 11 at 10: one for each row",
        "    speaks for n-plus-one",
        "",
        "what                   at each level            for one more                 90 %",
        "shop.page  statements  10: 11 40: 41                       1         [0.98, 1.02]",
        "shop.page  queue       10: 1.00 ms 40: 2.50 ms       50.0 us  [-10.0 us, 90.0 us]",
        "",
        "note       the last \\x1b[31mlevel\\x1b[0m was left alone",
        "",
        "next    loadstone run --evidence",
    ]


def test_nothing_that_changes_is_said() -> None:
    told = probe_text(ProbeReport(1, "rate", "journeys/s", (ProbeRun("a", 5.0, ()),), (), ()))
    assert told.startswith("rate 5 journeys/s: 1 run\n\nNothing changes with it")
