"""docs/logs.md names every format, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from loadstone.traffic.access_log import NAMES

PAGE = Path(__file__).parents[3] / "docs/logs.md"


def test_the_page_names_every_format() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(NAMES)
