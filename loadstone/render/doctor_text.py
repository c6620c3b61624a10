"""What the terminal shows of a doctor's look: a source a line, what is missing beneath it."""

from __future__ import annotations

from loadstone.model.doctor import Doctor, Source
from loadstone.render.text import LABEL, labelled, plain, wrapped

__all__ = ["doctor_text"]

_COLOURS = {"ready": "valid", "partly": "doubtful", "missing": "fail"}


def doctor_text(doctor: Doctor, *, color: bool = False, width: int = 100, next_step: str | None = None) -> str:
    """Every source with its state, without a trailing newline. ``next_step`` is the command to go on with."""
    head = plain(doctor.machine)
    if doctor.processes:
        head += f"; the service is {len(doctor.processes)} process{'' if len(doctor.processes) == 1 else 'es'}"
    rows = "\n".join(_source(source, color, width) for source in doctor.sources)
    short = [source for source in doctor.sources if source.state in ("partly", "missing")]
    ready = sum(source.state == "ready" for source in doctor.sources)
    tail = f"{ready} of {len(doctor.sources)} sources are ready"
    tail += f"; {len(short)} would tell more with what is named above." if short else "."
    if doctor.notes:
        head_of_notes = labelled("attached", "To a service that Loadstone did not start.", color, width)
        tail += "\n\n" + "\n".join([head_of_notes, *(wrapped(plain(note), width, LABEL) for note in doctor.notes)])
        tail += "\n" if next_step else ""
    if next_step:
        tail += f"\n{'next':<8}{plain(next_step)}"
    return f"{head}\n\n{rows}\n\n{tail}"


def _source(source: Source, color: bool, width: int) -> str:
    text = f"{source.name}: {source.gives}. {plain(source.found)}"
    lines = [labelled(source.state, text, color, width, colour=_COLOURS.get(source.state))]
    if source.advice:
        lines.append(wrapped(f"get it: {plain(source.advice)}", width, LABEL))
    if source.cost and source.state != "not here":
        lines.append(wrapped(f"cost: {source.cost}", width, LABEL))
    return "\n".join(lines)
