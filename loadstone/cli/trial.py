"""One trial at the command line: watched on stderr, its result on stdout, its exit code returned."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from loadstone.lab.trial import Asked

__all__ = ["tell"]


def tell(asked: Asked, load: str, archive: str | None, *, as_json: bool, quiet: bool) -> int:
    """Run it with the native engine and print the result."""
    from loadstone.archive import find
    from loadstone.cli.live import Live
    from loadstone.cli.result import show_summary
    from loadstone.drive.engine import native
    from loadstone.drive.summary import exit_code
    from loadstone.lab.trial import Silent, run_trial

    live = None if quiet else Live(sys.stderr, load)
    try:
        trial = run_trial(find(archive), asked, native, live or Silent())
    finally:
        if live is not None:
            live.close()
    if live is not None:
        click.echo("", err=True)
    next_step = "loadstone report last --open" if trial.report else None
    show_summary(trial.summary, trial.directory, as_json=as_json, next_step=next_step)
    if trial.trouble is not None:
        click.echo(trial.trouble, err=True)
    return exit_code(trial.summary)
