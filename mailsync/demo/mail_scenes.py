"""A mail arrives, or an employee sends one: what mailsync makes of it."""

from dataclasses import dataclass
from pathlib import Path

from crm_core.models import LinkReason
from mailsync.demo.facts import StoredMail
from mailsync.demo.feed import StoryMail
from mailsync.demo.mail_checks import (
    UNASSIGNED,
    Expected,
    missing_copies,
    undelivered,
    wrong_entry,
    wrong_threads,
)
from mailsync.demo.mail_words import announce, tell_mail
from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said, plural


@dataclass(frozen=True, slots=True)
class MailScene:
    """A mail of the feed; ``note`` says what is special about it."""

    mail: StoryMail
    expected: Expected = UNASSIGNED
    note: Said | None = None

    @property
    def name(self) -> str:
        """As the feed calls it."""
        return self.mail.name

    def intro(self, stage: Stage) -> None:
        """Who writes to whom."""
        announce(stage, self.mail, self.note)

    def act(self, stage: Stage) -> None:
        """It is delivered."""
        stage.deliver(self.mail)

    def missing(self, stage: Stage) -> list[Said]:
        """The delivery in the ledger, the mail with all copies, thread and entry."""
        records = stage.records()
        found = records.mails.get(self.mail.message_id)
        if found is None:
            return _why_not_there(stage, self.mail)
        if self.expected.opens:
            _learn_number(stage, self.expected, found)
        return [
            *undelivered(stage, self.mail),
            *missing_copies(stage, self.mail, found),
            *wrong_threads(records, stage.truth(), [self.mail]),
            *wrong_entry(stage, self.expected, found),
        ]

    def tell(self, stage: Stage) -> None:
        """Its conversation, its entries, its content."""
        records = stage.records()
        found = records.mails.get(self.mail.message_id)
        if found is not None:
            tell_mail(stage, records, found)


@dataclass(frozen=True, slots=True)
class PrivateScene:
    """A mail marked private: nothing but its id may be kept."""

    mail: StoryMail
    note: Said

    @property
    def name(self) -> str:
        """As the feed calls it."""
        return self.mail.name

    def intro(self, stage: Stage) -> None:
        """Who writes to whom."""
        announce(stage, self.mail, self.note)

    def act(self, stage: Stage) -> None:
        """It is delivered."""
        stage.private.add(self.mail.name)
        stage.deliver(self.mail)

    def missing(self, stage: Stage) -> list[Said]:
        """Its id must be kept, and none of its words."""
        wrong = undelivered(stage, self.mail)
        records = stage.records()
        if records.private[self.mail.places[0]] < 1:
            wrong.append(Said("Kennung nicht gespeichert", "its id is not kept"))
        if self.mail.message_id in records.mails:
            wrong.append(Said("als E-Mail gespeichert", "stored as a mail"))
        if _places_of(_longest_word(self.mail), stage.folder):
            wrong.append(Said("Text gespeichert", "its text is stored"))
        return wrong

    def tell(self, stage: Stage) -> None:
        """What is kept, and that its words are nowhere."""
        ids = stage.records().private[self.mail.places[0]]
        word = _longest_word(self.mail)
        count = _places_of(word, stage.folder)
        stage.voice.fact(
            f"als privat erkannt: {plural(ids, 'Kennung', 'Kennungen')} gespeichert, "
            "sonst nichts",
            f"recognised as private: {plural(ids, 'id', 'ids')} kept, nothing else",
        )
        stage.voice.fact(
            f"das Wort «{word}» steht in {count} Dateien von mailsync",
            f"the word «{word}» stands in {count} files of mailsync",
        )


@dataclass(frozen=True, slots=True)
class UnreadScene:
    """A mail to somebody who is not informed: the mailbox is never asked."""

    mail: StoryMail
    note: Said

    @property
    def name(self) -> str:
        """As the feed calls it."""
        return self.mail.name

    def intro(self, stage: Stage) -> None:
        """Who writes to whom."""
        announce(stage, self.mail, self.note)

    def act(self, stage: Stage) -> None:
        """It is delivered."""
        stage.deliver(self.mail)

    def missing(self, stage: Stage) -> list[Said]:
        """No request, no row."""
        wrong = undelivered(stage, self.mail)
        if stage.outside.ledger().requests.get(stage.not_informed):
            wrong.append(Said("Postfach wurde angefragt", "the mailbox was asked"))
        if self.mail.message_id in stage.records().mails:
            wrong.append(Said("E-Mail wurde gespeichert", "the mail was stored"))
        return wrong

    def tell(self, stage: Stage) -> None:
        """How often the mailbox was asked."""
        count = stage.outside.ledger().requests.get(stage.not_informed, 0)
        stage.voice.fact(
            f"{count} Anfragen an {stage.not_informed}, seit das Exchange läuft",
            f"{count} requests to {stage.not_informed} since Exchange runs",
        )


def _why_not_there(stage: Stage, mail: StoryMail) -> list[Said]:
    """The ledger is asked only about what we have not delivered: it grows long."""
    wrong = [] if mail in stage.delivered else undelivered(stage, mail)
    return wrong or [Said("nicht in der Datenbank", "not in the database")]


def _learn_number(stage: Stage, expected: Expected, found: StoredMail) -> None:
    """The number of the entry that a keyword opened is read, never guessed."""
    opened = [one for one in found.entries if one.reason is LinkReason.KEYWORD]
    if expected.entry is not None and len(opened) == 1:
        stage.entries[expected.entry] = opened[0].number


def _longest_word(mail: StoryMail) -> str:
    return max(
        mail.mime.decode("utf-8", "replace").split("\r\n\r\n", 1)[1].split(), key=len
    )


def _places_of(word: str, folder: Path) -> int:
    """In how many files of the database and of the attachments a text stands."""
    files = [*folder.glob("mailsync.db*"), *folder.glob("blobs/**/*")]
    return sum(word.encode() in one.read_bytes() for one in files if one.is_file())
