"""The first meeting with a service: reached, looked around in, its routes asked once, its surroundings seen.

Nothing that may change something is sent, but for a login with the credentials that were given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.errors import LoadstoneError
from loadstone.lab.init.around import Around, look_around
from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.entering import enter
from loadstone.lab.init.logged import read_traffic
from loadstone.lab.init.prefixing import found_prefix, prefixed, shell_of
from loadstone.lab.init.probing import Probed, Probing, left_alone, says_up
from loadstone.lab.init.sources import Document, Found, Har, Postman, Source, collect, counted, read_text
from loadstone.lab.init.spans import Traces
from loadstone.lab.init.tables import merged, observed
from loadstone.lab.surroundings.unwritten import why_unwritten
from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Login, Obstacle
from loadstone.model.route import Route
from loadstone.model.service import Auth
from loadstone.model.traffic import Traffic
from loadstone.traffic.crawl import Client, Crawled, Limits, Reached, Spent, crawl, reach
from loadstone.traffic.framework import FrameworkRoutes, read_routes

__all__ = ["Met", "Unreached", "meet"]

FIRST_S, STARTING_S = 15.0, 60.0
"""For the first reply: many services load half of themselves with their first request, one just started above all."""

READY_S = 1.0

LOOK_S = 45.0
MOST_REQUESTS = 400
"""Of asking each route once: a large interface has some 300 safe ones."""


class Unreached(Exception):
    """The service cannot be reached, and this is what stands in the way."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.sentence)
        self.obstacle = obstacle


class Met(msgspec.Struct, frozen=True):
    """What the meeting found. ``entered`` is the login that worked, ``auth`` credentials that go with each request.
    ``ready`` is a path that said at once that it is up. ``looked`` has a line for each source."""

    reached: Reached
    routes: tuple[Route, ...]
    probed: Probed
    found: tuple[Found, ...]
    looked: tuple[str, ...]
    crawled: Crawled | None = None
    framework: FrameworkRoutes | None = None
    login: Login | None = None
    entered: Login | None = None
    auth: Auth | None = None
    traffic: Traffic | None = None
    around: Around = Around()
    ready: str | None = None
    obstacles: tuple[Obstacle, ...] = ()
    unknowns: tuple[Unknown, ...] = ()


def meet(
    asked: InitAsked,
    archive: Archive,
    doing: Callable[[str], None],
    *,
    table: Path | None = None,
    pids: Callable[[], Iterable[int]] = lambda: (),
    more: Sequence[Source] = (),
    limits: Limits | None = None,
) -> Met:
    """Meet the service at ``asked.url``; ``table`` is where a service that was started here writes its routes, ``pids``
    tells its processes.

    Raises Unreached where it does not answer, ValueError for what is no URL.
    """
    patient_s = STARTING_S if asked.start is not None else FIRST_S
    patient = Limits(reply_s=patient_s, seconds=2 * patient_s)
    with Client(limits=patient, allow_unsafe=False) as client:
        doing(f"reaching {asked.url} …")
        reached = reach(asked.url, client)
        client.limits = limits or Limits()
        client.renew()
        if reached.fatal is not None:
            raise Unreached(reached.fatal)
        url = reached.final_url
        found, looked = collect([*_given(asked, archive, doing), *more], url, doing)
        if asked.openapi is not None and "://" not in asked.openapi:
            found[0] = _moved(found[0], asked.openapi, client, found)
        framework = _framework(table, pids(), found, looked, doing)
        crawled = _crawled(asked, reached, client, found, looked, doing)
        login = _login(found, crawled)
        client.limits = Limits(requests=MOST_REQUESTS, seconds=LOOK_S)
        client.renew()
        routes = merged(*(one.routes for one in found))
        logged, traffic = read_traffic(asked, routes, archive, url, doing)
        if logged is not None:
            found.append(logged)
            looked.append(logged.says)
            routes = merged(routes, logged.routes)
        doing(f"asking each of {counted(sum(left_alone(one) is None for one in routes), 'safe route')} once …")
        probing = Probing(client, doing, shell_of(client).covers)
        probed = probing.ask([one for one in routes if left_alone(one) is None])
        ready = _ready(routes, client) if asked.start is not None else None
        entry = enter(asked, login, client, doing)
        looked += entry.looked
        if entry.entered is not None or entry.auth is not None:
            routes, probed = _again(reached, client, crawled, asked, routes, probing, found, looked, doing)
        around = look_around(asked, url, sorted(pids()), found, doing)
        obstacles = (*reached.obstacles, *(crawled.obstacles if crawled else ()))
        return Met(
            reached=reached,
            routes=routes,
            probed=probed,
            found=tuple(found),
            looked=tuple(looked),
            crawled=crawled,
            framework=framework,
            login=login,
            entered=entry.entered,
            auth=entry.auth,
            traffic=traffic,
            around=around,
            ready=ready,
            obstacles=tuple({one.code: one for one in obstacles}.values()),
            unknowns=(*entry.unknowns, *around.unknowns),
        )


