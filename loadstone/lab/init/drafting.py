"""From what was met to a draft: journeys, those that are off, assumptions, unknowns, and what became of each route."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.grouping import THINK, Entering, Grouped, journeys_of, off_journeys
from loadstone.lab.init.meeting import Met
from loadstone.lab.init.probing import left_alone
from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.discovery import Login
from loadstone.model.introduction import Covered
from loadstone.model.route import Route
from loadstone.model.service import Service
from loadstone.model.workload import Feed, Journey, Step
from loadstone.render.spec_toml import think_text
from loadstone.spec.hosts import host_problem
from loadstone.traffic.crawl import TOKEN, login_journey

__all__ = ["Drafted", "covered", "drafted", "login_steps", "service_of"]

LOGIN = "log in"


class Drafted(msgspec.Struct, frozen=True):
    """``grouped`` are journeys that may be sent, ``off`` those that may not; ``allowed`` names those whose login is
    sent, since credentials were given for it."""

    service: Service
    grouped: Grouped
    off: Grouped
    feeds: tuple[Feed, ...]
    allowed: frozenset[str] = frozenset()
    assumptions: tuple[Assumption, ...] = ()
    unknowns: tuple[Unknown, ...] = ()


def drafted(asked: InitAsked, met: Met) -> Drafted:
    """Everything that can be drafted without sending anything."""
    entering = login_steps(met.entered, met.reached.final_url) if met.entered is not None else None
    grouped = journeys_of(met.probed.ways, entering)
    if met.entered is not None and not any(way.login for way in met.probed.ways):
        journey = _entry(met.entered, met.reached.final_url)
        grouped = msgspec.structs.replace(grouped, journeys=(*grouped.journeys, journey))
    changing = [one for one in met.routes if not one.safe and one.aside is None and not _is_login(one, met.login)]
    off = off_journeys(changing, met.probed.ways, entering, _carried(met.login))
    if met.login is not None and met.entered is None and met.login.kind in ("form", "json"):
        journey = _entry(met.login, met.reached.final_url)
        off = msgspec.structs.replace(off, journeys=(journey, *off.journeys))
    logged_in = {way.route.id for way in met.probed.ways if way.login}
    allowed = frozenset(
        {grouped.steps[route][0] for route in logged_in if route in grouped.steps} | {LOGIN}
        if met.entered is not None
        else set()
    )
    return Drafted(
        service=service_of(asked, met),
        grouped=grouped,
        off=off,
        feeds=tuple({feed.name: feed for feed in (*grouped.feeds, *off.feeds)}.values()),
        allowed=allowed,
        assumptions=tuple(_assumptions(grouped.journeys)),
        unknowns=tuple(_unknowns(met)),
    )


def service_of(asked: InitAsked, met: Met) -> Service:
    """``[service]`` as it was reached, with how it is started and what says that it is up."""
    ready = next((one.template for one in met.routes if one.safe and _says_up(one, met)), None) if asked.start else None
    return Service(
        url=met.reached.final_url,
        start=asked.start,
        ready=ready,
        tls=met.reached.tls,
        auth=met.auth,
        dsn=asked.dsn[0] if asked.dsn is not None else None,
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
        if isinstance(action, Step) and action.check.status is not None:
            ranges = tuple(part for one in action.check.status for part in _classes(*one))
            action = msgspec.structs.replace(action, check=msgspec.structs.replace(action.check, status=ranges))
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
        elif (off := done.off.steps.get(route.id)) is not None:
            told.append(Covered(route.id, "off", *off, why=f"{route.method} may change something"))
        elif _is_login(route, met.login):
            told.append(_login_told(route, met))
        else:
            told.append(Covered(route.id, "left out", why=_why_not(route, met)))
    order = {"journey": 0, "off": 1, "left out": 2}
    return tuple(sorted(told, key=lambda one: order[one.how]))


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
    return met.probed.failed.get(route.id, "it was not asked")


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


def _says_up(route: Route, met: Met) -> bool:
    from loadstone.lab.init.probing import MACHINES

    return "{" not in route.template and "health" in route.template and MACHINES.search(route.template) is not None


def _assumptions(journeys: Sequence[Journey]) -> list[Assumption]:
    told = []
    if len(journeys) > 1:
        told.append(
            Assumption(
                "every journey is as frequent as the others",
                source="a guess: no access log was given (loadstone init URL --log FILE)",
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
    missing = [route for route in met.probed.failed if "no value is known" in met.probed.failed[route]]
    if missing:
        some = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        told.append(Unknown(f"values for {some}"[:200], f"loadstone init {url} --log access.log, or --har FILE"))
    for route, why in met.probed.failed.items():
        if "no value is known" not in why:
            path = route.partition(" ")[2]
            told.append(Unknown(f"{route}: {why}"[:200], f"curl -i '{url}{path}'"))
    return told


def hosts_of(asked: InitAsked, url: str) -> tuple[str, ...]:
    """``allow_hosts``: the host, where it is not this machine and was named."""
    host = urlsplit(url).hostname or ""
    return () if host_problem(url) is None else (host,)


def variables(done: Drafted, user: str | None) -> list[str]:
    """What has to be exported before the spec runs, as sentences."""
    from loadstone.drive.compile import secret_names
    from loadstone.model.workload import Workload

    names = secret_names(done.service, Workload(done.grouped.journeys))
    says = {"LOADSTONE_USER": user or "the user", "LOADSTONE_PASSWORD": "the password", TOKEN: "the token"}
    return [f"export {name}=… ({says.get(name, 'a secret')})" for name in names]
