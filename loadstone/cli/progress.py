"""What goes on, on stderr, for verbs that take a while without a load to watch; nothing where that is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

__all__ = ["Progress"]

ERASE = "\x1b[K"  # to the end of the line (ECMA-48, EL)


class Progress:
    """A line that is rewritten on a terminal. Quiet where asked, and where ``out`` is no terminal."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out = out
        self._silent = quiet or not out.isatty()
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._drawn:
            self._out.write(f"\r{ERASE}")
            self._out.flush()

    def doing(self, what: str) -> None:
        """Say what takes its time now."""
        self._write(what)

    def passed(self, seconds: float, whole: float) -> None:
        """Say how much of the time is over."""
        self._write(f"collecting  {seconds:.0f} of {whole:.0f} s")

    def _write(self, text: str) -> None:
        if not self._silent:
            self._out.write(f"\r{ERASE}{text}")
            self._out.flush()
            self._drawn = True