def _given(asked: InitAsked, archive: Archive, doing: Callable[[str], None]) -> Iterator[Source]:
    if asked.openapi is not None and "://" not in asked.openapi:
        yield Document(asked.openapi)
    for path in asked.har:
        yield Har(path)
    for path in asked.postman:
        yield Postman(path)
    if asked.traces:
        yield Traces(asked.traces, archive, doing)


def _ready(routes: Sequence[Route], client: Client) -> str | None:
    """A path for health that answered well within READY_S: others ask half the world, and hang."""
    for route in routes:
        if route.method == "GET" and "{" not in route.template and says_up(route.template) and client.allows():
            reply = client.get(route.template)
            if reply.failure is None and 0 < reply.status < 400 and reply.took_s < READY_S:
                return route.template
    return None


def _framework(
    table: Path | None,
    pids: Iterable[int],
    found: list[Found],
    looked: list[str],
    doing: Callable[[str], None],
) -> FrameworkRoutes | None:
    """The service's own table, written at its first request."""
    if table is None:
        return None
    read = read_routes(table)
    if read is None:
        looked.append(f"the framework's route table: none was written: {why_unwritten(sorted(pids))}")
    else:
        looked.append(f"the route table of {read.framework}: {counted(len(read.routes), 'route')}")
        found.append(
            Found(
                looked[-1],
                read.routes,
                framework=read.framework,
                databases=read.databases,
                dependencies=read.dependencies,
                notes=read.notes,
            )
        )
    doing(looked[-1])
    return read


def _crawled(
    asked: InitAsked,
    reached: Reached,
    client: Client,
    found: list[Found],
    looked: list[str],
    doing: Callable[[str], None],
) -> Crawled | None:
    """A look around, and the description of the API that it met."""
    url = reached.final_url
    if asked.openapi is not None and "://" in asked.openapi:
        _remote(asked.openapi, client, url, found, looked, doing)
    if not asked.crawl:
        return None
    crawled = crawl(reached, client, lambda said: doing(f"{said} …"))
    answered = [("GET", one.target, 1) for one in crawled.probes if 200 <= one.status < 300 and one.method == "GET"]
    known = {(method, target) for method, target, _ in crawled.seen}
    seen = [*crawled.seen, *(one for one in answered if one[:2] not in known)]
    routes = observed(seen, "crawl")
    looked.append(f"a look around: {counted(len(crawled.probes), 'request')} sent, {counted(len(routes), 'route')}")
    found.append(Found(looked[-1], routes, unknowns=tuple(_drawn(crawled, url)), notes=crawled.notes))
    doing(looked[-1])
    if crawled.openapi is not None and asked.openapi is None:
        _described(*crawled.openapi, client, url, found, looked, doing)
    return crawled


