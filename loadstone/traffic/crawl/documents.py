"""Where a service describes itself: OpenAPI at the places where frameworks put it; GraphQL is only noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from loadstone.traffic.crawl.addresses import target_of
from loadstone.traffic.crawl.client import Client
from loadstone.traffic.crawl.reply import Reply

__all__ = ["DOCUMENTS", "find_graphql", "find_openapi", "is_openapi"]

DOCUMENTS = (
    "/openapi.json",  # FastAPI, and what most others follow
    "/swagger.json",  # Flask-RESTX, go-swagger
    "/api/schema/",  # drf-spectacular
    "/v3/api-docs",  # springdoc
    "/api-docs",  # swagger-jsdoc
    "/api/openapi.json",  # Django Ninja
    "/openapi.yaml",
    "/swagger/v1/swagger.json",  # Swashbuckle
    "/api-json",  # NestJS
    "/docs",
    "/api/docs",
    "/redoc",
    "/swagger/",
    "/swagger-ui/index.html",
)
"""In the order of how common they are."""

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/openapi+json, application/json;q=0.9, application/yaml;q=0.8, "
    "*/*;q=0.5"
)
_YAML = re.compile(r"(?m)^[\"']?(?:openapi|swagger)[\"']?\s*:\s*[\"']?[23]\.")
_YAML_PATHS = re.compile(r"(?m)^[\"']?paths[\"']?\s*:")
THIN = 4
"""A description with fewer paths may be of the shell around the service, which has one of its own."""

_PATHS = re.compile(r"(?m)(?:^\s*|[{,]\s*)[\"']?/[^\"'\n:]*[\"']?\s*:")
_NAMED = re.compile(
    r"(?:\burl|configUrl|specUrl|spec-url|data-url|apiDescriptionUrl)[\"']?\s*[:=]\s*[\"']([^\"'<>\s]{1,500})[\"']"
)
_SCRIPTS = re.compile(r"src=[\"']([^\"'<>]*swagger(?:-ui)?-init(?:ializer)?\.js[^\"'<>]*)[\"']")
_INSIDE = re.compile(r"[\"']?swaggerDoc[\"']?\s*:\s*(?=\{)")
_GRAPHQL = re.compile(r"(?i)graphi?ql|\"__typename\"|must provide (?:a )?query|query missing|Cross-Site Request Forg")
_PAGE = re.compile(r"\.(?:js|css|html?|png|svg|ico)(?:$|\?)")


def is_openapi(text: str) -> bool:
    """Whether this is an OpenAPI or Swagger document, in JSON or YAML."""
    if text.lstrip()[:1] == "{":
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return False
        versioned = isinstance(document, dict) and isinstance(document.get("openapi", document.get("swagger")), str)
        return versioned and isinstance(document.get("paths", document.get("webhooks")), dict)
    return _YAML.search(text) is not None and _YAML_PATHS.search(text) is not None


def find_openapi(client: Client, named: Iterable[str] = (), closed: list[str] | None = None) -> tuple[str, str] | None:
    """URL and text of the service's description, or None. ``named`` are targets that the service itself gave; places
    that ask for a login are added to ``closed``.

    Of several the largest is taken; the search ends at one of some size.
    """
    best: tuple[str, str] | None = None
    waiting = [*named, *DOCUMENTS]
    asked: set[str] = set()
    pages: set[bytes] = set()
    while waiting and client.allows():
        target = waiting.pop(0)
        if target in asked:
            continue
        asked.add(target)
        reply = client.get(target, accept=_ACCEPT, most_bytes=client.limits.document_bytes)
        if reply.failure is not None:
            break
        if reply.location is not None and (onward := target_of(reply.url, reply.location)) is not None:
            waiting.insert(0, onward)
        if reply.status in (401, 403) and closed is not None:
            closed.append(target)
        if not reply.good or reply.cut:
            continue
        text = reply.text
        described = text if is_openapi(text) else _inside(text)
        if described is not None:
            if best is None or _size(described) > _size(best[1]):
                best = reply.url, described
            if _size(described) >= THIN:
                break
            continue
        if reply.html:
            if reply.body not in pages:
                waiting[:0] = [onward for onward in _leads(reply, text) if onward not in asked][:5]
            pages.add(reply.body)
        elif target.partition("?")[0].endswith(".js"):
            waiting[:0] = [onward for onward in _leads(reply, text) if onward not in asked][:5]
    return best


def _size(text: str) -> int:
    """About how many paths a description has."""
    return len(_PATHS.findall(text))


def _leads(reply: Reply, text: str) -> Iterator[str]:
    """Addresses of a description that a page of documentation, or its script, names."""
    for pattern in (_NAMED, _SCRIPTS):
        for found in pattern.findall(text):
            target = target_of(reply.url, found)
            if target is not None and (pattern is _SCRIPTS or not _PAGE.search(target)):
                yield target


def _inside(text: str) -> str | None:
    """The document where a page's script holds it whole, as swagger-ui-express writes it."""
    found = _INSIDE.search(text)
    if found is None:
        return None
    try:
        document, _ = json.JSONDecoder().raw_decode(text, found.end())
    except (ValueError, RecursionError):
        return None
    inside = json.dumps(document)
    return inside if is_openapi(inside) else None


def find_graphql(client: Client) -> str | None:
    """The target at which GraphQL answers, or None."""
    if not client.allows():
        return None
    reply = client.get("/graphql?query=%7B__typename%7D", accept="application/json, text/html;q=0.5")
    if reply.failure is not None or reply.status in (404, 0) or reply.location is not None:
        return None
    document = reply.json()
    if isinstance(document, dict) and ("data" in document or "errors" in document):
        return "/graphql"
    return (
        "/graphql"
        if reply.status in (200, 400, 405) and _GRAPHQL.search(reply.text[:20_000]) and not document
        else None
    )
