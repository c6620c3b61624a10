"""``loadstone schema``."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
  loadstone schema > loadstone.schema.json      then, as the first line of loadstone.toml:
  #:schema ./loadstone.schema.json              editors complete and check the file
"""
)
def schema() -> None:
    """Print the JSON Schema of loadstone.toml."""
    from loadstone.cli.options import print_json
    from loadstone.spec import json_schema

    print_json(json_schema())
