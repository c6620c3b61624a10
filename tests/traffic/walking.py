"""A visit to a service over plain HTTP, recorded as a browser would: a HAR of every exchange, with a small recorder."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

__all__ = ["Visit"]

_BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Visit:
    """Sends requests one after the other, with its own cookies, and keeps what a HAR keeps.

    Its clock is made up: each exchange takes 20 ms and the next begins ``think_s`` later.
    """

    def __init__(self, url: str, think_s: float = 1.0) -> None:
        self._client = httpx.Client(base_url=url, follow_redirects=False, timeout=30)
        self._url = url
        self._think_s = think_s
        self._at = _BEGIN
        self.entries: list[dict[str, Any]] = []

    def get(self, target: str, **headers: str) -> httpx.Response:
        return self.send("GET", target, headers=headers)

    def send(self, method: str, target: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """One exchange; redirects are followed as a browser follows them, each as an exchange of its own."""
        request = self._client.build_request(method, target, **options)
        reply = self._client.send(request)
        body = request.read().decode()
        entry: dict[str, Any] = {
            "startedDateTime": self._at.isoformat().replace("+00:00", "Z"),
            "time": 20.0,
            "request": {
                "method": method,
                "url": str(request.url),
                "headers": _pairs(request.headers),
                **({"postData": {"mimeType": request.headers.get("content-type", ""), "text": body}} if body else {}),
            },
            "response": {
                "status": reply.status_code,
                "headers": _pairs(reply.headers),
                "content": {"mimeType": reply.headers.get("content-type", ""), "text": reply.text},
            },
        }
        self.entries.append(entry)
        self._at += timedelta(seconds=0.02)
        if reply.status_code in (301, 302, 303) and "location" in reply.headers:
            return self.send("GET", urljoin(str(request.url), reply.headers["location"]))
        self._at += timedelta(seconds=self._think_s)
        return reply

    def write(self, path: Path) -> Path:
        """The HAR of it."""
        log = {"version": "1.2", "creator": {"name": "visit", "version": "1"}, "entries": self.entries}
        path.write_text(json.dumps({"log": log}))
        return path

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _pairs(headers: httpx.Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.multi_items()]
