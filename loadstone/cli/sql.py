"""``loadstone sql``."""

from __future__ import annotations

import click

from loadstone.cli.options import archive_option, json_option

EPILOG = """\b
Tables: runs (a row a run), intervals (a row a second, step and result), samples (a row a kept request); of evidence
spans, stacks, statements, waits, host. Each has a column "run". SUMMARIZE and DESCRIBE tell their columns.

\b
  loadstone sql "SELECT run, url, requests, response_p99_s FROM runs ORDER BY started DESC LIMIT 5"
  loadstone sql 'SELECT result, sum("count") FROM intervals GROUP BY result' --json
  loadstone sql "SELECT db_query_text, count(*) FROM spans WHERE run = '…' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
  loadstone sql "DESCRIBE spans"
"""


@click.command(epilog=EPILOG)
@click.argument("statement")
@archive_option
@json_option
def sql(statement: str, archive: str | None, as_json: bool) -> None:
    """Ask the archive in SQL: one SELECT over runs, intervals, samples and evidence, read-only, by DuckDB."""
    from loadstone.archive import find
    from loadstone.archive.query import query
    from loadstone.cli.options import print_json
    from loadstone.cli.table import aligned, plain

    table = query(find(archive), statement)
    if as_json:
        print_json([dict(zip(table.columns, plain(row), strict=True)) for row in table.rows])
    elif table.columns:
        click.echo(aligned(table.columns, table.rows))
        if not table.rows:
            click.echo("no rows", err=True)
