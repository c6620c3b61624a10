"""Write docs/faults: a page for each fault out of its own file, and their index."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "faults"


def cases(code: str) -> dict[str, int]:
    """How many cases the fault has of each kind."""
    folder = f"tests.cases.{code.replace('-', '_')}"
    return {kind: len(import_module(f"{folder}.{kind}").CASES) for kind in ("guilty", "solved", "lookalike")}


def pages() -> dict[str, str]:
    """Every page's text by the name of its file."""
    from loadstone.diagnose.manual import fault_pages
    from loadstone.render.fault_markdown import fault_index, fault_markdown

    found = fault_pages()
    counted = {page.code: cases(page.code) for page in found}
    made = {f"{page.code}.md": fault_markdown(page, counted[page.code]) for page in found}
    return {"README.md": fault_index(found, counted), **made}


def main() -> None:
    """Write what differs, remove what is no fault's."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
