"""The receiver as a child process: started away from the generator, told when the load has ended, ended in order.

It runs in a session of its own, so that Ctrl-C reaches the run first; it ends when this process does, however that
happens, because its standard input ends then.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from loadstone.errors import InstrumentError
from loadstone.gather.otlp.report import Ready, ReceiverReport, read_report
from loadstone.gather.otlp.spool import cut_torn, files

__all__ = ["Ended", "Receiver", "away_from_generator"]

READY_S = 20.0
"""How long the process may take until it listens: half a second on a quiet machine."""

END_S = 15.0
"""How long it may take to end: what it grants to requests under way, and time to write."""

_LAST_BYTES = 2000

# glibc gives memory of a body's size back to the kernel after each request and takes it anew, page fault by page fault:
# 1.8 us a span instead of 1.1 (benches/receiver.py). Other libraries ignore these.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "67108864", "MALLOC_MMAP_THRESHOLD_": "33554432"}


class Ended(msgspec.Struct, frozen=True):
    """How a receiver ended. ``killed_by`` is the name of the signal where it did not end by itself, ``torn_bytes`` what
    was cut off the spool's last frame."""

    report: ReceiverReport | None
    spool: tuple[Path, ...]
    killed_by: str | None = None
    torn_bytes: int = 0


class Receiver:
    """A receiver that listens. Raises InstrumentError when it cannot; ``options`` are further words for it."""

    def __init__(
        self, spool: Path, port: int = 0, *, grpc_port: int | None = None, options: tuple[str, ...] = ()
    ) -> None:
        self._spool = spool
        self._log = spool / "receiver.log"
        words = [sys.executable, "-P", "-m", "loadstone.gather.otlp.receive", "--with-parent"]
        words += ["--spool", str(spool), "--port", str(port)]
        if grpc_port is not None:
            words += ["--grpc-port", str(grpc_port)]
        cores = away_from_generator()
        if cores:
            words += ["--cores", cores]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*words, *options],
                env={**_KEEP_MEMORY, **os.environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._ready = self._wait()
        except BaseException:
            self._kill()
            raise

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it takes OTLP over HTTP, on 127.0.0.1."""
        return self._ready.port

    @property
    def grpc_port(self) -> int | None:
        """Where it takes OTLP over gRPC, if it does."""
        return self._ready.grpc_port

    @property
    def endpoint(self) -> str:
        """The value of OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self.port}"

    def report(self) -> ReceiverReport | None:
        """What it last said of itself, at most a second or so old."""
        return read_report(self._spool)

    def load_ended(self) -> None:
        """What comes from now on counts as late."""
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(OSError):  # it is gone; end() says so
                stdin.write(b"late\n")
                stdin.flush()

    def end(self) -> Ended:
        """End it, and read what it left. Never raises for what became of the process."""
        early = self._process.poll()
        if early is None:
            with suppress(OSError):
                assert self._process.stdin is not None
                self._process.stdin.close()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._kill()
        self._close_pipes()
        code = self._process.returncode
        spool = files(self._spool)
        torn = sum(cut_torn(path) for path in spool)
        killed_by = None if code == 0 else _ending(code)
        return Ended(read_report(self._spool), tuple(spool), killed_by, torn)

    def _wait(self) -> Ready:
        stdout = self._process.stdout
        assert stdout is not None
        line = b""
        deadline = time.monotonic() + READY_S
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(deadline - time.monotonic()):
                    raise InstrumentError(f"the trace receiver did not listen within {READY_S:g} s{self._told()}")
                some = os.read(stdout.fileno(), 4096)
                if not some:
                    self._process.wait()
                    raise InstrumentError(self._told().strip() or "the trace receiver ended before it listened")
                line += some
        return msgspec.json.decode(line, type=Ready)

    def _told(self) -> str:
        with suppress(OSError):
            text = self._log.read_bytes()[-_LAST_BYTES:].decode(errors="replace").strip()
            return f"\n{text}" if text else ""
        return ""

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def away_from_generator() -> str | None:
    """The core for the receiver: the last of this process's mask, None where it has one core or no such mask.

    The generator's threads are not pinned; on an otherwise idle machine the scheduler leaves them the other cores.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return str(cores[-1]) if len(cores) > 1 else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
