"""A file of addresses between its upload and the end of its import, one an account."""

import peewee

from crm_core.schema import statement

STATEMENTS = (
    """CREATE TABLE "address_import" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "account_id" INTEGER NOT NULL,
        "file_name" TEXT NOT NULL,
        "data" BLOB NOT NULL,
        "choices" TEXT NOT NULL,
        "made_at" TEXT NOT NULL,
        "outcome" TEXT,
        FOREIGN KEY ("account_id") REFERENCES "account" ("id") ON DELETE CASCADE
    ) STRICT""",
    'CREATE UNIQUE INDEX "address_import_account_id" ON "address_import" ("account_id")',
    'CREATE INDEX "address_import_made_at" ON "address_import" ("made_at")',
)


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in STATEMENTS:
        db.execute_sql(statement(sql, postgres=postgres))
