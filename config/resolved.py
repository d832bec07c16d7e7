"""What the loader hands out: plain values, defaults filled in, nothing left to ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from config.problems import Problem
from config.schema import (
    STANDARD_STAFF_GROUPS,
    InternalOnly,
    Keep,
    KeywordsConfig,
    Kind,
    MailboxConfig,
    MailboxesConfig,
    ServerConfig,
    ServiceConfig,
    Taxonomy,
    Triage,
    Visibility,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EffectiveMailbox:
    """One listed mailbox with every default filled in.

    ``employee`` is None for a shared mailbox. ``since`` None means: all mail.
    """

    address: str
    name: str
    kind: Kind
    server: str
    employee: str | None
    informed: date | None
    folders: tuple[str, ...]
    subfolders: bool
    skip: tuple[str, ...]
    keep: Keep
    since: date | None
    poll: int
    tasks: bool
    calendar: bool
    groups: Mapping[str, Visibility]
    staff_groups: tuple[str, ...]
    internal_only: InternalOnly
    visibility: Visibility
    triage: Triage

    def readable(self, today: date) -> bool:
        """Whether the mailbox may be asked for anything at all on that day.

        A person's mailbox may not be before the day the person was informed (data
        protection; reliability goal G-P1: 0 requests).
        """
        if self.kind == "shared":
            return True
        return self.informed is not None and self.informed <= today

    def visible_to(self, staff_group: str) -> Visibility:
        """How much of this mailbox's mail a staff group sees."""
        return self.groups.get(staff_group, self.visibility)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole, valid configuration.

    ``mailboxes`` is never empty. ``staff_groups`` are all that are known, the standard
    ones first. ``never_addresses`` and ``never_domains`` are the two halves of
    ``never:``. ``fingerprint`` is the SHA-256 of the files it was made of, ``warnings``
    what the administrator should know although everything works.
    """

    directory: Path
    fingerprint: str
    service: ServiceConfig
    servers: Mapping[str, ServerConfig]
    internal_domains: tuple[str, ...]
    staff_groups: tuple[str, ...]
    keywords: KeywordsConfig
    never_addresses: frozenset[str]
    never_domains: frozenset[str]
    mailboxes: tuple[EffectiveMailbox, ...]
    taxonomy: Taxonomy | None
    warnings: tuple[Problem, ...] = ()

    def mailbox(self, address: str) -> EffectiveMailbox | None:
        """The listed mailbox of an address, None if it is not listed."""
        folded = address.casefold()
        return next((m for m in self.mailboxes if m.address == folded), None)

    def server_of(self, mailbox: EffectiveMailbox) -> ServerConfig:
        """The server on which a mailbox lies."""
        return self.servers[mailbox.server]


def known_staff_groups(said: MailboxesConfig) -> tuple[str, ...]:
    """The three standard groups and the own ones, each once."""
    return tuple(dict.fromkeys((*STANDARD_STAFF_GROUPS, *said.staff_groups)))


def effective(
    mailbox: MailboxConfig, said: MailboxesConfig, poll: int
) -> EffectiveMailbox:
    """A mailbox with the defaults of its file, and ``poll`` of the service, filled in.

    Expects a configuration that passed ``config.checks`` (the server is known).
    """
    defaults, local = said.defaults, mailbox.address.rpartition("@")[0]
    is_person = mailbox.kind == "person"
    # Deny by default: a mailbox that names groups is closed to those it does not name.
    otherwise = "none" if mailbox.groups else defaults.visibility
    return EffectiveMailbox(
        address=mailbox.address,
        name=mailbox.name or local,
        kind=mailbox.kind,
        server=mailbox.server or next(iter(said.servers)),
        employee=(mailbox.employee or local) if is_person else None,
        informed=mailbox.informed,
        folders=_first(mailbox.folders, defaults.folders),
        subfolders=_first(mailbox.subfolders, defaults.subfolders),
        skip=_first(mailbox.skip, defaults.skip),
        keep=_first(mailbox.keep, defaults.keep),
        since=_first(mailbox.since, defaults.since),
        poll=_first(mailbox.poll, _first(defaults.poll, poll)),
        tasks=mailbox.tasks,
        calendar=mailbox.calendar,
        groups=MappingProxyType(dict(mailbox.groups)),
        staff_groups=mailbox.staff_groups if is_person else (),
        internal_only=_first(mailbox.internal_only, defaults.internal_only),
        visibility=_first(mailbox.visibility, otherwise),
        triage=_first(mailbox.triage, defaults.triage),
    )


def _first(said: _T | None, otherwise: _T) -> _T:
    return otherwise if said is None else said
