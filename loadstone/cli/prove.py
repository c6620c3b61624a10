"""``loadstone prove``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loadstone.cli.design import load_options, margin_options, pair_options, printed_options
from loadstone.cli.options import archive_option, json_option
from loadstone.cli.sides import side_options

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.planning import ExperimentAsked

EPILOG = """\b
One service, started with a switch; does the fix gain what the diagnosis foretold?
  loadstone prove --finding 3b9e --a-env FIX=0 --b-env FIX=1
Two revisions, each built in a worktree of its own, started as the spec says:
  loadstone prove --a main --b fix/reviews --build "make build"
Two commands; {port} is a free port for each:
  loadstone prove --a "python -m shop --port {port}" --b "python -m shop --port {port} --fixed"
Two services that are up:
  loadstone prove --a http://127.0.0.1:8001 --b http://127.0.0.1:8002
One running service, switched between the runs:
  loadstone prove --a-call "POST /admin/flags?fix=0" --b-call "POST /admin/flags?fix=1"
How long it takes and what it can see, without starting anything:
  loadstone prove --a main --b HEAD --plan
Until it is decided, twenty minutes at most:
  loadstone prove --a main --b HEAD --budget 20m

\b
The spec says what is driven and which objectives come first. How a verdict is reached: docs/prove.md.
Exit codes: 0 faster or not worse, 1 slower, 2 spec or usage, 3 undecided, 4 invalid measurement.
"""


@click.command(epilog=EPILOG)
@side_options
@click.option("--finding", metavar="FINGERPRINT", help='The finding that B is to cure; "last" is the last first cause.')
@click.option("--run", metavar="RUN", help="Whose diagnosis has the finding.  [default: the newest that has it]")
@pair_options
@margin_options
@load_options
@click.option("--no-observed", is_flag=True, help="No observed run of each side: nothing is counted by request.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Say the design, its length and what it can see; start nothing."
)
@printed_options
@archive_option
@json_option
def prove(
    a_side: str | None,
    b_side: str | None,
    a_env: dict[str, str],
    b_env: dict[str, str],
    a_call: str | None,
    b_call: str | None,
    build: str | None,
    finding: str | None,
    run: str | None,
    pairs: int | None,
    budget_s: float | None,
    measured_s: float | None,
    warm_up_s: float | None,
    margin: float | None,
    metric_margin: dict[str, float],
    spec: str | None,
    shape: str | None,
    journeys: tuple[str, ...],
    rate_per_s: float | None,
    seed: int | None,
    hosts: tuple[str, ...],
    no_observed: bool,
    plan_only: bool,
    markdown: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Is B better than A, by how much, how sure, and for the stated reason?

    Both sides run on this machine in randomised interleaved pairs under the spec's load, only one loaded at a time.
    """
    from loadstone.archive import find
    from loadstone.cli.asked import drawn_seed, found_spec
    from loadstone.cli.design import load_of
    from loadstone.cli.finding import found_finding
    from loadstone.cli.sides import hidden_words, sides_of
    from loadstone.cli.typed import typed

    if as_json and markdown:
        raise click.UsageError("--json or --markdown, not both")
    if run is not None and finding is None:
        raise click.UsageError("--run names the diagnosis that --finding is in")
    kept = find(archive)
    read, chosen, workload = load_of(found_spec(spec, hosts), shape, journeys, rate_per_s)
    sides = sides_of(read, a_side, b_side, a_env, b_env, a_call, b_call, hosts)
    if build is not None and not any(side.kind == "revision" for side in sides):
        raise click.UsageError("--build builds a revision; neither side is one")
    found, found_in = (None, None) if finding is None else found_finding(kept, finding, run)
    from loadstone.cli.observe import Ways, observing_of
    from loadstone.lab.planning import ExperimentAsked

    asked = ExperimentAsked(
        sides=sides,
        spec=read,
        shape=chosen,
        workload=workload,
        seed=drawn_seed() if seed is None else seed,
        pairs=10 if pairs is None else pairs,
        budget_s=budget_s,
        measured_s=measured_s,
        warm_up_s=warm_up_s,
        margin=1.05 if margin is None else margin,
        margins=metric_margin,
        build=build,
        observe=None if no_observed else (lambda service, load: observing_of(service, load, Ways())),
        finding=found,
        found_in=found_in,
        command=typed(hidden_words(a_env, b_env)),
        hosts=hosts,
    )
    if plan_only:
        return show_plan(kept, asked, as_json=as_json)
    return run_and_tell(kept, asked, as_json=as_json, markdown=markdown, quiet=quiet)


def show_plan(archive: Archive, asked: ExperimentAsked, *, as_json: bool) -> int:
    """The design on stdout; a margin that is refused on stderr, with exit code 2."""
    from loadstone.cli.proving import design_told
    from loadstone.lab.planning import planned

    plan = planned(archive, asked)
    if as_json:
        from loadstone.cli.options import print_json

        print_json({
            "design": plan.told,
            "length_s": plan.length_s,
            "smallest": plan.smallest,
            "calibrated": plan.calibration is not None,
            "refusal": plan.refusal,
        })  # fmt: skip
    else:
        click.echo(design_told(plan.told, plan.length_s, margin=asked.margin, smallest=plan.smallest))
    if plan.refusal is not None:
        click.echo(plan.refusal, err=True)
        return 2
    return 0


def run_and_tell(archive: Archive, asked: ExperimentAsked, *, as_json: bool, markdown: bool, quiet: bool) -> int:
    """Run the experiment, watched on stderr; print what it says; the exit code of its verdict."""
    from loadstone.cli.comparison import print_comparison
    from loadstone.cli.proving import Proving
    from loadstone.drive import engine
    from loadstone.lab.experiment import run_experiment

    quiet = quiet or (as_json and not sys.stderr.isatty())
    watch = None if quiet else Proving(sys.stderr)
    try:
        comparison = run_experiment(archive, asked, engine.native, watch)
    finally:
        if watch is not None:
            watch.close()
    if watch is not None:
        click.echo("", err=True)
    return print_comparison(archive, comparison, as_json=as_json, markdown=markdown)
