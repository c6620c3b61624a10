"""Workload x Shape x Service x objectives -> the plan that the engine is given, and the form that the archive keeps."""

from __future__ import annotations

import os
import secrets as chance
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, urlsplit

import msgspec

from loadstone.drive.body import compile_body
from loadstone.errors import SpecError
from loadstone.model import template
from loadstone.model.quantity import format_rate
from loadstone.model.service import Auth, Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import Feed, Journey, Step, Think, Workload

__all__ = ["Plan", "Recording", "compile_plan", "secret_names"]

HEAD_BYTES = 262_144  # a larger head is the error kind "protocol"
BODY_BYTES = 67_108_864  # a larger body that a step must keep is "protocol" too
CONNECTIONS = 10_000
JOURNEYS = 100_000
MOST_VARIANCE = 50.0  # as in the engine: with more, 84 windows of 100 are silent

# What urllib leaves as it stands in a target's literal text: RFC 3986 reserved characters, and % for what is encoded.
TARGET_SAFE = "%:/?#[]@!$&'()*+,;=~"


class Plan(msgspec.Struct, frozen=True):
    """``engine`` goes into ``loadstone.drive.engine.native``; ``archive`` is the same with neither secrets nor rows.

    Both are JSON of docs/formats.md. ``thresholds`` in them stand in the order of the objectives that have a limit.
    """

    engine: bytes
    archive: bytes


OBSERVED_UNIFORM = 20_000
"""Requests of a step that an observed run keeps whole: usually all, so that a diagnosis knows when each was sent."""


class Recording(msgspec.Struct, frozen=True):
    """What the engine keeps beside the intervals: samples per step, and whole exchanges for ``check``."""

    interval_s: float = 1.0
    slowest: int = 50
    failed: int = 50
    uniform: int = 100
    exchanges: bool = False


def compile_plan(
    workload: Workload,
    shape: Shape,
    service: Service,
    slos: tuple[Slo, ...] = (),
    *,
    seed: int,
    cores: int = 1,
    connections: int = CONNECTIONS,
    nonce: int = 0,
    recording: Recording | None = None,
    environment: Mapping[str, str] | None = None,
    hash_key: str | None = None,
) -> Plan:
    """Compile one run.

    ``nonce`` is the run's 32-bit number in trace ids, used when the workload asks for a share. ``environment`` is
    where secrets are read (the process's own by default), ``hash_key`` 32 hex digits (fresh ones by default).
    Raises SpecError when a variable of the environment is missing or the nouns do not fit together.
    """
    names = secret_names(service, workload)
    values = _secrets(names, os.environ if environment is None else environment)
    columns = {
        (feed.name, column): (index, position)
        for index, feed in enumerate(workload.feeds)
        for position, column in enumerate(feed.columns)
    }
    parts = _Parts(columns)
    kept = recording or Recording()
    target = _target(service, parts)
    prefix = urlsplit(service.url).path.rstrip("/")
    numbers = iter(range(1, 65_536))
    document: dict[str, object] = {
        "format": 1,
        "seed": seed,
        "target": target,
        "secrets": values,
        "feeds": [
            {"name": feed.name, "columns": feed.columns, "rows": feed.rows, **_order(feed)} for feed in workload.feeds
        ],
        "journeys": [_journey(journey, prefix, numbers, parts) for journey in workload.journeys],
        "shape": _shape(shape),
        "thresholds": [
            {"journey": slo.journey, "step": slo.step, "limit_ns": _ns(slo.objective.limit_s)}
            for slo in slos
            if slo.objective.limit_s is not None
        ],
        "limits": {
            "cores": cores,
            "connections": connections,
            "journeys": JOURNEYS,
            "head_bytes": HEAD_BYTES,
            "body_bytes": BODY_BYTES,
        },
        "record": {
            "interval_ns": _ns(kept.interval_s),
            "slowest": kept.slowest,
            "failed": kept.failed,
            "uniform": kept.uniform,
            "exchanges": kept.exchanges,
            "hash_key": hash_key or chance.token_hex(16),
            "trace": {"share": workload.trace_share, "nonce": nonce} if workload.trace_share else None,
        },
    }
    return Plan(msgspec.json.encode(document), msgspec.json.encode(_archived(document, workload)))


def secret_names(service: Service, workload: Workload) -> tuple[str, ...]:
    """Names of the environment that the templates ask for, sorted."""
    found: set[str] = set()
    for text in _texts(service, workload):
        found |= {part.name for part in template.parse(text) if isinstance(part, template.Secret)}
    return tuple(sorted(found))


