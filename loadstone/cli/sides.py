"""The two sides of an experiment as arguments name them: a URL, a git revision, a command, variables, a call."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from loadstone.errors import SpecError

if TYPE_CHECKING:
    from loadstone.model.experiment import SideAsked
    from loadstone.spec import Spec

    Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = ["Given", "environment", "given_side", "hidden_words", "margin", "metric_margins", "side_options", "sides_of"]

WORDS = re.compile(r"[^a-z0-9]+")
SECRET_WORDS = frozenset({"key", "pass", "pwd", "auth", "dsn", "salt", "private", "cert", "jwt", "sid"})
"""Words of a variable's name that hide its value, beside those that hide an attribute of a span."""

CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/\S*)")
REVISION_S = 10.0  # git answers in milliseconds; a repository on a sick disk is told instead of waited for

Kind = Literal["url", "revision", "command"]


class Given:
    """One side as it was typed: ``text`` a URL, a revision or a command, ``env`` its variables, ``call`` a request that
    switches a running service to it."""

    def __init__(self, name: Literal["A", "B"], text: str | None, env: Mapping[str, str], call: str | None) -> None:
        self.name: Literal["A", "B"] = name
        self.text = text
        self.env = dict(env)
        self.call = call

    @property
    def said(self) -> bool:
        """Whether anything was typed for this side."""
        return self.text is not None or bool(self.env) or self.call is not None


def side_options(command: Command) -> Command:
    """``--a``, ``--b`` and what goes with them."""
    for option in (
        click.option("--build", metavar="CMD", help="Builds a revision, in its own directory, before it is started."),
        click.option("--b-call", metavar="'METHOD /PATH'", help="The same for B."),
        click.option(
            "--a-call", metavar="'METHOD /PATH'", help="Switches the running service to A before each of its runs."
        ),
        click.option("--b-env", multiple=True, metavar="N=V", callback=environment, help="The same for B."),
        click.option(
            "--a-env", multiple=True, metavar="N=V", callback=environment, help="A variable of A; repeatable."
        ),
        click.option("--b", "b_side", metavar="SIDE", help="The candidate.  [default: the spec's service]"),
        click.option(
            "--a",
            "a_side",
            metavar="SIDE",
            help="The base: a URL, a git revision or a command.  [default: the spec's service]",
        ),
    ):
        command = option(command)
    return command


