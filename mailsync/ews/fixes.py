"""Cures for exchangelib 5.6.0's defects; numbers are those of exchange.md §9.

| no. | defect | cure |
|---|---|---|
| 1 | a session that cannot be replaced is lost, the pool waits for ever | here |
| 2 | ``decrease_poolsize`` dead-locks with itself | here: never shrink |
| 3 | a batch is sent again as a whole | one item per write, ``NoRetry`` |
| 4 | a dropped connection repeats CreateItem | ``NoRetry`` |
| 5 | answers are read byte by byte | here: adapter and strict parse |
| 6 | 401 is retried for 85 minutes | ``NoRetry`` |
| 7 | ``save()`` deletes fields that were not loaded | own UpdateItem, own fields only |
| 8 | one Protocol per log-in for life | ``RoleCredentials`` |
| 9 | the Protocol cache never shrinks | ``EwsServer.close`` |
| 10 | time-outs add up inside one call | ``NoRetry``, TIMEOUT 60 |
| 11 | sync answer without SyncState: AttributeError | own reading in ``mailbox`` |
| 13 | task dates are read in UTC only | own reading in ``task_mapping`` |
| 14 | a truncated page is accepted | here: strict parse |
| 15 | no limit on depth, text or size | here: strict parse, capped adapter |
| 16 | back-off on naive local time | never reached with ``NoRetry`` |
| 17 | Kerberos without channel binding | here |
| 18 | nine fractional digits are read as no date | own reading in ``wire_dates`` |

``install()`` patches the library in this process, once, and only what the version
range below was examined for; tests/contract/test_ews_fixes.py shows each defect with
the stock library and its cure. ``uninstall()`` puts the originals back.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

import exchangelib
from exchangelib import transport as stock_transport
from exchangelib.errors import MalformedResponseError, SessionPoolMinSizeReached
from exchangelib.protocol import BaseProtocol
from exchangelib.services.common import EWSService

from mailsync.ews.properties import SOAP
from mailsync.ews.strict_xml import parse_strict
from mailsync.ews.transport import CappedAdapter

EXAMINED: Final = ("5.6.0",)
USER_AGENT: Final = "mailsync"
TIMEOUT: Final = 60  # seconds per socket read; exchangelib's own is 120

_log = logging.getLogger(__name__)
_originals: dict[tuple[Any, str], Any] = {}
_kerberos: list[Callable[..., Any]] = []


def _replace(self: Any, session: Any) -> Any:
    """Close a session and make a new one; where that fails give its place back."""
    self.close_session(session)
    try:
        return self.create_session()
    except BaseException:
        with self._session_pool_lock:
            self._session_pool_size -= 1
        raise


def _retire(self: Any, session: Any) -> None:
    self.release_session(_replace(self, session))


def _never_shrink(_self: Any) -> None:
    raise SessionPoolMinSizeReached("the pool is never shrunk")


def _strict_parts(_cls: Any, response: Any) -> tuple[Any, Any]:
    """Header and body of a SOAP answer, parsed strictly from its whole bytes.

    Streaming answers (GetStreamingEvents) have their own reader and do not come here.
    """
    content = response.content
    root = parse_strict(content if isinstance(content, bytes) else b"".join(content))
    body = root.find(f"{{{SOAP}}}Body")
    if body is None:
        raise MalformedResponseError("no Body element in the SOAP answer")
    return root.find(f"{{{SOAP}}}Header"), body


def with_channel_binding(auth_class: Callable[..., Any]) -> Callable[[], Any]:
    """Kerberos that satisfies Extended Protection (requests_gssapi ≥ 1.4)."""

    def make() -> Any:
        return auth_class(channel_bindings="tls-server-end-point")

    return make


def _patches() -> list[tuple[Any, str, Any]]:
    return [
        (BaseProtocol, "HTTP_ADAPTER_CLS", CappedAdapter),
        (BaseProtocol, "USERAGENT", USER_AGENT),
        (BaseProtocol, "TIMEOUT", TIMEOUT),
        (BaseProtocol, "renew_session", _replace),
        (BaseProtocol, "retire_session", _retire),
        (BaseProtocol, "decrease_poolsize", _never_shrink),
        (EWSService, "_get_soap_parts", classmethod(_strict_parts)),
    ]


def install() -> None:
    """Patch exchangelib; a second call does nothing."""
    if _originals:
        return
    if exchangelib.__version__ not in EXAMINED:
        _log.warning(
            "exchangelib %s was not examined (%s were): run the defect tests",
            exchangelib.__version__,
            ", ".join(EXAMINED),
        )
    for owner, name, value in _patches():
        _originals[owner, name] = owner.__dict__[name]
        setattr(owner, name, value)
    auth_types = stock_transport.AUTH_TYPE_MAP
    if stock_transport.GSSAPI in auth_types:
        _kerberos.append(auth_types[stock_transport.GSSAPI])
        auth_types[stock_transport.GSSAPI] = with_channel_binding(_kerberos[0])
    # It writes whole requests and answers into the log when a call fails: subjects
    # and bodies do not belong there (reliability.md I11).
    logging.getLogger("exchangelib.util").setLevel(logging.CRITICAL)


def uninstall() -> None:
    """Put the library back as it came: for tests and the benchmark's stock side."""
    for (owner, name), value in _originals.items():
        setattr(owner, name, value)
    _originals.clear()
    if _kerberos:
        stock_transport.AUTH_TYPE_MAP[stock_transport.GSSAPI] = _kerberos.pop()
    logging.getLogger("exchangelib.util").setLevel(logging.NOTSET)
