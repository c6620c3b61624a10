"""Words to search for: those that the service's own replies hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from loadstone.traffic.crawl.pages import read_page
from loadstone.traffic.crawl.reply import Reply

__all__ = ["SEARCHES", "words_of"]

SEARCHES = re.compile(r"(?i)^(?:q|query|search|s|term|terms|text|keywords?|kw|find|filter\[?name\]?)$")
"""Parameters that take words."""

_TITLES = ("name", "title", "label", "headline", "summary", "description", "category", "tag")
_PERSON = re.compile(r"(?i)mail|phone|user|first.?name|last.?name|surname|birth|address|author|avatar|gender")
"""A table with such keys is about somebody, whose name is never written down."""

_WORD = re.compile(r"[A-Za-z]{4,12}")
_COMMON = re.compile(
    r"(?:about|account|after|also|back|click|cookies?|copyright|email|from|have|help|home|into|log(?:in|out)|menu|more|"
    r"next|only|over|pages?|passwords?|please|policy|privacy|rights|search|sign|skip|terms|that|their|there|this|"
    r"user|username|welcome|when|which|with|your)"
)

MOST = 6


def words_of(replies: Iterable[Reply], most: int = MOST) -> list[str]:
    """Some words of names and titles of things in JSON, else of pages' titles; lower case, no two alike."""
    named: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for reply in replies:
        document = reply.json()
        if document is not None:
            named.update(word for text in _titles(document) for word in _plain(text))
        elif reply.html:
            shown.update(_plain(read_page(reply.url, reply.text).title))
    chosen = named or shown
    return [word for word, _ in sorted(chosen.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def _plain(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if not _COMMON.fullmatch(word.lower()):
            yield word.lower()


def _titles(document: object, depth: int = 0) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(document, list):
        for one in document[:50]:
            yield from _titles(one, depth + 1)
    elif isinstance(document, Mapping):
        if any(_PERSON.search(str(key)) for key in document):
            return
        for key, value in document.items():
            if isinstance(value, str) and str(key).lower() in _TITLES:
                yield value
            elif isinstance(value, list | Mapping):
                yield from _titles(value, depth + 1)
