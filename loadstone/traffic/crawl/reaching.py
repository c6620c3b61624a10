"""The first look: where the service really is, and what stands before it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import msgspec

from loadstone.model.discovery import Obstacle, Probe
from loadstone.model.service import Tls
from loadstone.traffic.crawl.addresses import is_loopback, origin_of, same_origin, target_of
from loadstone.traffic.crawl.client import Client
from loadstone.traffic.crawl.greeting import greeting
from loadstone.traffic.crawl.obstacles import obstacle_of_failure, obstacle_of_reply
from loadstone.traffic.crawl.obstacles.met import place_of
from loadstone.traffic.crawl.reply import Reply

__all__ = ["Reached", "reach"]

_NAMES = ("localhost", "127.0.0.1", "[::1]")
_UNCHECKED = ("certificate-unknown", "certificate-expired", "certificate-name")


class Reached(msgspec.Struct, frozen=True):
    """``final_url`` is the service's own URL, without path; ``entry`` the target of the page that a visitor lands on.

    ``tls`` is how its certificate had to be looked at. With a fatal obstacle nothing was reached, and ``reply`` is what
    came instead.
    """

    final_url: str
    probe: Probe
    obstacles: tuple[Obstacle, ...] = ()
    entry: str = "/"
    tls: Tls = Tls()
    reply: Reply | None = None

    @property
    def fatal(self) -> Obstacle | None:
        """What ends the way here, or None."""
        return next((obstacle for obstacle in self.obstacles if obstacle.fatal), None)


def reach(url: str, client: Client) -> Reached:
    """Ask for ``url`` with GET, follow it to its page, and leave ``client`` at the service's own address.

    On loopback it helps itself, and tells: TLS where plain HTTP was asked for, a certificate that nobody signed, a
    name that the service refuses. Elsewhere only a redirect from http to https of the same host is followed.
    Raises ValueError for what is no URL, Spent at the bounds of the look.
    """
    looks = _Looks(url, client)
    reply = looks.ask(looks.entry)
    while (following := looks.after(reply)) is not None:
        reply = looks.ask(following)
    return Reached(client.origin, reply.probe(), tuple(looks.obstacles), looks.entry, client.tls, reply)


class _Looks:
    """What was tried so far; each remedy once."""

    def __init__(self, url: str, client: Client) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError('a service\'s URL is written "http://HOST:PORT" or "https://HOST"')
        self.client = client
        self.entry = target_of(url, url) or "/"
        self.obstacles: list[Obstacle] = []
        self._tried: set[str] = set()
        self._been: set[str] = set()
        self._given = origin_of(url)
        if client.origin != self._given:
            client.move(self._given)

    def ask(self, target: str) -> Reply:
        self.entry = target
        self._been.add(f"{self.client.origin}{target}")
        return self.client.get(target)

    def after(self, reply: Reply) -> str | None:
        """The target to ask for next, or None when this reply is the last; obstacles are noted."""
        if reply.failure is not None:
            return self._failed(reply)
        if reply.location is not None:
            return self._sent_on(reply, reply.location)
        obstacle = obstacle_of_reply(self.client.origin, reply.met())
        if obstacle is None:
            return None
        if obstacle.code == "host-refused":
            if self._other_name():
                self._note(obstacle, fatal=False)
                return reply.target
            if self.client.origin != self._given:
                self.client.move(self._given)
        elif obstacle.code == "speaks-tls" and self._to_tls():
            self._note(obstacle, fatal=False)
            return reply.target
        self._note(obstacle, fatal=obstacle.fatal)
        return None

    def _to_tls(self) -> bool:
        """Go on over TLS at the same port, on this machine."""
        if not is_loopback(self.client.origin) or not self._first("scheme"):
            return False
        self.client.move(origin_of(f"https://{place_of(self.client.origin)}"))
        return True

    def _failed(self, reply: Reply) -> str | None:
        origin = self.client.origin
        parts = urlsplit(origin)
        first = b""
        if reply.failure in ("reset", "protocol", "timeout"):
            first = greeting(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        obstacle = obstacle_of_failure(origin, reply.failure or "", reply.message, first)
        ours = is_loopback(origin)
        if ours and obstacle.code in _UNCHECKED and self.client.tls.verify and self._first("tls"):
            self.client.move(origin, Tls(ca_file=self.client.tls.ca_file, verify=False))
        elif obstacle.code == "speaks-tls" and self._to_tls():
            pass
        elif ours and obstacle.code == "not-tls" and self._first("scheme"):
            self.client.move(origin_of(f"http://{place_of(origin)}"))
        else:
            self._note(obstacle, fatal=True)
            return None
        self._note(obstacle, fatal=False)
        return reply.target

    def _sent_on(self, reply: Reply, location: str) -> str | None:
        origin = self.client.origin
        try:
            url = urljoin(f"{origin}{reply.target}", location)
            there = origin_of(url)
        except ValueError:
            url, there = location, ""
        absolute = msgspec.structs.replace(reply.met(), headers=(("location", url),))
        if not same_origin(origin, url):
            obstacle = obstacle_of_reply(origin, absolute)
            if obstacle is not None and obstacle.code == "to-https" and self._first("scheme"):
                self._note(obstacle, fatal=False)
                self.client.move(there)
                return target_of(url, url) or "/"
            if obstacle is not None:
                self._note(obstacle, fatal=True)
            return None
        target = target_of(origin, url) or "/"
        if (obstacle := obstacle_of_reply(origin, absolute)) is not None and obstacle.code == "login-page":
            self._note(obstacle, fatal=False)
        if f"{origin}{target}" in self._been or len(self._been) > self.client.limits.redirects:
            sentence = f"{place_of(origin)} redirects in a circle, and never answers a page."
            advice = (
                "Give the URL of a page that answers; a circle mostly means a cookie that is not kept, or a service "
                "that wants https and cannot see it behind its proxy (X-Forwarded-Proto)."
            )
            self.obstacles.append(Obstacle("redirect-loop", sentence, advice, fatal=True))
            return None
        return target

    def _other_name(self) -> bool:
        """Go to another name of loopback, where there is one that was not tried."""
        parts = urlsplit(self.client.origin)
        if not is_loopback(self.client.origin):
            return False
        self._first(parts.netloc.rpartition(":")[0] or parts.netloc)
        for name in _NAMES[:2]:
            if self._first(name):
                self.client.move(f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else ""))
                return True
        return False

    def _first(self, remedy: str) -> bool:
        new = remedy not in self._tried
        self._tried.add(remedy)
        return new

    def _note(self, obstacle: Obstacle, *, fatal: bool) -> None:
        known = next((one for one in self.obstacles if one.code == obstacle.code), None)
        if known is not None and (known.fatal or not fatal):
            return
        self.obstacles = [one for one in self.obstacles if one is not known]
        self.obstacles.append(msgspec.structs.replace(obstacle, fatal=fatal))
