"""What to look at after something happened in the demo, and where.

``places`` are pages: a text and a path, in which ``{entry}`` and ``{address}`` are what
the act was about.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crm_web.i18n import gettext
from crm_web.i18n import lazy as _


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence and the places where it can be seen."""

    text: str
    places: tuple[tuple[str, str], ...] = ()

    def links(self, numbers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Path and text of each place that the numbers lead to."""
        for text, path in self.places:
            if all(numbers.get(name, "").isdigit() for name in _names(path)):
                yield path.format_map(numbers), gettext(text)


def _names(path: str) -> list[str]:
    return [name for name in ("eintrag", "adresse") if f"{{{name}}}" in path]


_ENTRY = (_("The entry"), "/eintraege/{eintrag}")
_TASKS = (_("The entry's tasks"), "/eintraege/{eintrag}#aufgaben")
_ADDRESS = (_("The customer's CRM tab"), "/adressen/{adresse}/crm")
_WAITING = (_("Unassigned"), "/nicht-zugeordnet")
_MAILBOXES = (_("Mailboxes"), "/verwaltung/postfaecher")

HINTS: Mapping[str, Hint] = {
    "kunde": Hint(
        _(
            "The mail has arrived. Nobody has linked it yet: in a few seconds it waits "
            "in «Unassigned» with a suggestion, and stands among the customer's mails."
        ),
        (_WAITING, _ADDRESS),
    ),
    "ungelesen": Hint(
        _(
            "The mail lies in this mailbox, and stays there: its person has not been "
            "informed yet, so the mailbox is never asked."
        ),
        (_MAILBOXES,),
    ),
    "antwort": Hint(
        _(
            "The answer has arrived. In a few seconds it stands in the entry by itself; "
            "beside it the reason: answer to the mail before."
        ),
        (_ENTRY,),
    ),
    "neu": Hint(
        _(
            "The answer comes from an address that nobody knows. It links itself all "
            "the same, marked «new sender», and one press undoes it."
        ),
        (_ENTRY,),
    ),
    "schlagwort": Hint(
        _(
            "An employee wrote #offerte into the subject. In a few seconds the customer "
            "has a new entry of this kind, with the mail in it, and nobody opened the "
            "CRM."
        ),
        (_ADDRESS,),
    ),
    "complete": Hint(
        _(
            "Done in Outlook, not in the CRM: in a few seconds the task has the badge "
            "«done in Outlook», and nothing else changes until somebody adopts it."
        ),
        (_TASKS,),
    ),
    "move": Hint(
        _(
            "It lies in another folder now. In a few seconds the task has the badge "
            "«moved in Outlook»; adopt it, or write it again."
        ),
        (_TASKS,),
    ),
    "later": Hint(
        _(
            "The appointment begins an hour later. In a few seconds the task has the "
            "badge «changed in Outlook» with both times; adopt it, or write it again."
        ),
        (_TASKS,),
    ),
    "delete": Hint(
        _(
            "It lies in Deleted Items. In a few seconds the task has the badge «deleted "
            "in Outlook»; it does not come back by itself."
        ),
        (_TASKS,),
    ),
    "weg": Hint(_("That item is not there any more."), ()),
    "drosseln": Hint(
        _(
            "Exchange asks everybody for a pause. Assign a task now: its badge stays "
            "yellow, nothing is lost, and the mailboxes say «throttled»."
        ),
        (_MAILBOXES,),
    ),
    "recht": Hint(
        _(
            "The right on this mailbox is gone. Only this mailbox stops; the page of "
            "the mailboxes names the cause and the line that cures it."
        ),
        (_MAILBOXES,),
    ),
    "stand": Hint(
        _(
            "Exchange does not know our place in this mailbox any more. It is read anew "
            "from the beginning; no mail appears twice and no link is lost."
        ),
        (_MAILBOXES,),
    ),
    "aus": Hint(
        _(
            "Exchange does not answer. Work goes on in the CRM; what is meant for "
            "Outlook waits, and follows by itself later."
        ),
        (_MAILBOXES,),
    ),
    "behoben": Hint(
        _(
            "That works again. What waited follows by itself, the longer it was gone "
            "the later: at most after a few minutes."
        ),
        (_MAILBOXES,),
    ),
}
