"""The company of the permission matrix: people, things in every group, and canaries.

Whatever has a text of its own carries a *canary*: a word found nowhere else, with the
list of those who may read it. No answer may hold a canary of somebody else's; that each
is seen by all who may read it shows that the search for them finds them.

Things come in *bundles*: an entry of one tag group with its address, mails (linked, held
and loose), attachment, task, document and review case, so that every rule of the route
table finds an object to point at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from crm_world import START, World
from mail_content import attach, drawn

from crm_core import clock, search
from crm_core.access import accounts, calendar_feeds, panels, staff
from crm_core.database import transaction
from crm_core.models import (
    Access,
    Account,
    Address,
    ApiToken,
    CalendarFeed,
    Conversation,
    Document,
    DocumentKind,
    Drift,
    Entry,
    IgnoredSender,
    Keep,
    Mailbox,
    MailboxKind,
    MailFolder,
    Message,
    MessageCopy,
    MessageKey,
    MirrorKind,
    ReviewCase,
    TaskMirror,
    TokenScope,
    Visibility,
    Watch,
    WebSession,
)
from crm_core.polling import mailboxes
from crm_core.records import entries, tasks, watches
from crm_core.records.schedule import due_by
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from crm_core.threads import review_cases
from crm_core.threads.conversations import GUID, digest
from crm_core.threads.evidence import GUID_BYTES

FULL, READ = Access.FULL, Access.READ
WHOLE, SUBJECT = Visibility.FULL, Visibility.SUBJECT
GROUPS = {"gl": "GL", "frei": "Administration", "keller": "Werkstatt", "niemand": None}
PEOPLE = tuple(GROUPS)
NOBODY = "abgemeldet"  # nobody is signed in, no token
COMMON = "geheimnis"  # what all canaries begin with: searched for, it finds them all
IGNORED = "laestig@werbung.example"
PICTURE = drawn("PNG", (2, 2))

# Who may do what with the entries of a tag group, and see what of a mailbox: said here
# once by hand, and written into the tables below by ``_taxonomy`` and ``_box``.
ENTRIES: dict[str, dict[str, Access]] = {
    "verkauf": {"gl": FULL, "frei": FULL},
    "werkstatt": {"gl": FULL, "frei": READ, "keller": FULL},
    "personal": {"gl": FULL},
    "treuhand": {"frei": FULL},
}
MAILBOXES: dict[str, dict[str, Visibility]] = {
    "verkauf": {"gl": WHOLE, "frei": WHOLE},
    "werkstatt": {"gl": WHOLE, "frei": SUBJECT, "keller": WHOLE},
    "personal": {"gl": WHOLE},
    "treuhand": {"frei": WHOLE},  # the mailbox of frei: nobody else's, not GL's either
}


@dataclass(slots=True)
class Bundle:
    """An entry and all that hangs on it. Its public fields fill rules and bodies."""

    name: str
    group: str  # tag group and mailbox
    owner: str  # who is responsible for it, and has its task
    management_only: bool = False
    number: int = 0
    sibling: int = 0
    address: int = 0
    mail: int = 0
    held: int = 0
    loose: int = 0
    attachment: int = 0
    task: int = 0
    done_task: int = 0
    drifted: int = 0  # a task with another date in Outlook
    other: int = 0  # an address that takes no part
    extra: int = 0  # one that does, beside the entry's own
    free: str = ""  # a document not linked
    document: str = ""
    case: int = 0
    entry_id: int = 0
    conversation: int = 0
    message_id: str = ""
    session: int = 0
    feed: int = 0
    feed_value: str = ""
    token: int = 0
    panel: str = ""

    @property
    def subtag(self) -> str:
        return f"{self.group}-sub"

    @property
    def slug(self) -> str:
        return self.group

    @property
    def version(self) -> int:
        return _version(self.number)

    @property
    def sibling_version(self) -> int:
        return _version(self.sibling)

    @property
    def email(self) -> str:
        return f"{self.name}@kunde.example"

    @property
    def gone(self) -> bool:
        return self.owner == ""

    def access(self, person: str) -> Access:
        """What a person may do with the entry; by the tables above alone."""
        if self.gone or (self.management_only and person != "gl"):
            return Access.NONE
        return ENTRIES[self.group].get(person, Access.NONE)

    def sight(self, person: str) -> Visibility:
        """What a person sees of the bundle's mails."""
        if self.gone:
            return Visibility.NONE
        return MAILBOXES[self.group].get(person, Visibility.NONE)


