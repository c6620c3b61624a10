"""Addresses: what belongs to the service, which of them are the same page, and which are better left alone."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

__all__ = ["is_asset", "is_loopback", "is_risky", "origin_of", "same_origin", "target_of"]

_ASSET = re.compile(
    r"(?i)\.(?:js|mjs|css|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp4|webm|mp3|ogg|wav|pdf|zip|t?gz|bz2|xz|zst|"
    r"tar|7z|rar|exe|dmg|iso|apk|jar|wasm|docx?|xlsx?|pptx?|csv|txt|webmanifest)$"
)
_RISKY = re.compile(
    r"(?i)(?:^|[/_.?&=+-])(?:log-?_?(?:out|off)|sign-?_?(?:out|off)|delete|destroy|remove|erase|purge|drop|unsubscribe|"
    r"opt-?_?out|cancel|revoke|disable|deactivate|terminate|shutdown|restart|reset|wipe|truncate|uninstall|"
    r"impersonate|approve|reject|unpublish|exit|leave|upvote|downvote|vote|unfollow|add-?_?to-?_?(?:cart|basket)|"
    r"kill|stop|flush|clear|rotate|migrate|backup|restore|end-?_?session)(?=$|[/_.?&=+-])"
)
_SESSION = re.compile(
    r"(?i)^(?:jsessionid|phpsessid|aspsessionid\w*|sid|sessid|session_?id|s?_?token|utm_\w+|fbclid|gclid)$"
)
_IN_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid|sid)=[^/?#;]*|/\(S\([a-z0-9]+\)\)")
_KEPT = "/:@!$&'()*+,;=-._~%"
_LONGEST = 2_000  # letters of a target; servers refuse from 8,000 on (RFC 9110, 4.1)


def origin_of(url: str) -> str:
    """Scheme, host and port in one form: ``http://127.0.0.1:8000``, a port that the scheme means left out. Raises
    ValueError."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    if port is None or port == (443 if parts.scheme == "https" else 80):
        return f"{parts.scheme.lower()}://{host}"
    return f"{parts.scheme.lower()}://{host}:{port}"


def is_loopback(url: str) -> bool:
    """Whether this is an address of the machine itself."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether both are of one service: the same origin, or the same scheme and port by other names of loopback."""
    try:
        first, second = origin_of(one), origin_of(other)
        if first == second:
            return True
        same_port = urlsplit(first).port == urlsplit(second).port and urlsplit(first).scheme == urlsplit(second).scheme
        return same_port and is_loopback(first) and is_loopback(second)
    except ValueError:
        return False


def target_of(base: str, reference: str) -> str | None:
    """The target (path and query) that a reference on the page ``base`` means, without fragment and session ids; None
    where it is no address of this service."""
    reference = reference.strip()
    if not reference or reference[0] == "#" or len(reference) > _LONGEST or "{" in reference:
        return None
    try:
        url = urljoin(base, "".join(reference.split()) if "\n" in reference or "\t" in reference else reference)
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not same_origin(base, url):
        return None
    path = quote(_IN_PATH.sub("", parts.path) or "/", safe=_KEPT)
    pairs = parse_qsl(parts.query, keep_blank_values=True, encoding="utf-8", errors="replace") if parts.query else []
    kept = [(name, value) for name, value in pairs if not _SESSION.match(name)]
    if not kept and pairs:
        return path
    if len(kept) == len(pairs):
        return f"{path}?{quote(parts.query, safe=_KEPT + '?/')}" if parts.query else path
    return f"{path}?{urlencode(kept)}"


def is_asset(target: str) -> bool:
    """Whether this names a script, a style, a picture, a font or another file that a page only brings along."""
    return _ASSET.search(target.partition("?")[0]) is not None


def is_risky(target: str) -> bool:
    """Whether following this link may change something although it is a GET: it is named for ending or for a deed."""
    return _RISKY.search(target) is not None
