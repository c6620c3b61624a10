"""One exchange, as far as it went: what every obstacle is read from, whoever sent the request."""

from __future__ import annotations

import re

import msgspec

__all__ = ["ENTRANCE", "Met", "host_of", "is_entrance", "is_html", "path_of", "place_of", "scheme_of"]

ENTRANCE = re.compile(
    r"(?i)(?:^|[/_.-])(?:log[_-]?in|log[_-]?on|sign[_-]?in|sign[_-]?on|sso|auth(?:orize|enticate)?|session/new)\b"
)
"""A path at which one logs in, in the words of the frameworks: ``/accounts/login/``, ``/users/sign_in``."""

_URL = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)")
_MARKUP = re.compile(r"(?i)\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.DOTALL)


class Met(msgspec.Struct, frozen=True):
    """A request and how it ended. ``failure`` is an error kind of the engine (``connect``, ``dns``, ``tls``,
    ``timeout``, ``reset``, ``protocol``) where no reply came, and ``status`` then 0.

    ``headers`` are the reply's, names in lower case. ``error`` is false where the status is one that was asked for;
    ``json`` says that JSON was expected. ``count`` is how many requests ended like this one.
    """

    target: str
    method: str = "GET"
    status: int = 0
    failure: str | None = None
    message: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    error: bool = True
    json: bool = False
    count: int = 1

    def header(self, name: str) -> str | None:
        """The first header of this name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


def scheme_of(url: str) -> str:
    """``http`` or ``https``; empty for what is no URL."""
    found = _URL.match(url)
    return found[1].lower() if found else ""


def host_of(url: str) -> str:
    """The host in lower case, without brackets and port; empty for what is no URL."""
    found = _URL.match(url)
    return found[2].strip("[]").lower() if found else ""


def place_of(url: str) -> str:
    """``127.0.0.1:8000``, with the port that the scheme means where none is written."""
    found = _URL.match(url)
    if found is None:
        return url
    return f"{found[2]}:{found[3] or (443 if found[1].lower() == 'https' else 80)}"


def path_of(target: str) -> str:
    """The path of a URL or of a target, without its query."""
    found = _URL.match(target)
    path = found[4] if found else re.split(r"[?#]", target, maxsplit=1)[0]
    return path or "/"


def is_entrance(target: str) -> bool:
    """Whether this looks like a page where one logs in."""
    return ENTRANCE.search(path_of(target)) is not None


def is_html(met: Met) -> bool:
    """Whether the reply is a page, by what it says and, where it says nothing of use, by how it begins."""
    media_type = (met.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type in ("text/html", "application/xhtml+xml"):
        return True
    return media_type in ("", "text/plain", "application/octet-stream") and _MARKUP.match(met.body) is not None