BUNDLES = (
    ("verkauf_gl", "verkauf", "gl"),
    ("verkauf_frei", "verkauf", "frei"),
    ("verkauf_niemand", "verkauf", "niemand"),
    ("werkstatt_gl", "werkstatt", "gl"),
    ("werkstatt_frei", "werkstatt", "frei"),
    ("werkstatt_keller", "werkstatt", "keller"),
    ("personal", "personal", "gl"),
    ("treuhand", "treuhand", "frei"),
    ("nur_gl", "verkauf", "gl"),
)
# Seen from each person: a bundle for every class of object. «read»: open to the group
# for reading only; «own_task»: such an entry with a task of this person.
RELATIONS: dict[str, dict[str, str]] = {
    "gl": {"own": "verkauf_gl", "same": "verkauf_frei", "foreign": "treuhand"},
    "frei": {
        "own": "verkauf_frei",
        "same": "verkauf_gl",
        "read": "werkstatt_gl",
        "own_task": "werkstatt_frei",
        "foreign": "personal",
        "management": "nur_gl",
        "own_mailbox": "treuhand",
    },
    "keller": {
        "own": "werkstatt_keller",
        "same": "werkstatt_gl",
        "foreign": "verkauf_gl",
    },
    "niemand": {"own": "verkauf_niemand", "foreign": "werkstatt_gl"},
    NOBODY: {"foreign": "verkauf_gl"},
}


