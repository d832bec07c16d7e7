"""Tombstones of erased mails, so that no re-read of a mailbox brings them back."""

import peewee

from crm_core.schema import statement

STATEMENTS = (
    """CREATE TABLE "erased_mail" (
        "digest" BLOB NOT NULL PRIMARY KEY,
        "erased_at" TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in STATEMENTS:
        db.execute_sql(statement(sql, postgres=postgres))
