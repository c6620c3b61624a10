"""Whether a command that a page shows would be understood: its verb, its options, its target."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from loadstone.cli import loadstone

ROOT = Path(__file__).parent.parent


def misunderstood(command: str) -> str | None:
    """What is wrong with ``loadstone …`` or ``make …``, or None; nothing is run."""
    program, *arguments = shlex.split(command, comments=True)
    match program:
        case "make":
            targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
            asked = {argument for argument in arguments if "=" not in argument and not argument.startswith("-")}
            return f"make has no target {', '.join(asked - targets)}" if asked - targets else None
        case "loadstone":
            return _refused(arguments)
    return f"{program} is neither loadstone nor make"


def _refused(arguments: list[str]) -> str | None:
    if not arguments or arguments[0] in ("--help", "--version"):
        return None
    try:
        group = click.Context(loadstone, info_name="loadstone")
        name, verb, rest = loadstone.resolve_command(group, arguments)
        assert verb is not None
        verb.make_context(name, rest, parent=group)
    except click.exceptions.Exit:
        return None
    except click.UsageError as error:
        return error.format_message()
    return None
