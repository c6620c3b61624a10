from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loadstone.demo.database import SqliteDatabase
from tests.demo.shopping import small_shop


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "shop.sqlite3")


@pytest.fixture
def shop(database: SqliteDatabase) -> Iterator[TestClient]:
    with small_shop(database) as client:
        yield client
