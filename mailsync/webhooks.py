"""Delivering events: a signed POST for each due delivery (Standard Webhooks).

The signature is HMAC-SHA256 over ``id.timestamp.body``. Nothing is sent to a private,
loopback or otherwise special address unless the configuration lists it
(``web.webhooks_allow``): the name is resolved here, every answer is checked, and the
connection goes to the address that was checked, so that a name cannot change meanwhile.
Redirects are not followed, answers are not read. Plain http only to listed addresses.
"""

import base64
import hmac
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
import structlog
from requests.adapters import HTTPAdapter

from crm_core import clock, database, webhooks
from crm_core.webhooks import Delivery

TIMEOUTS = (5.0, 10.0)  # seconds to connect, to answer

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

log = structlog.get_logger("mailsync.webhooks")


class NotAllowed(Exception):
    """The address may not be connected to."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Private places that may be told: networks, and names as they stand in the URL."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listed: Sequence[str]) -> "Allowed":
        """From configured text; what is no network is a name."""
        networks, names = [], []
        for text in listed:
            try:
                networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                names.append(text.lower())
        return cls(tuple(networks), frozenset(names))

    def lists(self, host: str, address: IpAddress) -> bool:
        """Whether the administrator lets us connect there though it is private."""
        return host in self.names or any(
            address in network
            for network in self.networks
            if network.version == address.version
        )


def deliver_due(allowed: Allowed, should_stop: Callable[[], bool]) -> int:
    """Try every due delivery once; how many were taken."""
    taken = 0
    for delivery_id in webhooks.due():
        if should_stop():
            break
        with database.transaction():
            delivery = webhooks.claim(delivery_id)
        if delivery is None:
            continue
        status, error = send(delivery, allowed, clock.now())
        with database.transaction():
            webhooks.record(delivery, status=status, error=error)
        taken += status is not None and status < 300
        log.info(
            "webhook_tried",
            webhook=delivery.webhook,
            delivery=delivery.id,
            attempt=delivery.attempts,
            status=status,
        )
    return taken


def forget_old() -> None:
    """Deliveries that are long over go."""
    with database.transaction():
        webhooks.forget_old()


def send(delivery: Delivery, allowed: Allowed, at: datetime) -> tuple[int | None, str]:
    """POST one delivery: the receiver's status, or None and what went wrong."""
    try:
        parts = urlsplit(delivery.url)
        address = _address(parts, allowed)
        with _session(parts) as session:
            answer = session.post(
                _at_address(parts, address),
                data=delivery.body.encode(),
                headers=_headers(delivery, parts, at),
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            )
            answer.close()
    except NotAllowed as refused:
        return None, str(refused)
    except (requests.RequestException, OSError, ValueError) as error:
        return None, type(error).__name__
    return int(answer.status_code), ""


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """``v1,`` and the base64 of the HMAC (Standard Webhooks, «Signature scheme»)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def _headers(delivery: Delivery, parts: SplitResult, at: datetime) -> dict[str, str]:
    timestamp = int(at.timestamp())
    return {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "User-Agent": "mailsync",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(
            delivery.secret, delivery.message_id, timestamp, delivery.body
        ),
    }


def _address(parts: SplitResult, allowed: Allowed) -> IpAddress:
    """Where to connect: the first address of the name, if all of them may be told."""
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(one[4][0]) for one in found]
    for address in addresses:
        listed = allowed.lists(host, address)
        if not listed and not _public(address):
            raise NotAllowed("the address is private and not listed")
        if not listed and parts.scheme != "https":
            raise NotAllowed("plain http is for listed addresses only")
    return addresses[0]


def _public(address: IpAddress) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    told = inner or address
    return bool(told.is_global) and not told.is_multicast


def _at_address(parts: SplitResult, address: IpAddress) -> str:
    host = f"[{address}]" if address.version == 6 else str(address)
    place = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))


class _Named(HTTPAdapter):
    """Connects to an address, and checks the certificate of the name."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """TLS is spoken with the name, whatever the address."""
        super().init_poolmanager(
            *args, server_hostname=self._name, assert_hostname=self._name, **kwargs
        )


def _session(parts: SplitResult) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy and no password file: we chose the address
    session.mount("https://", _Named(parts.hostname or ""))
    return session
