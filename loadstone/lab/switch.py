"""The call that switches a running service from one side to the other, between two runs and never during one."""

from __future__ import annotations

import base64
import os
import re
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from loadstone.errors import SpecError, TargetError
from loadstone.lab.service import place
from loadstone.lab.sides import filled
from loadstone.model.service import Auth, Service

__all__ = ["CALL_S", "switched"]

CALL_S = 30.0
"""A call that flips a flag answers at once; one that fills a cache first may take its time."""

_CALL = re.compile(r"([A-Z]+) (/\S*)")


def switched(service: Service, call: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send ``METHOD /path`` to the service, with the spec's credentials. Raises TargetError when it is not answered, or
    with a status from 400."""
    found = _CALL.fullmatch(call)
    if found is None:
        raise SpecError(f'"{call}" is no call; it is written METHOD /path, for example "POST /admin/flags?fix=1"')
    method, path = found.groups()
    connection = _connection(service)
    headers = {"user-agent": "loadstone-switch", "content-length": "0"} | _credentials(service.auth, environment)
    try:
        connection.request(method, path, headers=headers)
        reply = connection.getresponse()
        reply.read()
    except (OSError, HTTPException) as error:
        raise TargetError(f"the switch {call} was not answered: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if reply.status >= 400:
        raise TargetError(
            f"the switch {call} was answered with {reply.status} {reply.reason}\n"
            "    a side is measured only once its switch has been turned; try the call by hand"
        )


def _connection(service: Service) -> HTTPConnection:
    host, port = place(service)
    if not service.url.startswith("https:"):
        return HTTPConnection(host, port, timeout=CALL_S)
    context = ssl.create_default_context(cafile=service.tls.ca_file)
    if not service.tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=CALL_S, context=context)


def _credentials(auth: Auth | None, environment: Mapping[str, str]) -> dict[str, str]:
    if auth is None:
        return {}
    if auth.bearer is not None:
        return {"authorization": f"Bearer {filled(auth.bearer, environment)}"}
    both = f"{filled(auth.user or '', environment)}:{filled(auth.password or '', environment)}"
    return {"authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}
