"""What may be kept of texts that came from users: literals and values become keyed hashes, names stay.

Equal values hash equally within a run, so that equality and distinct counts still work; nothing can be read back
without the run's key, which is never stored.
"""

from __future__ import annotations

import msgspec

__all__ = ["Redaction"]


class Redaction(msgspec.Struct, frozen=True):
    """``key`` is 32 hex digits. ``show`` names parameters whose values may be read ([service] show); ``written`` are
    name=value pairs that the spec itself holds."""

    key: str
    show: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