class _Parts:
    """Renders template parts as data, with a feed's columns by their index."""

    def __init__(self, columns: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        self._columns = columns

    def __call__(self, parts: tuple[template.Part, ...], encode: template.Encode) -> list[dict[str, object]]:
        try:
            return template.data(parts, encode, self._columns)
        except KeyError as error:
            feed, column = error.args[0]
            raise SpecError(f"no feed has the column {{{feed}.{column}}}") from error

    def text(self, text: str) -> list[dict[str, object]]:
        return self(template.parse(text), "none")


def _texts(service: Service, workload: Workload) -> Iterator[str]:
    if service.auth:
        yield from (text for text in (service.auth.user, service.auth.password, service.auth.bearer) if text)
    for journey in workload.journeys:
        for step in journey.actions:
            if isinstance(step, Step):
                yield step.target
                yield from step.headers.values()
                yield from _strings(step.body.value if step.body else None)


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list() | tuple():
            for inner in value:
                yield from _strings(inner)


def _secrets(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in names if name not in environment]
    if missing:
        listed = ", ".join(missing)
        plural = "variables are" if len(missing) > 1 else "variable is"
        raise SpecError(
            f"the environment {plural} not set: {listed}\n    set it for this command: {missing[0]}=… loadstone run"
        )
    return {name: environment[name] for name in names}


def _target(service: Service, parts: _Parts) -> dict[str, object]:
    url = urlsplit(service.url)
    return {
        "scheme": url.scheme,
        "host": url.hostname,
        "port": url.port or (443 if url.scheme == "https" else 80),
        "tls": {"ca_file": service.tls.ca_file, "verify": service.tls.verify},
        "auth": _auth(service.auth, parts),
    }


def _auth(auth: Auth | None, parts: _Parts) -> dict[str, object] | None:
    if auth is None:
        return None
    if auth.bearer is not None:
        return {"bearer": parts.text(auth.bearer)}
    return {"basic": {"user": parts.text(auth.user or ""), "password": parts.text(auth.password or "")}}


def _journey(journey: Journey, prefix: str, numbers: Iterator[int], parts: _Parts) -> dict[str, object]:
    ops = [
        _think(action) if isinstance(action, Think) else _request(action, prefix, numbers, parts)
        for action in journey.actions
    ]
    made: dict[str, object] = {"name": journey.name, "weight": journey.weight, "ops": ops}
    if journey.start is not None:
        made["start"] = journey.start
    if journey.leads_back:
        made["most"] = journey.most
    return made


def _request(step: Step, prefix: str, numbers: Iterator[int], parts: _Parts) -> dict[str, object]:
    number = next(numbers, None)
    if number is None:
        raise SpecError("a plan has at most 65,535 steps")
    own_type = next((value for name, value in step.headers.items() if name.lower() == "content-type"), None)
    made = {
        "op": "request",
        "step": step.name,
        "number": number,
        "method": step.method.upper(),
        "target": _path(step.target, prefix, parts),
        "headers": [{"name": name.lower(), "value": parts.text(value)} for name, value in step.headers.items()],
        "body": compile_body(step.body, own_type, parts) if step.body else None,
        "timeout_ns": _ns(step.timeout_s),
        "redirects": step.redirects,
        "check": {
            "status": step.check.status,
            "contains": step.check.contains,
            "regex": step.check.regex,
            "json": step.check.json,
        },
        "extract": [
            {"name": one.name, "source": one.source, "expression": one.expression, "pick": one.pick}
            for one in step.extract
        ],
    }
    if step.next is not None:
        made["next"] = step.next
    if step.pause is not None:
        made["pause"] = _pause(step.pause)
    return made


def _path(target: str, prefix: str, parts: _Parts) -> list[dict[str, object]]:
    """The target after the service's own path; a target that starts with a value (a link) stands alone."""
    read = template.parse(target)
    if prefix and read and isinstance(read[0], template.Text):
        read = (template.Text(prefix + read[0].text), *read[1:])
    return parts(
        tuple(template.Text(quote(p.text, TARGET_SAFE)) if isinstance(p, template.Text) else p for p in read), "url"
    )


def _think(think: Think) -> dict[str, object]:
    return {"op": "think", **_pause(think)}


def _pause(think: Think) -> dict[str, object]:
    head: dict[str, object] = {"distribution": think.distribution}
    match think.distribution:
        case "constant":
            return head | {"value_ns": _ns(think.value_s)}
        case "exponential":
            return head | {"mean_ns": _ns(think.value_s)}
        case "uniform":
            return head | {"low_ns": _ns(think.low_s), "high_ns": _ns(think.high_s)}
        case "lognormal":
            return head | {"median_ns": _ns(think.value_s), "sigma": think.sigma}


def _shape(shape: Shape) -> dict[str, object]:
    return {
        "arrivals": shape.arrivals,
        "phases": [
            {
                "name": phase.name,
                "rate_per_s": phase.rate_per_s,
                "users": phase.users,
                "duration_ns": _ns(phase.duration_s),
                "measured": phase.measured,
                **_bursts(shape, phase),
            }
            for phase in shape.phases
        ],
    }


def _bursts(shape: Shape, phase: Phase) -> dict[str, object]:
    """The variances of the rate's factors that give these indexes of dispersion at the phase's rate."""
    if not shape.bursts or shape.arrivals != "poisson" or not phase.rate_per_s:
        return {}
    from loadstone.stats.traffic.bursts import burst_variances

    windows = [burst.window_s for burst in shape.bursts]
    variances = burst_variances(phase.rate_per_s, windows, [burst.index for burst in shape.bursts])
    if max(variances) > MOST_VARIANCE:
        raise SpecError(
            f'{format_rate(phase.rate_per_s)} is too low a rate for the bursts of the shape "{shape.name}": most '
            "windows would be silent"
        )
    told = zip(windows, variances, strict=True)
    return {"bursts": [{"window_ns": _ns(window), "variance": variance} for window, variance in told if variance > 0]}


def _order(feed: Feed) -> dict[str, object]:
    """What is not the default is said: a plan that uses nothing new is written as it always was."""
    made: dict[str, object] = {"order": feed.order}
    if feed.order == "zipf":
        made |= {"exponent": feed.exponent, "shift": feed.shift}
    return made | ({"per": feed.per} if feed.per != "journey" else {})


def _archived(document: Mapping[str, object], workload: Workload) -> dict[str, object]:
    record = document["record"]
    values = document["secrets"]
    assert isinstance(record, dict) and isinstance(values, dict), "made above"
    return {
        **document,
        "secrets": {name: name for name in values},
        "feeds": [
            {"name": feed.name, "columns": feed.columns, "rows": len(feed.rows), **_order(feed)}
            for feed in workload.feeds
        ],
        "record": {key: value for key, value in record.items() if key != "hash_key"},
    }


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
