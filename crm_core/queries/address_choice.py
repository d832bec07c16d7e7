"""«Beteiligten hinzufügen»: addresses that do not take part yet, likely ones first.

Likely are the known parties of the entry's mails (importer, authority, a colleague of
the customer), then whoever takes part in entries of the same subtag.
"""

from dataclasses import dataclass

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.models import AddressRole
from crm_core.queries import address_list, entry_mail, parties
from crm_core.queries.address_list import AddressFilter

_MOST = 12


@dataclass(frozen=True, slots=True)
class AddressChoice:
    """An address to pick; ``in_mail``: a party of a mail of this entry."""

    id: int
    name: str
    role: AddressRole
    city: str
    emails: tuple[str, ...]
    in_mail: bool = False


def choices(viewer: Viewer, number: int, text: str = "") -> tuple[AddressChoice, ...]:
    """Up to a dozen; NotFound if the viewer may not read the entry."""
    entry = viewer.entry(number)
    taking_part = {
        int(row[0])
        for row in database.execute(
            "SELECT address_id FROM participant WHERE entry_id = ?", (entry.id,)
        )
    }
    if text.strip():
        limit = _MOST + len(taking_part)
        page = address_list.page(viewer, AddressFilter(text=text), limit=limit)
        found = [
            AddressChoice(row.id, row.name, row.role, row.city, row.emails)
            for row in page.rows
            if row.id not in taking_part
        ]
        return tuple(found[:_MOST])
    mentioned = _in_mails(viewer, entry.id)
    wanted = [id_ for id_ in mentioned if id_ not in taking_part]
    for (id_,) in database.execute(
        "SELECT p.address_id FROM participant p JOIN entry e ON e.id = p.entry_id "
        f"WHERE e.subtag_id = ? AND e.id <> ? AND {viewer.entries('e')} "
        "GROUP BY p.address_id ORDER BY count(*) DESC, p.address_id LIMIT ?",
        (entry.subtag_id, entry.id, 3 * _MOST),
    ):
        if int(id_) not in taking_part and int(id_) not in wanted:
            wanted.append(int(id_))
    return _of_ids(wanted[:_MOST], set(mentioned))


def _in_mails(viewer: Viewer, entry_id: int) -> list[int]:
    rows = database.execute(
        "SELECT ma.email, count(*) FROM message_address ma JOIN message m "
        "ON m.id = ma.message_id WHERE m.id IN "
        f"(SELECT x.message_id FROM ({entry_mail.shown_in('?')}) x) "
        f"AND {viewer.messages('m')} GROUP BY ma.email "
        "ORDER BY count(*) DESC, ma.email LIMIT 500",
        (entry_id, entry_id),
    )
    owners = parties.owners(row[0] for row in rows)
    return list(dict.fromkeys(owners[row[0]].id for row in rows if row[0] in owners))


def _of_ids(ids: list[int], mentioned: set[int]) -> tuple[AddressChoice, ...]:
    emails: dict[int, list[str]] = {}
    for address, email in database.select_in(
        "SELECT address_id, email FROM address_email WHERE address_id IN ({marks}) "
        "ORDER BY id",
        ids,
    ):
        emails.setdefault(int(address), []).append(email)
    rows = database.select_in(
        "SELECT id, name, role, city FROM address WHERE gone_at IS NULL "
        "AND id IN ({marks})",
        ids,
    )
    found = {
        int(id_): AddressChoice(
            int(id_),
            name,
            AddressRole(role),
            city,
            tuple(emails.get(int(id_), ())),
            int(id_) in mentioned,
        )
        for id_, name, role, city in rows
    }
    return tuple(found[id_] for id_ in ids if id_ in found)
