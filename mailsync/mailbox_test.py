"""«Testen»: five ticks for one mailbox, from the name of the server to its folders.

    dns ──► tls ──► login ──► mailbox ──► folders
     └ the first that fails ends it: the others are «not tried»

Only questions that change nothing, through the port that the sync uses; nothing is
stored. Without TLS (http) and without a server by name (tests) a tick is «none».
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from crm_core.models import Mailbox
from mailsync.errors import MailSyncError
from mailsync.port import FolderRef, FolderRole, MailboxPort, PortFactory
from mailsync.sync import MailboxRules

STEPS = ("dns", "tls", "login", "mailbox", "folders")
_PATIENCE = 10.0  # seconds, for a name and for a handshake

# Which tick a code speaks of; what is not here is the question's own.
_SPEAKS_OF = {
    **dict.fromkeys(("E201", "E202", "E203", "E261"), "login"),
    **dict.fromkeys(("E211", "E213", "E214", "E219", "E224", "E253"), "mailbox"),
    **dict.fromkeys(("E212", "E234"), "folders"),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a mailbox's server listens."""

    url: str
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """One step: ``ok``, ``failed``, ``none`` (does not apply), ``untried``."""

    step: str
    state: str
    code: str | None = None
    detail: str = ""


EndpointOf = Callable[[str], Endpoint | None]  # by mailbox address


class _FailedError(Exception):
    def __init__(self, step: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.step, self.code, self.detail = step, code, detail


def run(
    mailbox: Mailbox,
    endpoint: Endpoint | None,
    open_port: PortFactory,
    rules: MailboxRules,
) -> tuple[Tick, ...]:
    """The five ticks; never raises for what is wrong with server or mailbox."""
    done: dict[str, str] = {}
    try:
        _reach(endpoint, done)
        _ask(mailbox, open_port, rules, done)
    except _FailedError as failed:
        done = {step: done.get(step, "ok") for step in STEPS[: _place(failed.step)]}
        bad = Tick(failed.step, "failed", failed.code, failed.detail[:300])
        after = STEPS[_place(failed.step) + 1 :]
        before = [Tick(step, state) for step, state in done.items()]
        return (*before, bad, *(Tick(step, "untried") for step in after))
    return tuple(Tick(step, done[step]) for step in STEPS)


def _place(step: str) -> int:
    return STEPS.index(step)


# --- the connection ---------------------------------------------------------------


def _reach(endpoint: Endpoint | None, done: dict[str, str]) -> None:
    if endpoint is None:
        done["dns"] = done["tls"] = "none"
        return
    parts = urlsplit(endpoint.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _FailedError("dns", "E251", f"{host}: {error}") from error
    done["dns"] = "ok"
    done["tls"] = "none"
    if secure:
        _shake_hands(host, port, endpoint.ca_file)
        done["tls"] = "ok"


def _shake_hands(host: str, port: int, ca_file: str | None) -> None:
    try:
        context = ssl.create_default_context(cafile=ca_file)
        with (
            socket.create_connection((host, port), _PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            pass
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or str(error)
        raise _FailedError("tls", "E254", reason) from error
    except OSError as error:
        raise _FailedError("tls", "E223", str(error)) from error


# --- the mailbox ------------------------------------------------------------------


def _ask(
    mailbox: Mailbox,
    open_port: PortFactory,
    rules: MailboxRules,
    done: dict[str, str],
) -> None:
    with _naming("login"):
        port = open_port(mailbox.address)
    try:
        with _naming("login"):
            port.item_count(FolderRef(FolderRole.INBOX, "inbox"), None)
        done["login"] = done["mailbox"] = "ok"
        with _naming("folders"):
            _look_into(port, _wanted(mailbox, rules, port))
        done["folders"] = "ok"
    finally:
        with suppress(MailSyncError):
            port.close()


def _wanted(
    mailbox: Mailbox, rules: MailboxRules, port: MailboxPort
) -> Sequence[FolderRef]:
    found = list(port.folders(rules.folders, subfolders=False))
    if mailbox.writes_tasks:
        found.append(FolderRef(FolderRole.TASKS, "tasks"))
    if mailbox.writes_calendar:
        found.append(FolderRef(FolderRole.CALENDAR, "calendar"))
    return found


def _look_into(port: MailboxPort, folders: Sequence[FolderRef]) -> None:
    for folder in folders:
        try:
            port.item_count(folder, None)
        except MailSyncError as error:
            error.args = (f"{folder.name}: {error}",)
            raise


@contextmanager
def _naming(otherwise: str) -> Iterator[None]:
    """What goes wrong inside is a failed tick: the one its code speaks of."""
    try:
        yield
    except MailSyncError as error:
        step = _SPEAKS_OF.get(error.code, otherwise)
        if _place(step) < _place(otherwise):  # that one is passed already
            step = otherwise
        raise _FailedError(step, error.code, str(error)) from error
