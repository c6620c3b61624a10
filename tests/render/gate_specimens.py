"""Gates to tell: a counter that ended it, a slow-down, a pass, one undecided, one invalid, and one full of tricks."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from loadstone.guard.gate import gate
from loadstone.model.comparison import Metric
from loadstone.model.guard_metric import parse_guard
from loadstone.model.guardrail import GateReport
from loadstone.model.run import Caveat
from tests.guard.made import comparison, counted, design, moved, relative
from tests.guard.test_gate import diagnosis, finding

P95 = parse_guard("p95 response of browse.detail", "5%", 41)
STATEMENTS = parse_guard("statements", "+0", 42)
ERRORS = parse_guard("errors", "+0.1%", 43)
BYTES = parse_guard("bytes", "2%", 44)
GUARDS = (P95, STATEMENTS, ERRORS, BYTES)

INSERT = moved("INSERT INTO audit (path, at) VALUES (?, ?)", b_s=0.0031)

SAME = relative(1.01, 0.98, 1.03, step="detail", judged=True)
SAME_ERRORS = counted(0.0, 0.0, name="errors", unit="share", margin=0.001)
METRICS: tuple[Metric, ...] = (
    SAME,
    counted(2, 2),
    replace(SAME_ERRORS, method="sign-flip"),
    counted(2000, 2020, name="bytes a request", unit="bytes"),
)


def ended() -> GateReport:
    made = comparison(counted(2, 3), moves=[INSERT], made=design(0, spent_s=41.0, order=()))
    return gate(made, GUARDS, ended=True, base="main", candidate="the working tree")


def slower() -> GateReport:
    made = comparison(relative(1.21, 1.14, 1.29, step="detail", judged=True), *METRICS[1:], moves=[INSERT])
    found = (diagnosis(finding("aa")), diagnosis(finding("aa"), finding("bb", span="GET")))
    return gate(made, GUARDS, diagnoses=found, base="main", candidate="HEAD")


def passed() -> GateReport:
    return gate(comparison(*METRICS), GUARDS, base="main", candidate="the working tree")


def undecided() -> GateReport:
    wide = relative(1.02, 0.96, 1.08, step="detail", judged=True, pairs_to_decide=26)
    return gate(comparison(wide, *METRICS[1:]), GUARDS, base="main", candidate="the working tree")


def invalid() -> GateReport:
    died = "Side B died in pair 3: it was killed by signal 9."
    void = relative(1.0, None, None, step="detail", verdict="invalid", judged=True)
    made = comparison(void, counted(2, 2), vetoed=(died,))
    doubt = Caveat("cpu-pressure", "doubt", ("latency",), "Others took 31 % of the CPU.", "Run it on a quiet machine.")
    return gate(replace(made, caveats=(doubt,)), GUARDS[:2], base="main", candidate="the working tree")


TRICK = "</details><script>alert(1)</script>|`@octocat` **x** [a](http://evil.example) ::error::\r\n\x1b[31m%0A#1 ]]>"


def hostile() -> GateReport:
    made = comparison(
        replace(counted(2, 3), note=TRICK),
        vetoed=(TRICK,),
        moves=[replace(moved(TRICK, where=TRICK), sentence=TRICK)],
    )
    trick = replace(finding("bb"), title=TRICK)
    guard = replace(STATEMENTS, name=TRICK)
    report = gate(made, [guard], diagnoses=(diagnosis(), diagnosis(trick)), base=TRICK, candidate=TRICK)
    caveat = Caveat("trick", "doubt", (), TRICK, TRICK)
    result = replace(report.results[0], sentence=TRICK, settle=TRICK)
    return replace(report, caveats=(caveat,), results=(result,), sentence=f"Fail: {TRICK}")


REPORTS: dict[str, Callable[[], GateReport]] = {
    "ended": ended,
    "slower": slower,
    "passed": passed,
    "undecided": undecided,
    "invalid": invalid,
    "hostile": hostile,
}
