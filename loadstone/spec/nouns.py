"""From a document that was read without a problem to the nouns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadstone.model.guardrail import Guardrails, guard_of
from loadstone.model.service import Auth, Service, Tls
from loadstone.model.shape import Phase, Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import METHODS, Body, Check, Extraction, Feed, Journey, Step, Think, Workload
from loadstone.spec.document import Assumption, Spec, Unknown
from loadstone.spec.feeds import Rows
from loadstone.spec.guardrails import SLOS
from loadstone.spec.names import step_name

__all__ = ["make_spec"]

Read = Mapping[str, Any]
"""A table as the grammar read it."""

MOST = 1_000
"""Requests of one journey whose steps lead back, where the spec does not say."""


def make_spec(read: Read, path: Path, text: str, rows: Mapping[str, Rows]) -> Spec:
    """The spec of a document without problems; ``rows`` are the feeds' contents by name."""
    feeds = tuple(_feed(name, feed, rows[name]) for name, feed in read.get("feed", {}).items())
    slos = tuple(_slo(slo) for slo in read.get("slo", []))
    return Spec(
        path=str(path),
        text=text,
        service=_service(read, path.parent),
        workload=Workload(
            tuple(_journey(journey) for journey in read["journey"]), feeds, read.get("trace", {}).get("share")
        ),
        shapes={name: _shape(name, shape) for name, shape in read["shape"].items()},
        slos=slos,
        guardrails=_guardrails(read.get("guardrails"), slos),
        allow_hosts=read.get("allow_hosts", ()),
        labels=read.get("labels", {}),
        assumptions=tuple(Assumption(**one) for one in read.get("assumption", [])),
        unknowns=tuple(Unknown(**one) for one in read.get("unknown", [])),
    )


def _service(read: Read, folder: Path) -> Service:
    service = read["service"]
    tls, auth = read.get("tls", {}), read.get("auth")
    return Service(
        url=service["url"],
        start=service.get("start"),
        ready=service.get("ready"),
        ready_timeout_s=service.get("ready_timeout", 30.0),
        cwd=str((folder / service.get("cwd", ".")).resolve()),
        env=service.get("env", {}),
        instrument=service.get("instrument", True),
        dsn=service.get("dsn"),
        show=service.get("show", ()),
        tls=Tls(str((folder / tls["ca_file"]).resolve()) if "ca_file" in tls else None, tls.get("verify", True)),
        auth=Auth(**auth.get("basic", {}), bearer=auth.get("bearer")) if auth else None,
    )


def _feed(name: str, read: Read, rows: Rows) -> Feed:
    order, exponent, shift = read.get("order", ("sequential", 1.0, 0.0))
    return Feed(name, *rows, order, read["csv"], exponent, shift, read.get("per", "journey"))


def _journey(read: Read) -> Journey:
    return Journey(
        read["name"],
        read.get("weight", 1.0),
        tuple(step["think"] if "think" in step else _step(step) for step in read["step"]),
        _whole(read["start"], 1.0) if "start" in read else None,
        read.get("most", MOST),
    )


def _whole(probabilities: Mapping[str, float], least: float) -> dict[str, float]:
    """Scaled to add up to 1 where rounding left them above, or below ``least``."""
    total = sum(probabilities.values())
    scale = total if total > 1 or total < least else 1.0
    return {name: share / scale for name, share in probabilities.items()}


def _step(read: Read) -> Step | Think:
    method = next(method for method in METHODS if method in read)
    return Step(
        name=step_name(read) or method,
        method=method,
        target=read[method],
        headers=read.get("headers", {}),
        body=_body(read),
        timeout_s=read.get("timeout", 10.0),
        redirects=read.get("redirects", 0),
        check=Check(**read.get("check", {})),
        extract=tuple(
            Extraction(name, one.source, one.expression, one.pick) for name, one in read.get("extract", {}).items()
        ),
        next=_whole(read["next"], 0.0) if "next" in read else None,
        pause=read.get("pause"),
    )


def _body(read: Read) -> Body | None:
    if "json" in read:
        return Body("json", read["json"])
    if "form" in read:
        return Body("form", read["form"])
    return Body("text", read["body"]) if "body" in read else None


def _shape(name: str, read: Read) -> Shape:
    rate, users = read.get("rate"), read.get("users")
    phases = [Phase("warm-up", read["warm_up"], rate, users, measured=False)] if read.get("warm_up") else []
    phases.append(Phase(name, read["duration"], rate, users))
    return Shape(name, "closed" if users else read.get("arrivals", "poisson"), tuple(phases), read.get("bursts", ()))


def _slo(read: Read) -> Slo:
    journey, _, step = read.get("step", read.get("journey", "")).partition(".")
    objective = read["objective"]
    return Slo(read.get("name", objective.text), objective, journey or None, step or None)


def _guardrails(read: Read | None, slos: tuple[Slo, ...]) -> Guardrails:
    """Objectives first, then what the table says. Without the table none: the gate then has its defaults."""
    if read is None:
        return Guardrails()
    return Guardrails((*(guard_of(slo) for slo in slos if read[SLOS]), *read["guards"]))
