"""``loadstone diagnose --probe``."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.trial import Asked
    from loadstone.model.shape import Shape
    from loadstone.model.workload import Workload

__all__ = ["show_probe"]


def show_probe(
    archive: Archive,
    factor: str,
    *,
    spec: str | None,
    shape: str | None,
    seconds: float | None,
    seed: int | None,
    running: tuple[tuple[int, ...], int | None] = ((), None),
    as_json: bool,
    quiet: bool,
) -> None:
    """Probe what the spec drives and print what the runs say; ``probe.json`` stays in the archive. ``running`` are
    processes and a port of a service that is up already."""
    from loadstone.cli.asked import Choices, asked_of, drawn_seed, found_spec, shape_of
    from loadstone.cli.live import Live
    from loadstone.cli.observe import Ways
    from loadstone.drive.engine import native
    from loadstone.lab.probe import SECONDS, keep_probe, probe
    from loadstone.lab.trial import Silent
    from loadstone.lab.varied import factor_of

    name, levels = factor_of(factor)
    found = found_spec(spec)
    chosen = shape_of(found, shape)
    drawn = drawn_seed() if seed is None else seed
    experiment = f"probe-{secrets.token_hex(4)}"
    ways = Ways(without=("profile",), pids=running[0], port=running[1])

    def ask(workload: Workload, load: Shape, drawn_for_it: int) -> Asked:
        changed = msgspec.structs.replace(found, workload=workload, shapes={load.name: load})
        asked, _ = asked_of(changed, found.service, Choices(seed=drawn_for_it, report=False), ways)
        return msgspec.structs.replace(asked, bare=experiment)

    live = None if quiet else Live(sys.stderr, f"probing {factor}, seed {drawn}")
    try:
        told = probe(
            archive,
            found.workload,
            chosen,
            name,
            levels,
            ask,
            native,
            seconds=SECONDS if seconds is None else seconds,
            seed=drawn,
            watch=live or Silent(),
        )
    finally:
        if live is not None:
            live.close()
    keep_probe(archive, experiment, told)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.probe_text import probe_text

    click.echo(probe_text(told, color=color(), width=width()))
