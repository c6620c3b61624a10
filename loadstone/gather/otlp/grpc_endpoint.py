"""OTLP over gRPC, the extra ``loadstone[otlp-grpc]``: the same intake behind generic handlers, no generated code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from loadstone.errors import InstrumentError
from loadstone.gather.otlp.intake import Intake, Outcome
from loadstone.gather.otlp.reply import exported
from loadstone.gather.otlp.spool import PROTOBUF

if TYPE_CHECKING:
    import grpc

__all__ = ["GrpcEndpoint"]

_TRACES = "/v1/traces"
_SERVICES = {
    "opentelemetry.proto.collector.trace.v1.TraceService": _TRACES,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "/v1/metrics",
    "opentelemetry.proto.collector.logs.v1.LogsService": "/v1/logs",
}

MESSAGE_BYTES = 16 * 1024 * 1024
CALLS = 32
"""A message is in memory as a whole before it can be counted, so these two bound what gRPC holds: 512 MiB."""


class GrpcEndpoint:
    """A server in the running event loop. Raises InstrumentError where grpcio is missing or the port is taken."""

    def __init__(self, intake: Intake) -> None:
        try:
            import grpc
            import grpc.aio
        except ImportError:
            raise InstrumentError(
                "OTLP over gRPC needs grpcio, which is not installed\n"
                "    pip install 'loadstone[otlp-grpc]', or let the service export http/protobuf"
            ) from None
        self._grpc = grpc
        self._intake = intake
        self._server: grpc.aio.Server | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; ``port`` is then the bound one."""
        grpc = self._grpc
        handlers = [
            grpc.method_handlers_generic_handler(
                service, {"Export": grpc.unary_unary_rpc_method_handler(self._export(path))}
            )
            for service, path in _SERVICES.items()
        ]
        self._server = grpc.aio.server(
            handlers=handlers,
            options=[
                ("grpc.max_receive_message_length", min(MESSAGE_BYTES, self._intake.limits.body_bytes)),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=CALLS,
        )
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            self.port = self._server.add_insecure_port(place)
        except RuntimeError as error:
            raise InstrumentError(f"the trace receiver cannot listen on {place} for gRPC") from error
        await self._server.start()

    async def stop(self, grace_s: float) -> None:
        """Finish what is under way."""
        if self._server is not None:
            await self._server.stop(grace_s)

    def _export(self, path: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
        intake = self._intake

        async def export(body: bytes, context: Any) -> bytes:  # noqa: ANN401  grpc.aio names no type for it
            intake.counts.requests += 1
            if path != _TRACES:
                return exported(PROTOBUF, 0, intake.drop(path).message)
            outcome = intake.take(body, PROTOBUF) if intake.room(len(body)) else intake.busy()
            if outcome.status != 200:
                await context.abort(self._code(outcome), outcome.message)
            return exported(PROTOBUF)

        return export

    def _code(self, outcome: Outcome) -> grpc.StatusCode:
        """Clients come again after UNAVAILABLE, not after the other (OTLP/gRPC, failures)."""
        codes = self._grpc.StatusCode
        return codes.INVALID_ARGUMENT if outcome.retry_after_s is None else codes.UNAVAILABLE
