"""Comparisons made by hand, one of each verdict, for the screens and the Markdown."""

from __future__ import annotations

from math import exp

from msgspec.structs import replace

from loadstone.model.comparison import (
    Blamed,
    Comparison,
    DesignTold,
    Metric,
    Moved,
    PairRow,
    RunRow,
    ShiftPoint,
    SideTold,
    StepShift,
)
from loadstone.model.finding import Bounded, Predicted
from loadstone.model.run import Caveat, Machine

RUNS = tuple(f"20261125T1015{at:02d}-{at:04x}" for at in range(22))
STATEMENT = "SELECT id, stars, text FROM review WHERE product_id = ?"


def metric(name: str, a: float | None, b: float | None, ratio: float | None, low: float | None, high: float | None,
           verdict: str = "not-worse", **more: object) -> Metric:  # fmt: skip
    given: dict[str, object] = {"unit": "s", "journey": None, "step": None, "margin": 1.05, "method": "student", **more}
    return Metric(name=name, a=a, b=b, ratio=ratio, low=low, high=high, verdict=verdict, **given)  # type: ignore[arg-type]


P99 = metric("p99 response", 0.812, 0.201, 0.25, 0.21, 0.29, "faster", judged=True)
P50 = metric("p50 response", 0.0031, 0.00308, 0.99, 0.98, 1.01)
STATEMENTS = metric(
    "statements a request", 3.17, 2.0, None, -1.3, -1.05, "faster", unit="count", margin=0.0, method="by count"
)
ERRORS = metric("errors", 0.001, 0.0012, None, -0.0001, 0.0005, unit="share", margin=0.001)
THROUGHPUT = metric("throughput", 40.1, 40.0, 1.002, 0.99, 1.01, unit="/s", more_is_better=True)

DESIGN = DesignTold(
    pairs=10,
    planned=10,
    most=10,
    order=("AB", "BA", "BA", "AB", "AB", "BA", "AB", "BA", "BA", "AB"),
    seed=41,
    measured_s=10.0,
    warm_up_s=2.0,
    load="120/s, Poisson arrivals",
    requests=1200,
    looks=(10,),
    level=0.95,
    together=True,
    spent_s=252.0,
    smallest={"p99 response": 1.18, "p50 response": 1.02},
)

PREDICTED = Predicted(
    at="p99",
    service=Bounded(0.52, 0.5, 0.55),
    queue=Bounded(0.1, 0.08, 0.13),
    p99_s=Bounded(0.1868, 0.1624, 0.2436),
    before_s={"p99": 0.812},
)

BLAMED = Blamed(
    fingerprint="3b9e10c2",
    fault="n-plus-one",
    title="N+1 statements: 41 a request when ?expand=reviews is set",
    component=STATEMENT,
    a=1.17,
    b=0.0,
    a_s=0.0211,
    b_s=0.0,
    drop_s=Bounded(0.0211, 0.0195, 0.0228),
    predicted_s=Bounded(0.0214, 0.02, 0.0229),
    moved=True,
    sentence="the reviews statement went from 1.17 a request to 0",
)

SHIFT = StepShift(
    None,
    None,
    tuple(
        ShiftPoint(share, a, a * ratio, ratio, ratio * exp(-half), ratio * exp(half))
        for share, a, ratio, half in (
            (0.1, 0.0021, 0.99, 0.02),
            (0.3, 0.0026, 0.99, 0.02),
            (0.5, 0.0031, 0.99, 0.02),
            (0.7, 0.0038, 1.0, 0.02),
            (0.9, 0.0061, 0.98, 0.05),
            (0.95, 0.0205, 0.81, 0.1),
            (0.99, 0.812, 0.25, 0.16),
            (0.999, 0.904, 0.31, 0.35),
        )
    ),
)

MOVED = Moved(
    None, None, "database", STATEMENT, "shop/views.py:88", 1.17, 0.0, 0.0211, 0.0,
    "SELECT … FROM review … went from 1.17 to 0 a request, 21.1 ms less",
)  # fmt: skip


def row(run: int, p99_s: float) -> RunRow:
    return RunRow(RUNS[run], run, 1203, 1, 0.0031, 0.0205, p99_s)


