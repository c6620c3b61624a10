"""The one place from which a look at a service sends anything: safe methods only, one request after the other.

``Client._permit`` is where a method is let through or not. A reply is bounded in bytes, after decompression too, and
in time, from the first byte sent to the last received, however slowly it drips.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from types import TracebackType
from typing import Any

import httpx

from loadstone.errors import SpecError
from loadstone.model.route import SAFE
from loadstone.model.service import Tls
from loadstone.traffic.crawl.addresses import same_origin, target_of
from loadstone.traffic.crawl.limits import Limits
from loadstone.traffic.crawl.reply import Reply, inflated

__all__ = ["AGENT", "Client", "Spent"]

AGENT = f"loadstone/{version('loadstone')} (init)"

_ACCEPT = "text/html,application/json;q=0.9,*/*;q=0.5"


class Spent(Exception):
    """The bounds of the look are reached: no more requests, or no more time."""


class Client:
    """Asks one service, at ``origin``, within ``limits``; a ``with`` block closes its connection. ``reach`` says where
    the service is, so that nobody else needs to.

    Methods other than GET, HEAD and OPTIONS are refused with SpecError unless ``allow_unsafe``, or ``told`` for one
    request. Only addresses of the origin are asked: other ones raise ValueError. Neither proxies nor credentials are
    taken from the environment.
    """

    def __init__(
        self, origin: str = "", limits: Limits | None = None, *, tls: Tls | None = None, allow_unsafe: bool = False
    ) -> None:
        self.origin = origin
        self.limits = limits or Limits()
        self.tls = tls or Tls()
        self.allow_unsafe = allow_unsafe
        self.home: str | None = None  # where a login led to: a place to look around from
        self.asked = 0
        self.deadline_s = time.monotonic() + self.limits.seconds
        self.pause_s = self.limits.pause_s
        self._last_s = 0.0
        self._http = self._open()

    def _open(self) -> httpx.Client:
        headers = {"user-agent": AGENT, "accept": _ACCEPT, "accept-encoding": "identity"}
        return httpx.Client(
            headers=headers,
            verify=_trust(self.tls) if self.origin.startswith("https:") else _nobody(),
            trust_env=False,
            timeout=self.limits.reply_s,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connection."""
        self._http.close()

    def move(self, origin: str, tls: Tls | None = None) -> None:
        """Go on at another address of the same service, without the cookies of the first."""
        self._http.close()
        self.origin, self.tls = origin, tls or self.tls
        self._http = self._open()

    def cookie(self, name: str) -> str | None:
        """A cookie that the service has set, or None."""
        return next((cookie.value for cookie in self._http.cookies.jar if cookie.name == name), None)

    def cookies(self) -> dict[str, str]:
        """What the service has set, by name."""
        return {cookie.name: cookie.value or "" for cookie in self._http.cookies.jar}

    def renew(self) -> None:
        """Begin a new look, with the whole of its bounds."""
        self.asked = 0
        self.deadline_s = time.monotonic() + self.limits.seconds

    def forget(self) -> None:
        """Be nobody again: no cookies, no credentials."""
        self._http.cookies.clear()
        self._http.headers.pop("authorization", None)

    @contextmanager
    def as_nobody(self) -> Iterator[None]:
        """Ask without the cookies of this visit for the length of a ``with``; what is set in it is thrown away."""
        kept, self._http.cookies = self._http.cookies, httpx.Cookies()
        try:
            yield
        finally:
            self._http.cookies = kept

    def rest(self, seconds: float) -> None:
        """Wait because the service asked for it; never beyond the end of the look."""
        time.sleep(max(0.0, min(seconds, self.deadline_s - time.monotonic())))

    def bear(self, token: str) -> None:
        """Send this token with every request from now on."""
        self._http.headers["authorization"] = f"Bearer {token}"

    def know(self, user: str, password: str) -> None:
        """Send these, as basic credentials, with every request from now on."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._http.headers["authorization"] = f"Basic {pair}"

    def allows(self) -> bool:
        """Whether one more request is within the bounds."""
        return self.asked < self.limits.requests and not self.overtime

    @property
    def overtime(self) -> bool:
        """Whether the time of the look is over."""
        return time.monotonic() >= self.deadline_s

    def get(self, target: str, *, accept: str | None = None, most_bytes: int | None = None) -> Reply:
        """Ask for a page; redirects are not followed."""
        headers = {} if accept is None else {"accept": accept}
        return self.send("GET", target, headers=headers, most_bytes=most_bytes)

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: object = None,
        told: bool = False,
        most_bytes: int | None = None,
    ) -> Reply:
        """One request and its reply, or how it failed. Raises SpecError for a method that was not allowed, ValueError
        for an address elsewhere, Spent at the bounds of the look."""
        self._permit(method, told=told)
        where = target_of(f"{self.origin}/", target) if "://" in target else target
        if where is None or not same_origin(self.origin, f"{self.origin}{where}") or not where.startswith("/"):
            raise ValueError(f"{target} is not an address of {self.origin}")
        if not self.allows():
            raise Spent
        self._wait()
        self.asked += 1
        url = f"{self.origin}{where}"
        request = self._http.build_request(method, url, headers=dict(headers or {}), data=form, json=json)
        began = time.monotonic()
        status, body, cut = 0, b"", False
        got: tuple[tuple[str, str], ...] = ()
        try:
            with self._bounded(request) as overdue:
                response = self._http.send(request, stream=True)
                try:
                    status = response.status_code
                    got = tuple((name.decode("latin-1").lower(), value.decode("latin-1"))
                                for name, value in response.headers.raw)  # fmt: skip
                    body, cut = self._body(response, began, most_bytes or self.limits.reply_bytes)
                finally:
                    with suppress(httpx.HTTPError):
                        response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            took_s = time.monotonic() - began
            if status:  # the head has come: what is missing is told, what is there is used
                return Reply(url, method, where, status, got, body, True, took_s)
            kind, message = ("timeout", "no reply in time") if overdue.is_set() else failure_of(error)
            return Reply(url, method, where, failure=kind, message=message, took_s=took_s)
        finally:
            self._last_s = time.monotonic()
        return Reply(url, method, where, status, got, body, cut, time.monotonic() - began)

    def _permit(self, method: str, *, told: bool) -> None:
        """The guard: every request passes here, and nothing else decides."""
        if method not in SAFE and not told and not self.allow_unsafe:
            raise SpecError(
                f"{method} may change something, and nobody said that it may be sent; {', '.join(SAFE)} are"
            )

    def _wait(self) -> None:
        """The pause between two requests; never beyond the end of the look."""
        rest_s = min(self._last_s + self.pause_s, self.deadline_s) - time.monotonic()
        if self._last_s and rest_s > 0:
            time.sleep(rest_s)

    @contextmanager
    def _bounded(self, request: httpx.Request) -> Iterator[threading.Event]:
        """Cut the connection when the reply's time is over: a server that drips its head resets every other clock."""
        overdue = threading.Event()
        streams: list[Any] = []

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                streams.append(info["return_value"])
                self._stream = info["return_value"]

        def cut() -> None:
            overdue.set()
            stream = streams[-1] if streams else getattr(self, "_stream", None)
            sock = None if stream is None else stream.get_extra_info("socket")
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(2)

        request.extensions["trace"] = trace
        limit_s = min(self.limits.reply_s, max(0.05, self.deadline_s - time.monotonic()))
        timer = threading.Timer(limit_s, cut)
        timer.daemon = True
        timer.start()
        try:
            yield overdue
        finally:
            timer.cancel()

    def _body(self, response: httpx.Response, began_s: float, most_bytes: int) -> tuple[bytes, bool]:
        """The body up to its bounds, and whether there was more."""
        parts, size, cut = [], 0, False
        try:
            for part in response.iter_raw():
                parts.append(part)
                size += len(part)
                if size > most_bytes or time.monotonic() - began_s > self.limits.reply_s:
                    cut = True
                    break
        except httpx.HTTPError:
            cut = True
        body = b"".join(parts)[:most_bytes]
        if response.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate"):
            body, more = inflated(body, most_bytes)
            return body, cut or more
        return body, cut


