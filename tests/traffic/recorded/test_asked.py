"""A request is taken apart and put together again as what was sent, whatever it holds."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.drive.body import compile_body
from loadstone.drive.compile import TARGET_SAFE
from loadstone.model import template
from loadstone.model.recording import Message, RecordedExchange
from loadstone.model.template import Part, Text, Variable
from loadstone.model.workload import Body
from loadstone.traffic.recorded.asked import Place, asked, places, put_together
from tests.traffic.recorded.made import exchange

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


def sent(body: Body, content_type: str | None) -> str:
    """What the plan sends of a body without values."""
    parts = compile_body(body, content_type, lambda parts, encode: template.data(parts, encode, {}))["parts"]
    assert isinstance(parts, list)
    return "".join(part["text"] for part in parts)


def literal(text: str) -> str:
    """The one text that a template is."""
    parts = template.parse(text)
    assert all(isinstance(part, Text) for part in parts)
    return "".join(part.text for part in parts if isinstance(part, Text))


@given(
    st.lists(TEXTS.map(lambda text: quote(text, safe="")), min_size=1, max_size=4),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4),
)
def test_a_target_comes_back(segments: list[str], pairs: list[tuple[str, str]]) -> None:
    target = "/" + "/".join(segments) + (f"?{urlencode(pairs)}" if pairs else "")
    made, _, _ = put_together(asked(exchange(f"GET {target}")), {})
    assert quote(literal(made), TARGET_SAFE) == target


@pytest.mark.parametrize("target", ["/a?flag", "/a?x=", "/a?x&y=1&x=2", "/{id}/{{x}}?f={a:1}", "//a", "/a//b/"])
def test_odd_targets(target: str) -> None:
    assert literal(put_together(asked(exchange(f"GET {target}")), {})[0]) == target


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_a_json_body_comes_back(document: object) -> None:
    one = exchange("POST /a", body=json.dumps(document), headers={"content-type": "application/json"})
    _, headers, body = put_together(asked(one), {})
    assert body is not None
    assert json.loads(sent(body, headers.get("content-type"))) == document
    if body.kind == "text":
        assert headers["content-type"] == "application/json"


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_form_comes_back(pairs: list[tuple[str, str]]) -> None:
    _, headers, body = put_together(asked(exchange("POST /a", form=urlencode(pairs))), {})
    assert body is not None
    assert headers == {}
    again = parse_qsl(sent(body, None), keep_blank_values=True)
    assert {name: [v for n, v in again if n == name] for name, _ in again} == {
        name: [v for n, v in pairs if n == name] for name, _ in pairs
    }


@given(JSON, st.data())
def test_a_leaf_of_json_becomes_a_value(document: object, data: st.DataObject) -> None:
    one = exchange("POST /a", body=json.dumps(document), headers={"content-type": "application/json"})
    request = asked(one)
    leaves = [place for place, _ in places(request) if place.where == "json"]
    if not leaves:
        return
    place = data.draw(st.sampled_from(leaves))
    _, headers, body = put_together(request, {place: (Variable("x"),)})
    assert body is not None
    parts = compile_body(body, headers.get("content-type"), lambda parts, encode: template.data(parts, encode, {}))
    pieces = parts["parts"]
    assert isinstance(pieces, list)
    assert [piece["var"] for piece in pieces if "var" in piece] == ["x"]
    text = "".join(piece.get("text", "4711") for piece in pieces)
    leaf = json.loads(text)
    for part in place.key:
        leaf = leaf[part]
    assert leaf in (4711, "4711")


def test_values_in_their_places() -> None:
    one = exchange(
        "POST /a%20b/17?x=a+b&x=2", headers={"X-Token": "t", "Accept": "*/*", "Cookie": "a=1", "Sec-Ch": "x"}
    )
    request = asked(one)
    assert dict(places(request)) == {
        Place("path", (0,)): "a b",
        Place("path", (1,)): "17",
        Place("query", ("x", 0)): "a b",
        Place("query", ("x", 1)): "2",
        Place("header", ("x-token",)): "t",
    }
    texts: dict[Place, tuple[Part, ...]] = {
        Place("path", (1,)): (Text("a/"), Variable("id")),
        Place("query", ("x", 0)): (Variable("q"), Text("&é")),
        Place("header", ("x-token",)): (Variable("t"),),
    }
    target, headers, body = put_together(request, texts)
    assert target == "/a%20b/a%2F{id}?x={q}%26%C3%A9&x=2"
    assert headers == {"x-token": "{t}"}
    assert body is None
    assert put_together(request, {Place("target"): (Variable("link", True),)})[0] == "{link|raw}"


def test_a_multipart_form_comes_back() -> None:
    text = (
        '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none {x}\r\n'
        '--b\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/plain'
        "\r\n\r\nfile\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    one = RecordedExchange(
        "POST", "/up", Message((("content-type", kind),), text, "multipart/form-data"), 200, Message()
    )
    request = asked(one)
    assert dict(places(request))[Place("multipart", (0, "a"))] == "one {x}"
    _, headers, body = put_together(request, {})
    assert headers == {"content-type": kind}
    assert body is not None
    assert sent(body, kind) == text
    _, _, changed = put_together(request, {Place("multipart", (0, "a")): (Variable("v"),)})
    assert changed is not None
    assert "\r\n\r\n{v}\r\n" in str(changed.value)


def test_a_text_stays_a_text() -> None:
    one = exchange("POST /a", body="<a>{b}</a>", headers={"content-type": "application/xml"})
    one = replace(one, request=replace(one.request, media_type="application/xml"))
    _, headers, body = put_together(asked(one), {})
    assert headers == {"content-type": "application/xml"}
    assert body is not None
    assert sent(body, "application/xml") == "<a>{b}</a>"
