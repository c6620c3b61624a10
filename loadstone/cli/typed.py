"""The command as it was typed, without what must not be kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping

__all__ = ["typed"]

DSN = "--dsn"
NAMED = "{env.DATABASE_URL}"  # stands where a DSN was written out, whose password is nobody's


def typed(hidden: Mapping[str, str] = {}) -> tuple[str, ...]:
    """The command line as words; words of ``hidden`` are replaced, and a DSN by a variable that may hold it."""
    words = ["loadstone"]
    dsn_follows = False
    for word in sys.argv[1:]:
        if dsn_follows and not word.startswith("{env."):
            words.append(NAMED)
        elif word.startswith(f"{DSN}=") and not word.startswith(f"{DSN}={{env."):
            words.append(f"{DSN}={NAMED}")
        else:
            words.append(hidden.get(word, word))
        dsn_follows = word == DSN
    return tuple(words)
