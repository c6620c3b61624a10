"""What must not be written down: credentials and personal data in requests, each by a variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loadstone.traffic.recorded.asked import Place

__all__ = ["PASSWORD", "USER", "Secrets", "is_token", "secret_of"]

USER, PASSWORD = "LOADSTONE_USER", "LOADSTONE_PASSWORD"

_PASSWORDS = re.compile(
    r"pass(word|wd|phrase)?[0-9]?|pwd|new_?password|old_?password|current_?password|password_?confirm\w*|pin"
)
_USERS = re.compile(r"(user|login|account)(_?name|_?id|_?email)?|e?_?mail|email_?address|identifier|handle")
_SECRETS = re.compile(
    r".*(secret|api_?key|apikey|access_?key|private_?key|credential|authorization|otp|totp|mfa|signature|session_?id).*"
    r"|(.*_)?(access|refresh|id|auth|bearer|session)_?token|token|jwt|sig|key|code_verifier|client_id"
)
_PERSONAL = re.compile(
    r"(.*_)?(e?mail|phone|mobile|tel|telephone|fax|ssn|iban|bic|vat|tax_?id|birth\w*|dob|(credit_?)?card\w*|cvv|cvc"
    r"|first_?name|last_?name|full_?name|given_?name|family_?name|surname|street\w*|address\w*|zip|postcode|postal_?code)"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9_.~+/=:-]{20,}")
_CARD = re.compile(r"(?:[0-9][ -]?){13,19}")


def is_token(value: str) -> bool:
    """Whether a value looks drawn rather than written: 20 letters or more of both cases and digits, without a word's
    gaps. A UUID or a hash in lower case is an id as often, and is none here."""
    return _TOKEN.fullmatch(value) is not None


class Secrets:
    """Variables of the environment, one for each value, and the values: for a replay, never for a file."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._needed: dict[str, None] = {}

    def name(self, wanted: str, value: str) -> str:
        """The variable that stands for this value."""
        name, number = wanted, 1
        while self.values.get(name, value) != value:
            number += 1
            name = f"{wanted}_{number}"
        self.values[name] = value
        return name

    def needs(self, name: str) -> None:
        """A variable whose value nobody recorded."""
        self._needed.setdefault(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable, in the order in which they were met; those without a value last."""
        return tuple({**dict.fromkeys(self.values), **self._needed})


def secret_of(place: Place, value: str, beside: Iterable[str] = ()) -> str | None:
    """The variable's name for a value that must not be written; None for one that may. ``beside`` are the names of the
    other fields of the same body: a user's name is a credential where a password stands beside it."""
    if not value:
        return None
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", place.name).lower()).strip("_")
    short = name.removeprefix("x_")
    if _PASSWORDS.fullmatch(short):
        return PASSWORD
    if place.where in ("form", "json", "multipart") and _USERS.fullmatch(short) and _logs_in(beside):
        return USER
    if place.where == "header":
        if name == "authorization":
            return "LOADSTONE_TOKEN"
        return f"LOADSTONE_{short.upper()}" if _SECRETS.fullmatch(short) or _has_secret(value) else None
    if place.where != "path" and (_SECRETS.fullmatch(short) or _PERSONAL.fullmatch(short)):
        return f"LOADSTONE_{short.upper()}"
    return f"LOADSTONE_{(short or 'value').upper()}" if _has_secret(value) else None


def _logs_in(beside: Iterable[str]) -> bool:
    return any(_PASSWORDS.fullmatch(re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")) for name in beside)


def _has_secret(value: str) -> bool:
    """An address, a token, a card's number."""
    if _EMAIL.search(value) or _JWT.search(value) or is_token(value):
        return True
    found = _CARD.search(value)
    return found is not None and _luhn(re.sub(r"\D", "", found[0]))


def _luhn(digits: str) -> bool:
    """The check digit of cards (ISO/IEC 7812-1), which one number in ten has by chance; time stamps in milliseconds
    have thirteen digits, so a card here has fourteen or more."""
    if len(digits) < 14:
        return False
    doubled = [int(digit) * (2 if number % 2 else 1) for number, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
