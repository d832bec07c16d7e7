"""The connection, the one kind of transaction, and batch statements.

SQLite (through apsw, which bundles a fixed library) in WAL mode with
``synchronous=FULL`` by default; PostgreSQL by URL. ``transaction()`` is the only way to
write: on SQLite it is IMMEDIATE, because a transaction that reads first and writes
later fails under two writers. The whole list of who opens one is in
docs/architecture.md.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import apsw
from peewee import (
    Database,
    DatabaseProxy,
    DataError,
    ExceptionWrapper,
    IntegrityError,
    OperationalError,
    PostgresqlDatabase,
    ProgrammingError,
)
from playhouse.apsw_ext import APSWDatabase
from playhouse.pool import PooledPostgresqlDatabase

from crm_core.errors import Invalid

# 3.7.0-3.51.2 can corrupt a WAL database that two connections write and checkpoint.
OLDEST_SQLITE = (3, 51, 3)
_WRITERS = 0x57524954  # any fixed number: the line of all writers on PostgreSQL
_BUSY = 10  # seconds that SQLite waits for another writer
_KEPT = 1800  # seconds after which a kept connection is made anew
_SQLITE_LIMIT = 900  # bound variables in one IN list, below every build's limit
# The drivers' names for what peewee raises from single statements.
_ERRORS = {
    "ConstraintError": IntegrityError,  # apsw
    "DataError": DataError,
    "IntegrityError": IntegrityError,
    "OperationalError": OperationalError,
    "ProgrammingError": ProgrammingError,
}

# Ends an EXISTS that is to be asked row by row: without it PostgreSQL joins the whole
# tables first, and a list that stops after 25 rows takes seconds.
ONE = "LIMIT 1 OFFSET 0"

proxy = DatabaseProxy()


class Busy(OperationalError):
    """Another writer held SQLite longer than anybody waits; nothing was written."""


class UnsafeSqlite(RuntimeError):
    """The SQLite library has the WAL-reset fault; we refuse to write with it."""


def connect(url: str) -> Database:
    """Bind the models to the database of ``url`` and return it.

    ``sqlite:////absolute/path`` or ``postgresql://user@host/name``. Nothing is created
    but the SQLite file and its folder. Raises Invalid for another kind of URL,
    UnsafeSqlite on a library with the WAL-reset fault.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        database = _sqlite(sqlite_path(url))
    elif parts.scheme in {"postgresql", "postgres"}:
        database = _postgres(url)
    else:
        raise Invalid(
            "database",
            "scheme",
            "unknown kind of database: {scheme}",
            scheme=parts.scheme,
        )
    proxy.initialize(database)
    return database


def sqlite_path(url: str) -> Path:
    """The file of a ``sqlite:////abs/path`` URL."""
    return Path(unquote(urlsplit(url).path.removeprefix("/")) or "mailsync.db")


def is_postgres() -> bool:
    """Whether the bound database is PostgreSQL."""
    return isinstance(proxy.obj, PostgresqlDatabase)


class _Sqlite(APSWDatabase):  # type: ignore[misc]  # playhouse is untyped
    """apsw binds no datetimes; peewee's own migration table holds one."""

    def _connect(self) -> apsw.Connection:
        connection: apsw.Connection = super()._connect()
        connection.convert_binding = lambda _cursor, _number, value: str(value)
        return connection


