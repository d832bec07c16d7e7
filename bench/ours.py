"""Our side, in a process of its own: whole polls, as the daemon makes them."""

import cProfile
import io
import logging
import pstats
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import exchangelib

from bench import answers, company, direct, values
from bench.corpus import MAILBOX
from bench.metered import Meter, metered
from bench.prototype import Prototype
from bench.usage import cpu_seconds, rss_mb
from bench.worker import serve
from config.schema import LimitsConfig
from crm_core import database, verify
from mailsync import logs, steps, sync
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer
from mailsync.port import Change, Detail, FolderRef, FolderRole, ItemRef, Page

INBOX = FolderRef(FolderRole.INBOX, "inbox")
PAGE = LimitsConfig().page_size

_stores: dict[str, company.Store] = {}
_servers: dict[tuple[str, int], EwsServer] = {}


def _never() -> bool:
    return False


def _server(endpoint: str, page: int = PAGE) -> EwsServer:
    key = (endpoint, page)
    if key not in _servers:
        given = ServerSettings(endpoint=endpoint, login="svc", password="geheim")
        _servers[key] = EwsServer(given, page=page)
    return _servers[key]


def about() -> dict[str, Any]:
    """What runs here."""
    return {
        "exchangelib": exchangelib.__version__,
        "sqlite": apsw.sqlite_lib_version(),
        "page": PAGE,
    }


def read(endpoint: str) -> list[values.Values]:
    """Every mail of the Inbox in plain words, newest first."""
    port = _server(endpoint)(MAILBOX)
    changes: list[Change] = []
    token, last = None, False
    while not last:
        page: Page = port.changes(INBOX, token)
        changes += page.changes
        token, last = page.token, page.is_last
    fetched = port.fetch([change.ref for change in changes], Detail.TEXT)
    assert not fetched.gone
    assert not fetched.unreadable
    return [
        values.of_ours(change, message)
        for change, message in zip(changes, fetched.messages, strict=True)
    ]


# -- whole polls -----------------------------------------------------------------------


def prepare(
    name: str, endpoint: str, folder: str, postgres: str | None = None
) -> dict[str, int]:
    """Make the template called ``name``, with entries and links; what it holds."""
    if postgres is None:
        place = Path(folder) / name
        place.mkdir(parents=True)
        store: company.Store = company.SqliteFiles(place)
    else:
        store = company.PostgresDatabases(postgres)
    _stores[name] = store
    with TemporaryDirectory(dir=folder) as blobs:
        made = company.prepare(store, _server(endpoint), Path(blobs), link=True)
    return asdict(made)


def forget(name: str) -> None:
    """Remove a template."""
    _stores.pop(name).close()


def ingest(
    name: str, endpoint: str, folder: str, *, page: int = PAGE, check: bool = False
) -> dict[str, Any]:
    """One measured poll on a copy of the template ``name``.

    ``cpu`` ends where the content of linked mails is first asked for: it holds
    everything the goal names. ``whole`` goes to the end of the poll.
    """
    with _stores[name].copy() as url, TemporaryDirectory(dir=folder) as blobs:
        database.connect(url)
        with closing(database):
            return _ingest(endpoint, Path(blobs), page, check=check)


def _ingest(endpoint: str, blobs: Path, page: int, *, check: bool) -> dict[str, Any]:
    meter = Meter()
    given = company.settings(metered(_server(endpoint, page), meter), blobs)
    mailbox = company.mailbox_id()
    wall, begin = time.perf_counter(), cpu_seconds()
    report = sync.poll_mailbox(given, mailbox, _never)
    end = cpu_seconds()
    seconds = time.perf_counter() - wall
    assert report.problem is None, report.problem
    assert report.outcome.quarantined == 0
    if check:
        assert verify.verify() == []
    ((linked,),) = database.execute(
        "SELECT count(*) FROM (SELECT id FROM message ORDER BY id DESC LIMIT ?) n "
        "JOIN message m ON m.id = n.id WHERE m.conversation_id IN (SELECT "
        "a.conversation_id FROM entry_mail em JOIN message a ON a.id = em.anchor_id)",
        (report.outcome.new,),
    )
    until = meter.content_from or end
    before = cpu_seconds()
    sync.index_search(_never)  # a job of its own in the daemon
    indexed = cpu_seconds() - before
    return {
        "messages": report.outcome.new,
        "linked": linked,
        "acts": report.acts,
        "contents": report.bodies,
        "cpu": until - begin,
        "whole": end - begin,
        "indexed": until - begin + indexed,
        "sync": meter.spent["sync"],
        "fetch": meter.spent["fetch"],
        "requests": sum(meter.calls.values()),
        "wall": seconds,
    }


def bare(endpoint: str, folder: str, begin: int) -> dict[str, Any]:
    """The bare prototype on the same mails, from mail ``begin`` on."""
    token = answers.written_state(begin, begin, begin) if begin else None
    with TemporaryDirectory(dir=folder) as place:
        prototype = Prototype(Path(place) / "bare.db")
        before = cpu_seconds()
        count = prototype.ingest(_server(endpoint)(MAILBOX), token)
        spent = cpu_seconds() - before
        prototype.close()
    return {"messages": count, "cpu": spent}


