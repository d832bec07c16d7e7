"""What people see of a mailbox and want done with it; how its polls went."""

import peewee

from crm_core.schema import statement

STATEMENTS = (
    'ALTER TABLE "mailbox" ADD COLUMN "paused_at" TEXT',
    'ALTER TABLE "mailbox" ADD COLUMN "paused_by" TEXT',
    'ALTER TABLE "mailbox" ADD COLUMN "read_from" TEXT',
    'ALTER TABLE "mailbox" ADD COLUMN "quiet_before" TEXT',
    'ALTER TABLE "mail_folder" ADD COLUMN "items_expected" INTEGER',
    'ALTER TABLE "mail_folder" ADD COLUMN "items_read" INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE "daemon_beat" ADD COLUMN "config_since" TEXT',
    'ALTER TABLE "daemon_beat" ADD COLUMN "refused_at" TEXT',
    'ALTER TABLE "daemon_beat" ADD COLUMN "problems" TEXT NOT NULL DEFAULT \'[]\'',
    """CREATE TABLE "mailbox_reading" (
        "mailbox_id" INTEGER NOT NULL PRIMARY KEY,
        "poll" INTEGER NOT NULL,
        "since" TEXT,
        "skip" TEXT NOT NULL,
        "endpoint" TEXT NOT NULL,
        "login" TEXT NOT NULL,
        "access" TEXT NOT NULL,
        "lines" TEXT NOT NULL,
        FOREIGN KEY ("mailbox_id") REFERENCES "mailbox" ("id") ON DELETE CASCADE
    ) STRICT""",
    """CREATE TABLE "mailbox_poll" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "mailbox_id" INTEGER NOT NULL,
        "at" TEXT NOT NULL,
        "took_ms" INTEGER NOT NULL,
        "answer_ms" INTEGER,
        "mails" INTEGER NOT NULL,
        "code" TEXT,
        FOREIGN KEY ("mailbox_id") REFERENCES "mailbox" ("id") ON DELETE CASCADE
    ) STRICT""",
    'CREATE INDEX "mailbox_poll_mailbox_id_at" ON "mailbox_poll" ("mailbox_id", "at")',
    """CREATE TABLE "mailbox_wish" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "mailbox_id" INTEGER,
        "kind" TEXT NOT NULL,
        "since" TEXT,
        "asked_by" TEXT NOT NULL,
        "asked_at" TEXT NOT NULL,
        "expires_at" TEXT NOT NULL,
        "taken_at" TEXT,
        "leased_until" TEXT,
        "tries" INTEGER NOT NULL,
        "finished_at" TEXT,
        "result" TEXT,
        FOREIGN KEY ("mailbox_id") REFERENCES "mailbox" ("id") ON DELETE CASCADE
    ) STRICT""",
    'CREATE INDEX "mailbox_wish_mailbox_id" ON "mailbox_wish" ("mailbox_id")',
    """CREATE UNIQUE INDEX "mailbox_wish_open" ON "mailbox_wish"
    ("mailbox_id", "kind") WHERE ("finished_at" IS NULL)""",
    """CREATE UNIQUE INDEX "mailbox_wish_open_of_none" ON "mailbox_wish" ("kind")
    WHERE (("finished_at" IS NULL) AND ("mailbox_id" IS NULL))""",
)


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in STATEMENTS:
        db.execute_sql(statement(sql, postgres=postgres))
