"""What is read off a view: permissions, decorators, the methods that its code names."""
# ruff: noqa: ANN401

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from loadstone.traffic.framework.inject._loadstone_routes.views import (
    login_of,
    methods_allowed,
    methods_named,
    name_of,
    unwrapped,
)


class IsAuthenticated:
    pass


class ReadOnly:
    pass


class AND:
    pass


class OR:
    pass


def composed(operator: type, first: object, second: object) -> SimpleNamespace:
    """As Django REST framework composes permissions (rest_framework.permissions.OperandHolder)."""
    return SimpleNamespace(operator_class=operator, op1_class=first, op2_class=second)


@pytest.mark.parametrize(
    ("permissions", "login"),
    [
        ([IsAuthenticated], True),
        ([ReadOnly], None),
        ([], None),
        ([composed(AND, ReadOnly, IsAuthenticated)], True),
        ([composed(OR, ReadOnly, IsAuthenticated)], None),
        ([composed(OR, IsAuthenticated, composed(AND, IsAuthenticated, ReadOnly))], True),
        ([composed(int, IsAuthenticated, IsAuthenticated)], None),
    ],
)
def test_permissions(permissions: list[object], login: bool | None) -> None:
    kind = type("View", (), {"permission_classes": permissions})
    view = SimpleNamespace(cls=kind)
    assert login_of(view) is login


def test_methods_that_the_code_names() -> None:
    def form(request: Any) -> bool:
        return bool(request.method == "POST")

    def several(request: Any) -> bool:
        return request.method in ("PUT", "DELETE")

    def files(request: Any) -> object:
        return request.FILES

    def other(request: Any) -> str:
        return "POST"

    @functools.wraps(form)
    def guarded(request: Any) -> bool:
        return form(request)

    assert [methods_named(view) for view in (form, several, files, other, guarded, 7)] == [
        *(["POST"], ["DELETE", "PUT"], ["POST"], [], ["POST"], []),
    ]


def test_what_a_decorator_lets_through() -> None:
    def require(request_method_list: list[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(view)
            def inner(request: Any) -> Any:
                return view(request) if request.method in request_method_list else None

            return inner

        return decorator

    assert methods_allowed(functools.wraps(len)(require(["GET"])(lambda request: 1))) == ["GET"]
    assert methods_allowed(lambda request: 1) is None


def test_a_view_that_wraps_itself_ends() -> None:
    def view() -> None: ...

    view.__wrapped__ = view  # type: ignore[attr-defined]
    assert len(list(unwrapped(view))) < 100
    assert name_of(view).endswith("view")
    assert name_of(SimpleNamespace(cls=IsAuthenticated)).endswith(".IsAuthenticated")
