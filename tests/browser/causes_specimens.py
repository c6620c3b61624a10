"""Diagnosed runs to look at: the founding story with its traces, plan and flame graph; nothing found; attacks."""

from __future__ import annotations

from msgspec.structs import replace

from loadstone.model.causes_view import CauseDrawings, CausesView
from loadstone.model.evidence_view import TraceView
from loadstone.model.finding import Diagnosis, Fact, FindingEvidence, Locus, Marked
from loadstone.model.run_view import RunView
from tests.browser import specimens
from tests.browser.evidence_specimens import evidence, hostile_evidence, nothing_seen
from tests.browser.traces import N_PLUS_1, SESSION, Drawn, build, n_plus_1, query
from tests.render import causes_specimens as told

__all__ = ["CAUSES_SPECIMENS"]

OFFENDING = tuple(span.id for span in n_plus_1().spans if span.statement == told.REVIEWS)


def clean() -> TraceView:
    """The same page without its reviews."""
    root = Drawn(
        "GET /products/{id}", 0.131, "server",
        children=[
            Drawn("authenticate", 0.006, start_s=0.001, children=[query(SESSION, 0.004, "shop/auth.py:12")]),
            query(N_PLUS_1, 0.011, "shop/views.py:71", 0.012),
            Drawn("GET", 0.071, "client", 0.03, attributes={"url.full": "http://prices.internal/v1/prices?ids=?"}),
            Drawn("render product.html", 0.02, start_s=0.105),
        ],
    )  # fmt: skip
    return build(told.CLEAN, "without it", root, 13.0)


def story() -> Diagnosis:
    """The founding story, its marks on the trace that the page draws, and a function that burns CPU."""
    diagnosis = told.founding()
    first, index, pool, payload = diagnosis.findings
    marked = replace(first, exemplars=(Marked(told.GUILTY, OFFENDING), Marked(told.CLEAN, clean=True)))
    index = replace(index, exemplars=(Marked(told.GUILTY, OFFENDING[:1]), Marked("ee" * 16, ("01",))))
    hot = replace(
        pool, fault="hot-function", title="resolve takes 41 % of the service's CPU time", rank=4, exemplars=(),
        locus=Locus(service="shop", file="shop/pricing.py", line=138, function="resolve"), fingerprint="3b00beef",
    )  # fmt: skip
    return replace(diagnosis, findings=(marked, index, pool, hot, replace(payload, rank=5)))


DRAWINGS = (CauseDrawings(), CauseDrawings(plan=0), CauseDrawings(), CauseDrawings(flame=0, frame="price"))


def founding() -> RunView:
    causes = CausesView(story(), (*DRAWINGS, CauseDrawings()), (clean(),))
    return replace(specimens.failing(), evidence=evidence(100), causes=causes)


def tied() -> RunView:
    return replace(specimens.failing(), evidence=evidence(100), causes=CausesView(told.tied(), DRAWINGS[:2]))


def unfound() -> RunView:
    return replace(specimens.healthy(), evidence=evidence(), causes=CausesView(told.nothing()))


def blind() -> RunView:
    return replace(nothing_seen(), causes=CausesView(told.blind()))


def imported() -> RunView:
    view = specimens.empty()
    diagnosis = told.imported()
    (first,) = diagnosis.findings
    facts = (*first.evidence.for_, *(Fact(f"the same in step {number}") for number in range(9)))
    wordy = replace(first, evidence=FindingEvidence(facts))
    return replace(
        view,
        headline="9,310 spans were imported.",
        manifest=replace(view.manifest, kind="import", status="complete"),
        summary=replace(view.summary, status="complete", outcome="none", validity="valid", caveats=()),
        evidence=replace(evidence(), origin="this run", cost=()),
        causes=CausesView(replace(diagnosis, findings=(wordy,)), (CauseDrawings(),)),
    )


def hostile_causes() -> RunView:
    view = hostile_evidence()
    drawings = (CauseDrawings(plan=0, flame=0, frame=specimens.HOSTILE), CauseDrawings(plan=99, flame=-3))
    return replace(view, causes=CausesView(told.hostile(specimens.HOSTILE), drawings))


CAUSES_SPECIMENS = {
    "causes": founding,
    "tied causes": tied,
    "no cause": unfound,
    "blind": blind,
    "imported": imported,
    "hostile causes": hostile_causes,
}
