"""Links that stand in data: JSON (plain, HAL, JSON:API), Link headers, sitemaps."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from loadstone.traffic.crawl.addresses import is_asset, target_of
from loadstone.traffic.crawl.reply import Reply, inflated

__all__ = ["header_links", "json_links", "sitemap_entries"]

MOST_VALUES = 20_000  # of one document that are looked at
MOST_LINKS = 1_000
MOST_ENTRIES = 50_000  # of one sitemap (sitemaps.org, Sitemap file requirements)
_DEEPEST = 40
_PATH = re.compile(r"(?:https?://|/(?!/))[^\s<>\"'`\\^|]{0,1000}")
_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*!#$%&'+.^`|~-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)")
_RELATION = re.compile(r"(?i);\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))")
_ENTRY = re.compile(rb"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,2000})")
_MAP = re.compile(rb"<(?:\w+:)?sitemap[\s>]")


def json_links(url: str, document: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Targets of this service among a document's values, and those of them that lead to a next page: ``next`` by any
    key or relation, HAL's ``_links`` and JSON:API's ``links`` alike."""
    links: dict[str, None] = {}
    following: dict[str, None] = {}
    for key, value in _texts(document):
        if len(links) + len(following) >= MOST_LINKS:
            break
        reference = re.sub(r"\{[^{}]*\}", "", value)  # a URI template (RFC 6570) without its variables
        if not _PATH.fullmatch(reference) or ("{" in value and "{?" not in value and "{&" not in value):
            continue
        target = target_of(url, reference)
        if target is not None and not is_asset(target):
            (following if key == "next" else links)[target] = None
    return tuple(links), tuple(following)


def _texts(document: object) -> Iterator[tuple[str, str]]:
    """Each text of a document with the key that it, or what it stands in as ``href``, has."""
    left: deque[tuple[str, object, int]] = deque([("", document, 0)])
    seen = 0
    while left and seen < MOST_VALUES:
        key, value, depth = left.popleft()
        seen += 1
        if isinstance(value, str):
            yield key, value
        elif depth < _DEEPEST and isinstance(value, dict):
            relation = value.get("rel")
            above = relation if isinstance(relation, str) else key
            for name, one in value.items():
                left.append((above if name in ("href", "url") and above else str(name), one, depth + 1))
        elif depth < _DEEPEST and isinstance(value, list):
            left.extend((key, one, depth + 1) for one in value)


def header_links(url: str, reply: Reply) -> tuple[tuple[str, str], ...]:
    """Relation and target of each ``Link`` header (RFC 8288) that stays on this service."""
    found = []
    for name, value in reply.headers:
        if name != "link":
            continue
        for reference, parameters in _LINK.findall(value)[:100]:
            relation = _RELATION.search(parameters)
            target = target_of(url, reference)
            if target is not None:
                found.append(((relation[1] or relation[2]).lower() if relation else "", target))
    return tuple(found)


def sitemap_entries(url: str, body: bytes, limit: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Targets of a sitemap, and the sitemaps that an index names; gzip is undone, up to ``limit`` bytes."""
    if body[:2] == b"\x1f\x8b":
        body, _ = inflated(body, limit)
    entries: dict[str, None] = {}
    for found in _ENTRY.finditer(body):
        if len(entries) >= MOST_ENTRIES:
            break
        text = found[1].decode("utf-8", errors="replace").strip().replace("&amp;", "&")
        if (target := target_of(url, text)) is not None:
            entries[target] = None
    names = tuple(entries)
    return ((), names) if _MAP.search(body[:4_096]) else (names, ())
