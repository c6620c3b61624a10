"""Options that several verbs share, quantities as arguments, and how a result is printed as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from typing import Any

    from loadstone.archive import Run

    Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = ["archive_option", "duration", "json_option", "labels", "positive", "print_json", "rate", "resolved", "seed"]


def archive_option(command: Command) -> Command:
    """``--archive DIR``, as ``archive``."""
    return click.option(
        "--archive", metavar="DIR", help="Where runs are kept.  [default: $LOADSTONE_ARCHIVE, else .loadstone]"
    )(command)


def json_option(command: Command) -> Command:
    """``--json``, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def resolved(archive: str | None, reference: str) -> Run:
    """The run that an argument names."""
    from loadstone.archive import find

    return find(archive).resolve(reference)


def print_json(value: object) -> None:
    """The value as JSON on stdout, indented for people."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes a rate: per second."""
    from loadstone.model.quantity import parse_rate

    return _parsed(value, parse_rate)


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes a duration: seconds."""
    from loadstone.model.quantity import parse_duration

    return _parsed(value, parse_duration)


def positive(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    """Callback of an option that takes a whole number from 1."""
    if value is not None and value < 1:
        raise click.BadParameter(f"{value} is not a number from 1")
    return value


def seed(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    """Callback of ``--seed``, which fills 64 bits in the engine."""
    if value is not None and not 0 <= value < 2**64:
        raise click.BadParameter(f"{value} is not a number from 0 to 2^64 - 1")
    return value


def labels(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback of a repeated option that takes ``key=value``."""
    told: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f'a label is written key=value, not "{value}"')
        told[key] = text
    return told


def _parsed(value: str | None, parse: Callable[[str], float]) -> float | None:
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(f'"{value}": {error}') from error
