"""At most one daemon on a SQLite database; names for several on PostgreSQL.

SQLite has one writer, so a second daemon would only stand in the first one's way and
read every mailbox twice. The lock is the kernel's (``flock``): it ends with the process
however that ends. On PostgreSQL several may run; they share the mailboxes by leases.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from config import Config
from crm_core import database
from crm_core.errors import Conflict
from crm_core.polling import leases
from mailsync.process_owner import process_owner


class AlreadyRunning(Conflict):
    """Another daemon works on this database."""


@contextmanager
def only_daemon(config: Config) -> Iterator[None]:
    """Run as the one that talks to Exchange; the database must be connected.

    Raises AlreadyRunning on SQLite if there is one already.
    """
    if database.is_postgres():
        leases.become(process_owner())
        try:
            yield
        finally:
            leases.become(None)
        return
    path = f"{database.sqlite_path(config.service.database)}.daemon"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                "another daemon works on this database already (process {process})",
                process=os.pread(lock, 20, 0).decode("ascii", "replace") or "?",
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(lock)
