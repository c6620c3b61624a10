"""requests: its requests are urllib3's spans, which end when the body is read that ``Session.send`` reads."""

from __future__ import annotations

from . import core, hooks, outgoing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def install(module: ModuleType) -> None:
    """Patch ``Session.send``."""
    from requests.__version__ import __version__ as version

    if not core.supports("requests", version, (2, 20), (3,)):
        return
    if hooks.patch(module.Session, "send", _send):
        core.covered("requests", version, ("urllib3",))


def _send(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, request: Any, **named: Any) -> Any:
        above = outgoing.hold(not named.get("stream", getattr(self, "stream", False)))
        try:
            return original(self, request, **named)
        finally:
            outgoing.whole(above)

    return send
