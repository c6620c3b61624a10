"""The pages of docs/ hang together: links lead somewhere, commands are understood, every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands import misunderstood

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(path)))


def commands(path: Path) -> list[str]:
    """``loadstone …`` and ``make …`` in the blocks of a page: after a prompt, or as a block's own lines."""
    found = []
    for language, block in FENCE.findall(path.read_text(encoding="utf-8")):
        text = block.replace("\\\n", " ")
        lines = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        if not lines and language in ("", "sh", "bash", "console"):
            lines = text.splitlines()
        found += [line.strip() for line in lines if re.match(r"\s*(\.venv/bin/)?(loadstone|make) ", line)]
    return [command.removeprefix(".venv/bin/").partition("  #")[0].strip() for command in found]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        if re.match(r"https?://", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_command_is_understood(path: Path) -> None:
    assert {command: wrong for command in commands(path) if (wrong := misunderstood(command))} == {}


def test_the_guide_leads_to_every_page() -> None:
    guide = ROOT / "docs/guide.md"
    linked = {(guide.parent / link.partition("#")[0]).resolve() for link in links(guide)}
    assert {name(path) for path in PAGES if path.parent == guide.parent} - {name(path) for path in linked} == {
        "docs/guide.md"
    }


def test_the_readme_leads_to_the_guide() -> None:
    assert "docs/guide.md" in links(ROOT / "README.md")


def test_the_readme_shows_both_commands() -> None:
    assert {"make demo", "make test"} <= set(commands(ROOT / "README.md"))


def test_commands_are_found() -> None:
    assert len([command for path in PAGES for command in commands(path)]) > 10


def test_what_make_helps_with_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    helped = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert {"help", "demo", "build", "test", "wheel", "docs", "bench", "clean"} <= set(helped)
