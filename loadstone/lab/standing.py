"""Both sides of an experiment as they stand: up together where memory allows, else one at a time, one of them loaded.

A side that Loadstone started and that has ended is told by TargetError, with its last words; so is one that does not
come up. Nothing that was started here outlives ``close``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from loadstone.errors import TargetError
from loadstone.lab.processes import rss_bytes
from loadstone.lab.service import ServiceProcess, argv, ending
from loadstone.lab.sides import apart
from loadstone.lab.switch import switched
from loadstone.model.service import Service
from loadstone.model.side_run import Side

__all__ = ["ROOM_BYTES", "Made", "Standing", "Up", "memory_available_bytes"]

ROOM_BYTES = 256 * 2**20
"""Left free beside both services: what the generator and the system's caches need."""

TIMES = 2.0
"""Of what the first side takes must be free before the second is started too: it may take as much, and grow."""


class Made(NamedTuple):
    """How a side is had: ``service`` makes it anew for each start (with a port of its own), ``call`` switches to it."""

    service: Callable[[], Service]
    call: str | None = None


class Up(NamedTuple):
    """A side that is up. ``process`` is None where Loadstone did not start it."""

    service: Service
    process: ServiceProcess | None


class Standing:
    """The sides of one experiment. ``starting`` is told before one is started; ``patience`` ends waiting."""

    def __init__(
        self,
        sides: Mapping[Side, Made],
        logs: Path,
        *,
        starting: Callable[[Service], None] = lambda _: None,
        patience: Callable[[], bool] = lambda: True,
        available_bytes: Callable[[], int | None] | None = None,
    ) -> None:
        self._sides = sides
        self._logs = logs
        self._starting = starting
        self._patience = patience
        self._available_bytes = available_bytes or memory_available_bytes
        self._shared = any(side.call is not None for side in sides.values())
        self._up: dict[Side, Up] = {}
        self._together: bool | None = None

    @property
    def together(self) -> bool:
        """Whether both sides stay up for the whole experiment; False until that is known."""
        return bool(self._together)

    def ready(self, side: Side) -> Up:
        """The side, up and switched to. Raises TargetError when it has ended, does not come up or does not switch."""
        found = self._up.get(side)
        if found is None:
            found = self._start(side)
        self._living(side, found)
        if self._together is None:
            self._together = self._may_be_together(found)
            self._living(side, found)
        call = self._sides[side].call
        if call is not None:
            switched(found.service, call)
        return found

    def rest(self, side: Side) -> None:
        """The side's run is over: where only one can be up, it is stopped."""
        if not self.together:
            self._stop(side)

    def close(self) -> None:
        """Stop whatever was started."""
        for side in tuple(self._up):
            self._stop(side)

    def log(self, side: Side) -> Path:
        """Where the side's output is kept."""
        return self._logs / ("service.log" if self._shared else f"{side.lower()}.log")

    def _start(self, side: Side) -> Up:
        service = self._sides[side].service()
        if service.start is None:
            return self._put(side, Up(service, None))
        self._starting(service)
        try:
            process = ServiceProcess(service, argv(service) or (), self.log(side), service.env)
        except TargetError as error:
            raise TargetError(f"side {side}: {error}") from error
        try:
            process.wait_until_ready(lambda: self._patience() and not self._ended())
        except BaseException as error:
            process.stop()
            for name, up in self._up.items():
                self._living(name, up)  # one that ended meanwhile is the one to tell
            if isinstance(error, TargetError):
                raise TargetError(f"side {side}: {error}") from error
            raise
        return self._put(side, Up(service, process))

    def _ended(self) -> bool:
        """Whether a side that was up is no more."""
        return any(up.process is not None and up.process.exit_code() is not None for up in self._up.values())

    def _put(self, side: Side, up: Up) -> Up:
        for each in self._sides if self._shared else (side,):
            self._up[each] = up
        return up

    def _living(self, side: Side, up: Up) -> None:
        code = None if up.process is None else up.process.exit_code()
        if up.process is None or code is None:
            return
        lines = "\n".join(f"    | {line}" for line in up.process.last_lines()) or "    it wrote nothing"
        raise TargetError(f"side {side} has ended with {ending(code)}; its last lines, of {up.process.log}:\n{lines}")

    def _may_be_together(self, first: Up) -> bool:
        """Start the other side too, where it is at another place and memory allows."""
        if self._shared or len(self._sides) == 1:
            return True
        other = next(side for side in self._sides if side not in self._up)
        service = self._sides[other].service()
        if service.start is None or first.process is None:
            self._put(other, self._start(other))
            return True
        if not apart(first.service, service):
            return False
        taken, free = rss_bytes(first.process.pids()), self._available_bytes()
        if taken is None or free is None or free <= TIMES * taken + ROOM_BYTES:
            return False
        self._start(other)
        return True

    def _stop(self, side: Side) -> None:
        up = self._up.pop(side, None)
        if (
            up is not None
            and up.process is not None
            and all(each.process is not up.process for each in self._up.values())
        ):
            up.process.stop()


def memory_available_bytes(path: Path = Path("/proc/meminfo")) -> int | None:
    """What the system can give without swapping (proc(5), MemAvailable); None where it does not tell."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None
