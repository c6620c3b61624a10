"""``loadstone compare``."""

from __future__ import annotations

import click

from loadstone.cli.design import margin_options
from loadstone.cli.options import archive_option, json_option

EPILOG = """\b
  loadstone compare last-1 last                     a run before a change and one after it
  loadstone compare 7f3a,80c1,9b22 a114,b0f3,c6d9   three runs of each: an interval between runs
  loadstone compare release=1.4 release=1.5         all runs with these labels (loadstone run --label release=1.4)
  loadstone compare x5c1d:A x7f00:A                 a side of one experiment, and of another
  loadstone compare last-1 last --markdown          for a ticket

\b
A before-and-after comparison cannot tell the change from whatever else changed meanwhile: what differs between the runs
is said first. One run a side carries no interval. What settles it: loadstone prove.
Exit codes: 0 faster or not worse, 1 slower, 2 usage, 3 undecided, 4 invalid measurement.
"""


@click.command(epilog=EPILOG)
@click.argument("a_runs", metavar="A")
@click.argument("b_runs", metavar="B")
@margin_options
@click.option("--markdown", is_flag=True, help="Print the result as Markdown, ten lines and the rest folded.")
@archive_option
@json_option
def compare(
    a_runs: str,
    b_runs: str,
    margin: float | None,
    metric_margin: dict[str, float],
    markdown: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Compare runs that are in the archive: A before, B after; several of a side with commas between them."""
    from loadstone.archive import find
    from loadstone.cli.comparison import print_comparison
    from loadstone.lab.comparing import compare_runs

    if as_json and markdown:
        raise click.UsageError("--json or --markdown, not both")
    sides = tuple(tuple(word.strip() for word in text.split(",") if word.strip()) for text in (a_runs, b_runs))
    if not all(sides):
        raise click.UsageError("A and B are a run each, or several with commas between them: 7f3a,80c1")
    kept = find(archive)
    told = compare_runs(kept, *sides, margin=1.05 if margin is None else margin, margins=metric_margin)
    return print_comparison(kept, told, as_json=as_json, markdown=markdown)
