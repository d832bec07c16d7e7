"""What was there before, and what people do in the CRM about addresses and entries."""

from collections import Counter
from dataclasses import dataclass

from crm_core.models import Address, LinkReason
from mailsync.demo.facts import InEntry, Records
from mailsync.demo.feed import Feed, StoryMail
from mailsync.demo.mail_checks import wrong_threads
from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said

_PAST_ENTRIES = 10


@dataclass(frozen=True, slots=True)
class PastScene:
    """Three weeks of mail lie in the mailboxes when mailsync is switched on."""

    name: str = "past"

    def intro(self, stage: Stage) -> None:
        """How much there is."""
        count = len(stage.feed.past)
        stage.voice.line(
            f"In den Postfächern liegen {count} E-Mails der letzten drei Wochen. "
            "mailsync liest sie zum ersten Mal.",
            f"{count} mails of the last three weeks lie in the mailboxes. "
            "mailsync reads them for the first time.",
        )

    def act(self, stage: Stage) -> None:
        """They are delivered."""
        for mail in stage.feed.past:
            stage.deliver(mail)

    def missing(self, stage: Stage) -> list[Said]:
        """Every copy in the ledger and in the database, every thread right."""
        records = stage.records()
        lost = [m for m in stage.feed.past if m.message_id not in records.mails]
        if lost:
            return [
                Said(
                    f"{len(lost)} E-Mails nicht gespeichert, zuerst {lost[0].name}",
                    f"{len(lost)} mails not stored, first {lost[0].name}",
                )
            ]
        wrong = wrong_threads(records, stage.truth(), stage.feed.past)
        return wrong or _undelivered(stage)

    def tell(self, stage: Stage) -> None:
        """Counts, from both sides."""
        records, ledger = stage.records(), stage.outside.ledger()
        copies = sum(len(mail.copies) for mail in records.mails.values())
        stage.voice.fact(
            f"zugestellt laut Exchange: {len(ledger.deliveries)} Kopien; gespeichert: "
            f"{len(records.mails)} E-Mails in {copies} Kopien, "
            f"{records.conversations} Unterhaltungen",
            f"delivered, says Exchange: {len(ledger.deliveries)} copies; stored: "
            f"{len(records.mails)} mails in {copies} copies, "
            f"{records.conversations} conversations",
        )
        texts = sum(mail.has_content for mail in records.mails.values())
        stage.voice.fact(
            f"gespeicherte Texte: {texts} (Inhalte erst, wenn ein Eintrag sie zeigt)",
            f"stored texts: {texts} (none before an entry shows it)",
        )


def _undelivered(stage: Stage) -> list[Said]:
    ledger: Counter[tuple[str, str | None]] = Counter(
        (one.mailbox, one.message_id) for one in stage.outside.ledger().deliveries
    )
    wanted: Counter[tuple[str, str | None]] = Counter(
        (place, mail.message_id) for mail in stage.feed.past for place in mail.places
    )
    count = (wanted - ledger).total()
    if not count:
        return []
    return [Said(f"{count} Kopien nicht zugestellt", f"{count} copies not delivered")]


@dataclass(frozen=True, slots=True)
class AddressesScene:
    """The known addresses come into the CRM."""

    name: str = "addresses"

    def intro(self, stage: Stage) -> None:
        """How many."""
        count = len(stage.feed.people)
        stage.voice.line(
            f"M. Keller erfasst {count} Adressen im CRM: Kunden, Lieferanten, Ämter.",
            f"M. Keller enters {count} addresses in the CRM: customers, suppliers, "
            "authorities.",
        )

    def act(self, stage: Stage) -> None:
        """One command each."""
        for person in stage.feed.people.values():
            words = ["address", "add", "--name", person.name, "--kind", person.kind]
            run = stage.crm if stage.addresses else stage.typed
            found = run(*words, "--email", person.email)
            stage.addresses[person.key] = int(found["id"])

    def missing(self, stage: Stage) -> list[Said]:
        """All of them."""
        lacking = len(stage.feed.people) - self._count(stage)
        if not lacking:
            return []
        return [Said(f"{lacking} Adressen fehlen", f"{lacking} addresses are missing")]

    def tell(self, stage: Stage) -> None:
        """How many there are."""
        count = self._count(stage)
        stage.voice.fact(f"{count} Adressen im CRM", f"{count} addresses in the CRM")

    def _count(self, stage: Stage) -> int:
        with stage.database():
            return int(Address.select().count())


def past_enquiries(feed: Feed) -> list[tuple[str, StoryMail]]:
    """The first mails of the old conversations that get an entry, and whose they are.

    One of each customer: ten customers have one entry each.
    """
    known = {one.email: key for key, one in feed.people.items()}
    firsts: dict[str, StoryMail] = {}
    for mail in feed.past:
        if mail.name.endswith("-1") and mail.sender in known:
            firsts.setdefault(known[mail.sender], mail)
    return list(firsts.items())[:_PAST_ENTRIES]


