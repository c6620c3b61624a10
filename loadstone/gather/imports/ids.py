"""Ids of traces and spans: hex as the formats say, base64 as protobuf's own JSON writes them, or numbers."""

from __future__ import annotations

import base64
import binascii
import hashlib

__all__ = ["SPAN", "TRACE", "derived", "identifier"]

TRACE, SPAN = 16, 8
"""Bytes of an id."""


def identifier(text: str | int | None, size: int) -> bytes | None:
    """The id in ``size`` bytes, filled up with zeros before it; None for what is no id, and for zeros throughout."""
    if not text:
        return None
    if isinstance(text, int):
        return text.to_bytes(size, "big") if 0 < text < 1 << 8 * size else None
    if len(text) == 2 * size:
        try:
            found = bytes.fromhex(text)
        except ValueError:
            return None
        return found if len(found) == size and any(found) else None
    return _unusual(text.strip(), size)


def _unusual(text: str, size: int) -> bytes | None:
    digits = text.removeprefix("0x").replace("-", "") if text.startswith("0x") or text.count("-") == 4 else text
    try:
        if len(digits) <= 2 * size:
            found = bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
            return found.rjust(size, b"\0") if any(found) else None
    except ValueError:
        pass
    if size == SPAN and len(digits) == 2 * TRACE:  # Datadog and others write a span's id with 128 bits
        return identifier(digits[16:], SPAN) if digits.startswith("0" * 16) else None
    try:
        found = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == size and any(found) else None


def derived(trace: bytes, span: bytes) -> bytes:
    """An id for the server's half of a span that client and server share: the same in every import."""
    return hashlib.blake2b(trace + span, digest_size=SPAN, person=b"server half").digest()
