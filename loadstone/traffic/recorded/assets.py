"""Which requests are for assets: what a browser fetches to draw a page, and keeps."""

from __future__ import annotations

__all__ = ["is_asset"]

_TYPES = ("image/", "font/", "audio/", "video/", "application/font", "application/x-font")
_WHOLE = frozenset(
    {
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "text/ecmascript",
        "application/wasm",
        "application/manifest+json",
        "application/vnd.ms-fontobject",
        "application/x-shockwave-flash",
    }
)
_ENDINGS = frozenset(
    [
        "css",
        "js",
        "mjs",
        "cjs",
        "map",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "avif",
        "ico",
        "bmp",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "mp3",
        "mp4",
        "m4a",
        "webm",
        "ogg",
        "wav",
        "wasm",
        "webmanifest",
    ]
)
_KINDS = frozenset({"image", "stylesheet", "script", "font", "media", "manifest", "texttrack", "imageset"})


def is_asset(target: str, media_type: str = "", kind: str = "") -> bool:
    """By what the browser wanted it for (Chrome's ``_resourceType``), else by its media type, else by its name."""
    if kind.lower() in _KINDS:
        return True
    if media_type in _WHOLE or media_type.startswith(_TYPES):
        return True
    if media_type.startswith(("text/html", "application/json")):
        return False
    path = target.partition("?")[0].partition("#")[0]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    name = path.rpartition("/")[2].lower()
    return "." in name and name.rpartition(".")[2] in _ENDINGS
