"""Search: trigrams over folded text, on SQLite by FTS5, on PostgreSQL by pg_trgm.

Three indexes: «mail» (heads of mails), «body» (their texts) and «desk» (everything
else), so that a word of a hundred thousand mails does not slow down finding an address,
nor a text that somebody may not read finding a subject. Only rows that are ``indexed``
are in them. Whatever deletes a thing deletes its rows by trigger.

``detail=none``: the FTS index answers LIKE only, at a quarter of the size.
"""

import logging

import peewee

from crm_core.schema import statement

log = logging.getLogger(__name__)

TABLE = (
    'DROP TABLE "search_text"',
    """CREATE TABLE "search_text" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "kind" TEXT NOT NULL,
        "thing" INTEGER NOT NULL,
        "folded" TEXT NOT NULL,
        "indexed" INTEGER NOT NULL
    ) STRICT""",
    'CREATE UNIQUE INDEX "search_text_kind_thing" ON "search_text" ("kind", "thing")',
    'CREATE INDEX "search_text_waiting" ON "search_text" ("id") WHERE ("indexed" = 0)',
)
INDEXES = (
    ("mail", "('message')"),
    ("body", "('body')"),
    ("desk", "('entry', 'address', 'task', 'document')"),
)
THINGS = (
    ("message", "id", "message"),
    ("message_body", "message_id", "body"),
    ("entry", "id", "entry"),
    ("address", "id", "address"),
    ("task", "id", "task"),
    ("document", "id", "document"),
)


def sqlite(name, kinds):
    index = f"search_{name}"
    inside = "{row}.indexed = 1 AND {row}.kind IN " + kinds
    add = f"INSERT INTO {index} (rowid, folded) VALUES (new.id, new.folded);"
    remove = (
        f"INSERT INTO {index} ({index}, rowid, folded) "
        "VALUES ('delete', old.id, old.folded);"
    )
    yield (
        f"CREATE VIEW {index}_rows AS SELECT id, folded FROM search_text "
        f"WHERE indexed = 1 AND kind IN {kinds}"
    )
    yield (
        f"CREATE VIRTUAL TABLE {index} USING fts5(folded, content='{index}_rows', "
        "content_rowid='id', tokenize='trigram', detail=none)"
    )
    yield f"INSERT INTO {index} ({index}, rank) VALUES ('secure-delete', 1)"
    for event, row, body in (
        ("INSERT", "new", add),
        ("DELETE", "old", remove),
        ("UPDATE", "old", remove),
        ("UPDATE", "new", add),
    ):
        # An update removes before it adds: the older trigger runs last on SQLite.
        when = "BEFORE" if (event, row) == ("UPDATE", "old") else "AFTER"
        yield (
            f"CREATE TRIGGER {index}_{event.lower()}_{row} {when} {event} "
            f"ON search_text WHEN {inside.format(row=row)} BEGIN {body} END"
        )


def sqlite_forget(table, column, kind):
    yield (
        f"CREATE TRIGGER search_forget_{table} AFTER DELETE ON {table} BEGIN "
        f"DELETE FROM search_text WHERE kind = '{kind}' AND thing = old.{column}; END"
    )


def postgres_forget(table, column, kind):
    yield (
        f"CREATE FUNCTION search_forget_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN DELETE FROM search_text WHERE kind = '{kind}' "
        f"AND thing = old.{column}; RETURN old; END $$"
    )
    yield (
        f"CREATE TRIGGER search_forget_{table} AFTER DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION search_forget_{table}()"
    )


def trigrams(db):
    """Whether pg_trgm is there or could be made; without it search reads every row."""
    try:
        with db.savepoint():
            db.execute_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except peewee.PeeweeException:
        log.warning(
            "pg_trgm cannot be created: search will read every row. Let an "
            "administrator run «CREATE EXTENSION pg_trgm» and then «mailsync "
            "maintain»"
        )
        return False
    return True


def postgres_indexes():
    for name, kinds in INDEXES:
        yield (
            f"CREATE INDEX search_{name} ON search_text USING gin "
            f"(folded gin_trgm_ops) WHERE indexed = 1 AND kind IN {kinds}"
        )


def up(migrator, db):
    postgres = isinstance(db, peewee.PostgresqlDatabase)
    for sql in TABLE:
        db.execute_sql(statement(sql, postgres=postgres))
    forget = postgres_forget if postgres else sqlite_forget
    for thing in THINGS:
        for sql in forget(*thing):
            db.execute_sql(sql)
    if not postgres:
        for name, kinds in INDEXES:
            for sql in sqlite(name, kinds):
                db.execute_sql(sql)
    elif trigrams(db):
        for sql in postgres_indexes():
            db.execute_sql(sql)
