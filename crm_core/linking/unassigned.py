"""Which mails wait in «Nicht zugeordnet»: the flag ``message.unassigned``.

A mail is unassigned while no entry shows its conversation, no person put it into an
entry or waved it off, and it is not automatic. Whether it is listed besides depends on
the viewer and on the rule (``queries.triage``). The flag has an index of its own, so
that an empty list among a hundred thousand mails is found empty at once.

``mark`` is part of ``holds.settle``: it runs in the transaction of whatever changed the
links or members of a conversation. It may be repeated at any time and must then change
nothing (``verify`` checks it).
"""

from collections.abc import Iterable

from crm_core import database

_PUT_IN = (
    "EXISTS (SELECT 1 FROM entry_mail_verdict v WHERE v.message_id = message.id "
    "AND v.verdict = 'include')"
)
_WAITS = f"automatic = 0 AND ignored_at IS NULL AND NOT {_PUT_IN}"
_SHOWN = (
    "EXISTS (SELECT 1 FROM message a JOIN entry_mail em ON em.anchor_id = a.id "
    "WHERE a.conversation_id = message.conversation_id AND em.removed_at IS NULL)"
)


def mark(conversations: Iterable[int], linked: Iterable[int]) -> None:
    """Bring the mails of these conversations up to date; ``linked``: those of them
    that some entry shows.
    """
    database.require_transaction()
    shown = set(linked)
    database.update_in(
        "UPDATE message SET unassigned = 0 WHERE unassigned = 1 "
        "AND conversation_id IN ({marks})",
        shown,
    )
    database.update_in(
        f"UPDATE message SET unassigned = 1 - unassigned WHERE unassigned <> "
        f"(CASE WHEN {_WAITS} THEN 1 ELSE 0 END) AND conversation_id IN ({{marks}})",
        set(conversations) - shown,
    )


def differences() -> list[str]:
    """Mails whose flag is wrong; [] if none is. Reads everything."""
    rows = database.execute(
        "SELECT id FROM message WHERE unassigned <> (CASE WHEN "
        f"{_WAITS} AND NOT {_SHOWN} THEN 1 ELSE 0 END)"
    )
    return [f"message {row[0]}" for row in rows]
