"""The last screen of a run, as text or as JSON."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from loadstone.model.run import Summary

__all__ = ["show_summary"]


def show_summary(summary: Summary, directory: Path, *, as_json: bool, next_step: str | None = None) -> None:
    """Print it on stdout. The report's path is told as it is opened from here."""
    if summary.report is not None:
        path = directory / summary.report
        summary = msgspec.structs.replace(summary, report=os.path.relpath(path) if path.exists() else None)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(summary)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.text import summary_text

    click.echo(summary_text(summary, color=color(), width=width(), next_step=next_step))
