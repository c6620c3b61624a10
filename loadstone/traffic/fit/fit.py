"""``fit``: the model of a log, and how alike it is to the part that it was not made from."""

from __future__ import annotations

import msgspec

from loadstone.model.hits import Hits
from loadstone.model.quantity import format_duration
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit.fidelity import score_parts
from loadstone.traffic.fit.fitting import Doing, read, stretch_of, traffic_of
from loadstone.traffic.fit.survey import Survey
from loadstone.traffic.fit.tally import Stretch

__all__ = ["fit", "held_from_ns"]

DAY_NS = 86_400_000_000_000
DAYS = 3
"""From so many days on whole days are held out: traffic repeats by the day, and a part of one is unlike another."""

WHOLE, TRAINING, HELD_OUT = 0, 1, 2


def held_from_ns(survey: Survey, share: float) -> int:
    """Where the part held out begins: at the midnight (UTC) nearest to its share of a log of some days."""
    span = survey.last_ns - survey.first_ns
    at = survey.last_ns - round(span * share)
    if span < DAYS * DAY_NS:
        return at
    midnight = round(at / DAY_NS) * DAY_NS
    return midnight if survey.first_ns < midnight < survey.last_ns else at


def fit(
    hits: Hits,
    *,
    idle_s: float = 1800.0,
    peak_s: float = 3600.0,
    hold_out_share: float = 0.3,
    doing: Doing = lambda _: None,
) -> Traffic:
    """The traffic of a log. ``idle_s`` ends a visit, ``peak_s`` is the length of the busiest window, the last
    ``hold_out_share`` of the log (whole days where it has some) is what the model is scored on: made of the rest, it is
    scored, and then made again of all."""

    def parts(survey: Survey) -> tuple[Stretch, ...]:
        begin, end = survey.first_ns, survey.last_ns + 1
        split = held_from_ns(survey, hold_out_share)
        return tuple(stretch_of(survey, span, idle_s, peak_s) for span in ((begin, end), (begin, split), (split, end)))

    told = read(hits, idle_s, peak_s, parts, doing)
    whole = told.tallies[WHOLE]
    doing("fitting")
    traffic = traffic_of(hits, told, whole)
    if not 0 < hold_out_share < 1 or not whole.visits:
        return traffic
    doing("scoring on the part held out")
    held = told.tallies[HELD_OUT].stretch
    words = f"the last {format_duration((held.to_ns - held.from_ns) / 1e9)} of the log"
    fitted = traffic_of(hits, told, told.tallies[TRAINING])
    fidelity = score_parts(fitted, (told, TRAINING), (told, HELD_OUT), words)
    if fidelity is None:
        few = "the log has too few visits to hold some out, so how alike the workload is was not measured"
        return msgspec.structs.replace(traffic, notes=(*traffic.notes, few))
    return msgspec.structs.replace(traffic, fidelity=fidelity)