def _drawn(crawled: Crawled, url: str) -> Iterator[Unknown]:
    """Pages that hold no links: their scripts know what they ask for."""
    if any("drawn by its scripts" in note for note in crawled.notes):
        yield Unknown(
            "what its pages ask for: they are drawn by scripts, and hold no links",
            f"loadstone init {url} --har visit.har (the browser's network panel saves one), or --start COMMAND",
        )


def _described(
    at: str, text: str, client: Client, url: str, found: list[Found], looked: list[str], doing: Callable[[str], None]
) -> None:
    try:
        one = read_text(text, at, url)
    except (LoadstoneError, ValueError) as error:
        one = Found(f"could not be read: {str(error).splitlines()[0]}")
    found.append(_moved(one, at, client, found))
    looked.append(f"the OpenAPI document {at}: {found[-1].says}")
    doing(looked[-1])


def _moved(one: Found, at: str, client: Client, found: Sequence[Found]) -> Found:
    """The document's routes where they answer: some services serve them under a prefix that it does not tell."""
    seen = [route.template for each in found for route in each.routes]
    client.renew()
    try:
        prefix = found_prefix(one.routes, at, seen, client, shell_of(client))
    except Spent:
        prefix = ""
    if not prefix:
        return one
    routes, login = prefixed(one.routes, one.login, prefix)
    says = f"{one.says}, which answer under {prefix} though it does not say so"
    return msgspec.structs.replace(one, says=says, routes=routes, login=login)


def _remote(
    at: str, client: Client, url: str, found: list[Found], looked: list[str], doing: Callable[[str], None]
) -> None:
    """A document that stands at an address: on the service it is asked for like any page, elsewhere it is not."""
    try:
        reply = client.get(at, most_bytes=client.limits.document_bytes)
    except ValueError:
        looked.append(f"the OpenAPI document {at}: it is not on this service; fetch it, and give the file")
        found.append(Found(looked[-1], unknowns=(Unknown(looked[-1], f"curl -sSo openapi.json {at}"),)))
        return
    if not reply.good:
        looked.append(f"the OpenAPI document {at}: it answers {reply.status or reply.failure}")
        found.append(Found(looked[-1], unknowns=(Unknown(looked[-1], f"curl -i {at}"),)))
        return
    _described(at, reply.text, client, url, found, looked, doing)


def _login(found: Sequence[Found], crawled: Crawled | None) -> Login | None:
    """What a page shows is nearer to the service than what a document says of it."""
    if crawled is not None and crawled.login is not None:
        return crawled.login
    return next((one.login for one in found if one.login is not None), None)


def _again(
    reached: Reached,
    client: Client,
    crawled: Crawled | None,
    asked: InitAsked,
    routes: tuple[Route, ...],
    probing: Probing,
    found: list[Found],
    looked: list[str],
    doing: Callable[[str], None],
) -> tuple[tuple[Route, ...], Probed]:
    """Once more as somebody who is logged in: pages that only they see, and routes that were locked."""
    before = {one.id for one in routes}
    if asked.crawl and crawled is not None:
        client.renew()
        doing("looking around, logged in …")
        more = crawl(reached, client, lambda said: doing(f"{said} …"), known=crawled)
        routes = merged(routes, observed(more.seen, "crawl"))
        if more.openapi is not None and crawled.openapi is None and asked.openapi is None:
            _described(*more.openapi, client, reached.final_url, found, looked, doing)
            routes = merged(routes, found[-1].routes)
    client.limits = Limits(requests=MOST_REQUESTS, seconds=LOOK_S)
    client.renew()
    probed = probing.ask(())
    open_ids = {way.route.id for way in probed.ways}
    waiting = [one for one in routes if left_alone(one) is None and one.id not in open_ids]
    doing(f"asking {counted(len(waiting), 'route')} again, logged in …" if before else "asking …")
    return routes, probing.ask(waiting, logged_in=True)
