"""The same calls, started together."""

from __future__ import annotations

from tests.scenes import Story


def all_at_once() -> Story:
    story = Story(steps=(("browse", "page"),))
    for request in story.requests(300):
        user = 1000 + request.number % 90
        request.root["url_path"] = f"/pages/{user}"
        request.spend(0.002)
        begun = request.now_s
        ends = []
        for host, lasts in (("users", 0.04), ("stock", 0.055), ("offers", 0.03)):
            made = request.call("GET", host, f"/{host}/{user}", lasts, at=begun, file="shop/page.py", line=12)
            ends.append(made["end_s"])
        request.until(max(ends))
        request.spend(0.001)
    return story


CASES = (all_at_once,)
