"""What of a plan is kept: names, figures, references; never a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.postgres.masking import masked
from loadstone.model.redaction import Redaction

REDACTION = Redaction("00112233445566778899aabbccddeeff")


def test_names_and_figures_stay_and_values_go() -> None:
    found = masked(
        {
            "Node Type": "Index Scan",
            "Relation Name": "order_2024",
            "Index Name": "by_7",
            "Actual Rows": 42,
            "Index Cond": "((name)::text = 'secret'::text)",
            "Output": ["id", "'secret 2'::text", "(price * 17)"],
            "Remote SQL": "SELECT a FROM b WHERE c = 'secret'",
            "Something New": "it's 'secret' too, 4242",
            "Plans": [{"Node Type": "Sort", "Sort Key": ["(a + 5)"]}],
        },
        REDACTION,
    )
    assert found["Relation Name"] == "order_2024"
    assert found["Index Name"] == "by_7"
    assert found["Actual Rows"] == 42
    assert found["Index Cond"] == "((name)::text = ?::text)"
    assert found["Plans"][0]["Sort Key"] == ["(a + ?)"]
    assert "secret" not in str(found)
    assert "4242" not in str(found)
    assert "17" not in str(found)


def test_references_to_parts_of_the_plan_stay() -> None:
    for text in ("(id = $0)", "(id > $12)", "(x = (InitPlan 1).col1)", "(hashed SubPlan 2)"):
        assert masked({"Filter": text}, REDACTION)["Filter"] == text
    assert masked({"Filter": "(a = '$5')"}, REDACTION)["Filter"] == "(a = ?)"


@given(st.text(alphabet="abcdef", min_size=6, max_size=20))
def test_no_text_survives_in_an_expression(secret: str) -> None:
    told = masked({"Filter": f"(n = '{secret}'::text)", "Output": [f"'{secret}'"]}, REDACTION)
    assert secret not in str(told)