def _sqlite(path: Path) -> Database:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        raise UnsafeSqlite(
            f"SQLite {'.'.join(map(str, version))} can corrupt a shared WAL database; "
            f"at least {'.'.join(map(str, OLDEST_SQLITE))} is needed (package apsw)"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    database: Database = _Sqlite(
        str(path),
        timeout=_BUSY,
        pragmas=[
            ("journal_mode", "wal"),
            ("synchronous", "full"),
            ("foreign_keys", 1),
            ("secure_delete", 1),
            ("wal_autocheckpoint", 4096),
            ("cache_size", -32 * 1024),
        ],
    )
    return database


class _Postgres(PostgresqlDatabase):
    """Compiling a statement costs PostgreSQL more than running any of ours."""

    def _initialize_connection(self, conn: Any) -> None:
        conn.execute("SET jit TO off")


class _KeptPostgres(PooledPostgresqlDatabase, _Postgres):  # type: ignore[misc]
    """Connections that stay open between requests; each is tried before it is used,
    so that a server that was started anew costs nobody a page.
    """

    def _is_closed(self, conn: Any) -> bool:
        import psycopg  # an extra, and wanted on PostgreSQL only

        if super()._is_closed(conn):
            return True
        try:
            conn.execute("SELECT 1")
            conn.rollback()
        except psycopg.Error:
            return True
        return False


def _postgres(url: str) -> Database:
    # An URL is passed on as it is: hosts, options and passwords are libpq's business.
    database: Database = _Postgres(url, prefer_psycopg3=True)
    return database


def keep_connections(most: int) -> None:
    """From now on ``close`` puts a connection back for the next request, at most
    ``most``; for a program whose threads come and go. PostgreSQL only: a connection is
    a process there and takes 15 ms to make, on SQLite one.
    """
    if is_postgres():
        database = _KeptPostgres(
            proxy.obj.database, max_connections=most, timeout=_BUSY,
            stale_timeout=_KEPT, prefer_psycopg3=True, **proxy.obj.connect_params,
        )  # fmt: skip
        close()
        proxy.initialize(database)


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    """One transaction; nested use is refused, so that its borders stay visible.

    One writer at a time on either database: what threads and links are is read, then
    written, and two pages with copies of one mail would both find it missing. Raises
    Busy if another keeps SQLite for more than 10 s (``patience`` waits longer).
    """
    if proxy.in_transaction():
        raise RuntimeError("a transaction is open already: its border is elsewhere")
    begin = () if is_postgres() else ("IMMEDIATE",)
    with contextlib.ExitStack() as ended:
        try:
            ended.enter_context(proxy.transaction(*begin))
        except OperationalError as error:
            if isinstance(error.__context__, apsw.BusyError):
                raise Busy("another writer keeps the database") from error
            raise
        stand_in_line(_WRITERS)
        yield


def require_transaction() -> None:
    """Raise unless a transaction is open: writers call it first."""
    if not proxy.in_transaction():
        raise RuntimeError("writing needs an open transaction")


def transaction_open() -> bool:
    """Whether this thread is inside a transaction (no network call may happen then)."""
    return bool(proxy.obj is not None and proxy.in_transaction())


def stand_in_line(queue: int, *, shared: bool = False) -> None:
    """Wait until no other transaction of this queue is open; until ours ends.

    For «read, then write what was missing» without a row to lock; ``shared``: those
    that only read what the others write do not wait for one another. Before any row is
    locked. SQLite's writers stand in one line anyway.
    """
    require_transaction()
    if is_postgres():
        kind = "_shared" if shared else ""
        execute(f"SELECT pg_advisory_xact_lock{kind}(?)", (queue,))


def checkpoint() -> None:
    """Write back and empty the WAL (SQLite), so that what was removed is gone there
    too; not while a transaction is open. A reader that lags behind may hinder it.
    """
    if not is_postgres():
        execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def savepoint() -> Iterator[None]:
    """Undo one step of a page without losing the page."""
    with proxy.savepoint():
        yield


def total_changes() -> int:
    """How many rows this connection has changed so far (SQLite)."""
    return int(proxy.connection().total_changes())


@contextlib.contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Wait longer than usual for another writer (SQLite; PostgreSQL's line waits for
    ever); for the start of a program, which nobody waits for with a page open.
    """
    if is_postgres():
        yield
        return
    proxy.execute_sql(f"PRAGMA busy_timeout = {seconds * 1000}")
    try:
        yield
    finally:
        proxy.execute_sql(f"PRAGMA busy_timeout = {_BUSY * 1000}")


def close() -> None:
    """Close this thread's connection (end of a job or command)."""
    if proxy.obj is not None and not proxy.is_closed():
        proxy.close()


def execute(sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run one statement with ``?`` marks on either database; rows or nothing."""
    cursor = proxy.execute_sql(_dialect(sql), tuple(parameters))
    return list(cursor.fetchall()) if _returns_rows(sql) else []


def execute_count(sql: str, parameters: Sequence[object] = ()) -> int:
    """Run one writing statement; how many rows it touched."""
    cursor = proxy.execute_sql(_dialect(sql), tuple(parameters))
    return int(proxy.rows_affected(cursor))


def execute_many(sql: str, rows: Sequence[Sequence[object]]) -> None:
    """One prepared statement for many rows (peewee's row by row costs 49 times).

    Raises peewee's errors, like every other statement.
    """
    if rows:
        require_transaction()
        with ExceptionWrapper(_ERRORS):
            proxy.connection().cursor().executemany(_dialect(sql), rows)


def select_in(
    sql: str, values: Iterable[object], before: Sequence[object] = ()
) -> list[tuple[Any, ...]]:
    """Rows of ``sql`` whose ``{marks}`` is an IN list of ``values``, in chunks.

    ``before`` are the parameters that stand before the list.
    """
    wanted = list(values)
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(wanted), _SQLITE_LIMIT):
        chunk = wanted[start : start + _SQLITE_LIMIT]
        marks = ",".join("?" * len(chunk))
        found += execute(sql.replace("{marks}", marks), (*before, *chunk))
    return found


def update_in(sql: str, values: Iterable[object]) -> int:
    """A writing statement whose ``{marks}`` is an IN list, in chunks; rows touched."""
    wanted = list(values)
    touched = 0
    for start in range(0, len(wanted), _SQLITE_LIMIT):
        chunk = wanted[start : start + _SQLITE_LIMIT]
        marks = ",".join("?" * len(chunk))
        touched += execute_count(sql.replace("{marks}", marks), chunk)
    return touched


def new_ids(table: str, count: int) -> list[int]:
    """``count`` unused ids of ``table``, for rows written in one batch."""
    require_transaction()
    if count == 0:
        return []
    if is_postgres():
        sequence = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) "
        rows = execute(sequence + "FROM generate_series(1, ?)", (count,))
        return [int(row[0]) for row in rows]
    ((highest, floor),) = execute(
        f"SELECT (SELECT max(id) FROM {table}), "
        "(SELECT value FROM setting WHERE name = ?)",
        (f"floor:{table}",),
    )
    first = max(int(highest or 0), int(floor or 0)) + 1
    return list(range(first, first + count))


def raise_floor(table: str) -> None:
    """Ids of ``table`` up to the highest one are never handed out again.

    Called before rows go: on SQLite the highest id would be free again, and what names
    it (the log, a bookmark) would mean another row. PostgreSQL's sequences never do.
    """
    require_transaction()
    if not is_postgres():
        execute(
            "INSERT INTO setting (name, value) SELECT ?, max(id) FROM "
            f"{table} WHERE true HAVING max(id) IS NOT NULL ON CONFLICT (name) "
            "DO UPDATE SET value = max(CAST(value AS INTEGER), "
            "CAST(excluded.value AS INTEGER))",
            (f"floor:{table}",),
        )


def _dialect(sql: str) -> str:
    return sql.replace("?", "%s") if is_postgres() else sql


def _returns_rows(sql: str) -> bool:
    return sql.lstrip()[:6].upper() in {"SELECT", "WITH R"} or " RETURNING " in sql
