"""A journey made of recordings is sent to the service and works; without its extractions it does not."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from loadstone.errors import SpecError, TargetError
from loadstone.lab.replaying import verify
from loadstone.model.recording import Recording
from loadstone.model.service import Service
from loadstone.model.workload import Extraction, Journey, Step
from loadstone.traffic.har import read_har
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.journey import Made, made_of
from loadstone.traffic.recorded.single import candidates
from tests.lab.changing_service import PASSWORD, Changing, serve
from tests.throwaway import free_port
from tests.traffic.walking import Visit


def walk(url: str, folder: Path, number: int, item: int) -> Recording:
    """Log in, look at an item, write a note on it, take it away."""
    with Visit(url) as visit:
        page = visit.get("/", accept="text/html").text
        found = re.search(r'value="([^"]+)" type="hidden" name="one_time"', page)
        assert found is not None
        form = {"decoy": "always-the-same", "one_time": found[1], "user": f"u{number}", "password": PASSWORD}
        home = visit.send("POST", "/login", data=form)
        bearer = json.loads(home.text.partition("config = ")[2].partition(";<")[0])["bearer"]
        auth = {"authorization": f"Bearer {bearer}"}
        chosen = visit.get("/api/items", **auth).json()["items"][item]["id"]
        visit.get(f"/api/items/{chosen}", **auth)
        note = visit.send("POST", "/api/notes", json={"item": chosen, "n": None}, headers=auth).json()["note"]["id"]
        visit.get(f"/api/notes/{note}", **auth)
        visit.send("DELETE", f"/api/notes/{note}", headers=auth)
        return read_har(visit.write(folder / f"{number}.har"))


@pytest.fixture
def changing() -> Changing:
    return Changing()


@pytest.fixture
def url(changing: Changing) -> Iterator[str]:
    with serve(changing) as address:
        yield address


@pytest.fixture
def made(url: str, tmp_path: Path) -> Made:
    first, second = walk(url, tmp_path, 1, 2), walk(url, tmp_path, 2, 4)
    return made_of(first, differences(first, second), "visit")


def steps(journey: Journey | None) -> list[Step]:
    return [action for action in journey.actions if isinstance(action, Step)] if journey else []


def test_it_works_with_its_extractions(changing: Changing, url: str, made: Made) -> None:
    taken = {one.name: one for step in steps(made.journey) for one in step.extract}
    assert taken == {
        "one_time": Extraction("one_time", "regex", r'\bvalue="([^"]*)"[^>]*?name="one_time"'),
        "token": Extraction("token", "regex", r'"bearer": "([^"]+)"'),
        "item_id": Extraction("item_id", "json", "$.items[*].id", "random"),
        "note_id": Extraction("note_id", "json", "$.note.id"),
    }
    changing.items = [f"{number:016x}" for number in range(0xA000, 0xA005)]  # nothing recorded is good any more
    changing.asked.clear()
    verified = verify(made.journey, Service(url), allow_unsafe=True, secrets=made.secrets)
    assert verified.works, verified.notes
    assert verified.journey == made.journey
    assert [seen.outcome for seen in verified.steps] == ["same"] * 8
    assert changing.asked == [
        "GET /",
        "POST /login",
        "GET /home",
        "GET /api/items",
        changing.asked[4],
        "POST /api/notes",
        changing.asked[6],
        changing.asked[7],
    ]
    assert changing.asked[4].removeprefix("GET /api/items/") in changing.items
    assert changing.notes == {}, "the note that was made is the note that was taken away"


@pytest.mark.parametrize("name", ["one_time", "token", "item_id", "note_id"])
def test_the_control_fails_without_an_extraction(changing: Changing, url: str, tmp_path: Path, name: str) -> None:
    """With the recorded value in place of the extracted one the service refuses: the extraction made it work."""
    first, second = walk(url, tmp_path, 1, 2), walk(url, tmp_path, 2, 4)
    dynamics = [one for one in differences(first, second) if one.name != name]
    # The token in a header is a credential when nobody serves it, and then the environment's, as it was recorded.
    made = made_of(first, dynamics, "visit")
    changing.items = [f"{number:016x}" for number in range(0xA000, 0xA005)]
    changing.bearers.clear()
    verified = verify(made.journey, Service(url), allow_unsafe=True, secrets=made.secrets)
    assert not verified.works
    assert any(seen.outcome == "failed" and seen.status in (401, 403, 404) for seen in verified.steps)


def test_what_may_change_something_is_not_sent(changing: Changing, url: str, made: Made) -> None:
    changing.asked.clear()
    verified = verify(made.journey, Service(url), secrets=made.secrets)
    assert {line.partition(" ")[0] for line in changing.asked} == {"GET"}
    assert not verified.works
    assert verified.journey == made.journey, "what could not be told is kept"
    outcomes = {seen.step: seen.outcome for seen in verified.steps}
    assert outcomes["home"] == "same"
    assert outcomes["post login"] == outcomes["post notes"] == outcomes["delete note"] == "not sent"
    assert outcomes["home 2"] == outcomes["items"] == outcomes["note"] == "not told"


def test_one_recording_is_proved_by_its_replay(changing: Changing, url: str, tmp_path: Path) -> None:
    first = walk(url, tmp_path, 1, 2)
    made = made_of(first, candidates(first), "visit")
    changing.items = [f"{number:016x}" for number in range(0xA000, 0xA005)]
    verified = verify(made.journey, Service(url), allow_unsafe=True, secrets=made.secrets)
    assert verified.works, verified.notes


def test_a_step_that_fails_goes_with_what_needs_it(changing: Changing, url: str, made: Made) -> None:
    changing.broken.add("/api/items")
    verified = verify(made.journey, Service(url), allow_unsafe=True, secrets=made.secrets)
    assert not verified.works
    assert verified.dropped == ("items", "item", "post notes", "note", "delete note")
    told = {seen.step: seen for seen in verified.steps}
    assert (told["items"].outcome, told["items"].status) == ("failed", 500)
    assert told["item"].outcome == "needs"
    assert "item_id" in told["item"].says
    assert [step.name for step in steps(verified.journey)] == ["home", "post login", "home 2"]
    assert verified.journey is not None
    assert isinstance(verified.journey.actions[-1], Step), "no pause stands at the end"


def test_a_success_of_another_number_is_mended(changing: Changing, url: str, made: Made) -> None:
    changing.made_status = 200
    verified = verify(made.journey, Service(url), allow_unsafe=True, secrets=made.secrets)
    assert verified.works
    (mended,) = [seen for seen in verified.steps if seen.outcome == "mended"]
    assert (mended.step, mended.status) == ("post notes", 200)
    (step,) = [one for one in steps(verified.journey) if one.name == "post notes"]
    assert step.check.status == ((201, 201), (200, 200))


def test_a_value_that_is_gone_is_mended_where_nobody_needs_it(url: str, made: Made) -> None:
    extra = Extraction("nobody", "json", "$.not.there")
    actions = tuple(
        replace(action, extract=(*action.extract, extra))
        if isinstance(action, Step) and action.name == "items"
        else action
        for action in made.journey.actions
    )
    verified = verify(replace(made.journey, actions=actions), Service(url), allow_unsafe=True, secrets=made.secrets)
    assert verified.works
    (mended,) = [seen for seen in verified.steps if seen.outcome == "mended"]
    assert mended.step == "items"
    assert [one.name for step in steps(verified.journey) for one in step.extract].count("nobody") == 0


def test_nothing_left() -> None:
    changing = Changing()
    with serve(changing) as address:
        journey = Journey("visit", 1.0, (Step("gone", "get", "/nowhere"), Step("gone too", "get", "/nowhere/else")))
        verified = verify(journey, Service(address))
    assert verified.journey is None
    assert verified.dropped == ("gone", "gone too")


def test_a_service_that_is_not_up_and_a_host_that_is_not_ours() -> None:
    journey = Journey("visit", 1.0, (Step("home", "get", "/"),))
    with pytest.raises(TargetError, match="does not answer"):
        verify(journey, Service(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(SpecError):
        verify(journey, Service("http://shop.example"))


def test_a_secret_that_is_not_set(url: str) -> None:
    step = Step("home", "get", "/", headers={"x-key": "{env.LOADSTONE_NOT_SET_ANYWHERE}"})
    with pytest.raises(SpecError, match="LOADSTONE_NOT_SET_ANYWHERE"):
        verify(Journey("visit", 1.0, (step,)), Service(url))


def test_a_graph_keeps_the_ways_that_are_left() -> None:
    actions = (
        Step("gone", "get", "/nowhere", next={"home": 1.0}),
        Step("home", "get", "/", next={"gone": 0.25, "home": 0.5}),
    )
    with serve(Changing()) as address:
        verified = verify(Journey("visit", 1.0, actions, start={"gone": 0.75, "home": 0.25}), Service(address))
    assert verified.journey is not None
    assert verified.journey.start == {"home": 1.0}
    assert [(step.name, step.next) for step in steps(verified.journey)] == [("home", {"home": 0.5})]


def test_the_service_is_started_where_it_says_how(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    port = free_port()
    start = f"{sys.executable} -m http.server {port} --bind 127.0.0.1 --directory {tmp_path}"
    verified = verify(
        Journey("visit", 1.0, (Step("home", "get", "/"),)), Service(f"http://127.0.0.1:{port}", start=start)
    )
    assert verified.works
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)
