"""How much a look at a service may ask of it."""

from __future__ import annotations

import msgspec

__all__ = ["Limits"]


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one look. What each is for stands in the order of use.

    ``requests`` and ``seconds`` are for all of it, pauses included; ``reply_s`` and ``reply_bytes`` for one reply, of
    which ``document_bytes`` may be as long as a description of an API is (GitHub's has 9 MB). ``depth`` counts links
    from the first page. ``alike`` pages of one template are looked at; ``siblings`` names under one path are taken as
    they stand, more are taken for values (``front`` under ``/``, where menus are). ``queue`` links are held.
    """

    requests: int = 150
    seconds: float = 30.0
    pause_s: float = 0.02
    reply_s: float = 5.0
    reply_bytes: int = 1_048_576
    document_bytes: int = 16_777_216
    depth: int = 4
    alike: int = 3
    siblings: int = 12
    front: int = 40
    queue: int = 1_000
    redirects: int = 10