def environment(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback of ``--a-env NAME=VALUE``; the error never repeats a value."""
    told: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise click.BadParameter("a variable is written NAME=VALUE, for example FIX=1")
        told[name] = text
    return told


def margin(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Callback of ``--margin``: the factor of ``5%`` or ``1.05``."""
    from loadstone.model.quantity import parse_share

    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text) and 1 < float(text) <= 2:
        return float(text)
    try:
        share = parse_share(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise click.BadParameter(
            f'"{value}": a margin is written as a share or a factor, "5%" or "1.05", at most "100%"'
        )
    return round(1 + share, 12)


def metric_margins(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Callback of ``--metric-margin "p99 response of browse.detail=10%"``: by what a metric is called in a result."""
    from loadstone.model.guard_metric import GUARD_METRICS, parse_guard, split_guard

    told: dict[str, float] = {}
    for value in values:
        name, equals, text = value.rpartition("=")
        if not equals:
            raise click.BadParameter(f'"{value}": write METRIC=MARGIN, for example "p99 response of browse.detail=10%"')
        try:
            guard = parse_guard(name.strip(), text.strip())
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        metric, step = split_guard(guard.name)
        shown = GUARD_METRICS[metric].told
        told[shown if step is None else f"{shown} of {step}"] = guard.margin
    return told


def sides_of(
    spec: Spec,
    a: str | None,
    b: str | None,
    a_env: Mapping[str, str],
    b_env: Mapping[str, str],
    a_call: str | None,
    b_call: str | None,
    hosts: tuple[str, ...] = (),
) -> tuple[SideAsked, SideAsked]:
    """Both sides; ``hosts`` may be driven beside those of the spec. Raises UsageError where they are one and the same,
    or half of a switch is missing, SpecError for a host that may not be driven."""
    from loadstone.spec import check_host

    given = Given("A", a, a_env, a_call), Given("B", b, b_env, b_call)
    if not any(side.said for side in given):
        raise click.UsageError(
            "two sides are needed; one of:\n"
            "    --a main --b HEAD                     two git revisions\n"
            '    --a "python old.py {port}" --b "…"    two commands\n'
            "    --a http://127.0.0.1:8001 --b …       two services that are up\n"
            "    --a-env FIX=0 --b-env FIX=1           one service, started with a switch\n"
            '    --a-call "POST /flag?on=0" --b-call … one service, switched while it is up'
        )
    if (a_call is None) != (b_call is None):
        raise click.UsageError("--a-call and --b-call go together: a switch is turned both ways")
    if a_call is not None and any(side.text is not None or side.env for side in given):
        raise click.UsageError("--a-call and --b-call switch one running service; they take no --a, --b or variables")
    sides = tuple(given_side(spec, side, other.env) for side, other in (given, given[::-1]))
    for side in sides:
        if side.kind == "url" and side.text is not None:
            check_host(side.text, (*spec.allow_hosts, *hosts))
    if _same(given):
        raise click.UsageError(
            "both sides are the same; to measure how far apart identical sides come out: loadstone calibrate"
        )
    return sides[0], sides[1]


def given_side(spec: Spec, given: Given, other_env: Mapping[str, str] = {}) -> SideAsked:
    """One side. What it is called tells it from the other: a text, and the variables that the other has not alike."""
    from loadstone.model.experiment import SideAsked

    if given.call is not None:
        found = CALL.fullmatch(given.call.strip())
        if found is None:
            raise click.UsageError(f'"{given.call}" is no call; write a method and a path: "POST /admin/flags?fix=1"')
        return SideAsked(name=given.name, kind="call", label=given.call.strip(), call=given.call.strip())
    told = [shown(name, value) for name, value in given.env.items() if other_env.get(name) != value]
    if given.text is None:
        label = " ".join(told) or "the service as the spec has it"
        return SideAsked(name=given.name, kind="environment", label=label, env=given.env)
    kind, text = _kind(given.text, Path(spec.service.cwd or "."))
    if kind == "url" and given.env:
        raise click.UsageError(
            f"{text} is up already, so it takes no variables; give a command, or leave the variables out"
        )
    if kind == "revision" and spec.service.start is None:
        raise SpecError(
            "a revision is started by the spec, which has no start\n"
            f"    add start to [service] in {spec.path}, or give commands"
        )
    return SideAsked(name=given.name, kind=kind, label=" ".join([text, *told]), text=text, env=given.env)


def hidden_words(
    a_env: Mapping[str, str], b_env: Mapping[str, str], options: tuple[str, str] = ("--a-env", "--b-env")
) -> dict[str, str]:
    """Words of the command line that hold values nobody should keep, and what stands for them."""
    hidden: dict[str, str] = {}
    for option, env in zip(options, (a_env, b_env), strict=True):
        for name, value in env.items():
            word, kept = f"{name}={value}", shown(name, value)
            if kept != word:
                hidden |= {word: kept, f"{option}={word}": f"{option}={kept}"}
    return hidden


def shown(name: str, value: str) -> str:
    """``FIX=1``; only the name where it, or the value, looks like a secret."""
    from loadstone.model.redaction import Redaction

    words = set(WORDS.split(name.lower()))
    kept = Redaction(secrets.token_hex(16)).attributes({name: value})[name] == value
    return f"{name}={value}" if kept and not words & SECRET_WORDS and "://" not in value else f"{name}=…"


def _kind(text: str, directory: Path) -> tuple[Kind, str]:
    """What a side's text is, and the text without the prefix that forced it."""
    for prefix, kind in (("rev:", "revision"), ("cmd:", "command")):
        if text.startswith(prefix):
            rest = text.removeprefix(prefix).strip()
            if kind == "revision" and not _is_revision(rest, directory):
                raise SpecError(f'"{rest}" is no revision of the git repository in {directory}; see: git log --oneline')
            return ("revision" if kind == "revision" else "command"), rest
    stripped = text.strip()
    if re.match(r"https?://", stripped):
        return "url", stripped.rstrip("/")
    if not re.search(r"\s", stripped) and _is_revision(stripped, directory):
        return "revision", stripped
    try:
        words = shlex.split(stripped)
    except ValueError as error:
        raise SpecError(f"{stripped!r} is not a command line: {error}") from error
    program = words[0] if words else ""
    found = shutil.which(program) or (directory / program).exists()
    if not words or (len(words) == 1 and not found):
        raise SpecError(
            f'"{stripped}" is no URL, no revision of a git repository in {directory} and no program here\n'
            "    a side is a URL (http://…), a git revision, or a command; rev:… and cmd:… say which"
        )
    return "command", stripped


def _is_revision(text: str, directory: Path) -> bool:
    if not text or text.startswith("-") or shutil.which("git") is None:
        return False
    command = ["git", "-C", str(directory), "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(command, capture_output=True, env=kept, timeout=REVISION_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _same(given: tuple[Given, Given]) -> bool:
    first, second = given
    return (first.text, first.env, first.call) == (second.text, second.env, second.call)
