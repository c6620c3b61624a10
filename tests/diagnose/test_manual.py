"""Manual pages out of the faults' own files: whole, and with their examples line by line."""

from __future__ import annotations

import pytest

from loadstone.diagnose.faults import FAULTS
from loadstone.diagnose.manual import fault_page, fault_pages
from loadstone.model.fault_page import HEADINGS


def test_there_is_a_page_for_each_fault() -> None:
    assert [page.code for page in fault_pages()] == list(FAULTS)


@pytest.mark.parametrize("code", FAULTS)
def test_a_page_is_whole(code: str) -> None:
    page = fault_page(code)
    assert tuple(page.sections) == HEADINGS
    assert all(body.strip() for body in page.sections.values())
    assert page.needs
    assert page.limits
    assert page.reasons
    assert not page.title.endswith(".")


def test_an_example_keeps_its_lines() -> None:
    example = fault_page("missing-index").sections["Example"]
    assert "::\n\n    SELECT id, total FROM orders WHERE customer_id = ?\n    Seq Scan on orders" in example


def test_no_page_of_no_fault() -> None:
    with pytest.raises(KeyError):
        fault_page("no-such-fault")
