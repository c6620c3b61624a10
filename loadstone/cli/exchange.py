"""One request and its reply as text: what went out, what came back, what was taken from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadstone.model.quantity import format_duration, format_size
from loadstone.render.text import plain

if TYPE_CHECKING:
    from loadstone.drive.engine import Exchange

__all__ = ["exchange_text"]

MOST_LINES = 20
MOST_LETTERS = 400  # of one line of a body


def exchange_text(exchange: Exchange) -> str:
    """Several lines, the first of which says how it went. Nothing from outside reaches the terminal unescaped."""
    took = "" if exchange.service_ns is None else f" in {format_duration(exchange.service_ns / 1e9)}"
    word = "failed: " if exchange.error else ""
    lines = [f"{plain(exchange.journey)}.{plain(exchange.step)}   {word}{plain(exchange.result)}{took}"]
    if exchange.message:
        lines.append(f"    {plain(exchange.message)}")
    lines.append(f"  > {exchange.method} {plain(exchange.target)}")
    lines += [f"  > {plain(name)}: {plain(value)}" for name, value in exchange.request_headers]
    lines += _body("  > ", exchange.request_body)
    if exchange.status is not None:
        lines.append(f"  < {exchange.status}")
    lines += [f"  < {plain(name)}: {plain(value)}" for name, value in exchange.response_headers]
    lines += _body("  < ", exchange.response_body)
    if exchange.response_body is not None and exchange.body_bytes > len(exchange.response_body.encode()):
        lines.append(f"  < … {format_size(exchange.body_bytes)} in all")
    lines += [f"  = {plain(name)}: {plain(value)}" for name, value in exchange.extracted.items()]
    return "\n".join(lines)


def _body(mark: str, body: str | None) -> list[str]:
    if not body:
        return []
    lines = body.splitlines()
    shown = [f"{mark}{_cut(plain(line))}" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"{mark}… and {len(lines) - MOST_LINES} more lines")
    return [mark.rstrip(), *shown]


def _cut(line: str) -> str:
    return line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}… {len(line) - MOST_LETTERS} more characters"