@dataclass(slots=True)
class MatrixWorld(World):
    """The filled company; made once, copied as a file."""

    blobs: Path = Path()
    bundles: dict[str, Bundle] = field(default_factory=dict)
    canaries: dict[str, frozenset[str]] = field(default_factory=dict)
    in_outlook: set[str] = field(default_factory=set)  # shown in the task's copy only
    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)  # value, form key
    unproved: tuple[str, str] = ("", "")
    tokens: dict[str, str] = field(default_factory=dict)
    read_token: str = ""

    def __post_init__(self) -> None:
        with transaction():
            mailboxes.mirror(
                [_box(slug) for slug in MAILBOXES],
                ["werft.example"],
                today=date(2026, 11, 24),
                actor="test",
            )
            classification.import_taxonomy(_taxonomy(), actor="test")
            for login, group in GROUPS.items():
                groups = (group,) if group else ()
                accounts.create(login, actor="test", groups=groups)
        for row in Mailbox.select():
            slug = row.address.partition("@")[0]
            self.boxes[slug] = row
            self.folders[slug] = MailFolder.create(
                mailbox=row, role="inbox", name="inbox"
            )
        for person in PEOPLE:
            self._signed_in(person)
        for name, group, owner in BUNDLES:
            self.bundles[name] = self._bundle(name, group, owner)
        self.bundles["gone"] = self._gone()
        IgnoredSender.create(email=IGNORED, by="user:gl", at=clock.now())
        ApiToken.update(used_at=clock.now()).execute()  # using one writes nothing more

    # -- canaries --------------------------------------------------------------------

    def canary(self, *readers: str) -> str:
        """A word nobody else may read."""
        word = f"{COMMON}{len(self.canaries) + 101}x"
        self.canaries[word] = frozenset(readers)
        return word

    def hidden_from(self, person: str) -> list[str]:
        return [word for word, who in self.canaries.items() if person not in who]

    def open_to(self, person: str) -> set[str]:
        return {word for word, who in self.canaries.items() if person in who}

    # -- keys ------------------------------------------------------------------------

    def _signed_in(self, person: str) -> None:
        account = Account.get(Account.login == person)
        with transaction():
            started = accounts.start_session(account, user_agent="Matrix")
            self.cookies[person] = (started.value, started.session.form_key)
            self.tokens[person] = accounts.create_token(
                person, TokenScope.WRITE, account, actor="test"
            )
            if person == "gl":
                stale = accounts.start_session(account, user_agent="Matrix")
                stale.session.proved_at = clock.now() - timedelta(hours=1)
                stale.session.save()
                self.unproved = (stale.value, stale.session.form_key)
                self.read_token = accounts.create_token(
                    "lesen", TokenScope.READ, account, actor="test"
                )

    # -- things ----------------------------------------------------------------------

    def _bundle(self, name: str, group: str, owner: str) -> Bundle:
        made = Bundle(name, group, owner, management_only=name == "nur_gl")
        readers = [p for p in PEOPLE if made.access(p) is not Access.NONE]
        seers = [p for p in PEOPLE if made.sight(p) is not Visibility.NONE]
        full = [p for p in PEOPLE if made.sight(p) is WHOLE]
        address = self.address(f"Firma {name}", f"{name}@kunde.example")
        other = self.address(f"Dritte {name}", f"{name}@dritte.example")
        entry = self._entry(made, address.id, self.canary(*readers))
        made.entry_id, made.number, made.address = entry.id, entry.number, address.id
        made.document = f"R-{name}"
        made.free = f"L-{name}"
        made.other = other.id
        made.extra = self.address(f"Amt {name}", f"{name}@amt.example").id
        self.link_document(entry, self.document(made.document, "Service"))
        self.document(made.free, "Service")
        with transaction():
            entries.add_note(entry, self.canary(*readers), actor=f"user:{owner}")
            entries.add_participant(entry, made.extra, actor="test")
            watches.watch(entry, staff.by_key(owner).id, actor="test")
            Watch.update(seen_at=START).execute()
        made.task = self._task(made, entry, readers)
        made.done_task = self._task(made, entry, readers)
        made.drifted = self._task(made, entry, readers)
        with transaction():
            tasks.complete(made.done_task, actor="test")
            TaskMirror.create(
                task=made.drifted, kind=MirrorKind.TASK, pushed_version=1, wanted_version=1,
                mailbox=self.boxes["verkauf"], drift=Drift.COMPLETED,
                crm_key=f"key-{made.drifted}",
            )  # fmt: skip
        self._mails(made, entry, seers, full)
        made.loose = self._mail(made, seers, full).id
        self._keys_of(made)
        return made

    def _entry(self, made: Bundle, address: int, title: str) -> Entry:
        with transaction():
            entry = entries.create(
                address,
                f"{made.group}-sub",
                title,
                actor="test",
                management_only=made.management_only,
            )
        self.responsible(entry, made.owner)
        return entry

    def _task(self, made: Bundle, entry: Entry, readers: list[str]) -> int:
        description = self.canary(*readers)
        self.in_outlook.add(description)
        with transaction():
            row = tasks.assign(
                entry,
                staff.by_key(made.owner),
                self.canary(*readers),
                due_by(date(2026, 11, 20)),
                actor="test",
                description=description,
            )
        return int(row.id)

    def _mail(
        self,
        made: Bundle,
        seers: list[str],
        full: list[str],
        *,
        sender: str = "",
        answers: Message | None = None,
    ) -> Message:
        return self.mail(
            sender or f"{made.name}@kunde.example",
            self.canary(*seers),
            to=(f"{made.group}@werft.example",),
            box=made.group,
            answers=answers,
            body=f"Guten Tag {self.canary(*full)}",
        )

    def _mails(
        self, made: Bundle, entry: Entry, seers: list[str], full: list[str]
    ) -> None:
        first = self._mail(made, seers, full)
        held = self._mail(
            made, seers, full, sender=f"{made.name}@dritte.example", answers=first
        )
        made.attachment = attach(
            self.blobs, first, f"{self.canary(*full)}.png", PICTURE, content_id="bild"
        )
        bridge = self._mail(made, seers, full, answers=first)
        self.link(entry, first)
        readers = [p for p in PEOPLE if made.access(p) is not Access.NONE]
        sibling = self._entry(made, made.address, self.canary(*readers))
        second = self._mail(made, seers, full)
        self.link(sibling, second)
        with transaction():
            guid = sha256(made.name.encode()).digest()[:GUID_BYTES]
            key = digest(GUID, guid, str(second.from_address).encode())
            for one in (second, bridge):
                MessageKey.create(message=one, key=key, kind=GUID)
                MessageCopy.update(guids=guid).where(
                    MessageCopy.message == one
                ).execute()
            review_cases.open_bridge(
                bridge.id, [first.conversation_id, second.conversation_id]
            )
        made.case = ReviewCase.get(ReviewCase.message == bridge).id
        made.mail, made.held, made.sibling = first.id, held.id, sibling.number
        made.conversation = first.conversation_id
        made.message_id = f"<{first.internet_id}>"

    def _keys_of(self, made: Bundle) -> None:
        """What belongs to the person, not to the entry: session, feed, token."""
        account = Account.get(Account.login == made.owner)
        with transaction():
            made.session = accounts.start_session(account, user_agent="x").session.id
            made.feed_value = calendar_feeds.create(
                account, busy_only=False, actor="test"
            )
            made.feed = calendar_feeds.of_account(account)[-1].id
            accounts.create_token(made.name, TokenScope.READ, account, actor="test")
            token = ApiToken.get(ApiToken.name == made.name)
            made.token = token.id
            made.panel = panels.sign(token, DocumentKind.REPORT, made.document).value

    def _gone(self) -> Bundle:
        """A bundle that existed and was deleted: its numbers lead nowhere."""
        before = set(self.canaries)
        made = self._bundle("gone", "verkauf", "gl")
        conversations = [m.conversation_id for m in _mails_of("gone")]
        with transaction():
            for table, ids in (
                (ReviewCase, [made.case]),
                (Entry, [made.entry_id, made.entry_id + 1]),
                (Message, [m.id for m in _mails_of("gone")]),
                (Conversation, conversations),
                (Document, _documents(made.document, made.free)),
                (Address, [made.address, made.other, made.extra]),
                (WebSession, [made.session]),
                (CalendarFeed, [made.feed]),
                (ApiToken, [made.token]),
            ):
                for row in table.select().where(table.id.in_(ids)):
                    row.delete_instance(recursive=True)
            search.rebuild()
        for word in set(self.canaries) - before:
            self.canaries[word] = frozenset()
        return replace(made, owner="")


