"""Which unlinked mail waits is a rule of each mailbox."""


def up(migrator, db):
    db.execute_sql(
        'ALTER TABLE "mailbox" ADD COLUMN "triage" TEXT NOT NULL DEFAULT \'known\''
    )
