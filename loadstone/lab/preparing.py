"""What an experiment needs before its first run: its sides checked, revisions checked out and built, its manifest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from loadstone import __version__
from loadstone.archive import Archive
from loadstone.drive.engine import native_build
from loadstone.lab.experiments import ExperimentWriter
from loadstone.lab.machine import machine
from loadstone.lab.planning import ExperimentAsked, Plan
from loadstone.lab.sides import service_of, side_told
from loadstone.lab.standing import Made
from loadstone.lab.worktree import Repository, build, repository
from loadstone.model.comparison import SideTold
from loadstone.model.experiment import ExperimentManifest, SideAsked, Step
from loadstone.model.service import Service
from loadstone.model.side_run import Side
from loadstone.prove.design import Design

__all__ = ["Prepared", "new_experiment", "pair_seed", "prepared"]


@dataclass(frozen=True)
class Prepared:
    """Both sides, checked. ``commits`` has the revisions' full names; ``build`` is the engine's."""

    asked: ExperimentAsked
    told: tuple[SideTold, SideTold]
    repository: Repository | None
    commits: dict[Side, str]
    build: Literal["release", "debug"] | None

    def make(
        self,
        archive: Archive,
        writer: ExperimentWriter,
        stack: ExitStack,
        patience: Callable[[], bool],
        doing: Callable[[str], None],
    ) -> dict[Side, Made]:
        """Check revisions out and build them; how each side is had. ``stack`` takes the worktrees away at its end.

        Raises TargetError when a build fails, with its last lines.
        """
        return {
            side.name: Made(self._service(side, archive, writer, stack, patience, doing), side.call)
            for side in self.asked.sides
        }

    def _service(
        self,
        side: SideAsked,
        archive: Archive,
        writer: ExperimentWriter,
        stack: ExitStack,
        patience: Callable[[], bool],
        doing: Callable[[str], None],
    ) -> Callable[[], Service]:
        spec = self.asked.spec.service
        directory: Path | None = None
        commit = self.commits.get(side.name)
        if commit is not None and self.repository is not None:
            name = f"{writer.id}-{side.name.lower()}"
            doing(f"checking out {side.label}")
            stack.callback(self.repository.remove, archive, name)
            directory = self.repository.add(archive, name, commit)
            if self.asked.build is not None:
                doing(f"building {side.label}: {self.asked.build}")
                log = writer.directory / f"build-{side.name.lower()}.log"
                build(self.asked.build, directory, log, {**spec.env, **side.env}, patience)
        return partial(service_of, side, spec, cwd=directory, allowed=self.asked.allowed)


def prepared(asked: ExperimentAsked) -> Prepared:
    """Check both sides. Raises SpecError for one that cannot be had; nothing is started or written."""
    spec = asked.spec.service
    services = {side.name: service_of(side, spec, allowed=asked.allowed) for side in asked.sides}
    revisions = [side for side in asked.sides if side.kind == "revision"]
    found: Repository | None = None
    commits: dict[Side, str] = {}
    if revisions:
        found = repository(Path(spec.cwd or "."))
        commits = {side.name: found.commit(side.text or "") for side in revisions}
        if len(revisions) == len(asked.sides):
            found.check_clean(commits.values())
    told = [side_told(side, services[side.name], commits.get(side.name)) for side in asked.sides]
    return Prepared(asked, (told[0], told[1]), found, commits, native_build())


def new_experiment(asked: ExperimentAsked, plan: Plan, ready: Prepared) -> ExperimentManifest:
    """The manifest as of now, with every planned run in its order; its writer completes it with the id."""
    return ExperimentManifest(
        format=1,
        experiment="",
        kind=asked.kind,
        status="running",
        pid=os.getpid(),
        pid_start_ticks=None,
        boot_id=None,
        started_ns=time.time_ns(),
        sides=ready.told,
        design=plan.told,
        steps=_steps(asked, plan.design),
        finding=asked.finding.fingerprint if asked.finding else None,
        found_in=asked.found_in,
        command=asked.command,
        machine=machine(),
        versions={"loadstone": __version__, "python": sys.version.split()[0]},
        calibration_key=plan.key,
    )


def pair_seed(seed: int, pair: int) -> int:
    """The seed of both runs of a pair: its own, and the same whenever the experiment is repeated."""
    return int.from_bytes(blake2b(f"{seed} {pair}".encode(), digest_size=4).digest()) >> 1


def _steps(asked: ExperimentAsked, design: Design) -> tuple[Step, ...]:
    observed = [Step(-1, "A", asked.seed), Step(-1, "B", asked.seed)] if design.observed else []
    pairs = [
        Step(pair, "A" if side == "A" else "B", pair_seed(asked.seed, pair))
        for pair, order in enumerate(design.order[: design.most])
        for side in order
    ]
    return (*observed, *pairs)
