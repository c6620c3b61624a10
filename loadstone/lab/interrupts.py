"""Ctrl-C, SIGTERM and a closed terminal as counts that a loop may look at, so that a run always ends in order."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENOUGH = 3  # whoever asks a third time wants out at once: the archive is readable as it is


class Interrupts:
    """While entered, the first signals are counted; the third raises KeyboardInterrupt.

    Outside the main thread, where Python cannot handle signals, nothing is ever counted.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue  # started by nohup: it is to outlive its terminal
                self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count >= _ENOUGH:
            raise KeyboardInterrupt
