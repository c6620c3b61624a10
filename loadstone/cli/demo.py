"""``loadstone demo``."""

from __future__ import annotations

import os
import shlex
import socket
import sys
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Literal

import click

from loadstone.cli.options import archive_option, duration, json_option
from loadstone.cli.options import seed as valid_seed

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.trial import Trial
    from loadstone.model.comparison import Comparison
    from loadstone.model.demonstration import Demonstration
    from loadstone.model.experiment import SideAsked
    from loadstone.model.finding import Diagnosis, Finding
    from loadstone.spec import Spec

__all__ = ["demo", "exit_of", "to_prove"]

MIX_S, MIX_WARM_UP_S = 12.0, 2.0
"""Of the run over all journeys, and of the observed one, with the shop's own fault: some 400 details, a dozen of which
meet it. Others are looked for as long as the spec says: a profile of twelve seconds holds too few samples."""

PAIRS = 6
"""The fewest that can decide."""

RUN_S = 5.5, 6.5
"""Measured in each run of the pairs, least and most: at lab.story.MOST_PER_S the least holds the 1,000 requests that a
p99 rests on, and the most keeps twelve of them within the demo's three minutes."""

RUN_WARM_UP_S = 1.5
"""The first pages come at once, the details after a think time: this long until most of those come too."""

VOID = "The loop stays open: the first run is no valid measurement, so nothing was proved."

NAMED_AS = {
    "reviews": ("n-plus-one",),
    "index": ("missing-index",),
    "serialiser": ("hot-serialiser",),
    "pool": ("pool-deadlock", "pool-wait"),
    "locks": ("lock-wait",),
}
"""What a diagnosis calls the shop's faults; another finding is proved only where none of these is named."""


