"""The comment that sqlcommenter adds to a statement, and the trace that it names.

``/*traceparent='00-<trace id>-<span id>-03'*/``: W3C trace context, URL-encoded, among other keys. The last byte are
flags: 01 is sampled, and bit 02 says that the trace id is random (W3C Trace Context, level 2), so 03 is usual.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["trace_of"]

_TRACE = re.compile(r"traceparent\s*=\s*'([^']{55,120})'")
_CONTEXT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")


def trace_of(statement: str) -> tuple[bytes, bytes] | None:
    """Trace id (16 bytes) and span id (8 bytes) of the last comment that names them; None where none does.

    Two comments stand where two layers of a service add theirs; the last was added by the layer next to the database.
    """
    for found in reversed(_TRACE.findall(statement)):
        context = _CONTEXT.fullmatch(unquote(found).lower())
        if context is not None and int(context[1], 16) and int(context[2], 16):
            return bytes.fromhex(context[1]), bytes.fromhex(context[2])
    return None
