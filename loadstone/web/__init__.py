"""The pages over the whole archive, on loopback: every run's, and one that is going as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadstone.archive import Archive

__all__ = ["serve"]


def serve(archive: Archive, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``ready`` is told the address once it can be opened; port 0 takes a free one.

    Raises InstrumentError when the address cannot be had.
    """
    from loadstone.web.server import run

    run(archive, host, port, ready)
