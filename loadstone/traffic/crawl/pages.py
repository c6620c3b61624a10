"""What an HTML page leads to: links, forms, and what it says of tokens. Broken pages are read as browsers do."""

from __future__ import annotations

import re

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from loadstone.traffic.crawl.addresses import is_asset, target_of

__all__ = ["Form", "FormField", "Page", "read_page", "shallow"]

MOST_LINKS = 2_000  # of one page
MOST_FORMS = 50
MOST_FIELDS = 200
_LONGEST_VALUE = 4_096
DEEPEST = 2_000  # elements within each other; browsers stop at 512 (Blink, kMaximumHTMLParserDOMTreeDepth)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,40})")
_SHUT_BY_ITSELF = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"),
    *("p", "li", "dd", "dt", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option", "optgroup", "rp", "rt"),
}
_ELSEWHERE = re.compile(r"(?i)^(?:javascript|mailto|tel|data|blob|about|sms|ftp):")


class FormField(msgspec.Struct, frozen=True):
    """One control: its name, its type in lower case (``select`` and ``textarea`` too) and the value that it has."""

    name: str
    type: str = "text"
    value: str = ""
    complete: str = ""


class Form(msgspec.Struct, frozen=True):
    """A form on ``page``: ``action`` is the target that it goes to, None where that is elsewhere. A file upload and
    buttons without a name are left out of ``fields``."""

    page: str
    method: str
    action: str | None
    fields: tuple[FormField, ...] = ()
    json: bool = False

    @property
    def passwords(self) -> tuple[FormField, ...]:
        """Its password fields."""
        return tuple(field for field in self.fields if field.type == "password")


class Page(msgspec.Struct, frozen=True):
    """``links`` and ``next`` (what the page calls its successor) are targets of this service; ``assets`` and
    ``elsewhere`` are counts. ``described`` are addresses of a description of the API, ``meta`` named values."""

    title: str = ""
    links: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    described: tuple[str, ...] = ()
    meta: dict[str, str] = {}
    assets: int = 0
    elsewhere: int = 0


def read_page(url: str, text: str) -> Page:
    """The page at ``url``. Never raises for what a server sends: what cannot be read is not there."""
    try:
        tree = LexborHTMLParser(shallow(text))
    except Exception:  # selectolax raises bare exceptions for what lexbor refuses
        return Page()
    base = url
    if (node := tree.css_first("base[href]")) is not None and (href := _attribute(node, "href")):
        target = target_of(url, href)
        base = url if target is None else _joined(url, target)
    links: dict[str, None] = {}
    following: dict[str, None] = {}
    described: dict[str, None] = {}
    assets = elsewhere = 0
    for node in tree.css("a[href], area[href], iframe[src], frame[src], [hx-get], [data-href]")[:MOST_LINKS]:
        reference = next((_attribute(node, name) for name in ("href", "src", "hx-get", "data-href")
                          if _attribute(node, name)), "")  # fmt: skip
        target = target_of(base, reference)
        if target is None:
            elsewhere += bool(reference) and reference[0] != "#" and not _ELSEWHERE.match(reference)
        elif is_asset(target):
            assets += 1
        elif "next" in _attribute(node, "rel").lower().split():
            following[target] = None
        else:
            links[target] = None
    for node in tree.css("link[href]"):
        relation, target = _attribute(node, "rel").lower().split(), target_of(base, _attribute(node, "href"))
        if target is None:
            elsewhere += 1
        elif "next" in relation or "prev" in relation:
            following[target] = None
        elif "service-desc" in relation:
            described[target] = None
        elif "stylesheet" in relation or "icon" in relation or "preload" in relation or is_asset(target):
            assets += 1
    assets += len(tree.css("script[src], img[src], video[src], audio[src], source[src]"))
    for node in tree.css("meta[http-equiv]"):
        if _attribute(node, "http-equiv").lower() == "refresh":
            target = target_of(
                base, re.sub(r"(?i)^[\d.\s]*[;,]?\s*(?:url\s*=)?\s*['\"]?", "", _attribute(node, "content"))
            )
            if target is not None:
                links[target] = None
    meta = {_attribute(node, "name").lower(): _attribute(node, "content") for node in tree.css("meta[name]")[:100]}
    title = tree.css_first("title")
    return Page(
        title=title.text(strip=True)[:200] if title is not None else "",
        links=tuple(links),
        next=tuple(following),
        forms=tuple(_form(url, base, node) for node in tree.css("form")[:MOST_FORMS]),
        described=tuple(described),
        meta=meta,
        assets=assets,
        elsewhere=elsewhere,
    )


def shallow(text: str) -> str:
    """The text up to where its elements lie deeper than any real page's: the parser's time grows with the depth's
    square (measured: 0.2 s for 10,000 levels, 6.6 s for 50,000)."""
    depth = 0
    for found in _TAG.finditer(text):
        if found[2].lower() not in _SHUT_BY_ITSELF:
            depth = max(0, depth - 1) if found[1] else depth + 1
            if depth > DEEPEST:
                return text[: found.start()]
    return text


def _form(url: str, base: str, node: LexborNode) -> Form:
    method = _attribute(node, "method").upper() or "GET"
    reference = _attribute(node, "action")
    if not reference and (
        posted := next((_attribute(node, name) for name in ("hx-post", "hx-put") if _attribute(node, name)), "")
    ):
        reference, method = posted, "POST"
    controls = node.css("input[name], select[name], textarea[name], button[name]")[:MOST_FIELDS]
    fields = tuple(field for control in controls if (field := _field(control)) is not None)
    page = target_of(url, url) or "/"
    action = target_of(base, reference) if reference else page
    return Form(page, method if method in ("GET", "POST") else "GET", action, fields)


def _field(node: LexborNode) -> FormField | None:
    name, tag = _attribute(node, "name"), node.tag
    kind = (_attribute(node, "type") or ("submit" if tag == "button" else "text")).lower()
    value = _attribute(node, "value")
    if "disabled" in node.attributes or (tag == "input" and kind in ("file", "image", "reset", "button")):
        return None
    if tag == "select":
        kind = "select"
        chosen = node.css_first("option[selected]") or node.css_first("option")
        value = "" if chosen is None else _attribute(chosen, "value") or chosen.text(strip=True)
    elif tag == "textarea":
        kind, value = "textarea", node.text()
    elif kind in ("checkbox", "radio"):
        if "checked" not in node.attributes:
            return None
        value = value or "on"
    return FormField(name, kind, value[:_LONGEST_VALUE], _attribute(node, "autocomplete").lower())


def _attribute(node: LexborNode, name: str) -> str:
    value = node.attributes.get(name)
    return "" if value is None else value.strip() if name != "value" else value


def _joined(url: str, target: str) -> str:
    from urllib.parse import urljoin

    return urljoin(url, target)
