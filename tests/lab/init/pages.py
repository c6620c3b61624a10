"""A service that is a table of replies, for what only asks."""

from __future__ import annotations

import json
from collections.abc import Mapping

from loadstone.traffic.crawl import Spent
from loadstone.traffic.crawl.reply import Reply

__all__ = ["Pages"]


class Pages:
    """``replies`` by target: a document for JSON, a text for HTML, a number for a status alone. Whatever is not there
    answers 404. ``asked`` are the targets in order; from ``most`` on there is no more."""

    def __init__(self, replies: Mapping[str, object], most: int = 1_000) -> None:
        self.replies = dict(replies)
        self.asked: list[str] = []
        self.most = most

    def get(self, target: str) -> Reply:
        if len(self.asked) >= self.most:
            raise Spent
        self.asked.append(target)
        url = f"http://127.0.0.1:8000{target}"
        found = self.replies.get(target, 404)
        match found:
            case int():
                return Reply(url, "GET", target, found)
            case str() if found.startswith("->"):
                return Reply(url, "GET", target, 302, (("location", found[2:].strip()),))
            case str():
                return Reply(url, "GET", target, 200, (("content-type", "text/html"),), found.encode())
        return Reply(url, "GET", target, 200, (("content-type", "application/json"),), json.dumps(found).encode())
