"""Entries that were merged, and a log that the database itself keeps from changing.

A line of the log is never removed. Changed is only its ``detail``, and only to take an
erased person's name out of it (``crm_core.personal_data.redaction`` leaves its mark
there).
"""

import peewee

from crm_core.schema import statement

STATEMENTS = (
    """CREATE TABLE "merged_entry" (
        "entry_id" INTEGER NOT NULL PRIMARY KEY,
        "into_id" INTEGER NOT NULL,
        "merged_at" TEXT NOT NULL,
        "merged_by" TEXT NOT NULL,
        FOREIGN KEY ("entry_id") REFERENCES "entry" ("id"),
        FOREIGN KEY ("into_id") REFERENCES "entry" ("id")
    ) STRICT""",
    'CREATE INDEX "merged_entry_into_id" ON "merged_entry" ("into_id")',
)
# Compared as one value each: what the row says, and what it may lose.
SAME = ["id", "at", "actor", "action", "subject"]
CHANGED = (
    " OR ".join(f"new.{column} <> old.{column}" for column in SAME)
    + " OR (new.entry_id IS NOT NULL AND coalesce(old.entry_id, 0) <> new.entry_id)"
    + " OR (new.detail <> old.detail AND new.detail NOT LIKE '%(gelöscht)%')"
)
REFUSAL = "the log is only ever added to"

SQLITE = (
    f"""CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER audit_event_unchanged BEFORE UPDATE ON audit_event
        WHEN {CHANGED} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
)
POSTGRES = (
    f"""CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    """CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()""",
    f"""CREATE TRIGGER audit_event_unchanged BEFORE UPDATE ON audit_event
        FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION audit_event_refuse()""",
    """CREATE TRIGGER audit_event_kept BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()""",
)


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in STATEMENTS:
        db.execute_sql(statement(sql, postgres=postgres))
    for sql in POSTGRES if postgres else SQLITE:
        # peewee's parameters: a percent sign is written twice for PostgreSQL.
        db.execute_sql(sql.replace("%", "%%") if postgres else sql)