def _documents(*numbers: str) -> list[int]:
    return [row.id for row in Document.select().where(Document.number.in_(numbers))]


def _mails_of(name: str) -> list[Message]:
    rows = Message.select().where(Message.from_address.startswith(f"{name}@"))
    return list(rows)


def _version(number: int) -> int:
    found = Entry.get_or_none(Entry.number == number)
    return int(found.version) if found else 1


def relations(person: str) -> Iterator[tuple[str, str]]:
    """Every class of object with its bundle, as this person stands to it."""
    yield from RELATIONS[person].items()
    yield "deleted", "gone"


def _taxonomy() -> list[TagGroupSpec]:
    return [
        TagGroupSpec(
            group,
            group.capitalize(),
            tuple((GROUPS[who] or "", access) for who, access in rights.items()),
            (TagSpec(f"{group}-tag", "Tag", (SubtagSpec(f"{group}-sub", group),)),),
        )
        for group, rights in ENTRIES.items()
    ]


def _box(slug: str) -> mailboxes.MailboxSettings:
    own = slug == "treuhand"
    return mailboxes.MailboxSettings(
        address=f"{slug}@werft.example",
        server="main",
        kind=MailboxKind.PERSON if own else MailboxKind.SHARED,
        keep=Keep.LINKED,
        name=slug.capitalize(),
        employee_key="frei" if own else None,
        staff_groups=("Administration",) if own else (),
        informed_on=date(2026, 1, 5) if own else None,
        visibility=()
        if own
        else tuple((GROUPS[who] or "", seen) for who, seen in MAILBOXES[slug].items()),
    )
