"""The collector of host metrics: the machine, the service, the generator and the control group, once a second."""

from __future__ import annotations

from collections.abc import Callable

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.host.sampler import PROC, Sampler
from loadstone.model.evidence import Missing

__all__ = ["HostMetrics"]

INTERVAL_S = 1.0


class HostMetrics:
    """A ``Collector``. ``receiver`` answers with the trace receiver's process, whose cost is told apart."""

    name = "host"

    def __init__(self, interval_s: float = INTERVAL_S, receiver: Callable[[], int | None] = lambda: None) -> None:
        self._interval_s = interval_s
        self._receiver = receiver
        self._scene: Scene | None = None
        self._sampler: Sampler | None = None

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Nothing is changed about the service."""
        self._scene = scene
        return start

    def open(self) -> None:
        """Begin to look."""
        scene = self._scene
        if scene is None or not (PROC / "stat").exists():
            return
        self._sampler = Sampler(scene.pids, lambda: (scene.generator,), self._receivers, self._interval_s)
        self._sampler.start()

    def mark(self, phase: str) -> None:
        """Rows have instants; phases have too."""

    def stop(self) -> None:
        """Look a last time: the service is still there."""
        if self._sampler is not None:
            self._sampler.stop()

    def close(self) -> Gathered:
        """Hand over what was seen."""
        sampler = self._sampler
        if sampler is None:
            reason = "could not look: this system has no /proc" if self._scene else "the run ended before it began"
            return Gathered(missing=(Missing("host", reason, "run on Linux for host and process metrics"),))
        sampler.stop()
        return Gathered(
            tables={"host": sampler.rows.columns()},
            missing=tuple(_missing(sampler)),
            cpu_s=sampler.cpu_s,
            cost=f"{sampler.looks} looks at /proc from a thread of the generator's process; none inside the service",
        )

    def _receivers(self) -> tuple[int, ...]:
        pid = self._receiver()
        return () if pid is None else (pid,)


def _missing(sampler: Sampler) -> list[Missing]:
    found: list[Missing] = []
    if sampler.failure is not None:
        reason = f"looking ended early with {type(sampler.failure).__name__}"
        found.append(Missing("host", reason, "please report this"))
    pressure = sorted(name for name in sampler.unreadable if name.startswith("pressure/"))
    if pressure:
        advice = (
            "the kernel needs CONFIG_PSI, on some distributions psi=1 on its command line; a container needs the file"
        )
        found.append(Missing("host: pressure", f"/proc/{pressure[0]} cannot be read", advice))
    others = sorted(sampler.unreadable - set(pressure))
    if others:
        found.append(Missing("host", f"not readable under /proc: {', '.join(others)}", "look at how /proc is mounted"))
    _, service = sampler.trees["service", None]
    if service.hidden:
        told = "; ".join(sorted(service.hidden))
        advice = "run Loadstone as the service's user, or with CAP_SYS_PTRACE"
        found.append(Missing("host: service", f"hidden, of some of the service's processes: {told}", advice))
    if sampler.strange_network:
        reason = "the service has a network namespace of its own; the network's figures are the machine's"
        found.append(Missing("host: network", reason, "run Loadstone within that namespace"))
    if not service.seen:
        advice = "let Loadstone start the service, or give its process with --pid"
        found.append(Missing("host: service", "the service's processes are not known", advice))
    elif sampler.cgroup is None:
        found.append(Missing("host: cgroup", "the service's control group cannot be read", "mount /sys/fs/cgroup"))
    return found
