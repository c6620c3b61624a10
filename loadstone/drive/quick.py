"""``loadstone run URL``: one request as a workload, with no file to write."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from loadstone.errors import SpecError
from loadstone.model import template
from loadstone.model.extraction import TOKEN
from loadstone.model.service import Service
from loadstone.model.shape import Arrivals, Phase, Shape
from loadstone.model.workload import METHODS, Body, Journey, Step, Workload

__all__ = ["quick"]


def quick(
    url: str,
    *,
    duration_s: float,
    rate_per_s: float | None = None,
    users: int | None = None,
    even: bool = False,
    method: str = "GET",
    headers: Iterable[str] = (),
    body: str | None = None,
    timeout_s: float = 10.0,
) -> tuple[Service, Workload, Shape]:
    """The nouns of a quick run: an open model at ``rate_per_s`` journeys a second, or a closed population of ``users``.

    ``--max`` on 50 connections is ``users=50``: there is no think time. ``headers`` are written ``name: value``. URL,
    header values and body are templates, so ``/items?page={zipf(50)}`` works. Raises SpecError.
    """
    service, target = _split(url)
    if (rate_per_s is None) == (users is None):
        raise SpecError("a quick run has either a rate (--rate 500/s) or users (--users 50, --max)")
    if rate_per_s is not None and rate_per_s <= 0:
        raise SpecError("the rate is above 0, for example --rate 500/s")
    if users is not None and users < 1:
        raise SpecError("there is at least one user, for example --users 50")
    if duration_s <= 0:
        raise SpecError("the duration is above 0, for example --for 30s")
    if timeout_s <= 0:
        raise SpecError("the timeout is above 0, for example --timeout 10s")
    if method.lower() not in METHODS:
        raise SpecError(f"the method {method} is not known; it is one of {', '.join(METHODS)}")
    step = Step(
        name=f"{method.upper()} {target.partition('?')[0]}",
        method=method.lower(),
        target=target,
        headers=_headers(headers),
        body=None if body is None else Body("text", body),
        timeout_s=timeout_s,
    )
    for what, text in [("URL", target), ("body", body or ""), *(("header", v) for v in step.headers.values())]:
        _check(what, text)
    phase = Phase("steady", duration_s, rate_per_s=rate_per_s, users=users)
    arrivals: Arrivals = "closed" if users is not None else "even" if even else "poisson"
    return service, Workload((Journey("quick", 1.0, (step,)),)), Shape("quick", arrivals, (phase,))


def _split(url: str) -> tuple[Service, str]:
    if "://" not in url:
        raise SpecError(f'a URL starts with http:// or https://; did you mean "http://{url}"?')
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SpecError(f"{url} is not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SpecError(f"{url} is not a URL of a service; it is written http://HOST:PORT/PATH")
    if "@" in parts.netloc:
        raise SpecError('a URL names no user; send credentials as --header "authorization: Bearer {env.TOKEN}"')
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Service(f"{parts.scheme}://{parts.netloc}"), target


def _headers(lines: Iterable[str]) -> dict[str, str]:
    read: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not TOKEN.fullmatch(name):
            raise SpecError('a header is written "name: value", for example --header "accept: text/html"')
        if any(c in value for c in "\r\n\0"):
            raise SpecError(f"the value of the header {name} is one line")
        if name in ("content-length", "transfer-encoding"):
            raise SpecError(f"the header {name} is the engine's own; leave it out")
        if name in read:
            raise SpecError(f"the header {name} is given twice; give it once")
        read[name] = value.strip()
    return read


def _check(what: str, text: str) -> None:
    """A quick run has draws and secrets, but no earlier step and no feed."""
    try:
        parts = template.parse(text)
    except template.TemplateError as error:
        raise SpecError(f"{what}: {error}") from error
    for part in parts:
        if isinstance(part, template.Variable | template.Column):
            raise SpecError(
                f"{what}: nothing gives {template.show((part,))} a value in a quick run; "
                "write {{ for a literal brace, or a spec with a step that extracts it"
            )
