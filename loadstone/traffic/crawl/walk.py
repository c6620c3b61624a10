"""A bounded look around: page by page, the kinds that are new first, with methods that change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from loadstone.model.discovery import Login, Obstacle, Probe
from loadstone.traffic.crawl.addresses import is_asset, is_risky, target_of
from loadstone.traffic.crawl.client import Client, Spent
from loadstone.traffic.crawl.documents import find_graphql, find_openapi
from loadstone.traffic.crawl.limits import Limits
from loadstone.traffic.crawl.login import ENTRANCES, asked_login, changing_fields, form_login, with_changing
from loadstone.traffic.crawl.obstacles import Met, obstacles_of
from loadstone.traffic.crawl.obstacles.met import is_entrance, path_of
from loadstone.traffic.crawl.pages import Form, Page, read_page
from loadstone.traffic.crawl.reaching import Reached
from loadstone.traffic.crawl.reply import Reply
from loadstone.traffic.crawl.robots import Robots, read_robots
from loadstone.traffic.crawl.structured import header_links, json_links, sitemap_entries
from loadstone.traffic.crawl.variety import Variety

__all__ = ["Crawled", "crawl"]

MOST_SEEN = 20_000
MOST_SITEMAPS = 5
MOST_WAITS = 2
LONGEST_WAIT_S = 5.0
MOST_OPTIONS = 25
MOST_CLOSED = 3  # places of a description; where more ask for a login, everything does
LONGEST_PAUSE_S = 2.0  # of a Crawl-delay that is kept; a longer one leaves few pages, and says so

_NOWHERE = "/loadstone-looks-for-a-path-that-is-not-there"


class Crawled(msgspec.Struct, frozen=True):
    """What a look around found. ``seen`` are the requests that pages lead to, asked for or not, each (method, target)
    with how often; those that the service has none of (404, 405, 410) are left out, methods that a page says to have
    (``Allow``) are among them. ``probes`` are the pages that were asked for.

    ``openapi`` is the URL and the text of its description; ``notes`` are sentences on what was met and left alone.
    """

    seen: tuple[tuple[str, str, int], ...] = ()
    probes: tuple[Probe, ...] = ()
    forms: tuple[Form, ...] = ()
    login: Login | None = None
    openapi: tuple[str, str] | None = None
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()
    graphql: str | None = None
    disallowed: tuple[str, ...] = ()


def crawl(
    reached: Reached, client: Client, doing: Callable[[str], None] = lambda _: None, known: Crawled | None = None
) -> Crawled:
    """Look around from where the service was reached, within the client's limits. ``known`` is an earlier look (as
    nobody, before a login): what it found of documents and of the login is not looked for again; a description that it
    did not find is, for many are shown to users alone. Where the service was
    not reached there is nothing to look at."""
    if reached.fatal is not None:
        return Crawled(probes=(reached.probe,), obstacles=reached.obstacles)
    walk = _Walk(client, reached.entry)
    openapi, graphql = (known.openapi, known.graphql) if known else (None, None)
    try:
        doing("reading robots.txt and the sitemap")
        walk.read_robots()
        doing("looking for pages")
        walk.follow(doing)
        doing("asking pages for their methods")
        walk.ask_methods()
        client.limits, whole = _with_reserve(client.limits), client.limits
        try:
            if openapi is None:
                doing("looking for a description of the API")
                closed: list[str] = []
                openapi = find_openapi(client, walk.described, closed)
                if openapi is None and 0 < len(closed) <= MOST_CLOSED:
                    walk.notes.append(f"A description of the API may stand at {closed[0]}: it asks for a login.")
            if known is None:
                graphql = find_graphql(client)
                walk.look_for_login()
        finally:
            client.limits = whole
        cut = client.overtime
    except Spent:
        cut = True
    if cut:
        walk.notes.append("The look ended at its limit of requests or of time; there may be more than it saw.")
    login = walk.login or (known.login if known else None)
    if graphql is not None:
        walk.notes.append(f"GraphQL answers at {graphql}: its queries are sent with POST and were left alone.")
    return walk.result(login, openapi, graphql)


def _with_reserve(limits: Limits) -> Limits:
    """Documents are asked for even where pages took all requests: a few more are kept for them."""
    return msgspec.structs.replace(limits, requests=limits.requests + 30)


def _changing(reply: Reply) -> tuple[str, ...]:
    """The methods of an ``Allow`` header that may change something."""
    if not reply.good and reply.status != 405:
        return ()
    allowed = {name.strip().upper() for name in (reply.header("allow") or "").split(",")}
    return tuple(name for name in ("POST", "PUT", "PATCH", "DELETE") if name in allowed)


class _Walk:
    """The state of one look around."""

    def __init__(self, client: Client, entry: str) -> None:
        self.client = client
        self.limits = client.limits
        self.entry = entry
        self.robots = Robots()
        self.variety = Variety(self.limits)
        self.seen: Counter[tuple[str, str]] = Counter()
        self.probes: list[Probe] = []
        self.met: list[Met] = []
        self.forms: dict[tuple[str, str | None, tuple[str, ...]], Form] = {}
        self.described: dict[str, None] = {}
        self.login: Login | None = None
        self.asked_login: Login | None = None
        self.notes: list[str] = []
        self.absent: set[tuple[str, str]] = set()
        self.risky = 0
        self.barred = 0
        self.waits = 0
        self._queue: dict[str, tuple[int, int]] = {}
        self._asked: set[str] = set()
        self._scripts_only = False
        self._add(entry, 0)
        if client.home is not None:
            self._link(client.home, 0)

    # -- before the pages -------------------------------------------------------------------------------------------

    def read_robots(self) -> None:
        """robots.txt, and the sitemaps that it names."""
        reply = self.client.get("/robots.txt")
        if reply.good and not reply.html:
            self.robots = read_robots(reply.text)
            if self.robots.delay_s:
                self.client.pause_s = max(self.client.pause_s, min(self.robots.delay_s, LONGEST_PAUSE_S))
                self.notes.append(
                    f"robots.txt asks for {self.robots.delay_s:g} s between requests; "
                    f"{self.client.pause_s:g} s were kept."
                )
        named = [target for one in self.robots.sitemaps if (target := target_of(reply.url, one))]
        waiting = named or ["/sitemap.xml"]
        for _ in range(MOST_SITEMAPS):
            if not waiting:
                break
            reply = self.client.get(waiting.pop(0), most_bytes=self.limits.document_bytes)
            if reply.good and not reply.html:
                entries, maps = sitemap_entries(reply.url, reply.body, self.limits.document_bytes)
                waiting += maps
                for target in entries:
                    self._link(target, 1)

    # -- the pages --------------------------------------------------------------------------------------------------

    def follow(self, doing: Callable[[str], None]) -> None:
        """Pages, until nothing new is left or the bounds are reached."""
        while (target := self._next()) is not None:
            depth = self._queue.pop(target)[0]
            if self.client.asked and self.client.asked % 25 == 0:
                doing(f"looking for pages: {self.client.asked} requests, {len(self._queue)} links to go")
            self.variety.take(target)
            self._asked.add(target)
            reply = self.client.get(target)
            if reply.status == 429 and self._waited(reply):
                reply = self.client.get(target)
            self._told(reply)
            if reply.status == 429 or (reply.failure == "connect"):
                return
            self._read(reply, depth)

    def ask_methods(self) -> None:
        """One page of each kind is asked with OPTIONS which methods it has (RFC 9110, 9.3.7): many frameworks answer.

        Where a path that cannot be there is said to have changing methods too, the answers say nothing and are left.
        """
        kinds = {self.variety.shape(one.target).rstrip("?"): one.target for one in reversed(self.probes)
                 if 200 <= one.status < 300 or one.status in (401, 403, 405)}  # fmt: skip
        asked = list(reversed(kinds.values()))[:MOST_OPTIONS]
        if asked and _changing(self.client.send("OPTIONS", _NOWHERE)):
            return
        for target in asked:
            for method in _changing(self.client.send("OPTIONS", target.partition("?")[0])):
                self._count((method, target.partition("?")[0]))

    def _next(self) -> str | None:
        """The waiting link of the kind least seen, then the nearest to the first page; None when all were seen."""
        best: tuple[int, int, int] | None = None
        chosen = None
        for target, (depth, order) in list(self._queue.items()):
            if self.variety.exhausted(target):
                del self._queue[target]
                continue
            rank = (self.variety.taken(target), depth, order)
            if best is None or rank < best:
                best, chosen = rank, target
        return chosen

    def _waited(self, reply: Reply) -> bool:
        """Whether a rate limit was waited for: a short one, and not often."""
        from loadstone.traffic.crawl.obstacles.replies import wait_s

        pause_s = wait_s(reply.met())
        if self.waits >= MOST_WAITS or (pause_s or 0.0) > LONGEST_WAIT_S:
            return False
        self.waits += 1
        self.client.rest(1.0 if pause_s is None else pause_s)
        return True

    def _told(self, reply: Reply) -> None:
        self.probes.append(reply.probe())
        self.met.append(reply.met())
        if reply.status in (404, 405, 410, 501):
            self.absent.add((reply.method, reply.target))
        self.asked_login = self.asked_login or asked_login(reply)

    def _read(self, reply: Reply, depth: int) -> None:
        """Links and forms of a reply, of whatever kind it is."""
        if reply.location is not None:
            if (target := target_of(reply.url, reply.location)) is not None:
                self._link(target, depth)
            return
        for relation, target in header_links(reply.url, reply):
            if "service-desc" in relation:
                self.described[target] = None
            elif "preload" not in relation and "stylesheet" not in relation:
                self._link(target, depth + 1)
        if reply.html:
            self._page(reply, read_page(reply.url, reply.text), depth)
        elif (document := reply.json()) is not None:
            links, following = json_links(reply.url, document)
            for target in (*following, *links):
                self._link(target, depth + 1)

    def _page(self, reply: Reply, page: Page, depth: int) -> None:
        for target in (*page.next, *page.links):
            self._link(target, depth + 1)
        self.described |= dict.fromkeys(page.described)
        if reply.target == self.entry:
            self._scripts_only = page.assets > 0 and not page.links and not page.forms
        for form in page.forms:
            self.forms.setdefault((form.method, form.action, tuple(field.name for field in form.fields)), form)
            if form.action is None:
                continue
            if form.method != "GET":
                self._count((form.method, path_of(form.action)))
            elif not form.passwords:
                given = [(field.name, field.value) for field in form.fields if field.type != "submit"]
                action = form.action.partition("?")[0]
                self._link(f"{action}?{urlencode(given)}" if given else action, depth + 1)
        if self.login is None or not is_entrance(self.login.page or ""):
            found = form_login(reply.target, reply, page, self.client.cookies())
            if found is not None and (self.login is None or is_entrance(reply.target)):
                self.login = self._compared(found, page)

    def _compared(self, login: Login, first: Page) -> Login:
        """The login's page once more, as somebody new: hidden fields that differ are taken from the page each time."""
        if not self.client.allows() or not login.fixed:
            return login
        with self.client.as_nobody():
            reply = self.client.get(login.page or login.action)
        second = read_page(reply.url, reply.text)
        besides = (login.user, login.password, login.csrf or "")
        return with_changing(login, changing_fields(first, second, login.action, reply.text, besides))

    def look_for_login(self) -> None:
        """Where no link led to a login page but something asks for one, or nothing else is known: the usual places."""
        for target in ENTRANCES:
            if self.login is not None or self.asked_login is not None or not self.client.allows():
                return
            if target in self._asked or not self.robots.allows(target):
                continue
            self._asked.add(target)
            reply = self.client.get(target)
            if reply.good and reply.html:
                page = read_page(reply.url, reply.text)
                found = form_login(target, reply, page, self.client.cookies())
                if found is not None:
                    self._count(("GET", target))
                    self.probes.append(reply.probe())
                    self._page(reply, page, 1)

    # -- links ------------------------------------------------------------------------------------------------------

    def _link(self, target: str, depth: int) -> None:
        """A page leads there: counted, and asked for if it may be."""
        if is_asset(target):
            return
        self._count(("GET", target))
        self.variety.note(target)
        self._add(target, depth)

    def _count(self, request: tuple[str, str]) -> None:
        if request in self.seen or len(self.seen) < MOST_SEEN:
            self.seen[request] += 1

    def _add(self, target: str, depth: int) -> None:
        if target in self._asked or depth > self.limits.depth or len(self._queue) >= self.limits.queue:
            return
        if target in self._queue:
            return
        if not self.robots.allows(target):
            self.barred += 1
            self._asked.add(target)
        elif is_risky(target):
            self.risky += 1
            self._asked.add(target)
        else:
            self._queue[target] = (depth, len(self._asked) + len(self._queue))

    # -- the end ----------------------------------------------------------------------------------------------------

    def result(self, login: Login | None, openapi: tuple[str, str] | None, graphql: str | None) -> Crawled:
        """Everything that was found."""
        if self.barred:
            off = ", ".join(self.robots.disallowed[:5])
            self.notes.append(f"robots.txt keeps robots from {off}: {self.barred} links were left alone.")
        if self.risky:
            self.notes.append(f"{self.risky} links are named for a deed (logout, delete, …) and were left alone.")
        if self._scripts_only:
            self.notes.append("The first page is drawn by its scripts: its links are not in it. A HAR file shows them.")
        seen = tuple((*request, count) for request, count in self.seen.items() if request not in self.absent)
        return Crawled(
            seen=seen,
            probes=tuple(self.probes),
            forms=tuple(self.forms.values()),
            login=login or self.asked_login,
            openapi=openapi,
            obstacles=obstacles_of(self.client.origin, self.met),
            notes=tuple(self.notes),
            graphql=graphql,
            disallowed=self.robots.disallowed,
        )
