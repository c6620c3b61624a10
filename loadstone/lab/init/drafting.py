"""From what was met to a draft: journeys, those that are off, assumptions, unknowns, and what became of each route."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from loadstone.drive.compile import secret_names
from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.grouping import THINK, Entering, Grouped, journeys_of
from loadstone.lab.init.logged import visits_of
from loadstone.lab.init.meeting import Met
from loadstone.lab.init.probing import left_alone
from loadstone.lab.init.recorded import recorded
from loadstone.lab.init.switched_off import Off, off_journeys
from loadstone.lab.init.ways import normal
from loadstone.model import template
from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.discovery import Login
from loadstone.model.introduction import Covered
from loadstone.model.route import SAFE, Route
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.workload import Feed, Journey, Step, Workload
from loadstone.render.spec_toml import think_text
from loadstone.spec.hosts import host_problem
from loadstone.traffic.crawl import TOKEN, login_journey
from loadstone.traffic.routes import RouteTable

__all__ = ["Drafted", "covered", "drafted", "hosts_of", "login_steps", "service_of", "variables"]

LOGIN = "log in"

MOST_TOLD = 8
"""Routes that failed and are each an unknown of their own."""

LONGEST = 200  # letters of a name in a spec


class Drafted(msgspec.Struct, frozen=True):
    """``grouped`` are journeys that may be sent, ``off`` those that may not; ``allowed`` names those among the first
    with a step that may change something: a login that was given, or a recording that was allowed. ``shapes`` are the
    log's. ``secrets`` are for a replay, in memory alone."""

    service: Service
    grouped: Grouped
    off: Off
    feeds: tuple[Feed, ...]
    allowed: frozenset[str] = frozenset()
    assumptions: tuple[Assumption, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    shapes: tuple[Shape, ...] = ()
    secrets: dict[str, str] = {}
    notes: tuple[str, ...] = ()


def drafted(asked: InitAsked, met: Met) -> Drafted:
    """Everything that can be drafted without sending anything."""
    url = met.reached.final_url
    entering = login_steps(met.entered, url) if met.entered is not None else None
    told = recorded([one for each in met.found for one in each.recordings], allow_unsafe=asked.allow_unsafe)
    visits = visits_of(met.traffic, met.probed.ways, entering) if met.traffic is not None else None
    grouped = visits.grouped if visits is not None else journeys_of(met.probed.ways, entering, _order(met))
    journeys = list(grouped.journeys)
    if met.entered is not None and not any(way.login for way in met.probed.ways):
        journeys.append(_entry(met.entered, url))
    if visits is None:
        journeys += told.on
    changing = [one for one in met.routes if not one.safe and one.aside is None and not _is_login(one, met.login)]
    off = off_journeys(changing, met.probed.ways, entering, _carried(met.login))
    spare = [*off.grouped.journeys, *told.off, *(told.on if visits is not None else ())]
    if met.login is not None and met.entered is None and met.login.kind in ("form", "json"):
        spare.insert(0, _entry(met.login, url))
    assumptions = visits.assumptions if visits is not None else tuple(_assumptions(journeys, url))
    return Drafted(
        service=service_of(asked, met),
        grouped=msgspec.structs.replace(grouped, journeys=tuple(journeys)),
        off=msgspec.structs.replace(off, grouped=msgspec.structs.replace(off.grouped, journeys=tuple(spare))),
        feeds=tuple({feed.name: feed for feed in (*grouped.feeds, *off.grouped.feeds)}.values()),
        allowed=frozenset(journey.name for journey in journeys if _changes(journey)),
        assumptions=assumptions,
        unknowns=tuple(_unknowns(met)),
        shapes=visits.shapes if visits is not None else (),
        secrets=told.secrets,
        notes=told.notes,
    )


def _order(met: Met) -> dict[str, int]:
    """How early a look around came to each route."""
    if met.crawled is None:
        return {}
    table = RouteTable(met.routes)
    order: dict[str, int] = {}
    shapes = {(one.method, normal(one.template)): one.id for one in met.routes}
    for method, target, _ in (("GET", met.reached.entry, 1), *met.crawled.seen):
        found = table.match(method, target)
        if found is not None:
            order.setdefault(shapes.get((method, normal(found[0].template)), ""), len(order))
    return order


def _changes(journey: Journey) -> bool:
    return any(isinstance(action, Step) and action.method.upper() not in SAFE for action in journey.actions)


def service_of(asked: InitAsked, met: Met) -> Service:
    """``[service]`` as it was reached, with how it is started and what says that it is up."""
    return Service(
        url=met.reached.final_url,
        start=asked.start,
        ready=met.ready,
        tls=met.reached.tls,
        auth=met.auth,
        dsn=met.around.dsn,
    )


def login_steps(login: Login, url: str) -> Entering:
    """The steps of a login that worked, and the headers that go with what comes after them."""
    steps = tuple(one for one in _entry(login, url).actions if isinstance(one, Step))
    headers = {"authorization": "Bearer {token}"} if login.kind == "json" and login.token else {}
    return Entering(steps, headers)


def _entry(login: Login, url: str) -> Journey:
    """The login as a journey, its statuses in classes, as a spec writes them."""
    journey = login_journey(login, url)
    actions = []
    for action in journey.actions:
        if isinstance(action, Step):
            ranges = tuple(part for one in action.check.status or () for part in _classes(*one)) or None
            check = msgspec.structs.replace(action.check, status=ranges)
            action = msgspec.structs.replace(action, method=action.method.lower(), check=check)
        actions.append(action)
    return msgspec.structs.replace(journey, actions=tuple(actions))


def _classes(low: int, high: int) -> list[tuple[int, int]]:
    if high - low < 100:
        return [(low, high)]
    return [(start, start + 99) for start in range(low // 100 * 100, high + 1, 100)]


def covered(met: Met, done: Drafted, broken: dict[tuple[str, str], str]) -> tuple[Covered, ...]:
    """What became of each route, those that are driven first."""
    told: list[Covered] = []
    for route in met.routes:
        place = done.grouped.steps.get(route.id)
        if place is not None and place in broken:
            told.append(Covered(route.id, "left out", why=broken[place]))
        elif place is not None:
            told.append(Covered(route.id, "journey", *place))
        elif (off := done.off.grouped.steps.get(route.id)) is not None:
            told.append(Covered(route.id, "off", *off, why=f"{route.method} may change something"))
        elif route.id in done.off.named:
            told.append(Covered(route.id, "left out", why=f"{route.method} may change something; a comment names it"))
        elif _is_login(route, met.login):
            told.append(_login_told(route, met))
        else:
            told.append(Covered(route.id, "left out", why=_why_not(route, met)))
    order = {"journey": 0, "off": 1, "left out": 2}
    return tuple(sorted(told, key=lambda one: (order[one.how], not one.route.startswith(SAFE))))


def _login_told(route: Route, met: Met) -> Covered:
    if met.entered is not None:
        return Covered(route.id, "journey", LOGIN, "log in")
    if met.login is not None and met.login.kind in ("form", "json"):
        return Covered(route.id, "off", LOGIN, "log in", why="no credentials were given for it")
    return Covered(route.id, "left out", why="it is the login")


def _why_not(route: Route, met: Met) -> str:
    if (why := left_alone(route)) is not None:
        return why
    if (locked := met.probed.locked.get(route.id)) is not None:
        return f"it wants a login: {locked}" if met.entered is None and met.auth is None else f"logged in, it {locked}"
    if any(way.route.id == route.id for way in met.probed.ways):
        return "no visit of the log comes to it" if met.traffic is not None else "its journey did not work"
    why = met.probed.failed.get(route.id, "it was not asked")
    return f"no value that it takes is known ({why})" if _wants_values(route.id, why) and "known" not in why else why


def _is_login(route: Route, login: Login | None) -> bool:
    return login is not None and (route.method, route.template.rstrip("/")) == (
        login.method,
        login.action.partition("?")[0].rstrip("/"),
    )


def _carried(login: Login | None) -> dict[str, str]:
    """A form's token that changes through JSON repeat in a header: only known once somebody logged in."""
    if login is None or login.csrf_header is None or login.csrf_cookie is None or login.answers is None:
        return {}
    return {login.csrf_header: "{csrf}"}


def _assumptions(journeys: Sequence[Journey], url: str) -> list[Assumption]:
    told = []
    if len(journeys) > 1:
        told.append(
            Assumption(
                "every journey is as frequent as the others",
                source=f"a guess: no access log was given (loadstone init {url} --log FILE)",
            )
        )
    if any(action == THINK for journey in journeys for action in journey.actions):
        told.append(
            Assumption("people think between two requests", think_text(THINK), source="a guess: nobody measured it")
        )
    return told


def _unknowns(met: Met) -> list[Unknown]:
    url = met.reached.final_url
    told = [*met.unknowns, *(unknown for one in met.found for unknown in one.unknowns)]
    failed = met.probed.failed
    missing = [route for route in failed if _wants_values(route, failed[route])]
    if missing:
        told.append(
            Unknown(f"values for {_some(missing)}"[:LONGEST], f"loadstone init {url} --log access.log, or --har FILE")
        )
    others = [route for route in failed if route not in missing and not failed[route].startswith("it is the same")]
    for route in others[:MOST_TOLD]:
        path = route.partition(" ")[2]
        told.append(Unknown(f"{route}: {failed[route]}"[:LONGEST], f"curl -i {shlex.quote(url + path)}"))
    if rest := others[MOST_TOLD:]:
        told.append(Unknown(f"{_some(rest)}: they failed too"[:LONGEST], f"loadstone init {url} --json"))
    return told


def _wants_values(route: str, why: str) -> bool:
    """Whether a value in its path is what it lacks."""
    return "no value is known" in why or (
        "{" in route and why in ("it answers 404", "it answers 422", "it answers 400")
    )


def _some(routes: Sequence[str]) -> str:
    return ", ".join(routes[:3]) + (f" and {len(routes) - 3} more" if len(routes) > 3 else "")


def hosts_of(asked: InitAsked, url: str) -> tuple[str, ...]:
    """``allow_hosts``: the host, where it is not this machine and was named."""
    host = urlsplit(url).hostname or ""
    return () if host_problem(url) is None else (host,)


def variables(service: Service, journeys: Sequence[Journey], environ: Mapping[str, str]) -> list[str]:
    """What has to be exported before the spec runs, as sentences."""
    says = {"LOADSTONE_USER": "the user", "LOADSTONE_PASSWORD": "the password", TOKEN: "the token"}
    told = [
        f"The spec reads {says.get(name, 'a secret')} from {name}: export {name}=…"
        for name in secret_names(service, Workload(tuple(journeys)))
    ]
    if service.dsn is not None:
        told += [
            f"The spec reads the database's address from {part.name}: export {part.name}=postgresql://…"
            for part in template.parse(service.dsn)
            if isinstance(part, template.Secret) and part.name not in environ
        ]
    return told
