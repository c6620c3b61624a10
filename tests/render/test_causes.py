"""Causes for the page: which traces, plan and flame graph go with a finding."""

from __future__ import annotations

from msgspec.structs import replace

from loadstone.model.evidence_view import EvidenceView, FlameView, PlanView
from loadstone.model.finding import Diagnosis, Finding, Locus, Marked
from loadstone.render.causes import CAUSE_SPANS, LONGEST, causes_view
from tests.evidence import START_NS, MemoryEvidence, columns, span, trace_id
from tests.render.causes_specimens import INDEX, N_PLUS_1, POOL, REVIEWS, founding, hostile

NOTHING = EvidenceView("run", 0, (), (), (), (), (), (), (), (), (), (), ())


def told(*findings: Finding) -> Diagnosis:
    return replace(founding(), findings=findings)


def traced(children: int, *, number: int = 1) -> list[dict[str, object]]:
    """A request of many statements, each shorter than the one before, and only the first on the critical path."""
    root = span(number, 1, None, 0.0, 1.0, kind=2)
    return [root, *(span(number, 2 + at, 1, 0.0, 0.9 - at / (2 * children)) for at in range(children))]


def memory(*rows: dict[str, object]) -> MemoryEvidence:
    return MemoryEvidence({"spans": columns("spans", rows)})


def test_an_exemplar_is_drawn_with_its_offenders() -> None:
    mark = Marked(trace_id(1).hex(), (f"{3:016x}",))
    view = causes_view(told(replace(N_PLUS_1, exemplars=(mark,))), memory(*traced(4)), origin_ns=START_NS)
    assert [one.row.trace_id for one in view.drawn] == [mark.trace_id]
    assert mark.span_ids[0] in {one.id for one in view.drawn[0].spans}
    assert view.drawn[0].row.why == "exemplar"


def test_offenders_are_the_last_to_be_left_out() -> None:
    rows = traced(2 * LONGEST)
    last = [f"{2 + at:016x}" for at in range(2 * LONGEST - 41, 2 * LONGEST)]
    plain = causes_view(told(replace(N_PLUS_1, exemplars=(Marked(trace_id(1).hex()),))), memory(*rows))
    marked = causes_view(told(replace(N_PLUS_1, exemplars=(Marked(trace_id(1).hex(), tuple(last)),))), memory(*rows))
    for view, kept in ((plain, 0), (marked, len(last))):
        drawn = {one.id for one in view.drawn[0].spans}
        assert len(drawn) == LONGEST
        assert view.drawn[0].cut == len(rows) - LONGEST
        assert len(drawn & set(last)) == kept


def test_a_page_carries_as_many_spans_as_it_may() -> None:
    rows = [row for number in range(1, 7) for row in traced(LONGEST - 1, number=number)]
    marks = tuple(Marked(trace_id(number).hex()) for number in range(1, 7))
    view = causes_view(told(replace(N_PLUS_1, exemplars=marks)), memory(*rows))
    assert sum(len(one.spans) for one in view.drawn) <= CAUSE_SPANS
    assert [one.row.trace_id for one in view.drawn] == [mark.trace_id for mark in marks[: CAUSE_SPANS // LONGEST]]


def test_what_the_evidence_draws_is_not_drawn_twice() -> None:
    evidence = memory(*traced(3), *traced(3, number=2))
    marks = (Marked(trace_id(1).hex()), Marked(trace_id(2).hex(), clean=True))
    diagnosis = told(replace(N_PLUS_1, exemplars=marks))
    drawn = causes_view(diagnosis, evidence).drawn
    view = causes_view(diagnosis, evidence, replace(NOTHING, drawn=drawn[:1]))
    assert [one.row.trace_id for one in view.drawn] == [marks[1].trace_id]
    assert view.drawn[0].row.why == "without it"


def test_a_plan_goes_with_its_statement() -> None:
    plans = tuple(PlanView(text, "explain", "none", None, "", {}) for text in ("SELECT 1", REVIEWS.replace(" ", "\n")))
    view = causes_view(told(INDEX, POOL), None, replace(NOTHING, plans=plans))
    assert [one.plan for one in view.drawings] == [1, None]


def flame(state: str, *frames: str, own: tuple[float, ...]) -> FlameView:
    parents = tuple(at - 1 for at in range(len(frames)))
    return FlameView(state, "py-spy", state, "s", frames, tuple(range(len(frames))), parents, own, 10)


HOT = replace(INDEX, fault="hot-function", locus=Locus(file="shop/pricing.py", line=7, function="price"))


def test_a_flame_graph_goes_with_its_function() -> None:
    flames = (
        flame("cpu", "main (a.py:1)", "price (/srv/shop/pricing.py:7)", own=(0.1, 0.2)),
        flame("gil", "main (a.py:1)", "price (/srv/other.py:7)", "price (/srv/shop/pricing.py:9)", own=(0.1, 5.0, 3.0)),
        flame("idle", "price (/srv/shop/pricing.py:7)", own=(99.0,)),
    )
    found = causes_view(told(HOT, N_PLUS_1), None, replace(NOTHING, flames=flames)).drawings
    assert (found[0].flame, found[0].frame) == (1, "price (/srv/shop/pricing.py:9)")
    assert (found[1].flame, found[1].frame) == (None, None)


def test_a_flame_graph_without_the_function_is_shown_only_where_none_is_named() -> None:
    flames = (flame("gil", "main (a.py:1)", own=(1.0,)),)
    nameless = replace(HOT, fault="gil-wait", locus=Locus())
    found = causes_view(told(HOT, nameless), None, replace(NOTHING, flames=flames)).drawings
    assert [(one.flame, one.frame) for one in found] == [(None, None), (0, None)]


def test_ids_that_are_none_and_traces_that_are_gone_draw_nothing() -> None:
    assert causes_view(hostile(), memory(*traced(2)), NOTHING).drawn == ()
    assert causes_view(founding(), memory()).drawn == ()