def failure_of(error: Exception) -> tuple[str, str]:
    """The engine's kind of a failure of httpx, and its words."""
    words = str(error) or type(error).__name__
    lower = words.lower()
    if isinstance(error, httpx.ConnectTimeout):
        return "connect", "timed out"
    if isinstance(error, httpx.ConnectError):
        if any(word in lower for word in ("name or service", "nodename", "getaddrinfo", "temporary failure in name",
                                          "no address associated")):  # fmt: skip
            return "dns", words
        if "ssl" in lower or "certificate" in lower or "tls" in lower:
            return "tls", words
        return "connect", words
    if isinstance(error, httpx.TimeoutException):
        return "timeout", words
    if isinstance(error, httpx.RemoteProtocolError):
        return ("reset" if "without sending" in lower or "peer closed" in lower else "protocol"), words
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.CloseError)):
        return "reset", words
    return "protocol", words


def _nobody() -> ssl.SSLContext:
    """Trusts no certificate: for an origin without TLS, where the system's roots need not be read."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trust(tls: Tls) -> ssl.SSLContext:
    """How certificates are looked at. Raises SpecError for a file of issuers that cannot be read."""
    context = ssl.create_default_context()
    if tls.ca_file is not None:
        try:
            context.load_verify_locations(tls.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SpecError(f"ca_file {tls.ca_file} cannot be read: {error}") from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
