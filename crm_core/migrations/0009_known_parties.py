"""Which mails name somebody we know, with an index of those that wait among them.

What an address has by its domain is found by an index too.
"""

import peewee


def up(migrator, db):
    place = "strpos" if isinstance(db, peewee.PostgresqlDatabase) else "instr"
    domain = f"substr({{0}}, {place}({{0}}, '@') + 1)"
    for sql in (
        'ALTER TABLE "message" ADD COLUMN "known" INTEGER NOT NULL DEFAULT 0',
        f"""CREATE INDEX "message_address_domain" ON "message_address"
            ({domain.format('"email"')})""",
        f"""UPDATE message SET known = 1 WHERE id IN (
            SELECT p.message_id FROM address_email ae
            JOIN message_address p ON p.email = ae.email
            UNION SELECT p.message_id FROM address_domain ad
            JOIN message_address p ON {domain.format("p.email")} = ad.domain)""",
        """CREATE INDEX "message_waiting" ON "message" ("received_at")
            WHERE (("unassigned" = 1) AND ("known" = 1))""",
    ):
        db.execute_sql(sql)
