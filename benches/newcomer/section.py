"""The part of docs/accuracy.md on services that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from benches.newcomer.met import WAYS, Met

__all__ = ["newcomer_section", "read"]

_WAYS = {"url": "the address", "user": "and a login", "start": "and the command that starts it"}


def read(folder: Path) -> list[Met]:
    """Every outcome that lies there."""
    return [msgspec.json.decode(file.read_bytes(), type=Met) for file in sorted(folder.glob("*-*.json"))]


def newcomer_section(met: Iterable[Met]) -> str:
    """Markdown: a row for each service and way, then what was missed."""
    told = sorted(met, key=lambda one: (one.name, WAYS.index(one.way)))
    lines = [
        "## What `init` finds on services that nobody here wrote",
        "",
        "`python -m benches.newcomer FOLDER` installs each from PyPI or npm, starts it with a little in"
        " it, and goes the newcomer's way: `doctor`, `init`, `check`, `run --evidence`, `diagnose`. The true routes"
        " are told by a tool that is not ours (django-extensions' show_urls, Flask's `routes`, FastAPI's document,"
        " express-list-endpoints); where it tells no methods, paths are compared. *Found* is named as the route that it"
        " is, *single paths* are routes of which only such were named (`/lang/de`), *extra* is what no true route"
        " answers. *Driven* are true routes that a step of a journey asks for.",
        "",
        "| service | what init was told | true | found | single paths | extra | safe: found | driven | init"
        " | check | run | requests, failed |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ]
    lines += [_row(one) for one in told]
    lines += ["", "Exit codes: 0 pass, 1 fail, 2 usage, 3 undecided, 4 invalid or not reached. What was missed:", ""]
    lines += [
        f"- {one.name}, {_WAYS[one.way]}: {_few(one.missed)}{_extra(one)}" for one in told if one.missed or one.extra
    ]
    return "\n".join(lines)


def _row(one: Met) -> str:
    return (
        f"| {one.name} {one.version} ({one.what}) | {_WAYS[one.way]} | {one.true} | {one.found} | {one.glimpsed} |"
        f" {len(one.extra)} | {one.found_safe} of {one.safe} | {one.driven} |"
        f" {one.exits['init']}, {one.took_s['init']:.0f} s | {one.exits['check']} |"
        f" {one.exits['run']}, {one.validity or 'none'} | {one.requests:,}, {one.errors:,} |"
    )


def _few(names: list[str], most: int = 8) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return f"{len(names)} missed" + (f": {shown}" + (" …" if len(names) > most else "") if names else "")


def _extra(one: Met) -> str:
    shown = ", ".join(f"`{name}`" for name in one.extra[:4])
    return f"; {len(one.extra)} extra: {shown}" + (" …" if len(one.extra) > 4 else "") if one.extra else ""
