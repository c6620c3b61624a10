"""``loadstone gate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.cli.design import load_options
from loadstone.cli.options import archive_option, duration, json_option

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.gate import GateAsked
    from loadstone.model.experiment import SideAsked
    from loadstone.model.guardrail import GateReport
    from loadstone.spec import Spec

WORKING_TREE = "the working tree"
BUDGET_S = 300.0

EPILOG = """\b
The working tree against the branch that it came from:
  loadstone gate --base main
Two revisions, in at most five minutes of pairs:
  loadstone gate --base HEAD^1 --candidate HEAD --budget 5m --build "make build"
Two commands, two services that are up:
  loadstone gate --base "python old.py {port}" --candidate "python new.py {port}"
  loadstone gate --base http://127.0.0.1:8001 --candidate http://127.0.0.1:8002
In a pipeline:
  loadstone gate --base main --markdown gate.md --junit gate.xml --github

\b
Held is what [guardrails] in the spec says; without it: the objectives, statements +0, errors +0.1%, p95 response 5%.
Exit codes: 0 pass, 1 fail, 2 spec or usage, 3 undecided, 4 invalid measurement.
"""


@click.command(epilog=EPILOG)
@click.option("--base", metavar="SIDE", required=True, help="A git revision, a command or a URL.")
@click.option("--candidate", metavar="SIDE", help="The same.  [default: the spec's service, as it stands]")
@click.option("--build", metavar="CMD", help="Builds a revision, in its own directory, before it is started.")
@click.option("--budget", "budget_s", metavar="TIME", callback=duration, help="The longest for pairs.  [default: 5m]")
@click.option("--for", "measured_s", metavar="TIME", callback=duration, help="Measured part of each run.")
@click.option("--warm-up", "warm_up_s", metavar="TIME", callback=duration, help="Load before that, not counted.")
@click.option("--all", "every", is_flag=True, help="Go on to the pairs where a counter has failed already.")
@load_options
@click.option("--markdown", metavar="FILE", help="Write the comment for a pull request.")
@click.option("--junit", metavar="FILE", help="Write JUnit XML, a test case a guardrail.")
@click.option("--github", is_flag=True, help="Annotations on stdout; the comment into the job's summary.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def gate(
    base: str,
    candidate: str | None,
    build: str | None,
    budget_s: float | None,
    measured_s: float | None,
    warm_up_s: float | None,
    every: bool,
    spec: str | None,
    shape: str | None,
    journeys: tuple[str, ...],
    rate_per_s: float | None,
    seed: int | None,
    hosts: tuple[str, ...],
    markdown: str | None,
    junit: str | None,
    github: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Hold a change against its base by the spec's guardrails.

    Both sides run on this machine: once observed, where statements, calls, rows and bytes are counted, then in
    interleaved pairs, until every guardrail is decided or the budget is used up.
    """
    if github and as_json:
        raise click.UsageError("--github or --json: both would be on stdout")
    for name, file in (("--markdown", markdown), ("--junit", junit)):
        if file is not None and not Path(file).absolute().parent.is_dir():
            raise click.BadParameter(f"there is no directory {Path(file).parent}", param_hint=name)
    from loadstone.archive import find
    from loadstone.cli.asked import drawn_seed, found_spec
    from loadstone.cli.design import load_of
    from loadstone.cli.gate_told import tell_gate
    from loadstone.cli.observe import Ways, observing_of
    from loadstone.cli.typed import typed
    from loadstone.guard.gate import EXITS
    from loadstone.lab.experiment import ExperimentAsked
    from loadstone.lab.gate import GateAsked

    kept = find(archive)
    read, chosen, workload = load_of(found_spec(spec, hosts), shape, journeys, rate_per_s)
    sides = _sides(read, base, candidate)
    if build is not None and not any(side.kind == "revision" for side in sides):
        raise click.UsageError("--build builds a revision; neither side is one")
    experiment = ExperimentAsked(
        kind="gate",
        sides=sides,
        spec=read,
        shape=chosen,
        workload=workload,
        seed=drawn_seed() if seed is None else seed,
        budget_s=BUDGET_S if budget_s is None else budget_s,
        measured_s=measured_s,
        warm_up_s=warm_up_s,
        build=build,
        observe=lambda service, load: observing_of(service, load, Ways()),
        command=typed(),
        hosts=hosts,
    )
    report = _run(kept, GateAsked(experiment, every, *(side.label for side in sides)), quiet, as_json)
    tell_gate(report, read, markdown=markdown, junit=junit, github=github, as_json=as_json, next_step=_next(report))
    return EXITS[report.verdict]


def _sides(spec: Spec, base: str, candidate: str | None) -> tuple[SideAsked, SideAsked]:
    """Base and candidate. Raises UsageError where they are one and the same."""
    import msgspec

    from loadstone.cli.sides import Given, given_side

    if candidate is not None and candidate.strip() == base.strip():
        raise click.UsageError("base and candidate are the same; how far apart these come out: loadstone calibrate")
    a = given_side(spec, Given("A", base, {}, None))
    b = given_side(spec, Given("B", candidate, {}, None))
    if candidate is None:
        b = msgspec.structs.replace(b, label=WORKING_TREE if a.kind == "revision" else b.label)
    return a, b


def _run(archive: Archive, asked: GateAsked, quiet: bool, as_json: bool) -> GateReport:
    from loadstone.cli.proving import Proving
    from loadstone.drive import engine
    from loadstone.lab.gate import run_gate

    watch = None if quiet or (as_json and not sys.stderr.isatty()) else Proving(sys.stderr)
    try:
        return run_gate(archive, asked, engine.native, watch)
    finally:
        if watch is not None:
            watch.close()
            click.echo("", err=True)


def _next(report: GateReport) -> str | None:
    """How to go on: why the candidate is slower, or the experiment's page."""
    observed = report.comparison.sides[1].observed
    if report.verdict == "fail" and observed is not None:
        return f"loadstone diagnose {observed}"
    return None