def grow(endpoint: str, folder: str, every: int) -> dict[str, Any]:
    """Ingest a whole Inbox into an empty company; resident memory on the way.

    ``samples`` are (messages, MB) after each ``every`` messages; ``bytes`` is what the
    database takes per message with its log written back.
    """
    store = company.SqliteFiles(Path(folder) / "growth")
    (Path(folder) / "growth").mkdir()
    empty = endpoint.split("/")
    empty[4] = "0"  # the same server with nothing in the Inbox
    blobs = Path(folder) / "growth" / "blobs"
    company.prepare(store, _server("/".join(empty)), blobs, link=False)
    with store.copy() as url:
        database.connect(url)
        samples: list[tuple[int, float]] = [(0, rss_mb())]
        seen = 0

        def hook(name: str) -> None:
            nonlocal seen
            if name == "page_committed":
                seen += PAGE
                if seen // every > len(samples) - 1:
                    samples.append((seen, rss_mb()))

        wall, begin = time.perf_counter(), cpu_seconds()
        with steps.use(hook):
            given = company.settings(_server(endpoint), blobs)
            report = sync.poll_mailbox(given, company.mailbox_id(), _never)
        seconds, spent = time.perf_counter() - wall, cpu_seconds() - begin
        assert report.problem is None, report.problem
        sync.index_search(_never)
        after_index = rss_mb()
        size, text = _size(url)
        database.close()
    store.close()
    return {
        "messages": report.outcome.new,
        "samples": samples,
        "rss_after_index": after_index,
        "bytes": size / report.outcome.new,
        "text_bytes": text / report.outcome.new,
        "cpu": spent,
        "wall": seconds,
    }


def _size(url: str) -> tuple[int, int]:
    """Bytes of database and log after a checkpoint, and of the texts in it."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = database.sqlite_path(url)
    wal = Path(f"{path}-wal")
    size = path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    rows = database.execute("SELECT sum(octet_length(text)) FROM message_body")
    return size, int(rows[0][0] or 0)


def empty_polls(name: str, endpoint: str, folder: str, times: int) -> dict[str, float]:
    """Nothing new: CPU seconds per folder of whole polls, and of its request alone."""
    with _stores[name].copy() as url, TemporaryDirectory(dir=folder) as blobs:
        database.connect(url)
        with closing(database):
            given = company.settings(_server(endpoint), Path(blobs))
            mailbox = company.mailbox_id()
            assert sync.poll_mailbox(given, mailbox, _never).problem is None
            before = cpu_seconds()
            for _ in range(times):
                assert sync.poll_mailbox(given, mailbox, _never).problem is None
            whole = (cpu_seconds() - before) / times
            rows = database.execute(
                "SELECT token FROM mail_folder WHERE role = 'inbox'"
            )
            request = _empty_pages(endpoint, rows[0][0], times)
    return {"poll": whole / len(sync.MailboxRules().folders), "request": request}


def _empty_pages(endpoint: str, token: str, times: int) -> float:
    """An open port asks for one folder's changes: request, answer, parse."""
    port = _server(endpoint)(MAILBOX)
    port.changes(INBOX, token)
    before = cpu_seconds()
    for _ in range(times):
        assert port.changes(INBOX, token).is_last
    return (cpu_seconds() - before) / times


# -- GetItem alone ---------------------------------------------------------------------


def parse(endpoint: str, ids: list[str], *, html: bool, times: int) -> float:
    """CPU seconds of one GetItem of all the ids, mapping included."""
    port, refs = _server(endpoint)(MAILBOX), [ItemRef(identity) for identity in ids]
    detail = Detail.CONTENT if html else Detail.TEXT
    for _ in range(6):  # the chunk grows to its largest
        port.fetch(refs, detail)
    before = cpu_seconds()
    for _ in range(times):
        assert len(port.fetch(refs, detail).messages) == len(ids)
    return (cpu_seconds() - before) / times


def parse_direct(endpoint: str, ids: list[str], *, html: bool, times: int) -> float:
    """The same request and answer by requests and lxml."""
    from mailsync.ews.properties import CONTENT, NAMED_HEADERS, TEXT, UNIQUE_BODY

    fields = CONTENT + UNIQUE_BODY if html else TEXT
    items = "".join(f'<t:ItemId Id="{identity}"/>' for identity in ids)
    request = (
        f'<s:Envelope xmlns:s="{answers.SOAP}" xmlns:m="{answers.MESSAGES}" '
        f'xmlns:t="{answers.TYPES}"><s:Body><m:GetItem><m:ItemShape><t:BaseShape>'
        f"IdOnly</t:BaseShape><t:AdditionalProperties>{fields}"
        f"{NAMED_HEADERS}</t:AdditionalProperties></m:ItemShape><m:ItemIds>{items}"
        "</m:ItemIds></m:GetItem></s:Body></s:Envelope>"
    )
    return direct.parse(endpoint, request.encode(), len(ids), times)


def profile(name: str, endpoint: str, folder: str, lines: int) -> str:
    """One poll under cProfile: where our time goes (shares, not absolute figures)."""
    profiler = cProfile.Profile()
    with _stores[name].copy() as url, TemporaryDirectory(dir=folder) as blobs:
        database.connect(url)
        with closing(database):
            given = company.settings(_server(endpoint), Path(blobs))
            profiler.runcall(sync.poll_mailbox, given, company.mailbox_id(), _never)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(lines)
    return text.getvalue()


if __name__ == "__main__":
    logs.configure("info", "json")
    logging.captureWarnings(capture=True)
    serve(
        {
            "about": about,
            "read": read,
            "prepare": prepare,
            "forget": forget,
            "ingest": ingest,
            "bare": bare,
            "grow": grow,
            "empty_polls": empty_polls,
            "parse": parse,
            "parse_direct": parse_direct,
            "profile": profile,
        }
    )
