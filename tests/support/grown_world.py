"""The company of the permission matrix with more of everything: for counting statements.

``grow`` adds as often as it is told, both beside the things that pages are asked for
(more addresses, entries, mails, cases, people) and inside them (more mails of the same
entry, more participants, tasks, notes, documents, suggestions, log lines).
"""

from crm_world import NOW
from mail_content import attach
from matrix_world import PICTURE, Bundle, MatrixWorld

from crm_core import clock, webhooks
from crm_core.access import accounts, calendar_feeds, staff
from crm_core.database import transaction
from crm_core.events import Event
from crm_core.models import (
    Account,
    Address,
    Conversation,
    Drift,
    Entry,
    IgnoredSender,
    Mailbox,
    MailFolder,
    Message,
    MirrorKind,
    QuarantinedChange,
    Suggestion,
    SuggestionReason,
    TaskMirror,
    TokenScope,
)
from crm_core.records import addresses, entries

_OPENED = ("verkauf_gl", "verkauf_frei", "treuhand")  # what pages are asked for


def grow(world: MatrixWorld, times: int) -> None:
    """More of everything, ``times`` over; repeatable."""
    with clock.use(lambda: NOW):
        for _ in range(times):
            more = f"mehr{len(world.bundles)}"
            world.bundles[more] = world._bundle(more, "verkauf", "gl")
            for name in _OPENED:
                _inside(world, world.bundles[name], f"{name}-{more}")
            _around(world, more)


def _inside(world: MatrixWorld, made: Bundle, more: str) -> None:
    """More of what hangs on one entry, its address, its mail, its document."""
    entry = Entry.get(Entry.number == made.number)
    first = Message.get_by_id(made.mail)
    someone = world.address(f"Amt {more}", f"{more}@beteiligt.example")
    with transaction():
        entries.add_participant(entry, someone.id, actor="test")
        entries.add_note(entry, f"Notiz {more}", actor=f"user:{made.owner}")
        addresses.add_email(
            Address.get_by_id(made.address), f"{more}@kunde.example", actor="test"
        )
    world.link_document(entry, world.document(f"R-{more}"))
    reply = world.mail(f"{made.name}@kunde.example", f"AW {more}", answers=first,
                       box=made.group, body=f"Text {more}")  # fmt: skip
    attach(world.blobs, reply, f"{more}.png", PICTURE, content_id=more)
    attach(world.blobs, first, f"{more}.png", PICTURE, content_id=more)
    world.mail(f"{more}@dritte.example", f"Fremd {more}", answers=first,
               box=made.group, body="Text")  # fmt: skip
    world.link(entry, world.mail(f"{made.name}@kunde.example", more, box=made.group))
    _tasks(world, made, entry, more)
    _loose(world, made, entry, more)
    other = world.entry(Address.get_by_id(made.address), more, f"{made.group}-sub")
    world.responsible(other, made.owner)
    world.link_document(other, world.document(made.document, "Service"))


def _tasks(world: MatrixWorld, made: Bundle, entry: Entry, more: str) -> None:
    for drift in (None, *Drift):
        task = world.task(entry, f"Aufgabe {more}", made.owner)
        TaskMirror.create(
            task=task, kind=MirrorKind.TASK, pushed_version=1, wanted_version=1,
            mailbox=world.boxes["verkauf"], drift=drift, crm_key=f"{more}-{task.id}",
        )  # fmt: skip


def _loose(world: MatrixWorld, made: Bundle, entry: Entry, more: str) -> None:
    """What waits, with suggestions, and more mails of the conversation that waits."""
    waiting = Message.get_by_id(made.loose)
    world.mail(f"{made.name}@kunde.example", f"Mehr {more}", box=made.group,
               answers=waiting)  # fmt: skip
    for message in (waiting, world.mail(f"{made.name}@kunde.example", box=made.group)):
        Suggestion.create(
            message=message, entry=entry, reason=SuggestionReason.BARE_TOKEN,
            made_at=NOW,
        )  # fmt: skip


def _around(world: MatrixWorld, more: str) -> None:
    """People, keys, receivers, mailboxes and what could not be read of them."""
    with transaction():
        staff.ensure_groups([f"Gruppe {more}"])
        mine = Account.get(Account.login == "gl")
        accounts.create(more, actor="test", groups=("Werkstatt", f"Gruppe {more}"))
        accounts.create_token(more, TokenScope.READ, mine, actor="test")
        accounts.start_session(mine, user_agent=more)
        calendar_feeds.create(mine, busy_only=False, actor="test")
        webhooks.add(
            f"https://{more}.example/", tuple(Event), account=mine.id, actor="test"
        )
        IgnoredSender.create(email=f"{more}@werbung.example", by="user:gl", at=NOW)
    for box in Mailbox.select():
        folder = MailFolder.create(mailbox=box, role=more, name=more)
        QuarantinedChange.create(
            mailbox=box, folder=folder, external_id=more, reason="unreadable",
            detail="", attempts=3, first_at=NOW, last_at=NOW,
        )  # fmt: skip
    Conversation.create(started_at=NOW)
