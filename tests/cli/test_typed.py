"""The command that is kept holds no DSN and no credential."""

from __future__ import annotations

import pytest

from loadstone.cli.typed import typed

SECRET = "postgresql://shop:hunter2@127.0.0.1/shop"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("run", "--dsn", SECRET, "--for", "3s"), ("run", "--dsn", "{env.DATABASE_URL}", "--for", "3s")),
        (("run", f"--dsn={SECRET}"), ("run", "--dsn={env.DATABASE_URL}")),
        (("gather", "--dsn", "{env.SHOP}"), ("gather", "--dsn", "{env.SHOP}")),
        (("gather", "--dsn={env.SHOP}"), ("gather", "--dsn={env.SHOP}")),
        (("run", "--header", "x: y"), ("run", "--header", "z")),
    ],
)
def test_what_is_kept(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], kept: tuple[str, ...]) -> None:
    monkeypatch.setattr("sys.argv", ["loadstone", *words])
    assert typed({"x: y": "z"}) == ("loadstone", *kept)
