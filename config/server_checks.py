"""Servers: what an entry under ``servers`` needs, and hosts that cannot be used.

Exchange Online no longer accepts EWS; its hosts are refused here, with the date and
before any request (design notes on Exchange: decision 4).
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from config import values
from config.document import Document
from config.problems import Problem
from config.reading import as_type, child, pairs, plain, word
from config.yaml_tree import Scalar, Settings

# Microsoft's cloud; no Exchange Server of a firm lives under these names.
_CLOUD = ("office365.com", "outlook.com")
_WITH_PASSWORD = frozenset({"basic", "ntlm", "digest"})


def check_servers(document: Document, root: Settings) -> Iterator[Problem]:
    """Every server that lacks something or cannot be used."""
    for _, server in pairs(root.value("servers")):
        if not isinstance(server, Settings):
            continue
        if (backend := plain(server, "backend")) and backend.text == "graph":
            yield document.problem("graph_later", backend)
            continue  # what it would need besides is not settled yet
        if (auth := plain(server, "auth")) and auth.text == "certificate":
            yield document.problem("certificate_later", auth)
        yield from _needed(document, server)
        yield from _endpoint(document, server)


def _needed(document: Document, server: Settings) -> Iterator[Problem]:
    with_password = word(server, "auth") in _WITH_PASSWORD
    for name in ("endpoint", "login", "password") if with_password else ("endpoint",):
        node, key = child(server, name), server.key(name)
        if node is None or key is None:
            yield document.problem("missing", server, name=name)
        elif isinstance(node, Scalar) and node.is_null and not node.broken:
            yield document.problem("empty_value", key, name=name)


def _endpoint(document: Document, server: Settings) -> Iterator[Problem]:
    scalar = plain(server, "endpoint")
    url = as_type(values.read_endpoint, scalar)
    if scalar is None or url is None:  # reported elsewhere
        return
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if any(host == cloud or host.endswith(f".{cloud}") for cloud in _CLOUD):
        yield document.problem("cloud_ews", scalar)
    elif parts.scheme == "http" and not _is_loopback(host):
        yield document.problem("not_encrypted", scalar, "warning", host=host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
