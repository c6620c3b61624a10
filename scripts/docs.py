"""Write the generated pages of docs/; `make docs` calls it."""

from __future__ import annotations

from pathlib import Path

from loadstone.handbook import questions
from loadstone.render.handbook import page_markdown

(Path(__file__).parent.parent / "docs/handbook.md").write_text(page_markdown(questions()), encoding="utf-8")
