"""Many exchanges with one service: each obstacle once, with how many met it, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loadstone.model.discovery import Obstacle
from loadstone.traffic.crawl.obstacles.met import Met, place_of
from loadstone.traffic.crawl.obstacles.network import obstacle_of_failure
from loadstone.traffic.crawl.obstacles.replies import obstacle_of_reply

__all__ = ["FAILURES", "obstacles_of"]

FAILURES = ("connect", "dns", "tls", "timeout", "reset", "protocol")
"""Error kinds of the engine with which no reply came."""

MOSTLY = 0.5
"""Share of the requests from which on failures inside the service are an obstacle: fewer are what is measured."""

_SELDOM_TOLD = ("failing", "gateway")
_LIMITS = ("x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit", "ratelimit-policy")


def obstacles_of(url: str, met: Sequence[Met], greeting: bytes = b"") -> tuple[Obstacle, ...]:
    """What stands between these requests and a measurement of the service at ``url``; nothing for most.

    Where no request got a reply it is one obstacle, read from the commonest failure and, if there was one, from the
    ``greeting`` with which the port answered when it was asked again.
    """
    total = sum(one.count for one in met)
    if not total:
        return ()
    silent = [one for one in met if one.failure in FAILURES]
    if sum(one.count for one in silent) == total:
        worst = max(silent, key=lambda one: one.count)
        return (obstacle_of_failure(url, worst.failure or "", worst.message, greeting),)
    if all(one.status == 404 and one.error for one in met):
        return (_unknown_paths(url),)
    found: dict[str, tuple[Obstacle, int]] = {}
    for one in met:
        if (obstacle := obstacle_of_reply(url, one)) is not None:
            first, count = found.get(obstacle.code, (obstacle, 0))
            found[obstacle.code] = (first, count + one.count)
    told = [
        _counted(obstacle, count, total)
        for obstacle, count in sorted(found.values(), key=lambda pair: (not pair[0].fatal, -pair[1]))
        if obstacle.code not in _SELDOM_TOLD or count >= MOSTLY * total
    ]
    if "rate-limited" not in found and (ahead := _limit_ahead(met)) is not None:
        told.append(ahead)
    return tuple(told)


def _counted(obstacle: Obstacle, count: int, total: int) -> Obstacle:
    if total == 1:
        return obstacle
    share = f"all {total}" if count == total else f"{count} of {total}"
    return msgspec.structs.replace(obstacle, sentence=f"{obstacle.sentence[:-1]}; {share} requests met this.")


def _unknown_paths(url: str) -> Obstacle:
    sentence = f"{place_of(url)} knows none of the paths that it was asked for (404)."
    advice = (
        "Check that this is the service (another may have this port), and the prefix of its paths, such as /api/v1."
    )
    return Obstacle("not-found", sentence, advice)


def _limit_ahead(met: Sequence[Met]) -> Obstacle | None:
    """A limit that nobody has met yet, told by the headers of good replies."""
    for one in met:
        for name in _LIMITS:
            if one.status and (limit := one.header(name)):
                sentence = f"The service tells of a rate limit ({name}: {limit[:60]}) that a load test will meet."
                advice = "Raise or switch off the limit for this machine's address while you measure."
                return Obstacle("rate-limit-ahead", sentence, advice)
    return None
