"""How mail is told: who writes, and what the database says became of it."""

from crm_core.models import Hold, LinkReason
from mailsync.demo.facts import InEntry, Records, StoredMail
from mailsync.demo.feed import StoryMail
from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said, plural

_HOLDS = {
    Hold.EXCLUDED: Said("von einer Person gelöst", "taken out by a person"),
    Hold.UNCONFIRMED_SENDER: Said("Absender nicht bestätigt", "sender not confirmed"),
    Hold.INTERNAL_ONLY: Said("rein interne E-Mail", "among colleagues only"),
    Hold.OTHER_CUSTOMER: Said(
        "Absender ist eine bekannte Adresse, aber nicht beteiligt",
        "the sender is a known address but takes no part",
    ),
    Hold.MASS_MAIL: Said("Antwort auf eine Massensendung", "answer to a mass mail"),
    Hold.AMBIGUOUS_SENDER: Said("Absender nicht eindeutig", "sender is ambiguous"),
}
_KEYS = {
    "mid": Said("Message-ID", "Message-ID"),
    "guid": Said("Thread-Index", "Thread-Index"),
    "cid": Said("Unterhaltung laut Exchange", "conversation of Exchange"),
}


def announce(stage: Stage, mail: StoryMail, note: Said | None) -> None:
    """Who writes to whom, about what."""
    names = {one.email: one.name for one in stage.feed.people.values()}
    names |= {one.address: f"{one.key}@" for one in stage.feed.mailboxes}
    to = ", ".join(names.get(address, address) for address in mail.recipients)
    sender = names.get(mail.sender, mail.sender)
    subject = mail.subject
    for name, number in stage.entries.items():
        subject = subject.replace(f"{{{{{name}}}}}", str(number))
    stage.voice.line(
        f"✉  {sender} schreibt an {to}: «{subject}»",
        f"✉  {sender} writes to {to}: “{subject}”",
    )
    if note is not None:
        stage.voice.aside(note.de, note.en)


def tell_mail(stage: Stage, records: Records, found: StoredMail) -> None:
    """Its conversation, its entries, its content."""
    _tell_thread(stage, records, found)
    tell_entries(stage, found)
    _tell_content(stage, found)


def _tell_thread(stage: Stage, records: Records, found: StoredMail) -> None:
    members = records.conversation(found.conversation)
    boxes = len({copy for one in members for copy in one.copies})
    key = _KEYS.get(found.joined_by or "")
    stage.voice.fact(
        f"Unterhaltung {found.conversation}: "
        f"{plural(len(members), 'E-Mail', 'E-Mails')} aus "
        f"{plural(boxes, 'Postfach', 'Postfächern')}"
        f"{f' (erkannt an: {key.de})' if key else ''}",
        f"conversation {found.conversation}: {plural(len(members), 'mail', 'mails')} "
        f"in {plural(boxes, 'mailbox', 'mailboxes')}"
        f"{f' (known by: {key.en})' if key else ''}",
    )


def tell_entries(stage: Stage, found: StoredMail) -> None:
    """In which entries it is, shown or held, and why."""
    if not found.entries:
        stage.voice.fact("nicht zugeordnet", "unassigned")
    for one in found.entries:
        _tell_entry(stage, found, one)


def _tell_entry(stage: Stage, found: StoredMail, one: InEntry) -> None:
    if one.hold is not None:
        why = _HOLDS[one.hold]
        stage.voice.fact(
            f"in CRM-{one.number} zurückgehalten: {why.de}",
            f"held back in CRM-{one.number}: {why.en}",
        )
        return
    why = _reason(found, one)
    mark = Said(", markiert als «neuer Absender»", ", marked “new sender”")
    stage.voice.fact(
        f"von selbst mit CRM-{one.number} verlinkt (Grund: {why.de})"
        f"{mark.de if one.new_sender else ''}",
        f"linked to CRM-{one.number} by itself (reason: {why.en})"
        f"{mark.en if one.new_sender else ''}",
    )


def _reason(found: StoredMail, one: InEntry) -> Said:
    if one.reason is LinkReason.REPLY and found.parent is not None:
        what = found.parent
        return Said(
            f"Antwort auf «{what.subject}» von {what.sender}",
            f"answer to “{what.subject}” by {what.sender}",
        )
    if one.reason is LinkReason.REPLY:
        return Said("gleiche Unterhaltung", "same conversation")
    if one.reason is LinkReason.MANUAL:
        return Said("von Hand", "by hand")
    if one.reason is LinkReason.CATEGORY:
        return Said(f"Kategorie «{one.evidence}»", f"category “{one.evidence}”")
    return Said(f"Schlagwort {one.evidence}", f"keyword {one.evidence}")


def _tell_content(stage: Stage, found: StoredMail) -> None:
    if not found.has_content:
        stage.voice.fact(
            "Text nicht gespeichert (kein Eintrag zeigt sie)",
            "text not stored (no entry shows it)",
        )
    elif found.attachments:
        count = found.attachments
        stage.voice.fact(
            f"Text und {plural(count, 'Anhang', 'Anhänge')} gespeichert",
            f"text and {plural(count, 'attachment', 'attachments')} stored",
        )
    else:
        stage.voice.fact("Text gespeichert", "text stored")
