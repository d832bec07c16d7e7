"""A task remembers the mail that it was made out of."""

STATEMENTS = (
    """ALTER TABLE "task" ADD COLUMN "message_id" INTEGER
        REFERENCES "message" ("id") ON DELETE SET NULL""",
    'CREATE INDEX "task_message_id" ON "task" ("message_id")',
)


def up(migrator, db):
    for sql in STATEMENTS:
        db.execute_sql(sql)
