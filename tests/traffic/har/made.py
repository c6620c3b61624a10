"""Entries of a HAR as the browsers write them, each with its own ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["SHOP", "chrome", "entry", "firefox", "safari", "webpagetest", "write"]

SHOP = "https://shop.example"


def entry(
    target: str,
    *,
    method: str = "GET",
    status: int = 200,
    at: str = "2026-03-01T10:00:00.000Z",
    took_ms: float = 12.0,
    mime: str = "application/json",
    text: str | None = '{"ok": true}',
    sent: dict[str, str] | None = None,
    got: list[tuple[str, str]] | None = None,
    post: dict[str, Any] | None = None,
    origin: str = SHOP,
    content: dict[str, Any] | None = None,
    **own: object,
) -> dict[str, Any]:
    """The fields of HAR 1.2 that matter here; ``own`` are a browser's own."""
    request: dict[str, Any] = {
        "method": method,
        "url": origin + target,
        "httpVersion": "h2",
        "headers": [{"name": name, "value": value} for name, value in (sent or {}).items()],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 0,
    }
    if post is not None:
        request["postData"] = post
    shown: dict[str, Any] = {"size": len(text or ""), "mimeType": mime, **(content or {})}
    if text is not None:
        shown["text"] = text
    return {
        "startedDateTime": at,
        "time": took_ms,
        "request": request,
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "h2",
            "headers": [{"name": name, "value": value} for name, value in got or []],
            "cookies": [],
            "content": shown,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        **own,
    }


def chrome(*entries: dict[str, Any]) -> dict[str, Any]:
    """As Chrome's network panel exports it."""
    pages = [{"startedDateTime": "2026-03-01T10:00:00Z", "id": "page_1", "title": SHOP, "pageTimings": {}}]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "WebInspector", "version": "537.36"},
            "pages": pages,
            "entries": [
                {"_initiator": {"type": "other"}, "_priority": "High", "pageref": "page_1", **e} for e in entries
            ],
        }
    }


def firefox(*entries: dict[str, Any]) -> dict[str, Any]:
    """As Firefox saves it: a browser beside the creator, zones with a colon, security states."""
    made = {"name": "Firefox", "version": "132.0"}
    return {
        "log": {
            "version": "1.2",
            "creator": made,
            "browser": made,
            "pages": [{"id": "page_1", "pageTimings": {}, "startedDateTime": "2026-03-01T11:00:00.000+01:00"}],
            "entries": [{"_securityState": "secure", "connection": "443", "pageref": "page_1", **e} for e in entries],
        }
    }


def safari(*entries: dict[str, Any]) -> dict[str, Any]:
    """As Safari's Web Inspector exports it."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "WebKit Web Inspector", "version": "1.0"},
            "pages": [],
            "entries": [{"_fetchType": "Network Load", "_priority": "high", **e} for e in entries],
        }
    }


def webpagetest(*entries: dict[str, Any]) -> dict[str, Any]:
    """As WebPageTest writes it: runs, views of a cold and a warm cache, and dozens of fields of its own."""
    return {
        "log": {
            "version": "1.1",
            "creator": {"name": "WebPageTest", "version": "21.07"},
            "pages": [{"id": "page_1_0_1", "_run": 1, "_cached": 0, "_TTFB": 120, "_score_gzip": 100}],
            "entries": [
                {"_ip_addr": "192.0.2.1", "_load_ms": 12, "_bytesIn": "512", "_score_cache": -1, "_is_secure": 1, **e}
                for e in entries
            ],
        }
    }


def write(folder: Path, har: object, name: str = "visit.har") -> Path:
    """The file."""
    path = folder / name
    path.write_text(json.dumps(har), encoding="utf-8")
    return path
