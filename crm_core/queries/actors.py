"""Who an actor of the log is, as people call them.

user:keller       an employee, by name
mailbox:werkstatt a mailbox, by name
cli:root          the command line, with the account of the server that typed there
anything else     itself (a program)
"""

from collections.abc import Iterable

from crm_core import database, languages

_COMMAND_LINE = {"de": "Kommandozeile ({who})", "en": "command line ({who})"}


def names(actors: Iterable[str | None]) -> dict[str, str]:
    """The name of each actor, in the reader's language; at most two queries."""
    wanted = {actor for actor in actors if actor}
    found = {actor: _itself(actor) for actor in wanted}
    for kind, sql in (
        ("user", "SELECT key, name FROM employee WHERE key IN ({marks})"),
        ("mailbox", "SELECT slug, name FROM mailbox WHERE slug IN ({marks})"),
    ):
        keys = [a.partition(":")[2] for a in wanted if a.startswith(f"{kind}:")]
        found |= {f"{kind}:{row[0]}": row[1] for row in database.select_in(sql, keys)}
    return found


def _itself(actor: str) -> str:
    kind, _, who = actor.partition(":")
    if kind == "cli" and who:
        return _COMMAND_LINE[languages.reads_in()].format(who=who)
    return who or actor
