"""The canned server: a process of its own that gives prepared answers over HTTP.

    http://127.0.0.1:PORT/FLAVOUR/UPTO/LATENCY/EWS/Exchange.asmx
                           mix     4000 0 (ms)

The Inbox of every mailbox whose address begins with «verkauf» holds the mails 0..UPTO
of the corpus; every other folder is empty. Pages come newest first, as Exchange's do; a
state remembers how far was told, so a later, larger UPTO is «new mail»; «4000+20» is
4000 mails and 20 more every second since it was first asked for. An answer is
rendered once and remembered by its request. GET /ledger tells what was asked so far.

It knows nothing of mailsync. ``python -m bench.server`` prints its address.
"""

import asyncio
import json
import re
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from bench import answers
from bench.corpus import FLAVOURS, Bodies, Corpus

MOST_MEMORY = 400 * 1024 * 1024  # bytes of remembered answers
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_OPERATION = re.compile(rb"<(?:\w+:)?Body><m:(\w+)")
_ITEM = re.compile(r'<t:ItemId Id="([^"]+)"')
_STATE = re.compile(r"<m:SyncState>([^<]+)</m:SyncState>")
_LIMIT = re.compile(r"<m:MaxChangesReturned>(\d+)</m:MaxChangesReturned>")
_FOLDER = re.compile(r'<t:(?:Distinguished)?FolderId Id="([^"]+)"')
_SOMEBODY = re.compile(r"<t:PrimarySmtpAddress>([^<]+)<")


@dataclass(slots=True)
class Canned:
    """The answers, and what was asked for them."""

    corpus: Corpus = field(default_factory=Corpus)
    bodies: Bodies = field(default_factory=Bodies)
    asked: Counter[str] = field(default_factory=Counter)
    received: int = 0
    sent: int = 0
    _kept: dict[tuple[str, str, bytes], bytes] = field(default_factory=dict)
    _memory: int = 0

    def answer(self, flavour: str, upto: int, request: bytes) -> bytes:
        """The answer to one SOAP request; ValueError for one that is not served."""
        found = _OPERATION.search(request)
        operation = found.group(1).decode() if found else "nothing"
        self.asked[operation] += 1
        self.received += len(request)
        key = (flavour, str(upto), request)
        content = self._kept.get(key)
        if content is None:
            content = self._render(operation, flavour, upto, request.decode()).encode()
            if self._memory + len(content) < MOST_MEMORY:
                self._kept[key] = content
                self._memory += len(content)
        self.sent += len(content)
        return content

    def _render(self, operation: str, flavour: str, upto: int, request: str) -> str:
        if operation == "GetItem":
            return self._items(flavour, request)
        if operation == "SyncFolderItems":
            return self._page(upto, request)
        if operation == "GetFolder":
            return answers.folder(_FOLDER.findall(request)[0])
        raise ValueError(f"{operation} is not served here")

    def _items(self, flavour: str, request: str) -> str:
        asked = answers.Asked.by(request)
        mails = (
            self.corpus.mail(answers.number_of(identity))
            for identity in _ITEM.findall(request)
        )
        return answers.response(
            "GetItem",
            "".join(answers.item(mail, self.bodies, flavour, asked) for mail in mails),
        )

    def _page(self, upto: int, request: str) -> str:
        folder = _FOLDER.findall(request)[0]
        somebody = _SOMEBODY.search(request)
        filled = somebody is None or somebody.group(1).startswith("verkauf")
        if folder not in ("inbox", "folder-inbox") or not filled:
            upto = 0
        state = _STATE.search(request)
        done, end, at = answers.read_state(state.group(1)) if state else (0, 0, 0)
        if at <= done:  # that sweep is told: the next one begins at the newest mail
            done, end, at = end, max(upto, end), max(upto, end)
        limit = _LIMIT.search(request)
        down = max(done, at - int(limit.group(1) if limit else 512))
        changes = "".join(
            answers.created(self.corpus.mail(n)) for n in range(at - 1, down - 1, -1)
        )
        last = down == done
        new = answers.written_state(done, end, down)
        return answers.change_page(changes, new, last=last)

    def ledger(self) -> bytes:
        """What was asked and how much went over the wire (bodies only)."""
        said = {"asked": self.asked, "received": self.received, "sent": self.sent}
        return json.dumps(said).encode()


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address says, and when it was first asked for."""

    flavour: str
    mails: int
    growth: int  # a second
    latency: float
    since: float

    @property
    def upto(self) -> int:
        return self.mails + int(self.growth * (time.monotonic() - self.since))


@lru_cache(maxsize=256)
def _place(path: str) -> _Place:
    _, flavour, upto, latency, *_rest = path.split("/")
    if flavour not in FLAVOURS:
        raise ValueError(f"no flavour {flavour!r}")
    mails, _, growth = upto.partition("+")
    return _Place(
        flavour, int(mails), int(growth or 0), int(latency) / 1000, time.monotonic()
    )


class _Connection:
    """One keep-alive connection."""

    def __init__(self, canned: Canned) -> None:
        self._canned = canned

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer until the other side closes."""
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length.group(1)) if length else 0)
                writer.write(await self._response(head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _response(self, head: bytes, body: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode()
        kind, status, latency = b"text/xml; charset=utf-8", b"200 OK", 0.0
        if path == "/ledger":
            kind, content = b"application/json", self._canned.ledger()
        else:
            try:
                place = _place(path)
                content = self._canned.answer(place.flavour, place.upto, body)
                latency = place.latency
            except ValueError as error:
                status, content = b"400 Bad Request", str(error).encode()
            if latency:
                await asyncio.sleep(latency)
        return (
            b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
            % (status, kind, len(content))
        ) + content


async def _main() -> None:
    connection = _Connection(Canned())
    server = await asyncio.start_server(
        connection.serve, "127.0.0.1", 0, limit=16 * 1024 * 1024
    )
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except KeyboardInterrupt:
        pass
