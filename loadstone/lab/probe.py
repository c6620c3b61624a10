"""A probe: short observed runs of the same load with one factor varied, read one by one, then judged together.

Each level is run more than once, in turned order, and the run is what the intervals rest on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.archive.writer import replace
from loadstone.diagnose.probe import told
from loadstone.diagnose.probe_run import probe_run
from loadstone.diagnose.traces.reading import digest_of
from loadstone.drive.engine import Engine
from loadstone.errors import EvidenceError, InstrumentError, LoadstoneError, SpecError
from loadstone.lab.diagnosis import subject_of
from loadstone.lab.evidence import evidence_of
from loadstone.lab.trial import Asked, Silent, Watch, run_trial
from loadstone.lab.varied import default_levels, loads, order_of, varied
from loadstone.model.probe import ProbeReport, ProbeRun
from loadstone.model.shape import Shape
from loadstone.model.workload import Workload

__all__ = ["REPLICATES", "SECONDS", "Ask", "keep_probe", "probe"]

SECONDS = 10.0
REPLICATES = 2

MOST_LEVELS = 8
LONGEST_S = 1800.0
"""All runs together, without the service's starts."""

FAILING = 0.2
"""A level with so many failed requests is where the service gives up; what is above it is left alone."""

Ask = Callable[[Workload, Shape, int], Asked]
"""(workload, shape, seed) -> an observed trial without a report."""


def probe(
    archive: Archive,
    workload: Workload,
    shape: Shape,
    factor: str,
    levels: Sequence[float],
    ask: Ask,
    engine: Callable[[bytes], Engine],
    *,
    seconds: float = SECONDS,
    replicates: int = REPLICATES,
    seed: int = 0,
    watch: Watch | None = None,
) -> ProbeReport:
    """Run it. Without ``levels`` those of the spec's own load are taken.

    Raises SpecError for levels that the spec does not allow for, before anything is run, and what ``run_trial`` raises
    for the first run. A later run that fails, or Ctrl-C, ends the probe with what was read so far.
    """
    watch = watch or Silent()
    factor = loads(factor, shape)
    levels = tuple(dict.fromkeys(levels)) or default_levels(factor, shape)
    _check(factor, levels, seconds, replicates)
    asked = {
        (level, replicate): ask(*varied(workload, shape, factor, level, seconds), seed + replicate)
        for level in levels
        for replicate in range(replicates)
    }
    runs: list[ProbeRun] = []
    caveats: list[str] = []
    most = float("inf")
    for place, (level, replicate) in enumerate(order_of(levels, replicates, seed), 1):
        if level > most:
            continue
        watch.doing(f"{factor} {level:g}, run {place} of {len(asked)}")
        try:
            trial = run_trial(archive, asked[level, replicate], engine, watch)
            if trial.summary.status != "complete":
                caveats.append(f"the probe was {trial.summary.status} at {factor} {level:g}")
                break
            made = _read(archive, trial.run, level)
        except LoadstoneError as error:
            if not runs:
                raise
            caveats.append(f"the probe ended at {factor} {level:g}: {str(error).splitlines()[0]}")
            break
        errors = trial.summary.errors / max(1, trial.summary.requests)
        if errors > FAILING and factor in ("rate", "concurrency"):
            caveats.append(f"{errors:.0%} of requests failed at {factor} {level:g}: higher levels were left alone")
            most = level
        runs.append(made)
    return told(factor, [run for run in runs if run.value <= most], caveats)


def keep_probe(archive: Archive, experiment: str, told: ProbeReport) -> Path:
    """Write ``probe.json`` into the experiment's directory. Raises InstrumentError when it cannot be written."""
    directory = archive.root / "experiments" / experiment
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InstrumentError(f"the archive {directory} cannot be written: {error.strerror}") from error
    path = directory / "probe.json"
    replace(path, msgspec.json.format(msgspec.json.encode(told)))
    return path


def _check(factor: str, levels: Sequence[float], seconds: float, replicates: int) -> None:
    if not levels:
        raise SpecError(f'the values of "{factor}" are missing, for example --probe {factor}=10,20,40')
    if not 2 <= len(levels) <= MOST_LEVELS:
        raise SpecError(f"a probe has 2 to {MOST_LEVELS} levels of a factor, not {len(levels)}")
    if seconds <= 0 or replicates < 1 or len(levels) * replicates * seconds > LONGEST_S:
        raise SpecError(f"all runs of a probe together last at most {LONGEST_S:g} s: fewer levels, or shorter runs")


def _read(archive: Archive, name: str, level: float) -> ProbeRun:
    run = archive.resolve(name)
    holder, evidence = evidence_of(archive, run)
    digest = digest_of(subject_of(run, holder, evidence), evidence)
    if not len(digest.requests):
        raise EvidenceError(f"the run {run.id} has no traces, so nothing was counted")
    return probe_run(digest, run.id, level)
