"""The spec and its feeds on disk: whole or not at all, never over what is there, and read back before it counts."""

from __future__ import annotations

from pathlib import Path

from loadstone.archive.writer import replace
from loadstone.errors import InstrumentError, SpecError
from loadstone.model.draft import Draft
from loadstone.render.spec_toml import feed_csv, spec_toml
from loadstone.spec import Spec, load

__all__ = ["check_free", "try_out", "write_spec"]


def check_free(path: Path, *, force: bool) -> None:
    """Raise SpecError where a file is there already that nobody said may be replaced, or its folder is not there."""
    if path.exists() and not force:
        raise SpecError(
            f"{path} is there already\n    keep it and write elsewhere: --output FILE, or replace it: --force"
        )
    if not path.parent.is_dir():
        raise SpecError(f"there is no directory {path.parent} to write {path.name} to")


def write_spec(draft: Draft, path: Path, *, force: bool) -> tuple[Spec, tuple[Path, ...]]:
    """Write the draft: the feeds first, then the spec under another name, which takes its place once it was read back.

    The spec as ``loadstone check`` will read it, and the feeds' files. Raises SpecError where a file is in the way,
    InstrumentError where what was written does not read back as it was meant.
    """
    check_free(path, force=force)
    feeds = [(path.parent / feed.source, feed) for feed in draft.feeds if feed.source is not None]
    for place, _ in feeds:
        if place.exists() and not force:
            raise SpecError(f"{place} is there already\n    move it away, or replace it: --force")
    for place, feed in feeds:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SpecError(f"{place.parent} cannot be made: {error.strerror}") from error
        replace(place, _bytes(feed_csv(feed)))
    beside = path.parent / f".{path.name}.init"
    try:
        replace(beside, _bytes(spec_toml(draft)))
        _read_back(draft, beside, path)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return load(path), tuple(place for place, _ in feeds)


def _read_back(draft: Draft, beside: Path, path: Path) -> Spec:
    try:
        spec = load(beside)
    except SpecError as error:
        raise InstrumentError(
            f"the draft of {path} is not a spec, which is a fault of Loadstone's own:\n{error}"
        ) from error
    if spec.workload.journeys != draft.journeys or spec.slos != draft.slos:
        raise InstrumentError(f"the draft of {path} reads back as something else, which is a fault of Loadstone's own")
    return spec


def try_out(draft: Draft, folder: Path) -> None:
    """Write it to a folder of its own and read it back, before anything is measured. Raises InstrumentError."""
    for feed in draft.feeds:
        if feed.source is not None:
            (folder / feed.source).parent.mkdir(parents=True, exist_ok=True)
            replace(folder / feed.source, _bytes(feed_csv(feed)))
    replace(folder / "draft.toml", _bytes(spec_toml(draft)))
    _read_back(draft, folder / "draft.toml", folder / "draft.toml")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
