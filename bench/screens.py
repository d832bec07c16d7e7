"""Which pages are measured: every class of screen, with what makes it slow.

``kind`` names the limit that holds (bench/goals.py): lists, entries, triage, search, API.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from bench.landmarks import Landmarks

LIST, ENTRY, TRIAGE, SEARCH = "list", "entry", "triage", "search"


@dataclass(frozen=True, slots=True)
class Screen:
    """One page; ``api``: asked with a token instead of a session."""

    kind: str
    name: str
    path: str
    api: bool = False


def screens(at: Landmarks) -> tuple[Screen, ...]:
    """All of them, in this office."""
    return (
        *_lists(at),
        *_entries(at),
        Screen(TRIAGE, "Nicht zugeordnet", "/nicht-zugeordnet"),
        Screen(TRIAGE, "… preview of a mail",
               f"/nicht-zugeordnet/{at.loose_mail}/vorschau"),
        Screen(TRIAGE, "Zurückgehalten", "/nicht-zugeordnet/zurueckgehalten"),
        Screen(TRIAGE, "Prüffälle", "/nicht-zugeordnet/prueffaelle"),
        Screen(TRIAGE, "… one case", f"/nicht-zugeordnet/prueffaelle/{at.review_case}"),
        *_searches(at),
    )  # fmt: skip


def _lists(at: Landmarks) -> Iterator[Screen]:
    address = f"/adressen/{at.busy_address}"
    yield Screen(LIST, "Meine Arbeit", "/")
    yield Screen(LIST, "Adressen", "/adressen")
    yield Screen(LIST, "… filtered", f"/adressen?q={quote(at.umlaut_word)}&offen=1")
    yield Screen(LIST, "Adresse, Tab CRM", f"{address}/crm")
    yield Screen(LIST, "Adresse, Tab E-Mails", f"{address}/e-mails")
    yield Screen(LIST, "Einträge", "/eintraege")
    yield Screen(LIST, "… filtered", "/eintraege?status=open&q=motor")
    yield Screen(LIST, "Aufgaben, Tafel", "/aufgaben")
    yield Screen(LIST, "Aufgaben, Woche", "/aufgaben/woche")
    yield Screen(LIST, "Aufgaben, Liste", "/aufgaben/liste")
    yield Screen(LIST, "Belege", "/belege")
    yield Screen(LIST, "Beleg", f"/belege/report/{at.document}")
    yield Screen(LIST, "API: entries", "/api/v1/entries", api=True)
    yield Screen(LIST, "API: tasks", "/api/v1/tasks", api=True)


def _entries(at: Landmarks) -> Iterator[Screen]:
    biggest = f"/eintraege/{at.biggest_entry}"
    yield Screen(ENTRY, "Eintrag, small", f"/eintraege/{at.small_entry}")
    yield Screen(ENTRY, "Eintrag, biggest", biggest)
    yield Screen(ENTRY, "… link e-mail", f"{biggest}/e-mails")
    yield Screen(ENTRY, "Neuer Eintrag", f"/eintraege/neu?adresse={at.busy_address}")


def _searches(at: Landmarks) -> Iterator[Screen]:
    asked = {
        "rare word": at.rare_word,
        "common word": at.common_word,
        "two words": f"{at.common_word} winterlager",
        "nothing found": "xylophon",
        "number": str(at.biggest_entry),
        "2 letters": "me",
        "umlaut": at.umlaut_word,
    }
    for name, text in asked.items():
        yield Screen(SEARCH, f"Suche, {name}", f"/suche?q={quote(text)}")
