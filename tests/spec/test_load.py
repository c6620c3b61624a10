from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone import spec
from loadstone.errors import SpecError
from loadstone.model.service import Auth, Tls
from loadstone.model.shape import Phase, Shape
from loadstone.model.slo import Objective, Slo
from loadstone.model.workload import Body, Check, Extraction, Step, Think

FULL = """
allow_hosts = ["shop.example.com"]

[service]
url = "https://shop.example.com/api/"
start = "python -m shop"
ready = "/healthz"
ready_timeout = "10s"
cwd = "app"
env = { SHOP_DB = ":memory:", EMPTY = "" }
instrument = false

[labels]
team = "shop"

[auth]
basic = { user = "{env.SHOP_USER}", password = "{env.SHOP_PASSWORD}" }

[tls]
ca_file = "ca.pem"
verify = false

[trace]
share = "10%"

[feed.users]
csv = "users.csv"
order = "random"

[[slo]]
name = "detail is fast"
step = "browse.detail"
objective = "99% < 300ms"
[[slo]]
journey = "browse"
objective = "p99 < 1s"
[[slo]]
objective = "errors < 0.1%"

[[journey]]
name = "browse"
weight = 70
[[journey.step]]
name = "list"
get = "/products?page={zipf(50)}"
headers = { accept = "application/json", x-mail = "{users.email}" }
extract.id = "$.items[*].id | random"
extract.csrf = "cookie:csrf"
check.status = [200, "3xx"]
check.contains = "items"
check.regex = ["a+", "b"]
check.json = "$.items"
timeout = "2s"
redirects = 3
[[journey.step]]
think = "lognormal(2s, 0.6)"
[[journey.step]]
name = "detail"
get = "/products/{id}"
[[journey.step]]
post = "/cart?x=1"
form = { id = "{id}", n = 2 }
[[journey]]
name = "buy"
[[journey.step]]
put = "/cart"
json = { items = [{ id = "{uuid}" }], n = "{int(1, 9)|raw}" }
[[journey.step]]
think = "uniform(1s, 3s)"
[[journey.step]]
patch = "/cart"
body = "x"

[shape.steady]
rate = "40/s"
duration = "2m"
warm_up = "20s"
[shape.closed]
users = 50
duration = "30s"
[shape.even]
rate = "600/min"
arrivals = "even"
duration = "1h"

[[assumption]]
name = "one in seven buys"
value = "14 %"
low = 0.1
high = 0.2
source = "shop analytics"
review = 2027-01-31
[[unknown]]
name = "how many search"
command = "loadstone traffic access.log"
"""


@pytest.fixture
def full(tmp_path: Path) -> spec.Spec:
    (tmp_path / "app").mkdir()
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "users.csv").write_text('email,password\na@example.com,"p,1"\n\nb@example.com,p2\n')
    path = tmp_path / "loadstone.toml"
    path.write_text(FULL)
    return spec.load(path)


def test_the_service(full: spec.Spec, tmp_path: Path) -> None:
    service = full.service
    assert (service.url, service.start, service.ready) == ("https://shop.example.com/api", "python -m shop", "/healthz")
    assert service.ready_timeout_s == 10.0
    assert service.cwd == str(tmp_path / "app")
    assert service.env == {"SHOP_DB": ":memory:", "EMPTY": ""}
    assert service.auth == Auth(user="{env.SHOP_USER}", password="{env.SHOP_PASSWORD}")
    assert service.tls == Tls(str(tmp_path / "ca.pem"), verify=False)


def test_the_journeys(full: spec.Spec) -> None:
    browse, buy = full.workload.journeys
    assert (browse.name, browse.weight, buy.weight) == ("browse", 70.0, 1.0)
    listed, think, detail, cart = browse.actions
    assert listed == Step(
        name="list",
        method="get",
        target="/products?page={zipf(50)}",
        headers={"accept": "application/json", "x-mail": "{users.email}"},
        timeout_s=2.0,
        redirects=3,
        check=Check(((200, 200), (300, 399)), ("items",), ("a+", "b"), ("$.items",)),
        extract=(Extraction("id", "json", "$.items[*].id", "random"), Extraction("csrf", "cookie", "csrf")),
    )
    assert think == Think("lognormal", value_s=2.0, sigma=0.6)
    assert detail == Step("detail", "get", "/products/{id}")
    assert cart == Step("POST /cart", "post", "/cart?x=1", body=Body("form", {"id": "{id}", "n": 2}))
    put, uniform, patch = buy.actions
    assert isinstance(put, Step)
    assert put.body == Body("json", {"items": [{"id": "{uuid}"}], "n": "{int(1, 9)|raw}"})
    assert uniform == Think("uniform", low_s=1.0, high_s=3.0)
    assert patch == Step("PATCH /cart", "patch", "/cart", body=Body("text", "x"))


