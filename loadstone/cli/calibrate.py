"""``loadstone calibrate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from loadstone.cli.design import load_options, pair_options
from loadstone.cli.options import archive_option, json_option
from loadstone.cli.sides import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadstone.model.calibration import Calibration
    from loadstone.model.experiment import SideAsked
    from loadstone.spec import Spec

EPILOG = """\b
The spec's service against itself, under the load that a proof will use:
  loadstone calibrate
  loadstone calibrate --for 20s --pairs 30 --rate 120/s
Another command, or a service that is up:
  loadstone calibrate --start "python -m shop --port {port}"
  loadstone calibrate --start http://127.0.0.1:8001
What was measured before:
  loadstone calibrate --show

\b
It says how far apart identical sides come out on this machine, how often they are told to differ, and which effects
can be seen with how many pairs. prove and gate refuse a margin below the floor. It holds for this machine, service,
load and length of a run. Exit code 0, 2 for spec or usage, 4 where it could not be measured.
"""
PAIRS = 20


@click.command(epilog=EPILOG)
@click.option("--start", metavar="SIDE", help="A command, a URL or a git revision.  [default: the spec's service]")
@click.option("--env", "variables", multiple=True, metavar="N=V", callback=environment, help="A variable; repeatable.")
@click.option("--build", metavar="CMD", help="Builds a revision before it is started.")
@pair_options
@load_options
@click.option("--show", is_flag=True, help="The calibrations that are kept; nothing is measured.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def calibrate(
    start: str | None,
    variables: dict[str, str],
    build: str | None,
    pairs: int | None,
    budget_s: float | None,
    measured_s: float | None,
    warm_up_s: float | None,
    spec: str | None,
    shape: str | None,
    journeys: tuple[str, ...],
    rate_per_s: float | None,
    seed: int | None,
    hosts: tuple[str, ...],
    show: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Measure how far apart identical sides come out here: the noise floor, and the pairs that an effect needs."""
    from loadstone.archive import find
    from loadstone.errors import EvidenceError, InstrumentError
    from loadstone.lab.calibration import calibrate_from, calibrations

    kept = find(archive)
    if show:
        known = calibrations(kept)
        _print(known, as_json=as_json)
        if not known:
            click.echo(f"no calibration in {kept.root}; make one with: loadstone calibrate", err=True)
        return 0
    from loadstone.cli.asked import drawn_seed, found_spec
    from loadstone.cli.design import load_of
    from loadstone.cli.proving import Proving
    from loadstone.cli.sides import hidden_words
    from loadstone.cli.typed import typed
    from loadstone.drive import engine
    from loadstone.lab.experiment import ExperimentAsked, run_experiment

    read, chosen, workload = load_of(found_spec(spec, hosts), shape, journeys, rate_per_s)
    asked = ExperimentAsked(
        kind="calibrate",
        sides=(_side(read, start, variables, "A"), _side(read, start, variables, "B")),
        spec=read,
        shape=chosen,
        workload=workload,
        seed=drawn_seed() if seed is None else seed,
        pairs=PAIRS if pairs is None else pairs,
        budget_s=budget_s,
        measured_s=measured_s,
        warm_up_s=warm_up_s,
        build=build,
        observe=None,
        command=typed(hidden_words(variables, variables, ("--env", "--env"))),
        hosts=hosts,
    )
    quiet = quiet or (as_json and not sys.stderr.isatty())
    watch = None if quiet else Proving(sys.stderr)
    try:
        comparison = run_experiment(kept, asked, engine.native, watch)
    finally:
        if watch is not None:
            watch.close()
    if comparison.verdict == "invalid":
        from loadstone.cli.comparison import print_comparison

        return print_comparison(kept, comparison, as_json=as_json)
    try:
        told = calibrate_from(kept, comparison)
    except EvidenceError as error:
        raise InstrumentError(
            f"{error}\n    what was measured is kept: loadstone show {comparison.experiment}"
        ) from error
    _print([told], as_json=as_json, one=True)
    return 0


def _side(spec: Spec, start: str | None, variables: dict[str, str], name: Literal["A", "B"]) -> SideAsked:
    from loadstone.cli.sides import Given, given_side

    return given_side(spec, Given(name, start, variables, None))


def _print(told: Sequence[Calibration], *, as_json: bool, one: bool = False) -> None:
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told[0] if one else told)
    elif told:
        from loadstone.cli.terminal import color, width
        from loadstone.render.calibration_text import calibrations_text

        click.echo(calibrations_text(told, color=color(), width=width()))
