"""How a simulated service and generator behave: the fake engine's script, as data."""

from __future__ import annotations

import random

import msgspec

__all__ = ["Script", "Stall"]


class Stall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The service stands still from ``start_s``, for ``length_s``; what it was doing goes on afterwards."""

    start_s: float
    length_s: float


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the simulated service and the generator behave; times in seconds, all draws keyed by ``seed``.

    ``service`` is the distribution of a request's work, ``mean_s`` its mean (``sigma`` is lognormal's). With
    ``workers`` requests queue for that many; without, each is served at once. ``steps`` overrides ``mean_s`` by step
    name. A share ``error_share`` of requests answers with ``error_result`` (a status or an error kind). Every request
    is sent ``lag_s`` after its intended instant. What a generator tells of itself is taken as it stands:
    ``busiest_share``, ``late_share`` (of arrivals), ``clipped``, ``stalled`` (each per interval), ``cpu_s`` a request,
    and the host's shares.
    """

    seed: int = 1
    service: str = "exponential"
    mean_s: float = 0.01
    sigma: float = 0.5
    steps: dict[str, float] = {}
    workers: int | None = None
    stalls: tuple[Stall, ...] = ()
    error_share: float = 0.0
    error_result: str = "500"
    timeout_s: float = 10.0
    first_byte_share: float = 0.8
    lag_s: float = 0.00002
    busiest_share: float = 0.05
    late_share: float = 0.0
    dropped_share: float = 0.0
    clipped: int = 0
    stalled: int = 0
    cpu_per_request_s: float = 0.00002
    steal_share: float | None = None
    pressure_share: float | None = None
    busy_share: float | None = None

    def work(self, draw: random.Random, step: str) -> float:
        """One request's work in seconds. Raises ValueError for a distribution that it does not know."""
        mean = self.steps.get(step, self.mean_s)
        if self.service == "constant":
            return mean
        if self.service == "exponential":
            return draw.expovariate(1 / mean) if mean > 0 else 0.0
        if self.service == "lognormal":
            # exp(mu + sigma^2 / 2) is the mean.
            return mean * draw.lognormvariate(-(self.sigma**2) / 2, self.sigma)
        raise ValueError(f"service is constant, exponential or lognormal, not {self.service!r}")