@click.command(
    epilog="""\b
  loadstone demo
  loadstone demo --bare               one run and its result
  loadstone demo --fault serialiser   another fault
  loadstone demo --fault none         the healthy shop
"""
)
@click.option(
    "--for",
    "duration_s",
    metavar="TIME",
    callback=duration,
    help="How long to drive it.  [default: 12s; 30s with another fault]",
)
@click.option(
    "--pair-for",
    "pair_s",
    metavar="TIME",
    callback=duration,
    help="Measured in each run of a pair.  [default: from 5.5s]",
)
@click.option("--seed", type=int, callback=valid_seed, metavar="N", help="The same seed, the same traffic.")
@click.option("--fault", default="reviews", metavar="NAME", help="What it does wrong, or none.  [default: reviews]")
@click.option("--bare", is_flag=True, help="One run and its result: no observed run, no diagnosis, no proof.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def demo(
    duration_s: float | None,
    pair_s: float | None,
    seed: int | None,
    fault: str,
    bare: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """The whole loop on the sample shop: drive it, name what is wrong, prove the fix, write the guardrail.

    The shop does one thing wrong: an N+1 behind a rare parameter. Its three journeys are driven, bare and observed;
    the cause is named and its gain predicted; then the shop with and without the fault is measured in six interleaved
    pairs. Takes some two and a half minutes; the shop is stopped at the end, the runs stay in the archive.

    Exits 0 when the loop closes: named, faster, for the stated reason. Else 1, 3 when undecided or when nothing was
    named, 4 when a measurement is invalid. With --bare or --fault none: 0, or 4.
    """
    import msgspec

    from loadstone.archive import find
    from loadstone.cli.asked import Choices, asked_of, drawn_seed
    from loadstone.cli.observe import Ways
    from loadstone.cli.trial import driven, tell
    from loadstone.demo.faults import CURES, FAULTS
    from loadstone.drive.summary import exit_code
    from loadstone.model.demonstration import Demonstration
    from loadstone.render.story_text import closing
    from loadstone.spec import load

    if fault not in FAULTS:
        raise click.UsageError(f'no fault "{fault}" of the shop; there are {", ".join(FAULTS)}')

    with as_file(files("loadstone.demo") / "loadstone.toml") as path:
        spec = load(path)
    port = _free_port()
    service = msgspec.structs.replace(
        spec.service, url=f"http://127.0.0.1:{port}", start=_command(str(port), fault), cwd=None
    )
    drawn = drawn_seed() if seed is None else seed
    own = fault == "reviews"
    choices = Choices(
        duration_s=duration_s or (MIX_S if own else None), warm_up_s=MIX_WARM_UP_S if own else None, seed=drawn
    )
    asked, described = asked_of(spec, service, choices)
    quiet = quiet or (as_json and not sys.stderr.isatty())
    if bare:
        code = tell(asked, described, archive, as_json=as_json, quiet=quiet)
        return code if code == 4 else 0
    kept = find(archive)
    observed = asked_of(spec, service, choices, Ways())[0]
    trial, partner, trouble = driven(asked, described, kept, observed=observed, quiet=quiet)
    told = _diagnosed(kept, trial, partner, trouble, as_json, quiet)
    finding = None if told is None else to_prove(told, fault)
    shown = Demonstration(1, fault, CURES[fault], trial.summary, _healthy(told) if fault == "none" else closing(None))
    code = exit_code(trial.summary)
    if code == 4:
        shown = msgspec.structs.replace(shown, sentence=VOID)
    elif finding is not None:
        shown = _proved(kept, spec, trial, finding, shown, pair_s, drawn, as_json, quiet)
        code = exit_of(shown.comparison)
    else:
        code = 0 if fault == "none" else exit_of(None)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(shown)
    elif shown.comparison is None:
        click.echo(f"\n{shown.sentence}")
    return code


def to_prove(told: Diagnosis, fault: str) -> Finding | None:
    """The finding that is the planted fault's, even one that a busy machine makes no claim; else the first claim. None
    where nothing was planted."""
    own = [one for one in told.findings if one.fault in NAMED_AS.get(fault, ())]
    claims = [one for one in told.findings if one.severity != "info"]
    return next(iter([*own, *claims]), None) if fault in NAMED_AS else None


def exit_of(comparison: Comparison | None) -> int:
    """0 when the loop closes, 4 invalid, 3 undecided or nothing to prove, else 1."""
    if comparison is None or comparison.verdict == "undecided":
        return 3
    if comparison.verdict == "invalid":
        return 4
    return 0 if comparison.verdict == "faster" and comparison.reason == "confirmed" else 1


def _healthy(told: Diagnosis | None) -> str:
    if told is None:
        return "Nothing was planted, and the shop could not be looked into."
    named = [one for one in told.findings if one.severity != "info"]
    return (
        "Nothing was planted, and nothing was named."
        if not named
        else f"Nothing was planted; named was {named[0].title}."
    )


def _diagnosed(
    archive: Archive, trial: Trial, partner: str | None, trouble: str | None, as_json: bool, quiet: bool
) -> Diagnosis | None:
    """The result, the evidence and the diagnosis on stdout, unless it is for JSON; None without evidence."""
    from loadstone.archive import evidence_run
    from loadstone.cli.diagnose import show_diagnosis
    from loadstone.cli.evidence import show_evidence
    from loadstone.cli.result import show_summary
    from loadstone.lab.findings import kept_diagnosis

    if not as_json:
        show_summary(trial.summary, trial.directory, as_json=False)
    told: Diagnosis | None = None
    if partner is not None:
        if not as_json:
            click.echo()
            show_evidence(archive, partner, as_json=False, next_step=None, brief=True)
            click.echo()
        run = archive.run(trial.run)
        show_diagnosis(archive, run, silent=as_json, quiet=quiet)
        told = kept_diagnosis(evidence_run(archive, run))
    for words in (trial.trouble, trouble):
        if words is not None:
            click.echo(words, err=True)
    return told


def _proved(
    archive: Archive,
    spec: Spec,
    trial: Trial,
    finding: Finding,
    shown: Demonstration,
    pair_s: float | None,
    seed: int,
    as_json: bool,
    quiet: bool,
) -> Demonstration:
    """Prove the fix, keep the guardrail, draw the story on the page of the first run, and tell it."""
    import msgspec

    from loadstone.archive import Run
    from loadstone.cli.observe import Ways, observing_of
    from loadstone.cli.proving import Proving
    from loadstone.cli.typed import typed
    from loadstone.drive.engine import native
    from loadstone.lab.experiment import ExperimentAsked, run_experiment
    from loadstone.lab.guardrail import keep_guardrail
    from loadstone.lab.report import write_report
    from loadstone.lab.story import journey_alone, proof_rate, run_length_s
    from loadstone.render.story_text import closing

    journey = finding.locus.journey
    rate_per_s = proof_rate(spec, journey, trial.summary)
    length_s = pair_s or run_length_s(rate_per_s, *RUN_S)
    alone = journey_alone(spec, journey, rate_per_s, length_s, RUN_WARM_UP_S)
    service = msgspec.structs.replace(alone.service, start=_command("{port}", shown.fault), cwd=None)
    alone = msgspec.structs.replace(alone, service=service)
    asked = ExperimentAsked(
        sides=(_side("A", shown.fault), _side("B", "none")),
        spec=alone,
        shape=alone.shape,
        workload=alone.workload,
        seed=seed,
        pairs=PAIRS,
        measured_s=length_s,
        warm_up_s=RUN_WARM_UP_S,
        observe=lambda service, workload: observing_of(service, workload, Ways()),
        finding=finding,
        found_in=trial.run,
        command=typed(),
    )
    watch = None if quiet else Proving(sys.stderr)
    try:
        comparison = run_experiment(archive, asked, native, watch)
    finally:
        if watch is not None:
            watch.close()
    guardrail = keep_guardrail(archive, comparison, finding, spec.slos)
    if trial.report is not None:
        write_report(Run(trial.directory), archive=archive)
    if not as_json:
        _tell(archive, comparison, shown.cure, guardrail, trial)
    return msgspec.structs.replace(
        shown,
        sentence=closing(comparison),
        finding=finding,
        comparison=comparison,
        guardrail=guardrail,
        closed=exit_of(comparison) == 0,
    )


def _tell(archive: Archive, comparison: Comparison, cure: str, guardrail: str | None, trial: Trial) -> None:
    import msgspec

    from loadstone.cli.terminal import color, width
    from loadstone.lab.guardrail import GUARDRAIL
    from loadstone.render.comparison_text import comparison_text
    from loadstone.render.story_text import story_text

    place = archive.root / "experiments" / (comparison.experiment or "") / GUARDRAIL
    told = comparison_text(msgspec.structs.replace(comparison, next_step=None), color=color(), width=width())
    story = story_text(
        comparison,
        cure=cure,
        guardrail=guardrail,
        kept=os.path.relpath(place),
        report=os.path.relpath(trial.report) if trial.report else None,
        next_step="loadstone report last --open" if trial.report else None,
        color=color(),
        width=width(),
    )
    click.echo(f"\n{told}\n\n{story}")


def _side(name: Literal["A", "B"], fault: str) -> SideAsked:
    from loadstone.model.experiment import SideAsked

    return SideAsked(name=name, kind="command", label=f"--fault {fault}", text=_command("{port}", fault))


def _command(port: str, fault: str) -> str:
    return shlex.join([sys.executable, "-m", "loadstone.demo", "--port", port, "--fault", fault])


def _free_port() -> int:
    """A loopback port that nobody holds now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port
