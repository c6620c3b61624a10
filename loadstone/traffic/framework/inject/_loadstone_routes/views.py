"""What a view says of itself: what it is called, whether it wants a login, which methods its code names."""
# ruff: noqa: ANN401

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["login_of", "methods_allowed", "methods_named", "name_of", "unwrapped"]

_GUARDS = ("django/contrib/auth/decorators.py", "flask_login/utils.py", "flask_jwt_extended/view_decorators.py")
"""Where the code of a decorator lies that lets only those in who are logged in."""

_MIXINS = ("AccessMixin",)  # the base of LoginRequiredMixin, PermissionRequiredMixin and UserPassesTestMixin
_PERMISSIONS = ("IsAuthenticated", "IsAdminUser", "DjangoModelPermissions", "DjangoObjectPermissions")
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_DEPTH = 32  # decorators above each other


def unwrapped(view: Any) -> Iterator[Any]:
    """The view, and what it wraps, from the outside in."""
    for _ in range(_DEPTH):
        if view is None:
            return
        yield view
        view = getattr(view, "__wrapped__", None) or getattr(view, "func", None)


def name_of(view: Any) -> str:
    """Module and name, as ``shop.views.detail``; empty where it has none."""
    view = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    module = getattr(view, "__module__", None)
    name = getattr(view, "__qualname__", None) or type(view).__qualname__
    return f"{module}.{name}" if isinstance(module, str) else str(name)


def login_of(view: Any) -> bool | None:
    """True where a guard that we know stands before the view; None where none does, which tells nothing."""
    for each in unwrapped(view):
        code = getattr(each, "__code__", None)
        if code is not None and code.co_filename.replace("\\", "/").endswith(_GUARDS):
            return True
        kind = getattr(each, "view_class", None) or getattr(each, "cls", None)
        if kind is not None and any(base.__name__ in _MIXINS for base in kind.__mro__):
            return True
        for permission in getattr(kind, "permission_classes", None) or ():
            if _wants_login(permission, 0):
                return True
    return None


def _wants_login(permission: Any, depth: int) -> bool:
    """Whether a permission of Django REST framework lets only those in who are logged in: ``IsAuthenticated & Other``
    does, ``IsAuthenticated | ReadOnly`` does not."""
    first, second = getattr(permission, "op1_class", None), getattr(permission, "op2_class", None)
    if first is None or depth > _DEPTH:
        return getattr(permission, "__name__", "") in _PERMISSIONS
    both = [_wants_login(each, depth + 1) for each in (first, second)]
    operator = getattr(getattr(permission, "operator_class", None), "__name__", "")
    return any(both) if operator == "AND" else all(both) if operator == "OR" else False


def methods_allowed(view: Any) -> list[str] | None:
    """What ``require_http_methods`` of Django lets through; None where it does not stand before the view."""
    for each in unwrapped(view):
        code = getattr(each, "__code__", None)
        if code is None or "request_method_list" not in code.co_freevars:
            continue
        cell = (each.__closure__ or ())[code.co_freevars.index("request_method_list")]
        return [str(method) for method in cell.cell_contents]
    return None


def methods_named(view: Any) -> list[str]:
    """The methods that a plain function's code asks for: ``request.method == "POST"``, ``request.POST``."""
    code = None
    for each in unwrapped(view):
        code = getattr(each, "__code__", code)
    if code is None:
        return []
    texts: set[Any] = set()
    for constant in code.co_consts:
        texts.update(constant if isinstance(constant, (tuple, frozenset)) else (constant,))
    named = {method for method in _METHODS if method in texts} if "method" in code.co_names else set()
    if {"POST", "FILES"} & set(code.co_names):
        named.add("POST")
    return sorted(named)
