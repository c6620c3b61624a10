"""Which hosts may be driven: this machine, and those that the spec or the user names.

The reason: a typo must not load-test production.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from loadstone.errors import SpecError

__all__ = ["check_host", "host_problem", "parse_url"]


def parse_url(text: str) -> str:
    """A service's URL without its last slash: scheme, host, port and perhaps a path. Raises ValueError."""
    says = 'a service\'s URL is written "http://HOST:PORT" or "https://HOST"'
    if "://" not in text:
        raise ValueError(f'{says}; did you mean "http://{text}"?')
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{says}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or any(c.isspace() for c in text):
        raise ValueError(says)
    if "@" in parts.netloc:
        raise ValueError("a service's URL names no user; credentials go to [auth], their values in the environment")
    if parts.query or parts.fragment:
        raise ValueError("a service's URL ends with its path; a query belongs to a step")
    return text.rstrip("/")


def host_problem(url: str, allowed: Iterable[str] = ()) -> str | None:
    """Why this URL is not driven, or None. Loopback always is; another host only when ``allowed`` names it."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError as error:
        return f"this is no URL: {error}"
    if "@" in urlsplit(url).netloc:
        return "a URL names no user; credentials go to [auth], their values in the environment"
    if not host:
        return "this URL names no host"
    if _loopback(host) or host in {name.strip("[]").rstrip(".").lower() for name in allowed}:
        return None
    return (
        f"{host} is not this machine, and load on it may be somebody's outage; if it may be driven, "
        f'write allow_hosts = ["{host}"] at the top of the spec or pass --yes-load {host}'
    )


def check_host(url: str, allowed: Iterable[str] = ()) -> None:
    """Raise SpecError when the URL's host may not be driven."""
    if problem := host_problem(url, allowed):
        raise SpecError(problem)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
