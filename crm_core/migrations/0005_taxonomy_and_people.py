"""What the pages of the taxonomy and of the accounts keep beyond the first files."""

import peewee

from crm_core.schema import statement

STATEMENTS = (
    """ALTER TABLE "tag_group" ADD COLUMN "name_en" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "tag_group" ADD COLUMN "colour" TEXT NOT NULL DEFAULT 'grey'""",
    """ALTER TABLE "tag_group" ADD COLUMN "required" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "tag_group" ADD COLUMN "active" INTEGER NOT NULL DEFAULT 1""",
    """ALTER TABLE "tag" ADD COLUMN "name_en" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "tag" ADD COLUMN "active" INTEGER NOT NULL DEFAULT 1""",
    """ALTER TABLE "subtag" ADD COLUMN "name_en" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "subtag" ADD COLUMN "active" INTEGER NOT NULL DEFAULT 1""",
    """ALTER TABLE "subtag" ADD COLUMN "responsible_id" INTEGER
        REFERENCES "employee" ("id")""",
    'CREATE INDEX "subtag_responsible_id" ON "subtag" ("responsible_id")',
    """ALTER TABLE "task_template" ADD COLUMN "kind" TEXT NOT NULL
        DEFAULT 'due_by'""",
    """ALTER TABLE "task_template" ADD COLUMN "days" INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE "task_template" ADD COLUMN "employee_id" INTEGER
        REFERENCES "employee" ("id")""",
    'CREATE INDEX "task_template_employee_id" ON "task_template" ("employee_id")',
    """ALTER TABLE "staff_membership" ADD COLUMN "configured" INTEGER NOT NULL
        DEFAULT 0""",
    'ALTER TABLE "account" ADD COLUMN "signed_in_at" TEXT',
    'ALTER TABLE "web_session" ADD COLUMN "view_as" TEXT',
)


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in STATEMENTS:
        db.execute_sql(statement(sql, postgres=postgres))
