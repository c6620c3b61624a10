"""``loadstone check``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.cli.options import json_option
from loadstone.cli.options import seed as valid_seed

if TYPE_CHECKING:
    from loadstone.drive.engine import Exchange
    from loadstone.spec import Spec


@click.command(
    epilog="""\b
  loadstone check                     loadstone.toml: validate, then one pass through each journey
  loadstone check --dry               validate only; nothing is started and nothing is sent
Exit codes: 0 good, 1 a step failed, 2 the spec is wrong, 4 the service did not come up or was not reached.
"""
)
@click.option("--spec", metavar="FILE", help="The spec.  [default: loadstone.toml]")
@click.option("--dry", is_flag=True, help="Validate only.")
@click.option("--seed", type=int, callback=valid_seed, default=1, metavar="N", help="For the values drawn.")
@click.option("--yes-load", "hosts", multiple=True, metavar="HOST", help="Drive this host, which is not loopback.")
@json_option
def check(spec: str | None, dry: bool, seed: int, hosts: tuple[str, ...], as_json: bool) -> int:
    """Validate the spec, then run each journey once and print the exchange."""
    from loadstone.cli.asked import found_spec
    from loadstone.cli.exchange import exchange_text
    from loadstone.cli.options import print_json

    found = found_spec(spec, hosts)
    count = len(found.workload.journeys)
    click.echo(f"{found.path} is valid: {count} {'journey' if count == 1 else 'journeys'}", err=True)
    if dry:
        _next("loadstone check", as_json)
        return 0
    exchanges = _exchanges(found, seed, hosts)
    if as_json:
        print_json(exchanges)
    else:
        for exchange in exchanges:
            click.echo(exchange_text(exchange) + "\n")
    missed = _missed(found, exchanges)
    failed = [exchange for exchange in exchanges if exchange.error]
    for journey, step in missed:
        click.echo(f"{journey}.{step} was not reached", err=True)
    click.echo(f"{len(exchanges)} of {len(exchanges) + len(missed)} steps were sent, {len(failed)} failed", err=True)
    barred = _told(found, exchanges) if exchanges else 0
    if barred or failed or missed:
        return barred or 1
    _next("loadstone run --evidence", as_json)
    return 0


def _next(command: str, as_json: bool) -> None:
    if not as_json:
        click.echo(f"next    {command}", err=True)


def _told(spec: Spec, exchanges: tuple[Exchange, ...]) -> int:
    """What stands in the way, each in a sentence and what to do; 4 where the service was not reached."""
    from loadstone.lab.met import in_check, unreached
    from loadstone.render.text import plain

    for obstacle in in_check(spec.service.url, spec.workload, exchanges):
        click.echo(f"\n{plain(obstacle.sentence)}\n    {plain(obstacle.advice)}", err=True)
    return 4 if unreached(exchanges) else 0


def _exchanges(spec: Spec, seed: int, hosts: tuple[str, ...]) -> tuple[Exchange, ...]:
    from loadstone.drive.compile import Recording, compile_plan
    from loadstone.drive.engine import native
    from loadstone.lab.service import serving
    from loadstone.lab.trial import POLL_S
    from loadstone.model.shape import Shape
    from loadstone.spec import check_host

    check_host(spec.service.url, (*spec.allow_hosts, *hosts))
    once = Shape(name="check", arrivals="once")
    plan = compile_plan(spec.workload, once, spec.service, seed=seed, recording=Recording(exchanges=True))
    engine = native(plan.engine)
    with tempfile.TemporaryDirectory() as directory, serving(spec.service, Path(directory) / "service.log"):
        engine.start()
        try:
            while not engine.finished():
                engine.poll(POLL_S)
        finally:
            engine.stop(now=True)
    return engine.exchanges()


def _missed(spec: Spec, exchanges: tuple[Exchange, ...]) -> list[tuple[str, str]]:
    from loadstone.model.workload import Step

    sent = {(exchange.journey, exchange.step) for exchange in exchanges}
    steps = [
        (journey.name, action.name)
        for journey in spec.workload.journeys
        for action in journey.actions
        if isinstance(action, Step)
    ]
    return [step for step in steps if step not in sent]
