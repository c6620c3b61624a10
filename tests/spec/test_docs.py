"""docs/spec.md is held against the reader: every example is read, every key is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadstone import spec
from loadstone.errors import SpecError

TEXT = (Path(__file__).parents[2] / "docs" / "spec.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)

NEEDED = {
    "service": '[service]\nurl = "http://127.0.0.1:8000"\n',
    "journey": (
        '[[journey]]\nname = "browse"\n[[journey.step]]\nname = "list"\nget = "/"\n'
        '[[journey.step]]\nname = "detail"\nget = "/x"\n'
    ),
    "shape": '[shape.steady]\nrate = "1/s"\nduration = "1s"\n',
}


def keys(schema: dict[str, Any]) -> Iterator[str]:
    """Every key that the schema knows, at any depth."""
    for key, inner in schema.get("properties", {}).items():
        yield key
        yield from keys(inner)
    for inner in (schema.get(part) for part in ("items", "additionalProperties", "then", "else")):
        if isinstance(inner, dict):
            yield from keys(inner)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_read(number: int, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("email,password\na@example.com,p\n")
    (tmp_path / "ca.pem").write_text("")
    example = EXAMPLES[number]
    missing = [text for table, text in NEEDED.items() if table not in tomllib.loads(example)]
    (tmp_path / "loadstone.toml").write_text("\n".join([example, *missing]))
    spec.load(tmp_path / "loadstone.toml")


@pytest.mark.parametrize("key", sorted(set(keys(spec.json_schema())) - {"low", "high", "value", "source", "review"}))
def test_every_key_is_explained(key: str) -> None:
    methods = {"head", "put", "patch", "delete", "options", "trace"}
    pattern = rf"`{key}`" if key in methods else rf"`{key}`|check\.{key}|\[\[?{key}|{key} ="
    assert re.search(pattern, TEXT)


def test_the_assumptions_keys_are_shown() -> None:
    for key in ("low", "high", "value", "source", "review"):
        assert re.search(rf"^{key} = ", TEXT, re.MULTILINE)


def test_the_shown_error_is_the_real_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = TEXT.rpartition("```\nloadstone.toml")[2].partition("```")[0]
    lines = ["[service]", 'url = "http://127.0.0.1:8000"', *NEEDED["journey"].splitlines()]
    lines += [""] * (12 - len(lines)) + ["[shape.steady]", 'rate = "40 per second"', 'duration = "1s"']
    (tmp_path / "loadstone.toml").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as raised:
        spec.load("loadstone.toml")
    assert str(raised.value) == f"loadstone.toml{shown}".strip()
