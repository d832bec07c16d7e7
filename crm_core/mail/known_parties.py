"""Which mails name somebody we know: the flag ``message.known``.

A mail is known while one of its parties is the e-mail address, or of the domain, of an
address. Only such mail waits in «Nicht zugeordnet», unless a mailbox says otherwise
(``queries.triage``). The flag has an index of its own together with ``unassigned``: the
number in the navigation is counted on every page, and most mail comes from strangers.

Whoever writes parties of mails calls ``mark``; whoever gives or takes an e-mail address
or a domain calls ``mark_named``; both in the transaction of the change. Both may be
repeated at any time and must then change nothing (``verify`` checks it).
"""

from collections.abc import Iterable

from crm_core import database
from crm_core.queries.parties import domain_sql


def mark(messages: Iterable[int]) -> None:
    """Bring these mails up to date, after their parties changed."""
    database.require_transaction()
    database.update_in(_turned("id IN ({marks})"), set(messages))


def mark_named(emails: Iterable[str] = (), domains: Iterable[str] = ()) -> None:
    """Bring the mails up to date that name one of these."""
    database.require_transaction()
    for column, named in (("email", emails), (domain_sql("email"), domains)):
        database.update_in(
            _turned(
                f"id IN (SELECT message_id FROM message_address WHERE {column} "
                "IN ({marks}))"
            ),
            list(dict.fromkeys(named)),
        )


def differences() -> list[str]:
    """Mails whose flag is wrong; [] if none is. Reads everything."""
    rows = database.execute(
        f"SELECT id FROM message WHERE known <> {_is_known()} ORDER BY id"
    )
    return [f"message {row[0]}" for row in rows]


def _turned(which: str) -> str:
    return (
        f"UPDATE message SET known = 1 - known WHERE {which} AND known <> {_is_known()}"
    )


def _is_known() -> str:
    return (
        "(CASE WHEN EXISTS (SELECT 1 FROM message_address p JOIN address_email ae "
        "ON ae.email = p.email WHERE p.message_id = message.id) OR EXISTS (SELECT 1 "
        "FROM message_address p JOIN address_domain ad "
        f"ON ad.domain = {domain_sql('p.email')} WHERE p.message_id = message.id) "
        "THEN 1 ELSE 0 END)"
    )
