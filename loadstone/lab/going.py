"""What an experiment has so far: its runs, what they say, and both on disk after each."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.errors import LoadstoneError
from loadstone.lab.experiment_report import write_experiment_report
from loadstone.lab.experiments import Experiment, ExperimentWriter
from loadstone.lab.guardrail import keep_guardrail
from loadstone.lab.ledger import append
from loadstone.lab.measured import side_run
from loadstone.lab.observed_sides import ObservedSides
from loadstone.lab.planning import ExperimentAsked, Plan
from loadstone.lab.preparing import Prepared, pair_seed
from loadstone.lab.report import REPORT, write_report
from loadstone.lab.service import last_lines
from loadstone.lab.sides import service_key
from loadstone.lab.trial import ENDED
from loadstone.model.comparison import Comparison, DesignTold, SideTold
from loadstone.model.experiment import Step
from loadstone.model.quantity import format_duration
from loadstone.model.run import Caveat, Status
from loadstone.model.side_run import Side, SideRun
from loadstone.prove.compare import compare
from loadstone.prove.design import told
from loadstone.prove.ledger import entry

__all__ = ["Going"]

UNANSWERED = frozenset({"connect", "dns", "tls", "timeout", "reset", "protocol"})
"""Error kinds of requests that got no reply; a side with nothing else in a whole run is not there."""


class Going:
    """The state of one experiment. ``dead`` is why a side is no longer there."""

    def __init__(
        self, archive: Archive, asked: ExperimentAsked, plan: Plan, ready: Prepared, writer: ExperimentWriter
    ) -> None:
        self.archive, self.asked, self.plan, self.writer = archive, asked, plan, writer
        self.observed = ObservedSides(archive)
        self.runs: list[SideRun] = []
        self.dead: str | None = None
        self.together = False
        self._sides = ready.told
        self._caveats: list[Caveat] = []
        self._began_s = time.monotonic()
        self._left_out: dict[int, str] = {}

    @property
    def wanted(self) -> int:
        """Pairs that will be run as it now looks: those planned, and one for each that was left out."""
        design = self.plan.design
        return min(len(design.order), design.most + len(self._left_out))

    @property
    def spent_s(self) -> float:
        """Since the experiment began."""
        return time.monotonic() - self._began_s

    def out_of_time(self) -> bool:
        """Whether the budget is used up, which is then told: no pair begins after it, however long the others took."""
        budget_s = self.asked.budget_s
        if budget_s is None or self.spent_s < budget_s:
            return False
        message = f"The budget of {format_duration(budget_s)} was used up after {len(self.runs) // 2} pairs."
        self._caveats.append(Caveat("budget-spent", "note", (), message, "A larger budget holds more pairs."))
        return True

    @property
    def void(self) -> bool:
        """Whether a run says of itself that it measured nothing."""
        return any(caveat.level == "void" for run in self.runs for caveat in run.caveats)

    @property
    def may_return(self) -> int:
        """Pairs left out that may yet be judged: where one side alone is disturbed, from the third on they are."""
        disturbed = {run.side for run in self.runs if any(caveat.level == "doubt" for caveat in run.caveats)}
        return len(self._left_out) if len(disturbed) == 1 else 0

    def left_runs(self) -> int:
        """Runs to come, the next one among them."""
        return max(1, 2 * self.wanted - len(self.runs))

    def seen(self, side: Side) -> bool:
        """Note the side's observed run down; whether Ctrl-C ended it."""
        run = self.observed.run_of(side)
        if run is None:
            return False
        self._note(-1, side, run)
        self._told()
        return self.archive.run(run).manifest.status == "interrupted"

    def settled(self, looked: Callable[[Comparison], None]) -> bool:
        """The counters of both observed runs, compared at once; whether they already say enough."""
        if self.observed.counted is None:
            return False
        comparison = self.judge(final=False)
        self.writer.tell(comparison)
        looked(comparison)
        if self.asked.decided_early is None:
            return False
        reason = self.asked.decided_early(comparison)
        if reason is None:
            return False
        self._caveats.append(
            Caveat("decided-early", "note", ("latency",), f"{reason.rstrip('.')}: no pairs were run.", "")
        )
        return True

    def made(self, side: Side, pair: int, name: str) -> None:
        """A run of a pair has ended."""
        run = side_run(self.archive.run(name), side, pair, len(self.runs))
        self._note(pair, side, name, None if run.complete else "interrupted")
        if run.complete:
            self.runs.append(run)
            self._look_at(run)
        self._told()

    def broke(self, error: LoadstoneError) -> None:
        """Something ended the pairs."""
        self.dead = str(error).splitlines()[0]
        self._caveats.append(
            Caveat("side-failed", "void", (), _sentence(str(error)), "Read its log in the experiment's directory.")
        )

    def look(self, *, together: bool) -> Comparison:
        """What the pairs so far say, kept as the verdict until there is another."""
        self.together = together
        comparison = self.judge(final=False)
        self._left_out = {row.pair: row.left_out for row in comparison.pairs if row.left_out is not None}
        steps = [
            msgspec.structs.replace(step, left_out=self._left_out.get(step.pair)) for step in self.writer.manifest.steps
        ]
        self.writer.manifest = msgspec.structs.replace(self.writer.manifest, steps=tuple(steps))
        self.writer.tell(comparison)
        self._told()
        return comparison

    def judge(self, *, final: bool) -> Comparison:
        """Compare what there is, each interval at the level that so many judged pairs ask for."""
        design = self._design()
        comparison = self._compared(design, final=final)
        if comparison.design.pairs == design.pairs:
            return comparison
        level = self.plan.design.looks.level_at(comparison.design.pairs)
        return self._compared(msgspec.structs.replace(design, pairs=comparison.design.pairs, level=level), final=final)

    def _compared(self, design: DesignTold, *, final: bool) -> Comparison:
        asked = self.asked
        return compare(
            self._sides,
            design,
            self.runs,
            counted=self.observed.counted,
            slos=asked.slos,
            finding=asked.finding,
            margin=asked.margin,
            margins=asked.margins,
            calibration=self.plan.calibration,
            experiment=self.writer.id,
            machine=self.writer.manifest.machine,
            caveats=(*self._caveats, *self.observed.caveats()),
            final=final,
        )

    def finish(self, status: Status, doing: Callable[[str], None]) -> Comparison:
        """The final verdict, kept, with the ledger's line and the guardrail that follow from it."""
        if status == "interrupted":
            pairs = len({run.pair for run in self.runs})
            message = f"It was interrupted after {pairs} of {self.plan.design.pairs} pairs."
            self._caveats.append(Caveat("interrupted", "note", (), message, "Repeat it to the end."))
        else:
            self.observed.diagnose(self.runs, doing)
        comparison = self.judge(final=True)
        self.writer.tell(comparison)
        if status != "interrupted" and self.asked.kind == "prove":
            line = entry(comparison, time.time_ns(), service_key(self.asked.sides[0], self.asked.spec.service))
            if line is not None:
                append(self.archive, line)
            keep_guardrail(self.archive, comparison, self.asked.finding, self.asked.slos)
        self.writer.update(status=status, sides=self._sides, design=comparison.design)
        doing("drawing the report")
        with suppress(Exception):  # the verdict stands without its page, which `loadstone report` draws again
            write_experiment_report(self.archive, Experiment(self.writer.directory))
        with suppress(Exception):
            self._draw_base()
        return comparison

    def _draw_base(self) -> None:
        """The report of the run that the finding was told in, which shows its proof from now on."""
        base = self.asked.found_in
        if base is not None and self.archive.has(base) and (self.archive.run(base).directory / REPORT).exists():
            write_report(self.archive.run(base), archive=self.archive)

    def _design(self) -> DesignTold:
        pairs = [pair for pair in range(len(self.plan.design.order)) if self._complete(pair)]
        return told(
            self.plan.design,
            pairs=len(pairs) - len(self._left_out),
            order=[self.plan.design.order[pair] for pair in pairs],
            together=self.together,
            spent_s=self.spent_s,
        )

    def _complete(self, pair: int) -> bool:
        return sum(run.pair == pair for run in self.runs) == 2

    def _look_at(self, run: SideRun) -> None:
        """Whether the side is still there."""
        if run.ended is not None:
            self.dead = f"Side {run.side} ended with {run.ended}"
            words = _last_words(run)
            if words:
                self._caveats.append(Caveat("last-words", "note", (), words, ""))
        elif run.whole.requests and run.whole.errors == run.whole.requests and set(run.whole.results) <= UNANSWERED:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in run.whole.results.items())
            self.dead = f"Side {run.side} answered none of {run.whole.requests:,} requests in pair {run.pair + 1}"
            self._caveats.append(
                Caveat("side-silent", "void", (), f"{self.dead} ({kinds}).", "See whether it is up, and its log.")
            )

    def _note(self, pair: int, side: Side, run: str | None, left_out: str | None = None) -> None:
        """Put a run, or why it is not judged, into the manifest's order; an extra pair is added to it."""
        steps = list(self.writer.manifest.steps)
        place = next((at for at, one in enumerate(steps) if (one.pair, one.side) == (pair, side)), None)
        if place is None:
            place = len(steps)
            steps.append(Step(pair, side, pair_seed(self.asked.seed, pair)))
        step = steps[place]
        steps[place] = msgspec.structs.replace(step, run=run or step.run, left_out=left_out or step.left_out)
        self.writer.manifest = msgspec.structs.replace(self.writer.manifest, steps=tuple(steps))

    def _told(self) -> None:
        a, b = (self._side(side) for side in self._sides)
        self._sides = (a, b)
        self.writer.update(sides=self._sides, design=self._design())

    def _side(self, side: SideTold) -> SideTold:
        runs = tuple(run.run for run in self.runs if run.side == side.name)
        return msgspec.structs.replace(side, runs=runs, observed=self.observed.run_of(side.name))


def _last_words(run: SideRun) -> str:
    """The last lines of a side that ended, as its run's caveat names their file."""
    told = next((one.advice for one in run.caveats if one.code == ENDED), "")
    _, found, path = told.rstrip(".").partition("are in ")
    lines = last_lines(Path(path)) if found else []
    return f"The last words of side {run.side}: {' / '.join(lines)}" if lines else ""


def _sentence(text: str) -> str:
    told = " / ".join(line.strip(" |") for line in text.splitlines() if line.strip(" |"))
    return f"{told[:1].upper()}{told[1:]}"
