"""What a new configuration changes, mailbox by mailbox."""

from dataclasses import dataclass
from datetime import date

from config.resolved import Config, EffectiveMailbox


@dataclass(frozen=True, slots=True)
class Plan:
    """Addresses by what happens to them; each is in at most one list.

    ``paused``: listed before and now, read before and not any more (no ``informed:``).
    ``removed``: no longer listed; polling ends, nothing stored is erased.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.paused or self.removed)


def plan(old: Config, new: Config, today: date) -> Plan:
    """The difference of two configurations. A server's change counts for its mailboxes."""
    before = {mailbox.address: mailbox for mailbox in old.mailboxes}
    after = {mailbox.address: mailbox for mailbox in new.mailboxes}
    both = [address for address in after if address in before]
    paused = tuple(
        a for a in both if before[a].readable(today) and not after[a].readable(today)
    )
    return Plan(
        added=tuple(a for a in after if a not in before),
        changed=tuple(
            a
            for a in both
            if a not in paused and _facts(old, before[a]) != _facts(new, after[a])
        ),
        paused=paused,
        removed=tuple(a for a in before if a not in after),
    )


def _facts(config: Config, mailbox: EffectiveMailbox) -> tuple[object, ...]:
    """All that decides how a mailbox is read."""
    return (
        mailbox,
        config.server_of(mailbox),
        config.never_addresses,
        config.never_domains,
        config.internal_domains,
    )
