"""The collector of traces: a receiver for the length of the run, and the service told to export to it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from loadstone.errors import LoadstoneError
from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.otlp.decoding import Documents, Spooled
from loadstone.gather.otlp.otel import endpoint_env, instrumented
from loadstone.gather.otlp.report import REPORT
from loadstone.gather.otlp.supervisor import Ended, Receiver
from loadstone.model.evidence import Coverage, Missing

__all__ = ["LATE_S", "Traces"]

LATE_S = 6.0
"""How long late spans are waited for from a service that goes on living: exporters send every 5 s unless told otherwise
(OTEL_BSP_SCHEDULE_DELAY in the OpenTelemetry specification)."""


class _Mark(msgspec.Struct):
    """What a Python process says of itself when it has loaded the packages."""

    pid: int
    trouble: str | None


class Traces:
    """A ``Collector``. In mode ``otel`` a service that Loadstone starts gets the official packages; in mode ``receive``
    it is told where to export, unless its environment says so already. ``port`` 0 takes any free one."""

    name = "traces"

    def __init__(
        self,
        mode: Literal["receive", "otel"] = "receive",
        port: int = 0,
        grpc: bool = False,
        *,
        grpc_port: int = 0,
        late_s: float = LATE_S,
    ) -> None:
        self._mode = mode
        self._port = port
        self._grpc_port = grpc_port if grpc else None
        self._late_s = late_s
        self._receiver: Receiver | None = None
        self._scene: Scene | None = None
        self._started = False
        self._stopped_at: float | None = None
        self._marks: Path | None = None
        self._troubles: dict[int, str] = {}
        self._elsewhere: str | None = None
        self._missing: list[Missing] = []

    @property
    def endpoint(self) -> str | None:
        """Where it listens, as the value of OTEL_EXPORTER_OTLP_ENDPOINT; None when it does not."""
        return None if self._receiver is None else self._receiver.endpoint

    @property
    def pid(self) -> int | None:
        """The receiver's process."""
        return None if self._receiver is None else self._receiver.pid

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Start the receiver, and tell the service of it."""
        self._scene = scene
        self._started = start is not None
        try:
            self._receiver = Receiver(scene.spool, self._port, grpc_port=self._grpc_port)
        except LoadstoneError as error:
            self._missing.append(Missing("traces", str(error), _way_out(self._port)))
            return start
        if start is None:
            return None
        if self._mode == "otel":
            self._marks = scene.spool / "marks"
            self._marks.mkdir(mode=0o700)
            ready, missing = instrumented(start, self._receiver.endpoint, self._marks, scene.cwd)
            if missing is not None:
                self._marks = None
                self._missing.append(missing)
            return ready
        own = {**os.environ, **start.env}
        self._elsewhere = own.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or own.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        if self._elsewhere and not _is_ours(self._elsewhere, self._receiver.port):
            return start
        self._elsewhere = None
        return Start(start.argv, {**start.env, **endpoint_env(self._receiver.endpoint)})

    def open(self) -> None:
        """Nothing to do: it has been listening since before the service started."""

    def mark(self, phase: str) -> None:
        """Spans know their phase by their trace's ids."""

    def stop(self) -> None:
        """What comes from now on is late; and which processes never loaded the packages can be seen only now."""
        self._stopped_at = time.monotonic()
        if self._receiver is not None:
            self._receiver.load_ended()
        if self._marks is not None and self._scene is not None:
            self._troubles = _troubles(self._scene.pids(), self._marks)

    def close(self) -> Gathered:
        """Wait for late spans where the service lives on, end the receiver, hand over what is in the spool."""
        receiver, scene = self._receiver, self._scene
        if receiver is None or scene is None:
            return Gathered(missing=tuple(self._missing))
        if not self._started and self._stopped_at is not None:
            report = receiver.report()
            if report is not None and report.counts.taken:
                time.sleep(max(0.0, self._stopped_at + self._late_s - time.monotonic()))
        ended = receiver.end()
        report = ended.report
        self._missing += _lost(ended)
        told = {} if report is None else {REPORT: msgspec.json.format(msgspec.json.encode(report))}
        spooled = Spooled(ended.spool, scene.redaction)
        if report is not None and not report.counts.spans:
            self._missing += self._silence(receiver.endpoint)
        return Gathered(
            tables={"spans": spooled},
            documents=Documents(told, spooled),
            coverage=tuple(
                Coverage(pid, "opentelemetry", None, "not loaded", note=trouble)
                for pid, trouble in sorted(self._troubles.items())
            ),
            missing=tuple(self._missing),
            cpu_s=None if report is None else report.cpu_s,
            cost=_cost(self._mode) if self._started else None,
        )

    def _silence(self, endpoint: str) -> list[Missing]:
        if self._elsewhere:
            advice = "take OTEL_EXPORTER_OTLP_ENDPOINT out of the service's environment for this run"
            return [
                Missing("traces", f"the service exports to {_bare(self._elsewhere)} by its own environment", advice)
            ]
        if self._started and self._mode == "receive":
            return []  # another collector looks into the service; that it exports nothing itself is no lack
        if self._started and self._missing:
            return []
        advice = f"set OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} and OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf there"
        return [Missing("traces", f"no spans came to {endpoint}", advice)]


