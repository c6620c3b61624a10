"""Models of traffic as the server tells them: the page, its JSON, the list."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from loadstone.archive import Archive
from loadstone.lab.traffic import keep_traffic
from loadstone.lab.traffic_page import write_traffic_page
from loadstone.model.traffic_view import TrafficView
from loadstone.render import html
from tests.browser.traffic_specimens import HOSTILE, START_NS, traffic
from tests.web.test_pages import archive, client, element, package  # noqa: F401  # the fixtures

NAMES = ("GET /products", "GET /products/{product_id}", "POST /cart")


@pytest.fixture
def document(archive: Archive) -> Path:  # noqa: F811
    return keep_traffic(archive, traffic(NAMES), START_NS)


def test_a_model_has_its_page_and_its_json(client: TestClient, document: Path) -> None:  # noqa: F811
    name = document.parent.name
    answer = client.get(f"/traffic/{name}")
    assert answer.status_code == 200
    told = msgspec.json.decode(element(answer.text, "run-view"), type=TrafficView)
    assert told.id == name and told.belief == "valid" and told.headline.startswith("At the peak, ")
    assert [section.id for section in told.sections][:3] == ["alike", "mix", "visits"]
    assert "<title>At the peak, " in answer.text
    assert msgspec.json.decode(client.get(f"/traffic/{name}/view.json").content, type=TrafficView) == told
    path = write_traffic_page(document, traffic(NAMES))
    assert path == document.with_name("traffic.html")
    assert element(path.read_text(), "run-view") == element(answer.text, "run-view")
    assert 'id="served"' not in path.read_text()


def test_models_stand_in_the_list_the_newest_first(client: TestClient, archive: Archive, document: Path) -> None:  # noqa: F811
    newer = keep_traffic(archive, traffic(NAMES, worse=True), START_NS + 10**9)
    broken = keep_traffic(archive, traffic(NAMES), START_NS + 2 * 10**9)
    broken.write_text("{")
    rows = msgspec.json.decode(element(client.get("/").text, "traffic"))
    assert [(row["traffic"], row["belief"]) for row in rows] == [
        (newer.parent.name, "doubtful"),
        (document.parent.name, "valid"),
    ]
    assert client.get(f"/traffic/{broken.parent.name}").status_code == 503


@pytest.mark.parametrize("name", ["last", "20990101T000000-t0000", "..%2f..%2fetc", "%3Cscript%3E"])
def test_no_such_model(client: TestClient, document: Path, name: str) -> None:  # noqa: F811
    answer = client.get(f"/traffic/{name}")
    assert answer.status_code == 404 and "script" not in answer.text


def test_hostile_texts_of_a_log_end_no_element(client: TestClient, archive: Archive) -> None:  # noqa: F811
    kept = keep_traffic(archive, traffic((HOSTILE, f"GET /{HOSTILE}", "POST /"), note=HOSTILE), START_NS)
    for page in (client.get(f"/traffic/{kept.parent.name}").text, html.traffic_html(_view(client, kept))):
        assert page.count("</script") == page.count("<script") and "<img" not in page


def _view(client: TestClient, kept: Path) -> TrafficView:  # noqa: F811
    return msgspec.json.decode(client.get(f"/traffic/{kept.parent.name}/view.json").content, type=TrafficView)
