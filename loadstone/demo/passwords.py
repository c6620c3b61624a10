"""Password hashing: PBKDF2-HMAC-SHA-256 with a salt for each account (RFC 8018)."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["hash_password", "password_matches"]

_ROUNDS = 1_000  # of a sample: about half a millisecond; a real shop takes the hundreds of thousands OWASP asks for


def hash_password(password: str, salt: bytes, rounds: int = _ROUNDS) -> str:
    """``rounds$salt$hash``, both in hexadecimal."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    return f"{rounds}${salt.hex()}${digest.hex()}"


def password_matches(password: str, stored: str) -> bool:
    """Whether ``stored`` was made of this password; takes the same time either way."""
    rounds, salt, _ = stored.split("$")
    return hmac.compare_digest(hash_password(password, bytes.fromhex(salt), int(rounds)), stored)