@dataclass(frozen=True, slots=True)
class PastEntriesScene:
    """Entries for some of the old conversations; one mail of each is linked."""

    name: str = "past-entries"

    def intro(self, stage: Stage) -> None:
        """What is about to be done."""
        stage.voice.line(
            f"Für {_PAST_ENTRIES} alte Anfragen eröffnet sie Einträge und verlinkt je "
            "die erste E-Mail.",
            f"For {_PAST_ENTRIES} old enquiries she opens entries and links the first "
            "mail of each.",
        )

    def act(self, stage: Stage) -> None:
        """One entry for the first enquiry of each of some customers."""
        for number, (person, mail) in enumerate(past_enquiries(stage.feed)):
            first, name = number == 0, mail.thread
            open_entry(stage, name, person, mail.topic, mail.subject, show=first)
            link(stage, name, mail, show=first)

    def missing(self, stage: Stage) -> list[Said]:
        """Every mail of these conversations in its entry, shown, with its content."""
        records = stage.records()
        wrong = []
        for mail in stage.feed.past:
            number = stage.entries.get(mail.thread)
            found = records.mails.get(mail.message_id)
            if number is None or found is None:
                continue
            has = found.entry(number)
            if has is None or has.hold is not None or not found.has_content:
                wrong.append(Said(f"{mail.name} nicht darin", f"{mail.name} is not in"))
        if len(past_enquiries(stage.feed)) < _PAST_ENTRIES:
            wrong.append(Said("zu wenige Einträge", "too few entries"))
        return wrong

    def tell(self, stage: Stage) -> None:
        """How many mails came along."""
        records = stage.records()
        by_hand = _count(records, LinkReason.MANUAL)
        followed = _count(records, LinkReason.REPLY)
        texts = sum(mail.has_content for mail in records.mails.values())
        stage.voice.fact(
            f"von Hand verlinkt: {by_hand}; von selbst mitgekommen: {followed}; "
            f"Texte jetzt gespeichert: {texts}",
            f"linked by hand: {by_hand}; came along by themselves: {followed}; "
            f"texts stored now: {texts}",
        )


def _count(records: Records, reason: LinkReason) -> int:
    return sum(
        any(one.reason is reason and one.hold is None for one in mail.entries)
        for mail in records.mails.values()
    )


@dataclass(frozen=True, slots=True)
class EntryScene:
    """Somebody opens an entry for a mail and links it."""

    entry: str
    person: str
    subtag: str
    title: str
    mail: StoryMail

    @property
    def name(self) -> str:
        """After the entry."""
        return f"entry-{self.entry}"

    def intro(self, stage: Stage) -> None:
        """What is about to be done."""
        name = stage.feed.people[self.person].name
        stage.voice.line(
            f"M. Keller eröffnet einen Eintrag bei der Adresse {name} und verlinkt "
            "dessen E-Mail.",
            f"M. Keller opens an entry on the address {name} and links their mail.",
        )

    def act(self, stage: Stage) -> None:
        """Two commands."""
        open_entry(stage, self.entry, self.person, self.subtag, self.title, show=True)
        link(stage, self.entry, self.mail, show=True)

    def missing(self, stage: Stage) -> list[Said]:
        """The mail, in the entry by hand."""
        has = self._found(stage)
        if has is not None and has.reason is LinkReason.MANUAL and has.hold is None:
            return []
        return [Said("E-Mail nicht verlinkt", "the mail is not linked")]

    def tell(self, stage: Stage) -> None:
        """The link and its reason."""
        if self._found(stage) is not None:
            number = stage.number(self.entry)
            stage.voice.fact(
                f"mit CRM-{number} verlinkt (Grund: von Hand); alle Antworten folgen "
                "von jetzt an von selbst",
                f"linked to CRM-{number} (reason: by hand); all answers follow by "
                "themselves from now on",
            )

    def _found(self, stage: Stage) -> InEntry | None:
        found = stage.records().mails.get(self.mail.message_id)
        return found.entry(stage.number(self.entry)) if found else None


@dataclass(frozen=True, slots=True)
class ParticipantScene:
    """An address is added to an entry; its held mail is shown then."""

    entry: str
    person: str
    mail: StoryMail

    @property
    def name(self) -> str:
        """After who is added."""
        return f"participant-{self.person}"

    def intro(self, stage: Stage) -> None:
        """What is about to be done."""
        name = stage.feed.people[self.person].name
        number = stage.number(self.entry)
        stage.voice.line(
            f"M. Keller fügt {name} bei CRM-{number} als Beteiligten hinzu.",
            f"M. Keller adds {name} to CRM-{number} as a participant.",
        )

    def act(self, stage: Stage) -> None:
        """One command."""
        number, address = stage.number(self.entry), stage.addresses[self.person]
        stage.typed("entry", "participant", str(number), "--address", str(address))

    def missing(self, stage: Stage) -> list[Said]:
        """The mail is not held any more."""
        has = self._found(stage)
        if has is not None and has.hold is None:
            return []
        return [Said("E-Mail nicht gezeigt", "the mail is not shown")]

    def tell(self, stage: Stage) -> None:
        """Where the entry is seen now, and the mail."""
        number = stage.number(self.entry)
        address = stage.crm("address", "show", str(stage.addresses[self.person]))
        listed = ", ".join(f"CRM-{one['number']}" for one in address["entries"])
        stage.voice.fact(
            f"auf dieser Adresse stehen jetzt: {listed or 'keine Einträge'}",
            f"this address has now: {listed or 'no entries'}",
        )
        has = self._found(stage)
        if has is not None and has.hold is None:
            stage.voice.fact(
                f"die vorher zurückgehaltene E-Mail ist in CRM-{number} zu sehen",
                f"the mail that was held back is shown in CRM-{number}",
            )

    def _found(self, stage: Stage) -> InEntry | None:
        found = stage.records().mails.get(self.mail.message_id)
        return found.entry(stage.number(self.entry)) if found else None


def open_entry(
    stage: Stage, name: str, person: str, subtag: str, title: str, *, show: bool
) -> None:
    """Open an entry on somebody's address and remember its number."""
    address = str(stage.addresses[person])
    run = stage.typed if show else stage.crm
    words = ["--address", address, "--subtag", subtag, "--title", title]
    stage.entries[name] = int(run("entry", "new", *words)["number"])


def link(stage: Stage, name: str, mail: StoryMail, *, show: bool) -> None:
    """Link a mail to an entry."""
    run = stage.typed if show else stage.crm
    number = str(stage.number(name))
    run("entry", "link", number, "--message-id", mail.message_id)
