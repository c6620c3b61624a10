from __future__ import annotations

import pytest

from loadstone.model.extraction import expression_problem, parse_extraction
from loadstone.model.workload import Extraction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$.items[*].id", Extraction("x", "json", "$.items[*].id")),
        ("$.items[*].id | random", Extraction("x", "json", "$.items[*].id", "random")),
        ("$[?@.a == '|' || @.b]  |  last", Extraction("x", "json", "$[?@.a == '|' || @.b]", "last")),
        ('regex:name="csrf" value="([^"]+)"', Extraction("x", "regex", 'name="csrf" value="([^"]+)"')),
        ("regex:a | b", Extraction("x", "regex", "a | b")),
        ("header: Location", Extraction("x", "header", "Location")),
        ("cookie:session | last", Extraction("x", "cookie", "session", "last")),
    ],
)
def test_extractions_are_read(text: str, expected: Extraction) -> None:
    assert parse_extraction("x", text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("items[*].id", r'did you mean "\$.items\[\*\].id"'),
        (".id", r'did you mean "\$.id"'),
        ("heder:location", 'did you mean "header:location"'),
        ("$.a | rand", 'did you mean "random"'),
        ("header:a b", "header's name"),
        ("cookie:", "cookie's name"),
        ("regex:", "missing"),
        ("", "starts with"),
    ],
)
def test_what_cannot_be_extracted_is_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_extraction("x", text)


def test_the_engine_judges_expressions() -> None:
    pytest.importorskip("loadstone._core")
    assert expression_problem("json", "$.items[*].id") is None
    assert "JSONPath" in str(expression_problem("json", "$.items["))
    assert "regular expression" in str(expression_problem("regex", "(a"))
