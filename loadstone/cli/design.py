"""Options that say under which load, how often and how long both sides are measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from loadstone.cli.options import duration, rate
from loadstone.cli.options import seed as valid_seed
from loadstone.cli.sides import margin, metric_margins

if TYPE_CHECKING:
    from loadstone.model.shape import Shape
    from loadstone.model.workload import Workload
    from loadstone.spec import Spec

    Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = ["FEWEST", "load_of", "load_options", "margin_options", "pair_options", "printed_options"]

FEWEST = 6
"""Fewest pairs from which an interval of 95 % can be had: 2^-6 (loadstone/stats/pairs/effect.py)."""


def load_options(command: Command) -> Command:
    """What is driven: ``--spec``, ``--shape``, ``--journey``, ``--rate``, ``--seed``, ``--yes-load``."""
    return _with(
        command,
        click.option("--spec", metavar="FILE", help="The spec.  [default: loadstone.toml]"),
        click.option("--shape", metavar="NAME", help="Which of the spec's shapes.  [default: the first]"),
        click.option(
            "--journey", "journeys", multiple=True, metavar="NAME", help="Drive this journey alone; repeatable."
        ),
        click.option(
            "--rate",
            "rate_per_s",
            metavar="RATE",
            callback=rate,
            help="Journeys that arrive, instead of the shape's: 40/s.",
        ),
        click.option(
            "--seed", type=int, callback=valid_seed, metavar="N", help="The same seed, the same order and traffic."
        ),
        click.option(
            "--yes-load", "hosts", multiple=True, metavar="HOST", help="Drive this host, which is not loopback."
        ),
    )


def pair_options(command: Command) -> Command:
    """How much is measured: ``--pairs``, ``--budget``, ``--for``, ``--warm-up``."""
    return _with(
        command,
        click.option(
            "--pairs", type=int, callback=pairs, metavar="N", help=f"Pairs of runs, from {FEWEST}.  [default: 10]"
        ),
        click.option(
            "--budget",
            "budget_s",
            metavar="TIME",
            callback=duration,
            help="Go on until it is decided, this long at most.",
        ),
        click.option(
            "--for",
            "measured_s",
            metavar="TIME",
            callback=duration,
            help="Measured part of each run.  [default: enough for its quantile]",
        ),
        click.option(
            "--warm-up",
            "warm_up_s",
            metavar="TIME",
            callback=duration,
            help="Load before that, not counted.  [default: from 2s]",
        ),
    )


def margin_options(command: Command) -> Command:
    """How much worse is allowed: ``--margin``, ``--metric-margin``."""
    return _with(
        command,
        click.option(
            "--margin", metavar="SHARE", callback=margin, help="How much worse B may be: 5%, or 1.05.  [default: 5%]"
        ),
        click.option(
            "--metric-margin",
            "metric_margin",
            multiple=True,
            metavar="METRIC=SHARE",
            callback=metric_margins,
            help="The same for one metric; repeatable.",
        ),
    )


def printed_options(command: Command) -> Command:
    """``--markdown`` and ``-q``."""
    return _with(
        command,
        click.option("--markdown", is_flag=True, help="Print the result as Markdown, ten lines and the rest folded."),
        click.option("-q", "--quiet", is_flag=True, help="No progress on stderr."),
    )


def pairs(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    """Callback of ``--pairs``."""
    if value is not None and value < FEWEST:
        raise click.BadParameter(f"{value} pairs carry no interval of 95 %; {FEWEST} are the fewest")
    return value


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def load_of(
    spec: Spec, shape: str | None, journeys: tuple[str, ...], rate_per_s: float | None
) -> tuple[Spec, Shape, Workload]:
    """The spec, one of its shapes and its workload as the arguments restrict them. Objectives of journeys that are
    not driven go with them. Raises SpecError."""
    import msgspec

    from loadstone.cli.asked import shape_of
    from loadstone.errors import SpecError

    chosen = shape_of(spec, shape)
    if rate_per_s is not None:
        if chosen.arrivals == "closed":
            raise SpecError(
                f'the shape "{chosen.name}" is a closed population, so it has no rate; choose another --shape'
            )
        if not rate_per_s:
            raise SpecError("--rate 0 drives nothing; a rate is above 0")
        phases = tuple(msgspec.structs.replace(phase, rate_per_s=rate_per_s) for phase in chosen.phases)
        chosen = msgspec.structs.replace(chosen, phases=phases)
    workload = spec.workload
    if journeys:
        names = [journey.name for journey in workload.journeys]
        unknown = [name for name in journeys if name not in names]
        if unknown:
            raise SpecError(f'{spec.path} has no journey "{unknown[0]}"; it has {", ".join(names)}')
        kept = tuple(journey for journey in workload.journeys if journey.name in journeys)
        workload = msgspec.structs.replace(workload, journeys=kept)
        slos = tuple(slo for slo in spec.slos if slo.journey is None or slo.journey in journeys)
        spec = msgspec.structs.replace(spec, workload=workload, slos=slos)
    return spec, chosen, workload
