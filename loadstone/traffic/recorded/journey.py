"""A recording to a journey: a step for each exchange, pauses where somebody thought, values where they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from loadstone.model import template
from loadstone.model.recording import RecordedExchange, Recording
from loadstone.model.route import SAFE
from loadstone.model.workload import Check, Extraction, Journey, Step, Think
from loadstone.traffic.recorded.asked import Asked, Place, asked, places, put_together
from loadstone.traffic.recorded.credentials import Secrets, secret_of
from loadstone.traffic.recorded.dynamic import Dynamic
from loadstone.traffic.recorded.naming import Names, step_name

__all__ = ["LONGEST_PAUSE_S", "SHORTEST_PAUSE_S", "Made", "journey_of", "made_of"]

SHORTEST_PAUSE_S = 0.3
"""A shorter gap is the browser at work: nobody reads a page and decides in less (a reaction alone takes 0.2 s)."""

LONGEST_PAUSE_S = 600.0
"""A longer gap is somebody who went away; it is cut to this, and told."""

SLOWEST_S = 30.0
"""A step waits at least three times as long as the recording did, within these bounds."""


_MARK = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_DRAWN: dict[str, template.Part] = {
    "$guid": template.Counter("uuid"),
    "$randomUUID": template.Counter("uuid"),
    "$randomInt": template.Integer(0, 1000),
    "$timestamp": template.Integer(1_700_000_000, 1_900_000_000),
    "$randomEmail": template.Text("someone@example.com"),
}
"""What Postman draws itself, as far as a template can."""


class Made(NamedTuple):
    """A journey, what is to be said of it, and the values of the variables that it reads: in memory, for a replay.

    ``unproved`` are names of steps that use values found in one recording alone.
    """

    journey: Journey
    notes: tuple[str, ...]
    secrets: dict[str, str]
    unproved: tuple[str, ...] = ()


def journey_of(recording: Recording, dynamics: Sequence[Dynamic], name: str) -> tuple[Journey, tuple[str, ...]]:
    """The journey of a recording, and what is to be told of it. Raises ValueError where nothing of it can be sent."""
    made = made_of(recording, dynamics, name)
    return made.journey, made.notes


def made_of(recording: Recording, dynamics: Sequence[Dynamic], name: str) -> Made:
    """As ``journey_of``, with what a replay needs."""
    kept = [i for i, exchange in enumerate(recording.exchanges) if recording.kind == "postman" or exchange.status]
    if not kept:
        raise ValueError("the recording has no request that was answered")
    uses = _uses(dynamics)
    extracts = _extractions(dynamics)
    names, secrets, notes = Names(" "), Secrets(), []
    session = _session(recording, kept)
    unproved = _unproved(dynamics)
    actions: list[Step | Think] = []
    doubtful: list[str] = []
    pauses = 0
    for place, i in enumerate(kept):
        exchange = recording.exchanges[i]
        if place and (pause := _pause(recording.exchanges[kept[place - 1]], exchange)):
            actions.append(pause)
            pauses += 1
        request = asked(exchange)
        texts = _texts(request, uses.get(i, {}), secrets, recording.kind == "postman")
        step = _step(exchange, names, request, texts, extracts.get(i, ()), secrets if session else None)
        if recording.origin.startswith("https:") and exchange.method not in SAFE and exchange.request.header("referer"):
            step.headers["referer"] = f"{recording.origin}/"  # Django asks for it over TLS
        if i in unproved:
            doubtful.append(step.name)
        actions.append(step)
    notes += _told(recording, dynamics, kept, pauses, secrets, session)
    return Made(Journey(name, 1.0, tuple(actions)), tuple(notes), secrets.values, tuple(doubtful))


Spans = dict[Place, list[tuple[int, int, template.Part]]]


def _uses(dynamics: Sequence[Dynamic]) -> dict[int, Spans]:
    """Which letters of which places of each exchange are which value."""
    found: dict[int, Spans] = {}
    for one in dynamics:
        part: template.Part
        if one.extraction is not None:
            part = template.Variable(one.name)
        elif one.kind == "uuid":
            part = template.Counter("uuid")
        else:
            continue
        for use in one.uses:
            whole = template.Variable(one.name, True) if use.place.where == "target" else part
            found.setdefault(use.exchange, {}).setdefault(use.place, []).append((use.start, use.end, whole))
    return found


def _extractions(dynamics: Sequence[Dynamic]) -> dict[int, list[Extraction]]:
    found: dict[int, list[Extraction]] = {}
    for one in dynamics:
        if one.extraction is not None and one.served_by is not None:
            found.setdefault(one.served_by, []).append(one.extraction)
    return found


def _unproved(dynamics: Sequence[Dynamic]) -> set[int]:
    return {use.exchange for one in dynamics if one.extraction is not None and not one.proved for use in one.uses}


def _step(
    exchange: RecordedExchange,
    names: Names,
    request: Asked,
    texts: dict[Place, tuple[template.Part, ...]],
    extracts: Sequence[Extraction],
    secrets: Secrets | None,
) -> Step:
    """``secrets`` is given where the cookies come from before the recording, and have to be the environment's."""
    target, headers, body = put_together(request, texts)
    if secrets is not None and (cookie := exchange.request.header("cookie")):
        headers["cookie"] = template.show((template.Secret(secrets.name("LOADSTONE_COOKIE", cookie)),))
    took = exchange.duration_s or 0.0
    return Step(
        name=names.new(step_name(exchange)),
        method=exchange.method.lower(),
        target=target,
        headers=headers,
        body=body,
        timeout_s=10.0 if took <= 10.0 / 3 else min(SLOWEST_S, float(round(3 * took))),
        check=_check(exchange),
        extract=tuple(extracts),
    )


