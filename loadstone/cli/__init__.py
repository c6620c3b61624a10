"""The command line: one thin file a verb, imported when the verb is used, so that ``--help`` stays quick.

Results go to stdout, progress to stderr. Exit codes: 0 pass, 1 fail, 2 spec or usage, 3 undecided, 4 invalid.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import NoReturn

import click

from loadstone import __version__
from loadstone.errors import LoadstoneError

__all__ = ["main"]

# verb -> what it does, in the order of use; each lives in the module of its name, as the command of its name
VERBS = {
    "doctor": "What can be observed here, and what is missing for the rest.",
    "init": "Look at a service, and write a spec for it.",
    "traffic": "A workload from access logs: mix, visits, arrivals, and how alike it is.",
    "check": "Validate the spec, then run each journey once and print the exchange.",
    "run": "Drive a service and tell what happened.",
    "gather": "Collect evidence from a running service, without load.",
    "import": "Make a run of traces and profiles that other tools wrote.",
    "show": "The result of a run, or of an experiment.",
    "evidence": "What was collected of a run, and how far to believe it.",
    "diagnose": "Why a run is slow, how sure that is, and what a fix would gain.",
    "faults": "The faults that a diagnosis looks for, a page each.",
    "prove": "Is B better than A, how sure, and for the stated reason?",
    "compare": "Two runs, or two sets of runs, of the archive: before and after.",
    "calibrate": "How far apart identical sides come out on this machine.",
    "gate": "Hold a change against its base by the spec's guardrails.",
    "report": "Rebuild a run's report, and open it.",
    "serve": "The pages over the whole archive, live during a run.",
    "export": "A run's stacks as speedscope, pprof or collapsed stacks.",
    "runs": "The runs in the archive.",
    "sql": "Ask the archive in SQL.",
    "schema": "The JSON Schema of loadstone.toml.",
    "demo": "The whole loop on the sample shop: diagnose, prove the fix, write the guardrail.",
    "handbook": "24 questions on performance engineering, and what answers them.",
}

EPILOG = """\b
Examples:
  loadstone init http://127.0.0.1:8000    look at a service, write loadstone.toml
  loadstone run http://127.0.0.1:8000/items --rate 500/s --for 30s
  loadstone run http://127.0.0.1:8000/items --max --connections 50 --for 10s
  loadstone run                       drive what loadstone.toml says, exit by its objectives
  loadstone run --evidence            and once more, observed from inside
  loadstone show last-1 --json        the run before the last one
  loadstone prove --a-env FIX=0 --b-env FIX=1     both sides in interleaved pairs
  loadstone sql "SELECT run, requests, response_p99_s FROM runs"

\b
A run is named by its id, a unique beginning or ending of it, last, last-1 or a path.
Exit codes: 0 pass, 1 fail, 2 spec or usage, 3 undecided, 4 invalid measurement.
"""


class _ReaderLeft(Exception):
    """Whoever reads the output has closed it, as ``head`` does."""


class _Verbs(click.Group):
    """A group that knows its verbs' names and sentences, and imports a verb only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"loadstone.cli.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            code: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise _ReaderLeft from error
        return code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(_unknown(args[0]))
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="loadstone", message="%(prog)s %(version)s")
def loadstone() -> None:
    """Find where a service is slow, and keep the record of how that was measured."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit: no traceback for what Loadstone raises on purpose."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to fail
    sys.exit(_outcome(list(sys.argv[1:] if arguments is None else arguments)))


def _outcome(arguments: list[str]) -> int:
    try:
        code = loadstone.main(arguments, prog_name="loadstone", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        verb = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "loadstone"
        click.echo(f"{error.format_message()}\n    see: {verb} --help", err=True)
        return 2
    except LoadstoneError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 4
    except _ReaderLeft:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left: nothing to say
        return 0
    except Exception as error:
        if os.environ.get("LOADSTONE_DEBUG"):
            raise
        from loadstone.archive import find

        click.echo(
            f"a fault of Loadstone's own: {type(error).__name__}: {error}\n"
            f"    what was measured so far is kept in {find().root}; please report this,"
            " with what LOADSTONE_DEBUG=1 prints",
            err=True,
        )
        return 4
    return code if isinstance(code, int) else 0


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    if "://" in name:
        return f"no verb before {name}; did you mean: loadstone run {name}"
    near = get_close_matches(name, VERBS, n=1)
    return f'no verb "{name}"' + (f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(VERBS)}")
