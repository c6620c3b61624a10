"""What detectors share is made once."""

from __future__ import annotations

from loadstone.diagnose.suspect import Scene
from tests.scenes import Story


def test_what_several_detectors_ask_for_is_made_once() -> None:
    calls = []

    def requests(scene: Scene) -> int:
        calls.append(scene)
        return len(scene.digest.requests)

    story = Story()
    for request in story.requests(3):
        request.spend(0.001)
    _, scene = story.made()
    assert [scene.once(requests), scene.once(requests)] == [3, 3]
    assert len(calls) == 1