def _texts(request: Asked, spans: Spans, secrets: Secrets, open_marks: bool) -> dict[Place, tuple[template.Part, ...]]:
    """The places that are not sent as they were: with values in them, and without what must not be written."""
    texts: dict[Place, tuple[template.Part, ...]] = {}
    if whole := spans.get(Place("target")):
        texts[Place("target")] = (whole[0][2],)
    here = list(places(request))
    beside = [place.name for place, _ in here if place.where in ("form", "json", "multipart")]
    for place, value in here:
        if place in spans:
            texts[place] = _filled(value, spans[place])
        elif open_marks and _MARK.search(value) and not (place.where == "text" and secret_of(place, value)):
            texts[place] = _given(value, secrets)
        elif place.where != "target" and (variable := secret_of(place, value, beside)):
            texts[place] = _hidden(place, value, variable, secrets)
    return texts


def _filled(value: str, spans: Sequence[tuple[int, int, template.Part]]) -> tuple[template.Part, ...]:
    parts: list[template.Part] = []
    at = 0
    for start, end, part in sorted(spans, key=lambda span: span[:2]):
        if start > at:
            parts.append(template.Text(value[at:start]))
        parts.append(part)
        at = end
    if at < len(value):
        parts.append(template.Text(value[at:]))
    return tuple(parts)


def _given(value: str, secrets: Secrets) -> tuple[template.Part, ...]:
    """A collection's variables that have no value: what Postman draws is drawn, the others are the environment's."""
    parts: list[template.Part] = []
    at = 0
    for found in _MARK.finditer(value):
        if found.start() > at:
            parts.append(template.Text(value[at : found.start()]))
        if (drawn := _DRAWN.get(found[1])) is not None:
            parts.append(drawn)
        else:
            words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", found[1])
            name = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper() or "VALUE"
            variable = name if name.startswith("LOADSTONE_") else f"LOADSTONE_{name}"
            secrets.needs(variable)
            parts.append(template.Secret(variable))
        at = found.end()
    if at < len(value):
        parts.append(template.Text(value[at:]))
    return tuple(parts)


def _hidden(place: Place, value: str, variable: str, secrets: Secrets) -> tuple[template.Part, ...]:
    """``Bearer {env.LOADSTONE_TOKEN}``: a scheme may be read."""
    scheme, gap, rest = value.partition(" ")
    if place.name == "authorization" and gap and scheme.isalpha():
        if scheme.lower() != "bearer":
            variable = "LOADSTONE_AUTHORIZATION"
        return (template.Text(f"{scheme} "), template.Secret(secrets.name(variable, rest)))
    return (template.Secret(secrets.name(variable, value)),)


def _check(exchange: RecordedExchange) -> Check:
    """The status that was recorded. What a cache had a share in is answered whole to who has none."""
    match exchange.status:
        case 0:
            return Check()
        case 304 | 206:
            return Check(status=((200, 200), (exchange.status, exchange.status)))
    return Check(status=((exchange.status, exchange.status),))


def _pause(before: RecordedExchange, exchange: RecordedExchange) -> Think | None:
    """The gap from a reply to the next request, as the mean of a drawn one: of one gap, more cannot be known."""
    gap_s = exchange.start_s - before.start_s - (before.duration_s or 0.0)
    if gap_s < SHORTEST_PAUSE_S:
        return None
    return Think("exponential", value_s=round(min(gap_s, LONGEST_PAUSE_S), 1))


def _session(recording: Recording, kept: Sequence[int]) -> bool:
    """Whether cookies came from before the recording: it sent some, and no reply ever set one of them."""
    sent: set[str] = set()
    given: set[str] = set()
    for i in kept:
        exchange = recording.exchanges[i]
        cookies = exchange.request.header("cookie") or ""
        sent |= {name.partition("=")[0].strip() for name in cookies.split(";") if name.strip()}
        given |= {v.partition("=")[0].strip() for key, v in exchange.reply.headers if key == "set-cookie"}
    return bool(sent) and not sent & given


def _unsaid(one: Dynamic) -> bool:
    """Whether a value without a source has to be told of: of a secret its variable says enough."""
    return one.kind != "secret" or "cannot be taken" in one.says


def _told(
    recording: Recording,
    dynamics: Sequence[Dynamic],
    kept: Sequence[int],
    pauses: int,
    secrets: Secrets,
    session: bool,
) -> list[str]:
    notes = []
    if left := len(recording.exchanges) - len(kept):
        notes.append(f"{left} {'request' if left == 1 else 'requests'} without a reply left out")
    notes += list(dict.fromkeys(one.says for one in dynamics if one.extraction is None and _unsaid(one)))
    if pauses:
        notes.append(
            f"{pauses} {'pause' if pauses == 1 else 'pauses'} as recorded, drawn exponentially about their length; "
            "one visit does not tell how they vary"
        )
    if session:
        notes.append(
            "the recording began with a login that it does not hold; its cookies are read from LOADSTONE_COOKIE"
        )
    if secrets.names:
        notes.append(f"set these before it runs: {', '.join(secrets.names)}")
    loose = [one.name for one in dynamics if one.extraction is not None and not one.proved]
    if loose:
        notes.append(
            f"not proved, since there is one recording alone: {', '.join(loose)}; record the same visit once more"
        )
    return notes
