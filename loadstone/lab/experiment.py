"""An experiment from its plan to its verdict: sides built and up, observed runs counted, pairs run, each look judged.

Whatever ends it leaves what there is: the manifest names every run in its order before the first one and after each,
the verdict is kept after every pair. A side that ends makes it invalid, with its last words.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Protocol

from loadstone.archive import Archive
from loadstone.drive.engine import Engine
from loadstone.errors import LoadstoneError, SpecError, TargetError
from loadstone.lab.experiments import ExperimentWriter
from loadstone.lab.going import Going
from loadstone.lab.interrupts import Interrupts
from loadstone.lab.planning import ExperimentAsked, Plan, planned, shaped
from loadstone.lab.preparing import Prepared, new_experiment, pair_seed, prepared
from loadstone.lab.service import unanswered
from loadstone.lab.side_trial import bare_trial, observed_trial
from loadstone.lab.standing import Made, Standing
from loadstone.lab.switch import switched
from loadstone.lab.trial import Asked, Silent, Trial, Watch, run_trial
from loadstone.model.comparison import Comparison, DesignTold
from loadstone.model.run import Status
from loadstone.model.side_run import Side
from loadstone.prove.stopping import finished
from loadstone.stats.pairs.effect import FEWEST

__all__ = ["ExperimentAsked", "ExperimentWatch", "Plan", "Quiet", "planned", "run_experiment"]

SIDES: tuple[Side, Side] = ("A", "B")


class ExperimentWatch(Watch, Protocol):
    """Told what happens while it happens; of every trial within it too."""

    def designed(self, design: DesignTold, length_s: float, *, margin: float, smallest: dict[str, float]) -> None:
        """The design, before anything starts."""
        ...

    def running(self, pair: int, pairs: int, side: str, left_s: float | None) -> None:
        """A run begins: of ``pair`` (from 1; 0 for an observed run) of ``pairs``, with ``left_s`` until the end."""
        ...

    def looked(self, comparison: Comparison) -> None:
        """What the counters, and then the pairs so far, say."""
        ...


class Quiet(Silent):
    """Watches without a word."""

    def designed(self, design: DesignTold, length_s: float, *, margin: float, smallest: dict[str, float]) -> None:
        """Say nothing."""

    def running(self, pair: int, pairs: int, side: str, left_s: float | None) -> None:
        """Say nothing."""

    def looked(self, comparison: Comparison) -> None:
        """Say nothing."""


def run_experiment(
    archive: Archive, asked: ExperimentAsked, engine: Callable[[bytes], Engine], watch: ExperimentWatch | None = None
) -> Comparison:
    """Run it; the verdict, which ``experiments/<id>/`` keeps.

    Raises SpecError for what cannot be run or has a margin under the noise floor, before anything starts; TargetError
    when a side cannot be built or does not come up for its first run. Later ends are verdicts.
    """
    watch = watch or Quiet()
    plan = planned(archive, asked)
    if plan.refusal is not None:
        raise SpecError(plan.refusal)
    ready = prepared(asked)
    watch.designed(plan.told, plan.length_s, margin=asked.margin, smallest=plan.smallest)
    with Interrupts() as interrupts:
        writer = ExperimentWriter(archive, new_experiment(asked, plan, ready))
        try:
            return _Experiment(archive, asked, plan, ready, writer, engine, watch, interrupts).run()
        except BaseException as error:
            early = interrupts.count or isinstance(error, KeyboardInterrupt)
            with suppress(OSError):  # one that cannot be closed reads as crashed; the first error is the one to tell
                writer.update(status="interrupted" if early else "aborted")
            raise


class _Experiment:
    def __init__(
        self,
        archive: Archive,
        asked: ExperimentAsked,
        plan: Plan,
        ready: Prepared,
        writer: ExperimentWriter,
        engine: Callable[[bytes], Engine],
        watch: ExperimentWatch,
        interrupts: Interrupts,
    ) -> None:
        self.archive, self.asked, self.plan, self.ready = archive, asked, plan, ready
        self.writer, self.engine, self.watch, self.interrupts = writer, engine, watch, interrupts
        self.design = plan.design
        self.shape = shaped(asked.shape, plan.design)
        self.going = Going(archive, asked, plan, ready, writer)
        self.stopped = False  # by Ctrl-C within a trial, whose own count the outer one never sees

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C has been pressed."""
        return self.stopped or bool(self.interrupts.count)

    def run(self) -> Comparison:
        status: Status = "complete"
        with ExitStack() as stack:
            made = self.ready.make(self.archive, self.writer, stack, self._patience, self.watch.doing)
            _check_up(made)
            self._observe(made)
            if not self.interrupted and not self.going.settled(self.watch.looked):
                standing = Standing(made, self.writer.directory, starting=self.watch.starting, patience=self._patience)
                stack.callback(standing.close)
                try:
                    self._pairs(standing)
                except LoadstoneError as error:
                    if not self.interrupted and not self.going.runs:
                        raise
                    if not self.interrupted:
                        self.going.broke(error)
                        status = "aborted"
        if self.interrupted:
            status = "interrupted"
        comparison = self.going.finish(status, self.watch.doing)
        self.watch.looked(comparison)
        return comparison

    def _patience(self) -> bool:
        return not self.interrupts.count

    def _observe(self, made: dict[Side, Made]) -> None:
        observed = self.going.observed
        if self.asked.observe is None:
            observed.skipped("no observed runs were asked for")
            return
        for place, side in enumerate(SIDES):
            if self.interrupted:
                return
            service, call = made[side].service(), made[side].call
            left = 2 - place + 2 * self.design.pairs
            self.watch.running(0, self.design.pairs, side, left * self.design.run_s)
            trial = observed_trial(self.asked, self.shape, service, self.writer.id, side, self.ready.build)
            switch = None if call is None else lambda service=service, call=call: switched(service, call)

            def run(trial: Asked = trial, switch: Callable[[], None] | None = switch) -> Trial:
                return run_trial(self.archive, trial, self.engine, self.watch, ready=switch)

            observed.make(side, run, self.watch.doing, partial(self._bare, made[side], side))
            self.stopped |= self.going.seen(side)

    def _bare(self, made: Made, side: Side) -> None:
        """Start the side without whatever observes it, and stop it: a side that does not come up ends it here."""
        alone = Standing({side: made}, self.writer.directory, patience=self._patience)
        try:
            alone.ready(side)
        finally:
            alone.close()

    def _pairs(self, standing: Standing) -> None:
        """Pairs until a look ends it, the budget is used up, or a side does."""
        for pair, order in enumerate(self.design.order):
            for side in order:
                self._run(standing, pair, "A" if side == "A" else "B")
                if self.interrupted:
                    return
            comparison = self.going.look(together=standing.together)
            self.watch.looked(comparison)
            if self._done(comparison, len(self.design.order) - pair - 1):
                return

    def _run(self, standing: Standing, pair: int, side: Side) -> None:
        left = self.going.left_runs()
        self.watch.running(pair + 1, self.going.wanted, side, left * self.design.run_s)
        up = standing.ready(side)
        seed = pair_seed(self.asked.seed, pair)
        trial = bare_trial(self.asked, self.shape, up.service, self.writer.id, side, pair, seed, self.ready.build)
        made = run_trial(self.archive, trial, self.engine, self.watch, process=up.process)
        self.stopped |= made.summary.status == "interrupted"
        self.going.made(side, pair, made.run)
        standing.rest(side)
        if not self.interrupted and self.design.cool_down_s:
            time.sleep(self.design.cool_down_s)

    def _done(self, comparison: Comparison, left: int) -> bool:
        """Whether to stop here; ``left`` is how many pairs could still be run."""
        good = comparison.design.pairs
        if self.going.dead is not None or good >= self.design.most:
            return True
        if comparison.verdict == "invalid" and self.going.void:
            return True
        if good + left + self.going.may_return < FEWEST:
            return True  # too many were disturbed: what is left could not decide any more
        if good in self.design.looks.pairs and self._settled(comparison):
            return True
        return self.going.out_of_time()

    def _settled(self, comparison: Comparison) -> bool:
        if self.asked.decided_early is not None and not comparison.vetoed:
            return self.asked.decided_early(comparison) is not None
        return finished(comparison, self.design) is not None


def _check_up(made: dict[Side, Made]) -> None:
    """Sides that should be up already are. Raises TargetError for one that does not answer."""
    for side, one in made.items():
        service = one.service()
        trouble = unanswered(service) if service.start is None else None
        if trouble is not None:
            raise TargetError(f"side {side} is not up: {trouble}")
