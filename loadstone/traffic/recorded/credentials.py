"""What must not be written down: credentials and personal data in requests, each by a variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

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
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}\.[A-Za-z0-9-]")
_WORDS = r"(?i:passw(or)?d|passphrase|passwd|pwd|secret|token|api_?key|authorization)"
_ASSIGNED = re.compile(
    rf"""{_WORDS}\w{{0,20}}["']?\s{{0,4}}[:=]\s{{0,4}}\\?["'][^"'\\]"""  # password: "…" in a query or a script
    rf"""|{_WORDS}=[^&\s"'$]{{3}}"""  # in an address within a value
    rf"""|<\w{{0,20}}:?{_WORDS}[^<>]{{0,80}}>[^<]"""  # in XML
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9_.~+/=:-]{20,}")
_CARD = re.compile(r"(?:[0-9][ -]?){13,19}")


def is_token(value: str) -> bool:
    """Whether a value looks drawn rather than written: 20 letters or more of both cases and digits, without a word's
    gaps. A UUID or a hash in lower case is an id as often, and is none here."""
    return _TOKEN.fullmatch(value) is not None


MOST_MARKS = 200
"""Places in one value that are looked at; who writes more addresses into one field is not logging in."""


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
    if place.where == "text":
        return "LOADSTONE_BODY" if _has_secret(value) else None
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
    """An address, a token, a card's number, a password with its name beside it. Linear in the value's length."""
    if is_token(value) or _ASSIGNED.search(value):
        return True
    if any(_is_address(value, at) for at in _each(value, "@")) or any(
        _JWT.match(value, at) for at in _each(value, "eyJ")
    ):
        return True
    return any(_luhn(re.sub(r"\D", "", found[0])) for found in islice(_CARD.finditer(value), MOST_MARKS))


def _each(value: str, mark: str) -> Iterator[int]:
    """Where the mark stands, the first few times."""
    at = -1
    for _ in range(MOST_MARKS):
        at = value.find(mark, at + 1)
        if at < 0:
            return
        yield at


def _is_address(value: str, at: int) -> bool:
    before = value[max(0, at - 1) : at]
    return before.isalnum() and _DOMAIN.match(value, at + 1) is not None


def _luhn(digits: str) -> bool:
    """The check digit of cards (ISO/IEC 7812-1), which one number in ten has by chance; time stamps in milliseconds
    have thirteen digits, so a card here has fourteen or more."""
    if len(digits) < 14:
        return False
    doubled = [int(digit) * (2 if number % 2 else 1) for number, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