PAIRS = tuple(
    PairRow(at, order, 1000 + at, row(2 * at, 0.8 + at / 100), row(2 * at + 1, 0.2 + at / 300))  # type: ignore[arg-type]
    for at, order in enumerate(DESIGN.order)
)

FOR_THE_REASON = Comparison(
    format=1,
    experiment="20261125T101500-5c1d",
    sides=(
        SideTold("A", "FIX=0", "environment", runs=RUNS[0:20:2], observed=RUNS[20]),
        SideTold("B", "FIX=1", "environment", runs=RUNS[1:20:2], observed=RUNS[21]),
    ),
    design=DESIGN,
    metrics=(P99, P50, STATEMENTS),
    verdict="faster",
    sentence="Faster, for the stated reason: the reviews statement went from 1.17 a request to 0.",
    reason="confirmed",
    blamed=BLAMED,
    predicted=PREDICTED,
    measured={"p99_s": Bounded(0.201, 0.17, 0.235), "ratio": Bounded(0.25, 0.21, 0.29)},
    shifts=(SHIFT,),
    moved=(MOVED,),
    pairs=PAIRS,
    machine=Machine("linux-x86_64", 2, 8 << 30, "6.1"),
    calibrated=True,
    next_step="loadstone show 5c1d",
)

NOT_FOR_IT = replace(
    FOR_THE_REASON,
    sentence="Faster, but not for the stated reason: the reviews statement is still made 1.17 times a request.",
    reason="refuted",
    blamed=replace(
        BLAMED,
        b=1.17,
        b_s=0.0209,
        drop_s=Bounded(0.0002, -0.0011, 0.0014),
        moved=False,
        sentence="the reviews statement is still made 1.17 times a request",
    ),
    metrics=(P99, P50, replace(STATEMENTS, b=3.17, low=0.0, high=0.0, verdict="not-worse")),
    moved=(),
)

NO_EFFECT = replace(
    NOT_FOR_IT,
    verdict="not-worse",
    sentence="No effect: p99 response is not worse, B/A 1.01 [0.98, 1.04], and the reviews statement went nowhere.",
    reason="no-effect",
    metrics=(
        replace(P99, b=0.82, ratio=1.01, low=0.98, high=1.04, verdict="not-worse"),
        P50,
        replace(STATEMENTS, b=3.17, low=0.0, high=0.0, verdict="not-worse"),
    ),
    shifts=(),
)

BARE = replace(
    FOR_THE_REASON,
    sides=(
        SideTold("A", "main", "revision", commit="4f2a9c01d7b3", runs=RUNS[0:20:2]),
        SideTold("B", "fix/reviews", "revision", commit="b71c33e08a52", dirty=True, runs=RUNS[1:20:2]),
    ),
    reason=None,
    blamed=None,
    predicted=None,
    measured={},
    shifts=(),
    moved=(),
)

SLOWER = replace(
    BARE,
    verdict="slower",
    sentence="Slower: p95 response of browse.detail is 1.32 times A's, [1.24, 1.41].",
    metrics=(
        metric("p95 response", 0.0205, 0.0271, 1.32, 1.24, 1.41, "slower", judged=True, journey="browse", step="detail",
               slo="browse.detail p95", floor=1.04),
        metric("p95 response", 0.0181, 0.0183, 1.01, 0.95, 1.07, "undecided", journey="browse", step="list",
               pairs_to_decide=24),
        THROUGHPUT,
        ERRORS,
        metric("statements a request", 2.0, 3.0, None, 1.0, 1.0, "slower", unit="count", margin=0.0,
               method="by count", journey="browse", step="detail"),
    ),
    moved=(
        Moved("browse", "detail", "database", "SELECT count(*) FROM stock WHERE sku = ?", "shop/stock.py:31", 0.0, 1.0,
              0.0, 0.0064, "SELECT count(*) FROM stock … went from 0 to 1 a request of browse.detail, 6.40 ms more"),
    ),
    next_step="loadstone diagnose 0015",
)  # fmt: skip

NOT_WORSE = replace(
    BARE,
    verdict="not-worse",
    sentence="Not worse: B/A of p95 response lies within [0.97, 1.03], and 5 % more was allowed.",
    metrics=(
        metric("p95 response", 0.0205, 0.0204, 0.996, 0.97, 1.03, judged=True),
        metric("service CPU a request", 0.0031, 0.0029, 0.93, 0.91, 0.96, "faster"),
        THROUGHPUT,
        ERRORS,
    ),
    caveats=(
        Caveat(
            "uncalibrated",
            "note",
            (),
            "Nobody measured how far apart identical sides come out here.",
            "loadstone calibrate measures it.",
        ),
    ),
)

