"""The small company of ``crm_world``, on the database of the pages' tests."""

import re
from dataclasses import dataclass
from html import unescape

from crm_world import World

from crm_core.database import transaction
from crm_core.models import Address, AddressRole, Entry, Mailbox, MailFolder


@dataclass(slots=True)
class PageWorld(World):
    """People, mailboxes and taxonomy are there already (``pages.application``)."""

    def __post_init__(self) -> None:
        with transaction():
            for row in Mailbox.select():
                slug = row.address.partition("@")[0]
                self.boxes[slug] = row
                self.folders[slug] = MailFolder.create(
                    mailbox=row, role="inbox", name="inbox"
                )

    def meier(self) -> tuple[Address, Entry]:
        """A customer with an entry of the office; the workshop does not see it."""
        address = self.address("Hans Meier", "meier@kunde.example")
        return address, self.entry(address, "Motorboot", "offerte")

    def importer(self) -> Address:
        return self.address(
            "Marine Import AG", "info@import.example", role=AddressRole.SUPPLIER
        )


def shown(page: str) -> str:
    """The text of a page, as it is read: no tags, single blanks."""
    body = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", page)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(page: str) -> list[str]:
    """Where the links of a page lead."""
    return [unescape(found) for found in re.findall(r'<a [^>]*href="([^"]*)"', page)]


def actions(page: str) -> list[str]:
    """Where the forms of a page lead."""
    found = re.findall(r'<form [^>]*action="([^"]*)"', page)
    return [unescape(one) for one in found]
