"""Where the paths of a document stand: servers with variables, base paths, relative addresses."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from loadstone.traffic.openapi.document import Document, Path

__all__ = ["address_of", "base_paths"]


def base_paths(document: Document, entry: dict[str, object], path: Path, url: str | None) -> str | None:
    """What stands before the paths: of the first server at ``url``'s host, else of the first one. No slash at its end.

    ``entry`` is the document, a path or an operation, whichever names servers; None where it names none.
    """
    listed = entry.get("servers")
    if not isinstance(listed, list) or not listed:
        return None
    wanted = address_of(url).netloc if url else None
    addresses = [_address(document, server, (*path, "servers", index)) for index, server in enumerate(listed)]
    chosen = next((one for one in addresses if wanted and address_of(one).netloc == wanted), addresses[0])
    path_of = address_of(chosen).path.rstrip("/")
    return path_of if not path_of or path_of.startswith("/") else f"/{path_of}"


def address_of(text: str) -> SplitResult:
    """The parts of an address; of what is none, nothing."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def _address(document: Document, server: object, path: Path) -> str:
    """A server's address with its variables' defaults, relative to where the document is."""
    table = document.table(server, path)
    text = str(table.get("url") or "/")
    variables = table.get("variables")

    def value(found: re.Match[str]) -> str:
        one = variables.get(found[1]) if isinstance(variables, dict) else None
        default = one.get("default") if isinstance(one, dict) else None
        if default is None:
            document.note(path, f"the server's variable {{{found[1]}}} has no default, and was left out")
            return ""
        return str(default)

    text = re.sub(r"\{([^{}]+)\}", value, text)
    if "://" in text or text.startswith("/"):
        return text
    text = text if address_of(text).path else "/"
    return urljoin(document.at, text) if "://" in document.at else "/" + re.sub(r"^(\.?/)+", "", text)
