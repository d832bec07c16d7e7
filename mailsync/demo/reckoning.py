"""The counts at the end, read back: the sandbox's ledger beside the database.

Everything here is counted anew over the whole play, not summed up from its scenes.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import click

from crm_core import verify
from mailsync.demo.facts import Records
from mailsync.demo.feed import StoryMail
from mailsync.demo.mail_checks import wrong_threads
from mailsync.demo.outside import Ledger, OutlookItem
from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; ``right`` False makes the demonstration fail."""

    label: Said
    outside: str
    inside: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted."""

    records: Records
    ledger: Ledger
    items: Mapping[str, list[OutlookItem]]  # by folder name
    findings: int


def reckon(stage: Stage) -> list[Said]:
    """Print the table; what in it is wrong."""
    with stage.database():
        findings = len(verify.verify())
    count = Count(
        stage.records(),
        stage.outside.ledger(),
        {name: _items(stage, name) for name in ("tasks", "calendar")},
        findings,
    )
    table = [
        *_mail_rows(stage, count),
        *_link_rows(stage, count.records),
        *_item_rows(stage, count),
        *_duty_rows(stage, count),
    ]
    _print(stage, table)
    return [row.label for row in table if not row.right]


def _mail_rows(stage: Stage, count: Count) -> list[Row]:
    records, ledger = count.records, count.ledger
    read = [one for one in ledger.deliveries if one.mailbox != stage.not_informed]
    private = [mail for mail in stage.delivered if mail.name in stage.private]
    delivered = Counter((one.mailbox, one.message_id) for one in read)
    delivered -= Counter((p, m.message_id) for m in private for p in m.places)
    stored = Counter(
        (copy, mail.message_id)
        for mail in records.mails.values()
        for copy in mail.copies
    )
    ids = sum(records.private.values())
    kept = stage.kept()
    truth = {mail.thread for mail in kept}
    wrong = wrong_threads(records, stage.truth(), _stored(records, kept))
    return [
        Row(
            Said(
                "E-Mails, Kopien in gelesenen Postfächern",
                "mail copies in mailboxes that are read",
            ),
            str(len(read)),
            str(stored.total() + ids),
            delivered == stored,
        ),
        Row(
            Said("  davon privat: nur die Kennung", "  of these private: only the id"),
            str(len(private)),
            str(ids),
            ids == len(private),
        ),
        Row(
            Said("verschiedene E-Mails", "different mails"),
            str(len({id_ for _, id_ in delivered})),
            str(len(records.mails)),
        ),
        Row(
            Said(
                "Unterhaltungen (links: laut Drehbuch)",
                "conversations (left: says the script)",
            ),
            str(len(truth)),
            str(records.conversations),
            not wrong and len(truth) == records.conversations,
        ),
        Row(
            Said("in Quarantäne", "in quarantine"),
            "–",
            str(records.quarantined),
            records.quarantined == 0,
        ),
    ]


def _stored(records: Records, kept: list[StoryMail]) -> list[StoryMail]:
    return [mail for mail in kept if mail.message_id in records.mails]


def _link_rows(stage: Stage, records: Records) -> list[Row]:
    everything = [one for mail in records.mails.values() for one in mail.entries]
    shown = Counter(one.reason.value for one in everything if one.hold is None)
    held = Counter(one.hold.value for one in everything if one.hold is not None)
    rows = [
        Row(Said("Einträge", "entries"), "–", str(len(set(stage.entries.values()))))
    ]
    for reason, number in sorted(shown.items()):
        text = Said(f"verlinkt, Grund {reason}", f"linked, reason {reason}")
        rows.append(Row(text, "–", str(number)))
    for hold, number in sorted(held.items()):
        text = Said(f"zurückgehalten, {hold}", f"held back, {hold}")
        rows.append(Row(text, "–", str(number)))
    return rows


def _item_rows(stage: Stage, count: Count) -> list[Row]:
    wanted = {"tasks": 0, "calendar": 0}
    for name in stage.tasks:
        task = stage.crm("task", "show", str(stage.tasks[name]))
        there = task["mirror"]["drift"] not in {"deleted", "moved"}
        if task["mirror"]["state"] == "written" and there:
            wanted["calendar" if task["due_by"] is None else "tasks"] += 1
    labels = {
        "tasks": Said("Aufgaben in Outlook", "tasks in Outlook"),
        "calendar": Said("Termine in Outlook", "appointments in Outlook"),
    }
    return [
        Row(
            label,
            str(len(count.items[name])),
            str(wanted[name]),
            len(count.items[name]) == wanted[name],
        )
        for name, label in labels.items()
    ]


def _duty_rows(stage: Stage, count: Count) -> list[Row]:
    """What must be none, and how much was asked at all."""
    ledger, quiet = count.ledger, stage.not_informed
    mails = {one.item_id for one in ledger.deliveries}
    none = {
        Said(f"Anfragen an {quiet}", f"requests to {quiet}"): (
            ledger.requests.get(quiet, 0)
        ),
        Said("Sendebefehle von mailsync", "requests to send by mailsync"): (
            ledger.send_verbs
        ),
        Said("gesendete E-Mails", "mails sent"): ledger.mails_sent,
        Said("Einladungen", "invitations"): ledger.invitations_sent,
        Said("von mailsync veränderte E-Mails", "mails changed by mailsync"): (
            sum(one in mails for one in ledger.touched)
        ),
        Said("Unarten gegenüber Exchange", "bad manners towards Exchange"): (
            len(ledger.client_faults)
        ),
        Said("Pannen des simulierten Exchange", "crashes of the simulated Exchange"): (
            len(ledger.crashes)
        ),
    }
    requests = Said("Anfragen an Exchange", "requests to Exchange")
    findings = Said("Befunde von «mailsync verify»", "findings of “mailsync verify”")
    return [
        Row(requests, str(sum(ledger.requests.values())), "–"),
        *(Row(label, str(number), "–", number == 0) for label, number in none.items()),
        Row(findings, "–", str(count.findings), count.findings == 0),
    ]


def _items(stage: Stage, folder: str) -> list[OutlookItem]:
    return [
        item
        for one in stage.feed.mailboxes
        if not one.shared
        for item in stage.outside.items(one.address, folder)
    ]


def _print(stage: Stage, table: list[Row]) -> None:
    voice = stage.voice
    voice.title("Gezählt", "Counted")
    head = Row(Said("", ""), "Exchange", "mailsync")
    width = max(len(voice.choose(row.label)) for row in table) + 2
    for row in [head, *table]:
        sign = "" if row.right else "  ✗"
        text = (
            f"  {voice.choose(row.label):<{width}}{row.outside:>9}{row.inside:>9}{sign}"
        )
        click.echo(text)