def _lost(ended: Ended) -> list[Missing]:
    """What the receiver's end and its refusals took away."""
    found: list[Missing] = []
    report = ended.report
    if ended.killed_by is not None:
        torn = f"; the last {ended.torn_bytes} bytes were torn off" if ended.torn_bytes else ""
        found.append(
            Missing(
                "spans",
                f"the trace receiver ended with {ended.killed_by} before it was told to{torn}; later spans are lost",
                "look for what killed it (dmesg tells of the kernel's out-of-memory killer) and run again",
            )
        )
    if report is None:
        return found
    refused = report.counts.refused
    advices = {
        "garbage": "the exporter sends what is not OTLP; update it, or export http/protobuf",
        "too_large": "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE in the service",
        "busy": "lower the load, or raise OTEL_BSP_MAX_EXPORT_BATCH_SIZE; exporters try again after a refusal",
        "full": "free the disk, shorten the run or sample: OTEL_TRACES_SAMPLER=parentbased_traceidratio",
        "slow": "the exporter did not finish its requests in time; look for a stalled service",
        "failed": "please report this with the run's directory",
        "cut_off": "requests ended in the middle: the service was killed, or its exporter gave up",
    }
    for reason, advice in advices.items():
        count = refused.get(reason)  # type: ignore[call-overload]
        if count:
            requests = "1 request" if count == 1 else f"{count} requests"
            found.append(Missing("spans", f"the trace receiver refused {requests}: {reason.replace('_', ' ')}", advice))
    return found


def _troubles(pids: set[int], marks: Path) -> dict[int, str]:
    """Processes that did not load the packages or not without trouble, as far as their marks and /proc tell."""
    found: dict[int, str] = {}
    marked = set()
    for path in marks.glob("*.json"):
        try:
            mark = msgspec.json.decode(path.read_bytes(), type=_Mark)
        except (OSError, msgspec.DecodeError):
            continue
        marked.add(mark.pid)
        if mark.trouble:
            found[mark.pid] = mark.trouble
    for pid in pids - marked:
        try:
            program = Path(f"/proc/{pid}/exe").readlink().name
        except OSError:
            continue
        if program.startswith(("python", "pypy")):
            found[pid] = "a Python process that did not load the packages"
    return found


def _cost(mode: str) -> str:
    if mode == "otel":
        return "the OpenTelemetry packages run inside the service; the bare run beside this one shows their price"
    return "the service's own exporter, if it has one, sends here"


def _way_out(port: int) -> str:
    return "free the port or choose another with --otlp-port" if port else "please report this"


def _is_ours(url: str, port: int) -> bool:
    """Whether an endpoint is this machine's and this port: the user has asked for the same."""
    parts = urlsplit(url)
    try:
        return parts.hostname in ("127.0.0.1", "localhost", "::1") and parts.port == port
    except ValueError:
        return False


def _bare(url: str) -> str:
    """The address without userinfo."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
