"""docs/performance.md in parts, each written by the benchmark that measured it and by no other."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["PAGE", "put"]

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def put(name: str, text: str, page: Path = PAGE) -> None:
    """Replace the part of this name, or add it at the end. What others measured stays as it is."""
    before = page.read_text() if page.exists() else ""
    part = f"<!-- part: {name} -->\n{text.strip()}\n<!-- end: {name} -->\n"
    found = re.compile(rf"<!-- part: {re.escape(name)} -->\n.*?<!-- end: {re.escape(name)} -->\n", re.DOTALL)
    if found.search(before):
        after = found.sub(lambda _: part, before, count=1)
    else:
        after = f"{before.rstrip()}\n\n{part}" if before else part
    page.write_text(after)
