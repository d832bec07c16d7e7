"""Who an actor of the log is, as people call them.

user:keller       an employee, by name
mailbox:werkstatt a mailbox, by name
anything else     itself (a program, the command line)
"""

from collections.abc import Iterable

from crm_core import database


def names(actors: Iterable[str | None]) -> dict[str, str]:
    """The name of each actor; two queries, however many there are."""
    wanted = {actor for actor in actors if actor}
    found = {actor: actor.partition(":")[2] or actor for actor in wanted}
    for kind, sql in (
        ("user", "SELECT key, name FROM employee WHERE key IN ({marks})"),
        ("mailbox", "SELECT slug, name FROM mailbox WHERE slug IN ({marks})"),
    ):
        keys = [a.partition(":")[2] for a in wanted if a.startswith(f"{kind}:")]
        found |= {f"{kind}:{row[0]}": row[1] for row in database.select_in(sql, keys)}
    return found
