"""Files of variables, as Docker Compose and dotenv packages read them: ``NAME=value``, one a line."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["parse_dotenv", "read_dotenv"]

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*[=:]\s*(.*?)\s*$")
_LARGEST = 1 << 20


def read_dotenv(path: Path) -> dict[str, str]:
    """The file's variables; none where it cannot be read, or is far too large to be one."""
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        return parse_dotenv(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}


def parse_dotenv(text: str) -> dict[str, str]:
    """Comments go, quotes too; ``$NAME`` stays as it is written."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            continue
        value = match[2]
        quoted = re.match(r"""(['"])((?:\\.|(?!\1).)*)\1""", value)
        if quoted is not None:
            value = quoted[2] if quoted[1] == "'" else re.sub(r"\\(.)", _unescaped, quoted[2])
        else:
            value = re.sub(r"\s+#.*$", "", value)
        found[match[1]] = value
    return found


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1])
