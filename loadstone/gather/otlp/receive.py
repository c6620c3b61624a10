"""The receiver's process: ``python -m loadstone.gather.otlp.receive --spool DIR [--port 4318] [--grpc-port 4317]``.

Prints one line of JSON once it listens (port, grpc_port, pid), then nothing. Ends on SIGTERM or SIGINT, and with
``--with-parent`` when its standard input does: what is under way is finished and ``receiver.json`` written. A line
``late`` on standard input says that the load has ended.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import uvicorn

from loadstone.errors import InstrumentError, LoadstoneError, SpecError
from loadstone.gather.otlp.connection import Connection, close_slow
from loadstone.gather.otlp.endpoint import Endpoint
from loadstone.gather.otlp.intake import Check, Intake, Limits
from loadstone.gather.otlp.report import Ready, ReceiverReport, write_report
from loadstone.gather.otlp.spool import Spool

__all__ = ["DRAIN_S", "main"]

DRAIN_S = 5.0
"""How long requests that are under way may take once the end was asked for."""

TOLD_EVERY_S = 1.0
KEEP_ALIVE_S = 75.0  # exporters send every 5 s (OTEL_BSP_SCHEDULE_DELAY); nginx keeps connections as long
CONNECTIONS = 2048
BACKLOG = 1024


class _Server(uvicorn.Server):
    """uvicorn raises the signal again that ended it, and the process would be gone before its report."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Receiver:
    """One run of the process."""

    def __init__(self, options: argparse.Namespace, check: Check) -> None:
        self._directory: Path = options.spool
        limits = Limits(options.body_bytes, options.in_flight_bytes, options.spool_bytes, options.body_s)
        self._intake = Intake(Spool(options.spool, limits.spool_bytes), check, limits)
        self._socket = _listener(options.host, options.port)
        self._options = options
        self._server = _Server(
            uvicorn.Config(
                Endpoint(self._intake),
                http=Connection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=int(KEEP_ALIVE_S),
                timeout_graceful_shutdown=int(DRAIN_S),
                limit_concurrency=CONNECTIONS,
            )
        )
        self._started_ns = time.time_ns()
        self._starting_cpu_s = 0.0
        self._slow_heads = 0
        self._ready = Ready(0, None, os.getpid())

    async def run(self) -> None:
        """Serve until the end is asked for."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        self._socket.listen(BACKLOG)
        grpc = None
        if self._options.grpc_port is not None:
            from loadstone.gather.otlp.grpc_endpoint import GrpcEndpoint

            grpc = GrpcEndpoint(self._intake)
            await grpc.start(self._options.host, self._options.grpc_port)
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0)
        self._ready = Ready(self._socket.getsockname()[1], grpc.port if grpc else None, os.getpid())
        self._starting_cpu_s = _cpu_s()
        self._tell("running")
        print(msgspec.json.encode(self._ready).decode(), flush=True)
        if self._options.with_parent:
            loop.add_reader(sys.stdin.fileno(), self._heard)
        telling = asyncio.create_task(self._tell_each_second())
        await serving
        if grpc is not None:
            await grpc.stop(DRAIN_S)
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        self._tell("ended")

    def _heard(self) -> None:
        said = os.read(sys.stdin.fileno(), 4096)
        if said:
            self._intake.late = True
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._end()

    def _end(self) -> None:
        self._server.should_exit = True

    async def _tell_each_second(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            self._slow_heads += close_slow(self._server.server_state.connections, self._options.head_s)
            self._tell("running")

    def _tell(self, status: str) -> None:
        report = ReceiverReport(
            format=1,
            status="ended" if status == "ended" else "running",
            pid=self._ready.pid,
            port=self._ready.port,
            grpc_port=self._ready.grpc_port,
            started_ns=self._started_ns,
            written_ns=time.time_ns(),
            cpu_s=_cpu_s() - self._starting_cpu_s,
            starting_cpu_s=self._starting_cpu_s,
            rss_bytes=_most_resident_bytes(),
            spool_bytes=self._intake.spool_bytes,
            slow_heads=self._slow_heads,
            counts=self._intake.counts,
        )
        with suppress(OSError):  # a full disk is told by the refusals; the last report that fitted stays
            write_report(self._directory, report)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _most_resident_bytes() -> int:
    """Where /proc tells, from there: ru_maxrss begins with what the process held that started this one."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InstrumentError(f"the trace receiver cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _pin(cores: str) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    limits = Limits()
    parser = argparse.ArgumentParser(prog="python -m loadstone.gather.otlp.receive", description=__doc__)
    parser.add_argument("--spool", type=Path, required=True, help="an existing directory for what comes")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine; loopback if not given")
    parser.add_argument("--port", type=int, default=4318, help="OTLP over HTTP; 0 takes any free one")
    parser.add_argument("--grpc-port", type=int, help="OTLP over gRPC too; needs loadstone[otlp-grpc]")
    parser.add_argument("--open-to-others", action="store_true", help="allow a host that is not loopback")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    parser.add_argument("--cores", help="run on these cores alone, such as 1 or 2,3")
    parser.add_argument("--body-bytes", type=int, default=limits.body_bytes)
    parser.add_argument("--in-flight-bytes", type=int, default=limits.in_flight_bytes)
    parser.add_argument("--spool-bytes", type=int, default=limits.spool_bytes)
    parser.add_argument("--body-s", type=float, default=limits.body_s, help="how long a body may take")
    parser.add_argument("--head-s", type=float, default=10.0, help="how long the head of a request may take")
    return parser.parse_args(words)


def _refuse_strangers(options: argparse.Namespace) -> None:
    try:
        loopback = ipaddress.ip_address(options.host).is_loopback
    except ValueError:
        raise SpecError(f"--host {options.host} is not an address; write one such as 127.0.0.1") from None
    if not loopback and not options.open_to_others:
        raise SpecError(
            f"--host {options.host} would let other machines write here\n"
            "    listen on 127.0.0.1, or add --open-to-others if that is meant"
        )


def _more_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        wanted = CONNECTIONS + 64
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard) if hard >= 0 else wanted), hard))


def main(words: Sequence[str] | None = None) -> int:
    """Run the receiver; the process's exit code. What it has to say of itself goes to standard error."""
    options = _arguments(words)
    logging.disable(logging.CRITICAL)  # a flood of garbage must not become a flood of log lines
    try:
        _refuse_strangers(options)
        if options.cores:
            _pin(options.cores)
        _more_descriptors()
        from loadstone.gather.spans import check

        receiver = _Receiver(options, check)
        asyncio.run(receiver.run())
    except LoadstoneError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"the trace receiver cannot work: {error.strerror}: {error.filename}", file=sys.stderr)
        return InstrumentError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
