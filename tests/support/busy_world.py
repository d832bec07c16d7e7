"""A boatyard in full work, for looking at screens: every state, long words, long lists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mail_content import attach
from matrix_world import PICTURE, Bundle
from page_world import PageWorld

from crm_core import clock, webhooks
from crm_core.access import accounts, calendar_feeds, staff
from crm_core.database import transaction
from crm_core.events import Event
from crm_core.models import (
    Account,
    Address,
    AddressRole,
    ApiToken,
    DocumentKind,
    Drift,
    Entry,
    EntryStatus,
    IgnoredSender,
    Mailbox,
    MailboxStatus,
    Message,
    MessageKey,
    MirrorKind,
    QuarantinedChange,
    ReviewCase,
    TaskMirror,
    TokenScope,
)
from crm_core.polling.mailbox_reading import Reading, remember
from crm_core.records import documents, entries, tasks, watches
from crm_core.records.schedule import Schedule, all_day, at, due_by
from crm_core.threads import review_cases

LONG = "Rettungsbootaussenbordmotorenwartungsvertragsverlängerung"
FIRM = "Schifffahrtsgesellschaft Vierwaldstättersee Unterhaltsgenossenschaft"
TEXT = "Grüezi\n\nDer Motor läuft unrund und raucht.\n\nFreundliche Grüsse\nH. Meier\n"
MANY = 32
PEOPLE = ("gl", "frei", "keller")
# Every state of a task's copy in Outlook.
COPIES: tuple[dict[str, object], ...] = (
    {"pushed_version": 0},
    {"pushed_version": 1},
    {"failure_code": "E231", "failure": "Postfach voll", "attempts": 3},
    {"failure_code": "E231", "failure": "Postfach voll", "parked": True},
    *({"pushed_version": 1, "drift": drift} for drift in Drift),
)


class BusyWorld(PageWorld):
    """Filled at once; ``bundle`` names what fills the variables of the rules."""

    def fill(self, blobs: Path) -> Bundle:
        """Everything; the bundle around the first entry."""
        today = clock.now().date()
        first = self._addresses()
        entry = self._entries(first, today)
        bundle = Bundle("voll", "verkauf", "gl", number=entry.number, entry_id=entry.id)
        bundle.address = first.id
        self._mails(bundle, entry, blobs)
        self._tasks(bundle, entry, today)
        self._documents(bundle, entry)
        self._programs(bundle)
        self._mailboxes()
        return bundle

    def _addresses(self) -> Address:
        rows = [
            self.address(
                f"{FIRM} {number}",
                f"{FIRM.split(maxsplit=1)[0].lower()}{number}@kunde{number}.example",
                role=list(AddressRole)[number % len(AddressRole)],
            )
            for number in range(MANY)
        ]
        return rows[0]

    def _entries(self, first: Address, today: date) -> Entry:
        with transaction():
            made = [
                entries.create(
                    first.id if number % 3 == 0 else first.id + number,
                    "offerte" if number % 2 else "stoerung",
                    f"{LONG} {number}",
                    actor=f"user:{PEOPLE[number % 3]}",
                    management_only=number == 5,
                )
                for number in range(MANY)
            ]
            for number, row in enumerate(made):
                row.responsible = staff.by_key(PEOPLE[number % 3])
                row.follow_up_on = today + timedelta(days=number - 5)
                row.save()
            for row in made[20:]:
                entries.set_status(row, EntryStatus.WAITING, actor="user:gl")
            for row in made[26:]:
                entries.close(row, actor="user:gl")
            for row in made[:4]:
                watches.watch(row, staff.by_key("gl").id, actor="user:gl")
            entries.add_note(made[0], f"{LONG} besprochen.", actor="user:frei")
            for other in (1, 2, 3):
                entries.add_participant(made[0], first.id + other, actor="user:gl")
        return made[0]

    def _mails(self, bundle: Bundle, entry: Entry, blobs: Path) -> None:
        customer = f"{FIRM.split(maxsplit=1)[0].lower()}0@kunde0.example"
        first = self.mail(customer, f"{LONG}: Anfrage", name=FIRM, body=TEXT)
        answers = [
            self.mail(
                customer if number % 2 else "verkauf@werft.example",
                f"AW: {LONG}",
                answers=first,
                body=TEXT,
                sent=not number % 2,
            )
            for number in range(8)
        ]
        self.mail("neu@fremd.example", "AW: Anfrage", answers=first, body=TEXT)
        other = f"{FIRM.split(maxsplit=1)[0].lower()}9@kunde9.example"
        bundle.held = self.mail(other, "AW: Anfrage", answers=first, body=TEXT).id
        bundle.attachment = attach(
            blobs, first, f"{LONG}.png", PICTURE, content_id="b", content_type="x/y"
        )
        bundle.mail, bundle.conversation = first.id, first.conversation_id
        second = self.mail(customer, f"{LONG}: Nachfrage", body=TEXT)
        bridge = self.mail(customer, "AW: Anfrage", answers=first, body=TEXT)
        self.link(entry, first)
        self.link(entries.by_number(entry.number + 3), second)
        self._review(bundle, bridge, first, second)
        for number in range(MANY):
            sender = (
                f"{FIRM.split(maxsplit=1)[0].lower()}{number}@kunde{number}.example"
            )
            loose = self.mail(sender, f"{LONG} Nr. {number}", name=f"{FIRM} {number}")
            bundle.loose = loose.id
        assert answers

    def _review(
        self, bundle: Bundle, bridge: Message, first: Message, second: Message
    ) -> None:
        with transaction():
            for key in MessageKey.select().where(MessageKey.message == second):
                MessageKey.create(message=bridge, key=key.key, kind=key.kind)
            review_cases.open_bridge(
                bridge.id, [first.conversation_id, second.conversation_id]
            )
            IgnoredSender.create(
                email="laestig@werbung.example", by="user:gl", at=clock.now()
            )
        bundle.case = ReviewCase.get().id

    def _tasks(self, bundle: Bundle, entry: Entry, today: date) -> None:
        Mailbox.update(writes_tasks=True, writes_calendar=True).execute()
        box = Mailbox.get()
        for number, when in zip(range(MANY), _days(today), strict=False):
            where = entry if number < 12 else entries.by_number(entry.number + number)
            if where.status is EntryStatus.CLOSED:
                continue
            row = self.task(where, f"{LONG} prüfen", PEOPLE[number % 3], when)
            bundle.task = bundle.task or row.id
            if number < len(COPIES):
                TaskMirror.create(
                    task=row, mailbox=box, kind=MirrorKind.TASK, wanted_version=1,
                    crm_key=f"k{number}", drift_at=clock.now(), **COPIES[number],
                )  # fmt: skip
        with transaction():
            tasks.complete(bundle.task + 10, actor="user:gl")

    def _documents(self, bundle: Bundle, entry: Entry) -> None:
        kinds = list(DocumentKind)
        for number in range(MANY):
            kind = DocumentKind.REPORT if number == 0 else kinds[number % len(kinds)]
            with transaction():
                row = documents.upsert(
                    kind, f"R-2026-{number:04}", title=f"{LONG} {number}", actor="erp",
                    address_id=bundle.address, dated_on=date(2026, 11, 1),
                )  # fmt: skip
            if number < 4:
                self.link_document(entry, row)
        bundle.document = "R-2026-0000"

    def _programs(self, bundle: Bundle) -> None:
        account = Account.get(Account.login == "gl")
        with transaction():
            accounts.create_token("ERP", TokenScope.WRITE, account, actor="user:gl")
            calendar_feeds.create(account, busy_only=False, actor="user:gl")
            hook = webhooks.add(
                "https://erp.example/crm", list(Event), account=account.id,
                actor="user:gl",
            )  # fmt: skip
            webhooks.send_test(hook, actor="user:gl")
        bundle.token = ApiToken.get().id

    def _mailboxes(self) -> None:
        """One that works, one that a person must help, with something unreadable."""
        now = clock.now()
        good, bad = list(Mailbox.select())[:2]
        good.employee = staff.by_key(
            "gl"
        )  # so that «Datenschutz» has something to show
        good.save()
        with transaction():
            remember(good.id, Reading(poll=60, lines=f"- address: {good.address}\n"))
        Mailbox.update(status=MailboxStatus.OK, last_success_at=now).where(
            Mailbox.id == good.id
        ).execute()
        Mailbox.update(status=MailboxStatus.STOPPED, status_code="E212").where(
            Mailbox.id == bad.id
        ).execute()
        QuarantinedChange.create(
            mailbox=good, folder=next(iter(self.folders.values())),
            external_id="item-9", reason="parse", detail="E241", first_at=now,
            last_at=now,
        )  # fmt: skip


def _days(today: date) -> Iterator[Schedule]:
    """Overdue, today, this week, later; deadlines, days and appointments."""
    for number in range(MANY):
        day = today + timedelta(days=number - 4)
        local = datetime.combine(day, datetime.min.time(), UTC).replace(
            hour=14, tzinfo=None
        )
        yield (due_by(day), all_day(day), at(local, minutes=60))[number % 3]
