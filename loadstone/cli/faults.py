"""``loadstone faults``."""

from __future__ import annotations

import click

from loadstone.cli.options import json_option


@click.command(
    epilog="""\b
  loadstone faults                    every fault that a diagnosis looks for, in a sentence each
  loadstone faults n-plus-one         the page of one
"""
)
@click.argument("code", required=False)
@json_option
def faults(code: str | None, as_json: bool) -> None:
    """The faults that a diagnosis looks for: what each sees, why it hurts, its cure, when it is wrong."""
    from loadstone.cli.options import print_json
    from loadstone.cli.terminal import width
    from loadstone.diagnose.faults import FAULTS
    from loadstone.diagnose.manual import fault_page, fault_pages
    from loadstone.errors import SpecError
    from loadstone.render.fault_text import fault_list, fault_text

    if code is None:
        pages = fault_pages()
        if as_json:
            print_json(pages)
        else:
            click.echo(fault_list(pages, width()))
        return
    if code not in FAULTS:
        from difflib import get_close_matches

        near = get_close_matches(code, FAULTS, n=1)
        raise SpecError(f'no fault "{code}"' + (f'; did you mean "{near[0]}"?' if near else "; see: loadstone faults"))
    page = fault_page(code)
    if as_json:
        print_json(page)
    else:
        click.echo(fault_text(page, width()))
