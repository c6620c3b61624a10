from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

SPEC = """[service]
url = "http://shop.example.com"
[[journey]]
name = "browse"
[[journey.step]]
get = "/"
[shape.steady]
rate = "20/s"
duration = "2s"
"""


def test_a_host_that_is_not_loopback_needs_its_name(loadstone: Command) -> None:
    Path("loadstone.toml").write_text(SPEC)
    for verb in (("check", "--dry"), ("run", "-q", "--no-report")):
        refused = loadstone(*verb)
        assert refused.code == 2
        assert 'loadstone.toml:2: url = "http://shop.example.com"' in refused.err
        assert "--yes-load shop.example.com" in refused.err
        assert loadstone(*verb, "--yes-load", "shop.example.com").code == 0
