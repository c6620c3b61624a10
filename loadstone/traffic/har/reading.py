"""A HAR to a recording of one origin: in order, without assets, and with a word about all that was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from loadstone.errors import Problem, SpecError
from loadstone.model.recording import RecordedExchange, Recording
from loadstone.traffic.har.document import read_document
from loadstone.traffic.har.entry import Read, origin_of, read_entry
from loadstone.traffic.recorded.assets import is_asset

__all__ = ["read_har", "read_runs"]

_CREDENTIALS = frozenset({"cookie", "authorization"})
_NAMED = 3  # of the other origins, how many are told by name


def read_har(path: str | Path, *, url: str | None = None) -> Recording:
    """The recording of a file. ``url`` says which origin is meant; without it, or where the file has nothing of it, it
    is the one with the most requests that are no assets. Of several runs (WebPageTest) it is the first.

    Raises SpecError with file and line for what is no HAR, and for one without a request.
    """
    runs = read_runs(path, url=url)
    if len(runs) == 1:
        return runs[0]
    said = f"the file holds {len(runs)} runs; this is the first, and the others can be compared with it"
    return _with_note(runs[0], said)


def read_runs(path: str | Path, *, url: str | None = None) -> tuple[Recording, ...]:
    """One recording for each run that the file holds: one, but for WebPageTest. Views of a warm cache are left out."""
    path = Path(path)
    log = read_document(path)
    reads: list[Read] = []
    unread = 0
    for raw in log.entries:
        try:
            read = read_entry(raw)
        except ValueError:
            unread += 1
            continue
        if read is not None:
            reads.append(_trimmed(read))
    if not reads:
        found = f"{_counted(unread, 'entry', 'entries')}, none of which can be read" if unread else "no entries"
        raise SpecError.of((Problem(str(path), 1, found, "record a visit to the service, and save it again"),))
    fresh = [read for read in reads if not _warm(read)]
    notes = [f"{_counted(unread, 'entry', 'entries')} could not be read"] if unread else []
    if fresh and len(fresh) < len(reads):
        notes.append(f"{_counted(len(reads) - len(fresh))} of views with a warm cache left out")
    runs: dict[str, list[Read]] = {}
    for read in fresh or reads:
        runs.setdefault(str(read.entry.run or ""), []).append(read)
    return tuple(_recording(path, log.by, run, url, notes) for run in runs.values())


def _warm(read: Read) -> bool:
    return read.entry.cached_view in (1, "1", True)


def _counted(count: int, one: str = "request", many: str = "requests") -> str:
    return f"{count} {one if count == 1 else many}"


def _trimmed(read: Read) -> Read:
    """Without the body of an asset, which is most of a file."""
    if _asset(read):
        return read._replace(reply=type(read.reply)(read.reply.headers, None, read.reply.media_type))
    return read


def _asset(read: Read) -> bool:
    return read.method in ("GET", "HEAD") and is_asset(read.url, read.reply.media_type, str(read.entry.kind or ""))


def _recording(path: Path, by: str, reads: Sequence[Read], url: str | None, given: Sequence[str]) -> Recording:
    reads = _in_order(reads)
    origin, said = _origin(reads, url)
    notes = [*given, *said]
    ours = [read for read in reads if read.origin == origin]
    elsewhere = [read for read in reads if read.origin != origin]
    if elsewhere:
        notes.append(_elsewhere(elsewhere))
    kept: list[Read] = []
    left: Counter[str] = Counter()
    asked = {(read.method, read.url) for read in ours if not _by_worker(read) and not _cached(read)}
    for read in ours:
        reason = _left_out(read, asked)
        if reason is None:
            kept.append(read)
        else:
            left[reason] += 1
    assets = left.pop("assets", 0)
    notes += [f"{_counted(count)} {reason} left out" for reason, count in left.items()]
    notes += _doubts(by, kept)
    first = next((read.at_s for read in kept if read.at_s is not None), 0.0)
    pages = {name: number for number, name in enumerate(dict.fromkeys(read.page for read in kept))}
    exchanges = tuple(_exchange(read, first, pages[read.page]) for read in kept)
    return Recording(
        path=str(path),
        kind="har",
        origin=origin,
        exchanges=exchanges,
        elsewhere=len(elsewhere),
        assets=assets,
        by=by,
        notes=tuple(notes),
    )


def _in_order(reads: Sequence[Read]) -> list[Read]:
    """By their start; one without an instant stays behind the entry above it."""
    at = next((read.at_s for read in reads if read.at_s is not None), 0.0)
    timed: list[tuple[float, Read]] = []
    for read in reads:
        at = read.at_s if read.at_s is not None else at
        timed.append((at, read._replace(at_s=at)))
    return [read for _, read in sorted(timed, key=lambda pair: pair[0])]


def _origin(reads: Sequence[Read], url: str | None) -> tuple[str, list[str]]:
    """The origin that is meant, and what is to be said of it: of the site of the first page, the one with the most
    replies of pages and data (a page's interface often has an origin of its own; so have its counters)."""
    counts = Counter(read.origin for read in reads if _is_told(read))
    total = Counter(read.origin for read in reads if not _led_away(read)) or Counter(read.origin for read in reads)
    page = next((read.origin for read in reads if _is_page(read)), reads[0].origin)
    ours = [origin for origin in total if _site(origin) == _site(page) and counts[origin]] or list(counts or total)
    most = max(ours, key=lambda origin: (counts[origin], origin == page, total[origin]))
    if url is None:
        return most, []
    wanted = origin_of(url)
    if any(read.origin == wanted for read in reads):
        return wanted or most, []
    return most, [f"the recording has nothing of {wanted or url}; its requests to {most} were taken"]


def _is_page(read: Read) -> bool:
    return read.reply.media_type == "text/html" and 200 <= read.status < 300


def _is_told(read: Read) -> bool:
    kind = read.reply.media_type
    told = kind in ("text/html", "application/json", "application/xml", "text/xml") or kind.endswith("+json")
    return told and read.status >= 200 and not _led_away(read)


def _led_away(read: Read) -> bool:
    """Whether the reply was a redirect to another origin."""
    location = read.reply.header("location") if 300 <= read.status < 400 else None
    return location is not None and origin_of(location) not in (None, read.origin)


def _site(origin: str) -> str:
    """The part of the host that one owner has: its last two labels, three under ``co.uk`` and the like; of an address
    or a single name, all of it."""
    host = urlsplit(origin).hostname or ""
    labels = host.split(".")
    if len(labels) < 3 or labels[-1].isdigit() or ":" in host:
        return host
    short = len(labels[-1]) == 2 and labels[-2] in ("ac", "co", "com", "edu", "gov", "net", "org")
    return ".".join(labels[-3 if short else -2 :])


def _elsewhere(reads: Sequence[Read]) -> str:
    counts = Counter(read.origin for read in reads)
    named = ", ".join(f"{origin} ({count})" for origin, count in counts.most_common(_NAMED))
    more = f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else ""
    return f"{_counted(len(reads))} to other origins left out: {named}{more}"


def _left_out(read: Read, asked: set[tuple[str, str]]) -> str | None:
    """Why a request of the origin is no exchange of the service's own work; None where it is."""
    kind = str(read.entry.kind or "").lower()
    if kind == "websocket" or read.entry.socket or read.status == 101:
        return "for a WebSocket, which is not driven,"
    if kind == "eventsource" or read.reply.media_type == "text/event-stream":
        return "for an event stream, which does not end,"
    if kind == "preflight" or (
        read.method == "OPTIONS" and read.request.header("access-control-request-method") is not None
    ):
        return "before another (CORS preflight), which browsers send by themselves,"
    if _asset(read):
        return "assets"
    if _cached(read):
        return "that the browser's cache answered"
    if _by_worker(read) and (read.method, read.url) in asked:
        return "that a service worker sent on"
    return None


def _cached(read: Read) -> bool:
    return bool(read.entry.from_cache) or str(read.entry.fetched or "").endswith("Cache")


def _by_worker(read: Read) -> bool:
    return read.entry.by_worker in (True, "true", 1) or str(read.entry.fetched or "") == "Service Worker"


def _doubts(by: str, kept: Sequence[Read]) -> list[str]:
    """What the recording lacks, and how to have it."""
    notes = []
    answered = [read for read in kept if read.status and read.status not in (204, 304) and read.method != "HEAD"]
    bodies = sum(read.reply.body is not None for read in answered)
    texts = [read for read in answered if 200 <= read.status < 300]
    if texts and not bodies:
        notes.append(
            "no reply has its body: values that change cannot be found; save it once more with content"
            " (Chrome: “Export HAR”; Firefox: “Save All As HAR”)"
        )
    carried = {name for read in kept for name, _ in read.request.headers if name in _CREDENTIALS}
    carried |= {name for read in kept for name, _ in read.reply.headers if name == "set-cookie"}
    if not carried and by.startswith("WebInspector"):
        notes.append(
            "it holds neither cookies nor credentials: Chrome leaves them out unless “Export HAR (with sensitive data)”"
            " is used; cookies that replies set are kept in a replay, all else has to be given"
        )
    if failed := sum(read.status == 0 for read in kept):
        notes.append(f"{_counted(failed)} without a reply")
    if binary := sum(read.binary for read in kept):
        notes.append(f"{_counted(binary)} with files or other bytes that the recording does not hold")
    return notes


def _exchange(read: Read, first_s: float, page: int) -> RecordedExchange:
    parts = urlsplit(read.url)
    return RecordedExchange(
        method=read.method,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        request=read.request,
        status=read.status,
        reply=read.reply,
        start_s=(read.at_s or first_s) - first_s,
        duration_s=read.duration_s,
        page=page,
    )


def _with_note(recording: Recording, note: str) -> Recording:
    return msgspec.structs.replace(recording, notes=(*recording.notes, note))