UNDECIDED = replace(
    BARE,
    verdict="undecided",
    sentence="Undecided: B/A of p95 response lies within [0.96, 1.09]; about 24 pairs would decide.",
    design=replace(DESIGN, pairs=8, spent_s=231.0),
    metrics=(metric("p95 response", 0.0205, 0.021, 1.024, 0.96, 1.09, "undecided", judged=True, pairs_to_decide=24),),
    caveats=(
        Caveat(
            "host-pressure",
            "doubt",
            ("latency",),
            "The host was short of CPU in 2 of 20 runs.",
            "Repeat it while nothing else runs.",
        ),
    ),
    pairs=tuple(
        replace(one, left_out="the host was short of CPU for 4 s of run B") if one.pair in (2, 6) else one
        for one in PAIRS
    ),
    next_step="loadstone prove --a main --b fix/reviews --pairs 24",
)

INVALID = replace(
    BARE,
    verdict="invalid",
    sentence="Invalid: side B ended during pair 3, with status 137.",
    design=replace(DESIGN, pairs=2, order=("AB", "BA", "BA"), spent_s=63.0),
    metrics=(metric("p95 response", 0.0205, 0.0202, 0.99, None, None, "invalid", judged=True),),
    vetoed=("Side B ended during pair 3, with status 137: Killed.",),
    pairs=(*PAIRS[:2], replace(PAIRS[2], b=None, left_out="side B ended")),
    next_step=None,
)

BEFORE_AFTER = replace(
    BARE,
    experiment=None,
    verdict="undecided",
    sentence="Undecided: one run a side carries no interval; p95 response was 20.5 ms before, 18.1 ms after.",
    sides=(
        SideTold("A", "7f3a", "archive", runs=RUNS[:1]),
        SideTold("B", "90bc", "archive", runs=RUNS[1:2]),
    ),
    design=replace(DESIGN, pairs=1, planned=1, order=(), interleaved=False, spent_s=None),
    metrics=(metric("p95 response", 0.0205, 0.0181, 0.883, None, None, "undecided", judged=True),),
    caveats=(
        Caveat("before-and-after", "doubt", (), "The runs are 3 h apart: what changed meanwhile is in the difference.",
               "loadstone prove runs both sides in interleaved pairs."),
        Caveat("other-traffic", "doubt", (), "The seeds differ (41, 42): the two runs had other requests.", ""),
    ),
    pairs=(),
    next_step="loadstone prove --a main --b fix/reviews",
)  # fmt: skip

COUNTED_ONLY = replace(
    SLOWER,
    design=replace(DESIGN, pairs=0, order=(), spent_s=41.0),
    metrics=SLOWER.metrics[-1:],
    sentence="Slower: statements a request of browse.detail went from 2 to 3.",
    pairs=(),
)

COMPARISONS: dict[str, Comparison] = {
    "for-the-reason": FOR_THE_REASON,
    "not-for-it": NOT_FOR_IT,
    "no-effect": NO_EFFECT,
    "slower": SLOWER,
    "not-worse": NOT_WORSE,
    "undecided": UNDECIDED,
    "invalid": INVALID,
    "before-after": BEFORE_AFTER,
    "counted-only": COUNTED_ONLY,
}


def hostile(text: str) -> Comparison:
    """Every text from outside is this one."""
    told = FOR_THE_REASON
    return replace(
        told,
        sides=tuple(replace(side, label=text) for side in told.sides),
        sentence=text,
        metrics=tuple(replace(one, journey=text, step=text, note=text, name=text) for one in told.metrics),
        blamed=replace(BLAMED, component=text, title=text, sentence=f"{text}.", journey=text, step=text),
        shifts=(replace(SHIFT, journey=text, step=text),),
        moved=(replace(MOVED, sentence=text, label=text, where=text),),
        vetoed=(text,),
        caveats=(Caveat("x", "doubt", (), text, text), Caveat("x", "note", (), text, text)),
        pairs=(replace(PAIRS[0], left_out=text),),
        predicted=replace(PREDICTED, refused=text),
        next_step=text,
    )
