"""The bare prototype of goal G14: what the least program would spend on a mail.

The same adapter, the same pages and fields, then: a thread by a dictionary of
Message-IDs, one link row per mail by the sender, raw batch statements, one commit with
FULL per page. No dedupe, no look-up in a database, no rules, no private marks, no
quarantine, no logs, no retries, no merging of threads: it is what a finished product
is compared with, not something to run.
"""

from pathlib import Path
from typing import Any

import apsw

from mailsync.port import Detail, FolderRef, FolderRole, MailSource, RemoteMessage

_TABLES = """
CREATE TABLE message (id INTEGER PRIMARY KEY, internet_id TEXT, thread INTEGER NOT NULL,
  subject TEXT NOT NULL, sender TEXT, sent_at TEXT, received_at TEXT, size INTEGER,
  external_id TEXT NOT NULL, change_key TEXT NOT NULL);
CREATE UNIQUE INDEX message_external ON message (external_id);
CREATE INDEX message_internet ON message (internet_id);
CREATE INDEX message_thread ON message (thread);
CREATE TABLE body (message INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE address (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE party (message INTEGER NOT NULL, role TEXT NOT NULL, address INTEGER NOT
  NULL, PRIMARY KEY (message, role, address)) WITHOUT ROWID;
CREATE TABLE link (address INTEGER NOT NULL, message INTEGER NOT NULL,
  PRIMARY KEY (address, message)) WITHOUT ROWID;
CREATE TABLE state (token TEXT NOT NULL);
"""


class Prototype:
    """One mailbox into one file."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        for pragma in (
            "journal_mode = wal",
            "synchronous = full",
            "wal_autocheckpoint = 4096",
            "cache_size = -32768",
        ):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute(_TABLES)
        self._threads: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self._messages = 0

    def ingest(self, source: MailSource, token: str | None) -> int:
        """Everything after ``token``; how many mails."""
        inbox = FolderRef(FolderRole.INBOX, "inbox")
        while True:
            page = source.changes(inbox, token)
            refs = [change.ref for change in page.changes]
            fetched = source.fetch(refs, Detail.TEXT).messages if refs else ()
            self._store(fetched, page.token)
            token = page.token
            if page.is_last:
                return self._messages

    def close(self) -> None:
        self._connection.close()

    def _store(self, mails: tuple[RemoteMessage, ...], token: str) -> None:
        messages: list[tuple[Any, ...]] = []
        bodies: list[tuple[Any, ...]] = []
        parties: list[tuple[Any, ...]] = []
        links: list[tuple[Any, ...]] = []
        addresses: list[tuple[int, str]] = []
        for mail in mails:
            self._messages += 1
            number = self._messages
            author = mail.from_.address if mail.from_ else None
            sender = self._address(author, addresses)
            messages.append(
                (
                    number,
                    mail.message_id,
                    self._thread(mail),
                    mail.subject,
                    author,
                    mail.sent_at and mail.sent_at.isoformat(),
                    mail.received_at and mail.received_at.isoformat(),
                    mail.size,
                    mail.ref.external_id,
                    mail.ref.change_key,
                )
            )
            bodies.append((number, mail.text or ""))
            links.append((sender, number))
            parties += {
                (number, role, self._address(party.address, addresses))
                for role, people in (("to", mail.to), ("cc", mail.cc))
                for party in people
            }
        self._write(messages, bodies, addresses, parties, links, token)

    def _thread(self, mail: RemoteMessage) -> int:
        cited = (mail.references or mail.in_reply_to or "").split()
        known = (self._threads[one] for one in cited if one in self._threads)
        thread = next(known, self._messages)
        for one in (mail.message_id or "", *cited):
            self._threads.setdefault(one, thread)
        return thread

    def _address(self, email: str | None, fresh: list[tuple[int, str]]) -> int:
        key = (email or "").lower()
        if key not in self._addresses:
            self._addresses[key] = len(self._addresses) + 1
            fresh.append((self._addresses[key], key))
        return self._addresses[key]

    def _write(
        self,
        messages: list[tuple[Any, ...]],
        bodies: list[tuple[Any, ...]],
        addresses: list[tuple[int, str]],
        parties: list[tuple[Any, ...]],
        links: list[tuple[Any, ...]],
        token: str,
    ) -> None:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        batches: tuple[tuple[str, int, list[Any]], ...] = (
            ("message", 10, messages),
            ("body", 2, bodies),
            ("address", 2, addresses),
            ("party", 3, parties),
            ("link", 2, links),
        )
        for table, marks, rows in batches:
            values = ",".join("?" * marks)
            cursor.executemany(f"INSERT INTO {table} VALUES ({values})", rows)
        cursor.execute("DELETE FROM state")
        cursor.execute("INSERT INTO state VALUES (?)", (token,))
        cursor.execute("COMMIT")
