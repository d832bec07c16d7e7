"""What Exchange itself says about two mails, and what an owner does to one."""

from dataclasses import dataclass

from crm_core.models import LinkReason
from mailsync.demo.feed import StoryMail
from mailsync.demo.mail_checks import Expected, wrong_entry
from mailsync.demo.mail_words import tell_entries
from mailsync.demo.outside import OutlookItem
from mailsync.demo.stage import NotPossible, Stage
from mailsync.demo.voice import Said


@dataclass(frozen=True, slots=True)
class TwinsScene:
    """Two mails of one subject: one conversation for Exchange, two for mailsync."""

    name: str
    first: StoryMail
    second: StoryMail

    def intro(self, stage: Stage) -> None:
        """What is compared."""
        stage.voice.line(
            f"Zweimal «{self.first.subject}», was ist das?",
            f"Twice “{self.first.subject}”: what is it?",
        )

    def act(self, stage: Stage) -> None:
        """Nothing happens: they lie there already."""

    def missing(self, stage: Stage) -> list[Said]:
        """One id there, two conversations here."""
        wrong = []
        if len(self._of_exchange(stage)) != 1:
            wrong.append(Said("Exchange trennt sie", "Exchange tells them apart"))
        if len(self._of_mailsync(stage)) != 2:
            wrong.append(Said("mailsync trennt sie nicht", "mailsync does not"))
        return wrong

    def tell(self, stage: Stage) -> None:
        """Both counts."""
        ids, numbers = self._of_exchange(stage), self._of_mailsync(stage)
        stage.voice.fact(
            f"Exchange gibt ihnen {len(ids)} Unterhaltungs-Id (nur das Thema zählt)",
            f"Exchange gives them {len(ids)} conversation id (only the topic counts)",
        )
        listed = ", ".join(map(str, sorted(numbers)))
        stage.voice.fact(
            f"mailsync hält sie auseinander: Unterhaltungen {listed}",
            f"mailsync keeps them apart: conversations {listed}",
        )

    def _of_exchange(self, stage: Stage) -> set[str]:
        return {
            str(item_of(stage, mail).properties["ConversationId"])
            for mail in (self.first, self.second)
        }

    def _of_mailsync(self, stage: Stage) -> set[int]:
        mails = stage.records().mails
        wanted = (self.first.message_id, self.second.message_id)
        return {mails[id_].conversation for id_ in wanted if id_ in mails}


@dataclass(frozen=True, slots=True)
class CategoryScene:
    """The owner gives a mail the Outlook category «CRM»: please file this."""

    mail: StoryMail
    entry: str

    @property
    def name(self) -> str:
        """After the mail."""
        return f"category-{self.mail.name}"

    def intro(self, stage: Stage) -> None:
        """Who does what."""
        stage.voice.line(
            f"Keller gibt «{self.mail.subject}» im Outlook die Kategorie «CRM».",
            f"Keller gives “{self.mail.subject}” the category “CRM” in Outlook.",
        )

    def act(self, stage: Stage) -> None:
        """In Outlook, without mailsync."""
        item = item_of(stage, self.mail)
        stage.outside.act(self.mail.mailboxes[0], "category", item, category="CRM")

    def missing(self, stage: Stage) -> list[Said]:
        """The mail in the counterpart's only entry."""
        found = stage.records().mails.get(self.mail.message_id)
        if found is None:
            return [Said("nicht in der Datenbank", "not in the database")]
        expected = Expected(self.entry, reason=LinkReason.CATEGORY)
        return wrong_entry(stage, expected, found)

    def tell(self, stage: Stage) -> None:
        """Its entries."""
        found = stage.records().mails.get(self.mail.message_id)
        if found is not None:
            tell_entries(stage, found)


def item_of(stage: Stage, mail: StoryMail) -> OutlookItem:
    """The item of a mail in the inbox of its first mailbox; NotPossible without one."""
    for item in stage.outside.items(mail.mailboxes[0], "inbox"):
        if item.properties.get("InternetMessageId") == mail.message_id:
            return item
    raise NotPossible(f"«{mail.name}» is in no inbox")
