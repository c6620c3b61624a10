"""``loadstone demo``."""

from __future__ import annotations

import shlex
import socket
import sys
from importlib.resources import as_file, files

import click

from loadstone.cli.options import archive_option, duration, json_option
from loadstone.cli.options import seed as valid_seed

UNDECIDED = 3


@click.command(
    epilog="""\b
  loadstone demo
  loadstone demo --fault none         the healthy shop
  loadstone demo --for 10s --json
"""
)
@click.option("--for", "duration_s", metavar="TIME", callback=duration, help="How long to drive it.")
@click.option("--seed", type=int, callback=valid_seed, metavar="N", help="The same seed, the same traffic.")
@click.option("--fault", default="reviews", metavar="NAME", help="What it does wrong, or none.  [default: reviews]")
@click.option("--bare", is_flag=True, help="Leave out the observed run and the diagnosis.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def demo(
    duration_s: float | None,
    seed: int | None,
    fault: str,
    bare: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Start the sample shop on a free port, drive its three journeys, then once more observed, and name what is wrong.

    The shop does one thing wrong: an N+1 behind a rare parameter. Prints the result, the cause and where the report
    is. The shop is stopped at the end; the runs stay in the archive. Exits 0 whatever the objectives say, 4 when the
    measurement is invalid.
    """
    import msgspec

    from loadstone.cli.asked import Choices, asked_of, drawn_seed
    from loadstone.cli.observe import Ways
    from loadstone.cli.trial import tell
    from loadstone.demo.faults import FAULTS
    from loadstone.spec import load

    if fault not in FAULTS:
        raise click.UsageError(f'no fault "{fault}" of the shop; there are {", ".join(FAULTS)}')

    with as_file(files("loadstone.demo") / "loadstone.toml") as path:
        spec = load(path)
    port = _free_port()
    service = msgspec.structs.replace(
        spec.service,
        url=f"http://127.0.0.1:{port}",
        start=shlex.join([sys.executable, "-m", "loadstone.demo", "--port", str(port), "--fault", fault]),
        cwd=None,
    )
    choices = Choices(duration_s=duration_s, seed=drawn_seed() if seed is None else seed)
    asked, described = asked_of(spec, service, choices)
    observed = None if bare else asked_of(spec, service, choices, Ways())[0]
    quiet = quiet or (as_json and not sys.stderr.isatty())
    code = tell(asked, described, archive, observed=observed, diagnosed=not bare, as_json=as_json, quiet=quiet)
    return code if code > UNDECIDED else 0  # an objective that fails is the story, not a failure of the demo


def _free_port() -> int:
    """A loopback port that nobody holds now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port
