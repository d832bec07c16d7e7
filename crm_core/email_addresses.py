"""Normalise and compare e-mail addresses; internal or external. Pure.

The compared form is lower-case with a Unicode domain, so that ``xn--`` spelling and
typed umlauts are one address while look-alikes («kundé») stay different ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import idna

_LONGEST = 320  # RFC 5321 §4.5.3.1: 64 + 1 + 255


@lru_cache(maxsize=65_536)
def normalise(address: str) -> str | None:
    """The compared form, or None for what is no SMTP address (X.500, groups)."""
    address = address.strip().strip("<>").lower()
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > _LONGEST:
        return None
    if address.isascii() and not any(c.isspace() or c < " " for c in address):
        plain = "xn--" not in domain
        return address if plain else f"{local}@{_unicode_domain(domain)}"
    if any(c.isspace() or not c.isprintable() for c in address):
        return None
    return f"{local}@{_unicode_domain(domain)}"


def _unicode_domain(domain: str) -> str:
    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except (idna.IDNAError, UnicodeError):
        return domain  # odd, but still itself: it must not equal another domain


@dataclass(frozen=True, slots=True)
class Internal:
    """Who belongs to the company: its domains and the listed mailboxes."""

    domains: frozenset[str]
    addresses: frozenset[str]

    @classmethod
    def of(cls, domains: Iterable[str], addresses: Iterable[str]) -> "Internal":
        """From configured text; unreadable addresses are left out."""
        known = (normalise(address) for address in addresses)
        return cls(
            frozenset(domain.lower() for domain in domains),
            frozenset(address for address in known if address),
        )

    def __contains__(self, address: object) -> bool:
        """Whether a normalised address is the company's own."""
        if not isinstance(address, str):
            return False
        return address.rpartition("@")[2] in self.domains or address in self.addresses
