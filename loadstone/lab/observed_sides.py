"""The observed run of each side, outside the pairs: what both count in the same requests, and what is blamed.

Counters are deterministic where the code is, so they are compared at once. Times are only read once bare runs say what
being observed costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import geometric_mean
from typing import TYPE_CHECKING

import msgspec

from loadstone.archive import Archive
from loadstone.archive.writer import replace as write
from loadstone.diagnose.subject import Bare
from loadstone.errors import LoadstoneError, TargetError
from loadstone.lab.audit import write_audit
from loadstone.lab.diagnosis import diagnose_run
from loadstone.lab.evidence import COST
from loadstone.model.counted import Counted
from loadstone.model.evidence_view import CostRow
from loadstone.model.run import Caveat
from loadstone.model.side_run import Side, SideRun
from loadstone.prove.measures import SHARES

if TYPE_CHECKING:
    from loadstone.lab.trial import Trial

__all__ = ["ObservedSides", "Seen", "bare_of"]


@dataclass
class Seen:
    """One side's observed run: what it counted, or why it did not."""

    run: str | None = None
    counted: Counted | None = None
    missing: str | None = None
    cpu_s_per_request: float | None = None
    served_s: float | None = None


@dataclass
class ObservedSides:
    """Both. ``counted`` is None unless both counted."""

    archive: Archive
    sides: dict[Side, Seen] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[Counted, Counted] | None:
        """A's and B's."""
        a, b = (self.sides.get(side, Seen()).counted for side in ("A", "B"))
        return None if a is None or b is None else (a, b)

    def run_of(self, side: Side) -> str | None:
        """The id of the side's observed run."""
        return self.sides.get(side, Seen()).run

    def skipped(self, reason: str) -> None:
        """No side is observed."""
        self.sides = {"A": Seen(missing=reason), "B": Seen(missing=reason)}

    def make(
        self, side: Side, trial: Callable[[], Trial], doing: Callable[[str], None], bare: Callable[[], None]
    ) -> None:
        """Run it, and count. A run that fails costs the counters alone; ``bare`` raises where the side does not come up
        without being observed either."""
        seen = self.sides[side] = Seen()
        try:
            made = trial()
            seen.run = made.run
            if made.summary.status != "complete":
                seen.missing = f"the observed run of side {side} was {made.summary.status}"
                return
            doing(f"counting what side {side} did in each request")
            run = self.archive.run(made.run)
            write_audit(run)
            from loadstone.lab.counting import counted  # numpy and the digest, which a bare experiment does without

            seen.cpu_s_per_request = made.service_cpu_per_request_s
            seen.served_s = made.summary.latency_s.service.p50
            seen.counted = counted(self.archive, run)
        except LoadstoneError as error:
            seen.missing = f"side {side} was not counted: {str(error).splitlines()[0]}"
            if seen.run is None and isinstance(error, TargetError):
                bare()

    def diagnose(self, runs: Sequence[SideRun], doing: Callable[[str], None]) -> None:
        """Diagnose both sides, with what being observed cost as the bare runs of the pairs say it."""
        for side, seen in self.sides.items():
            if seen.run is None or seen.counted is None:
                continue
            doing(f"diagnosing side {side}")
            run = self.archive.run(seen.run)
            mine = [one for one in runs if one.side == side]
            cost = _cost(seen, mine)
            if cost:
                path = run.directory / "evidence" / COST
                write(path, msgspec.json.format(msgspec.json.encode(cost)))
            try:
                told = diagnose_run(self.archive, run, bare=tuple(bare_of(mine)))
            except LoadstoneError as error:
                reason = f"side {side} was not diagnosed: {str(error).splitlines()[0]}"
                seen.counted = replace(seen.counted, missing=(*seen.counted.missing, reason))
                continue
            seen.counted = replace(seen.counted, diagnosis=told)

    def caveats(self) -> tuple[Caveat, ...]:
        """Why counters are missing, where they are."""
        reasons = [seen.missing for seen in self.sides.values() if seen.missing is not None]
        if not reasons:
            return ()
        message = "; ".join(dict.fromkeys(reasons))
        return (
            Caveat(
                "not-counted",
                "note",
                ("counters",),
                f"{message[:1].upper()}{message[1:].rstrip('.')}.",
                "Statements, calls and bytes a request are then not compared; loadstone doctor says what can be seen.",
            ),
        )


def _cost(seen: Seen, runs: Sequence[SideRun]) -> tuple[CostRow, ...]:
    """The observer's price: the side's bare runs beside its observed one."""
    bare: Mapping[str, list[float]] = {
        "cpu": [
            one.service_cpu_s / one.all_requests for one in runs if one.service_cpu_s is not None and one.all_requests
        ],
        "served": [p50 for one in runs if (p50 := one.whole.service.quantile(0.5)) is not None],
    }
    rows = []
    if bare["served"] and seen.served_s is not None:
        rows.append(CostRow("service p50", "s", _mean(bare["served"]), seen.served_s))
    if bare["cpu"] and seen.cpu_s_per_request is not None:
        rows.append(CostRow("service CPU a request", "s", _mean(bare["cpu"]), seen.cpu_s_per_request))
    return tuple(rows)


def bare_of(runs: Sequence[SideRun]) -> Iterator[Bare]:
    """Response times of the bare runs, each quantile the geometric mean of theirs."""
    places = dict.fromkeys((one.journey, one.step) for run in runs for one in run.steps if one.step is not None)
    for journey, step in [(None, None), *places]:
        found: dict[str, float] = {}
        for name, share in SHARES.items():
            values = [
                value
                for run in runs
                if (one := run.step(journey, step)) is not None and (value := one.response.quantile(share))
            ]
            if values:
                found[name] = geometric_mean(values)
        yield Bare(journey, step, found)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
