"""How a mailbox is reached: settings → exchangelib accounts, one per role.

Guarantees: Exchange Online is refused before any request (exchange.md §3); the
endpoint is never discovered; reads and writes have Protocols of their own, so a write
never waits behind a page of reads (§4); one request is one attempt.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    Version,
)
from exchangelib.protocol import Protocol
from exchangelib.transport import AUTH_TYPE_MAP, BASIC, DIGEST, GSSAPI, NTLM
from exchangelib.version import Build

from mailsync.errors import AuthRejected
from mailsync.ews import fixes
from mailsync.ews.errors import translated
from mailsync.ews.transport import NoRetry, PreparedSession

ONLINE_REFUSED: Final = {
    "en": (
        "Exchange Online no longer accepts EWS: Microsoft is switching it off since "
        "1 October 2026 and ends it on 1 April 2027. The adapter for Microsoft Graph "
        "(`backend: graph`) is not there yet, so this mailbox cannot be read."
    ),
    "de": (
        "Exchange Online nimmt EWS nicht mehr an: Microsoft schaltet es seit dem "
        "1. Oktober 2026 ab, endgültig am 1. April 2027. Der Adapter für Microsoft "
        "Graph (`backend: graph`) ist noch nicht da, dieses Postfach lässt sich "
        "deshalb nicht lesen."
    ),
}
_ONLINE_SUFFIXES: Final = (".office365.com", ".outlook.com")
_AUTH_TYPES: Final = {
    "basic": BASIC,
    "ntlm": NTLM,
    "kerberos": GSSAPI,
    "digest": DIGEST,
}
# Newest first in the protocol is Exchange2016 (t:ExchangeVersionType): 2019 and SE
# understand it and know no name of their own.
_VERSIONS: Final = {
    "Exchange2013_SP1": Version(Build(15, 0, 847), "Exchange2013_SP1"),
    "Exchange2016": Version(Build(15, 1), "Exchange2016"),
    "Exchange2019": Version(Build(15, 2), "Exchange2016"),
}


class Role(StrEnum):
    """Reads and writes never share a connection pool."""

    READ = "read"
    WRITE = "write"


# ≤ 4 connections per log-in in all (exchange.md §10)
_CONNECTIONS: Final = {Role.READ: 3, Role.WRITE: 1}


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server and one log-in, as the configuration says.

    ``auth`` is basic, ntlm, kerberos or digest; ``access`` impersonation or delegate;
    ``time_zone`` the IANA zone of the people; ``all_headers`` asks for the whole
    header block instead of single named headers: needed for a DMARC verdict, since
    only so repeated Authentication-Results come in their order (exchange.md §7).
    ``fetch_size`` is the most mails one GetItem asks for, ``attachment_bytes`` the
    largest attachment that is fetched: at 0 none is.
    """

    endpoint: str
    login: str
    password: str = field(repr=False)
    auth: str = "basic"
    access: str = "impersonation"
    ca_file: str | None = None
    version: str = "Exchange2016"
    timeout: int = fixes.TIMEOUT
    time_zone: str = "Europe/Zurich"
    all_headers: bool = False
    fetch_size: int = 100
    attachment_bytes: int = 25 * 1024 * 1024


class RoleCredentials(Credentials):  # type: ignore[misc]  # exchangelib is untyped
    """A log-in whose role and connection settings are part of its identity.

    exchangelib keeps one Protocol per (endpoint, credentials) and ignores a second
    configuration (exchange.md §9, no. 8): what shall differ must stand in here.
    """

    def __init__(self, settings: ServerSettings, role: Role) -> None:
        super().__init__(settings.login, settings.password)
        self.role = role
        self.connection = (settings.auth, settings.ca_file, settings.timeout)


class MailboxProtocol(Protocol):  # type: ignore[misc]  # exchangelib is untyped
    """exchangelib's Protocol with our session, CA bundle and time-out."""

    ca_file: str | None = None

    @classmethod
    def raw_session(cls, prefix: str, *args: Any, **kwargs: Any) -> Any:
        """A session that prepares its request once."""
        if args or kwargs:
            return super().raw_session(prefix, *args, **kwargs)
        session = PreparedSession()
        session.headers.update(
            {
                "Content-Type": "text/xml; charset=utf-8",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": cls.USERAGENT,
            }
        )
        session.mount(prefix, adapter=cls.get_adapter())
        return session

    def create_session(self) -> Any:
        """As exchangelib's, with the company's own CA bundle where there is one."""
        session = super().create_session()
        if self.ca_file is not None:
            session.verify = self.ca_file
        return session


def refuse_exchange_online(endpoint: str) -> None:
    """Raise AuthRejected (E261) for Microsoft's cloud, before any request."""
    host = (urlsplit(endpoint).hostname or "").rstrip(".").lower()
    if any(f".{host}".endswith(suffix) for suffix in _ONLINE_SUFFIXES):
        raise AuthRejected(ONLINE_REFUSED["en"], code="E261")


def configuration(settings: ServerSettings, role: Role) -> Configuration:
    """The library's configuration; raises AuthRejected for an impossible log-in."""
    auth_type = _AUTH_TYPES[settings.auth]
    if auth_type not in AUTH_TYPE_MAP:
        raise AuthRejected(
            f"auth: {settings.auth} needs the extra package requests-gssapi",
            code="E253",
        )
    return Configuration(
        credentials=RoleCredentials(settings, role),
        service_endpoint=settings.endpoint,
        auth_type=auth_type,
        version=_VERSIONS[settings.version],
        retry_policy=NoRetry(),
        max_connections=_CONNECTIONS[role],
    )


def open_account(settings: ServerSettings, address: str, role: Role) -> Account:
    """An account for one mailbox and role. No request is made.

    One object per (thread, mailbox): it must not be shared between threads. The
    Protocol behind it is shared by all mailboxes of the log-in, and is thread-safe.
    """
    refuse_exchange_online(settings.endpoint)
    fixes.install()
    with translated():
        config = configuration(settings, role)
        protocol = MailboxProtocol(config=config)  # or the one of this log-in
        protocol.ca_file = settings.ca_file
        protocol.TIMEOUT = settings.timeout
        return Account(
            primary_smtp_address=address,
            config=config,  # finds the protocol made above in exchangelib's cache
            access_type=(
                IMPERSONATION if settings.access == "impersonation" else DELEGATE
            ),
            default_timezone=EWSTimeZone(settings.time_zone),
            locale="en_US",
        )


def close_protocols(settings: ServerSettings) -> None:
    """Close this log-in's sockets and forget its Protocols (password changed, end)."""
    for role in Role:
        config = configuration(settings, role)
        try:
            protocol, _ = Protocol[config]
        except KeyError:
            continue
        protocol.close()
        del Protocol[config]