def test_the_shapes(full: spec.Spec) -> None:
    assert full.shapes == {
        "steady": Shape(
            "steady", "poisson", (Phase("warm-up", 20.0, 40.0, measured=False), Phase("steady", 120.0, 40.0))
        ),
        "closed": Shape("closed", "closed", (Phase("closed", 30.0, users=50),)),
        "even": Shape("even", "even", (Phase("even", 3600.0, 10.0),)),
    }
    assert full.shape is full.shapes["steady"]


def test_the_objectives(full: spec.Spec) -> None:
    assert full.slos == (
        Slo("detail is fast", Objective("share", 0.99, 0.3, "99% < 300ms"), "browse", "detail"),
        Slo("p99 < 1s", Objective("quantile", 0.99, 1.0, "p99 < 1s"), "browse"),
        Slo("errors < 0.1%", Objective("errors", 0.999, None, "errors < 0.1%")),
    )


def test_the_rest(full: spec.Spec) -> None:
    (users,) = full.workload.feeds
    assert users.columns == ("email", "password")
    assert users.rows == (("a@example.com", "p,1"), ("b@example.com", "p2"))
    assert (users.name, users.order, users.source) == ("users", "random", "users.csv")
    assert full.workload.trace_share == 0.1
    assert full.labels == {"team": "shop"}
    assert full.allow_hosts == ("shop.example.com",)
    assert full.assumptions == (spec.Assumption("one in seven buys", "14 %", 0.1, 0.2, "shop analytics", "2027-01-31"),)
    assert full.unknowns == (spec.Unknown("how many search", "loadstone traffic access.log"),)
    assert full.text == FULL


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000", "http://127.0.0.1", "http://127.8.9.1/x", "https://[::1]:443", "http://LOCALHOST.:80"],
)
def test_this_machine_may_be_driven(url: str) -> None:
    spec.check_host(url)


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com",
     "http://0.0.0.0", "http://[::]", "http://2130706433", "http:///x", "http://me@127.0.0.1"],
)  # fmt: skip
def test_other_hosts_may_not(url: str) -> None:
    with pytest.raises(SpecError):
        spec.check_host(url)


def test_other_hosts_may_when_they_are_named() -> None:
    spec.check_host("http://Example.com:80", ["example.com"])
    spec.check_host("http://[2001:db8::1]:80", ["[2001:db8::1]"])
    with pytest.raises(SpecError):
        spec.check_host("http://evil.example.com", ["example.com"])
    with pytest.raises(SpecError, match="names no user"):
        spec.check_host("http://a@example.com", ["example.com"])


def test_a_host_can_be_allowed_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "loadstone.toml"
    path.write_text(
        '[service]\nurl = "http://shop.example.com"\n[[journey]]\nname = "a"\n[[journey.step]]\nget = "/"\n'
        '[shape.s]\nusers = 1\nduration = "1s"\n'
    )
    with pytest.raises(SpecError, match=r"loadstone.toml:2: url = "):
        spec.load(path)
    assert spec.load(path, yes_load=["shop.example.com"]).service.url == "http://shop.example.com"


DAMAGE = st.text("[]{}\"'=.,#\n 0a|$-%/\\", max_size=4) | st.sampled_from(
    ["1" * 5000, "1e400", "9" * 400, "[" * 3000, "\u2028", "\\u0000"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_spec_is_read_or_told(full: spec.Spec, data: st.DataObject) -> None:
    """Nothing but SpecError comes out, and each of its places is a line of the file."""
    start = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(start, min(start + 30, len(FULL))))
    text = FULL[:start] + data.draw(DAMAGE) + FULL[end:]
    path = Path(full.path)
    path.write_text(text)
    try:
        spec.load(path)
    except SpecError as error:
        assert str(error)
        assert all(1 <= problem.line <= text.count("\n") + 1 for problem in error.problems)


def test_a_cell_may_hold_any_line_separator_but_the_files_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\r\na\u2028b,c\x0bd\r\n", newline="")
    path = tmp_path / "loadstone.toml"
    path.write_text(
        '[service]\nurl = "http://localhost"\n[feed.a]\ncsv = "a.csv"\n[[journey]]\nname = "a"\n[[journey.step]]\n'
        'get = "/{a.x}"\n[shape.s]\nusers = 1\nduration = "1s"\n'
    )
    assert spec.load(path).workload.feeds[0].rows == (("a\u2028b", "c\x0bd"),)
