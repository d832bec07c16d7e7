"""The scripted mails. Each shows one thing that mail does to whoever files it.

Names are stable: a demonstration refers to them. `{{huber}}` in a subject stands for
the number that the company's own program gave to Huber's matter.
"""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from exchange_sandbox.scenario.events import Mail
from exchange_sandbox.scenario.letters import Enclosure
from exchange_sandbox.scenario.people import (
    AUTHSERV_ID,
    BAUMANN,
    BRUNNER,
    BY_KEY,
    FORGER,
    FORM,
    FREI,
    FRIEND,
    KELLER,
    POSTMASTER,
    SABINE,
    SALES,
    WORKSHOP,
)
from exchange_sandbox.scenario.threads import Extra, Post, Thread, new_index

PRIVATE_WORD = "Kirschtortenrezept"  # stands in the private mail and nowhere else
_HUBER, _MEIER, _ZBINDEN = BY_KEY["huber"], BY_KEY["meier"], BY_KEY["zbinden"]
_IMPORTER, _AUTHORITY = BY_KEY["nordboot"], BY_KEY["amt"]
_SCHOOL, _STEINER, _GRAF = BY_KEY["segelkurs"], BY_KEY["steiner"], BY_KEY["graf"]

_PDF = Enclosure(
    "Offerte Seeschwalbe.pdf",
    "application/pdf",
    b"%PDF-1.4\n% Werft Seeblick, Offerte Seeschwalbe, CHF 48'500.00\n%%EOF\n",
)
_DOT = Enclosure(
    "Rumpf vor der Politur – Übersicht.png",
    "image/png",
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
)


@dataclass(slots=True)
class _Story:
    """The story as it is written, one mail after the other, `pace` apart."""

    seed: int
    next: datetime
    pace: timedelta
    rng: random.Random
    mails: list[Mail] = field(default_factory=list)

    def thread(self, label: str, topic: str, subject: str) -> Thread:
        return Thread(label, topic, subject, "story", self.seed, self.rng)

    def at(self) -> datetime:
        now = self.next
        self.next += self.pace
        return now

    def tell(self, *posts: Post) -> None:
        self.mails += [post.mail for post in posts]


def story(seed: int, start: datetime, pace: timedelta) -> list[Mail]:
    """Return the scripted mails in the order of their delivery."""
    told = _Story(seed, start, pace, random.Random(f"story/{seed}"))  # noqa: S311 - invented mail
    chapters: tuple[Callable[[_Story], None], ...] = (
        _two_quotes,
        _odd_mails,
        _keywords,
    )
    for chapter in chapters:
        chapter(told)
    return told.mails


def _two_quotes(told: _Story) -> None:
    """«Offerte» from two customers; what becomes of the first one's."""
    huber = told.thread("huber", "offerte", "Offerte")
    meier = told.thread("meier", "offerte", "Offerte")
    asks = huber.write(
        "offerte-huber",
        told.at(),
        _HUBER,
        (SALES,),
        "Grüezi\n\nIch interessiere mich für eine neue Seeschwalbe mit Elektromotor. "
        "Können Sie mir bitte eine Offerte machen?\n\nFreundliche Grüsse\nHans Huber",
    )
    meier_asks = meier.write(
        "offerte-meier",
        told.at(),
        _MEIER,
        (SALES,),
        "Guten Tag\n\nBitte um eine Offerte für das Abschleifen und Lackieren unseres "
        "Ruderboots, viereinhalb Meter, Mahagoni.\n\nR. Meier",
        Extra(enclosures=(_DOT,)),
    )
    answer = huber.write(
        "antwort-verkauf",
        told.at(),
        SALES,
        (_HUBER,),
        "Guten Tag Herr Huber\n\nGerne. Im Anhang finden Sie unsere Offerte für die "
        "Seeschwalbe mit acht Kilowatt. Die Lieferzeit beträgt zwölf Wochen.\n\n"
        "Freundliche Grüsse\nWerft Seeblick",
        Extra(cc=(KELLER,), enclosures=(_PDF,)),
        answers=asks,
    )
    phone = huber.write(
        "antwort-handy",
        told.at(),
        _HUBER,
        (KELLER,),
        "Sieht gut aus. Gibt es sie auch in Weiss?\n\nVon unterwegs gesendet",
        Extra(client="phone"),
        answers=answer,
    )
    wife = huber.write(
        "antwort-sabine",
        told.at(),
        SABINE,
        (SALES, KELLER),
        "Guten Tag\n\nMein Mann zeigte mir Ihre Offerte. Können wir am Samstag zur "
        "Probefahrt kommen?\n\nSabine Huber",
        answers=answer,
    )
    importer = huber.write(
        "antwort-importeur",
        told.at(),
        _IMPORTER,
        (SALES,),
        "Guten Tag\n\nHerr Huber gab uns eine Blindkopie. Eine weisse Seeschwalbe "
        "können wir ab Lager liefern, Kalenderwoche 14.\n\nNordboot Import AG",
        answers=phone,
    )
    forged = huber.write(
        "gefaelscht",
        told.at(),
        FORGER,
        (SALES,),
        "Guten Tag\n\nBitte überweisen Sie die Rückerstattung auf mein neues Konto im "
        "Ausland.\n\nHans Huber",
        Extra(dmarc="fail", quotes=False),
        answers=answer,
    )
    forward = huber.write(
        "weiterleitung",
        told.at(),
        SALES,
        (FREI,),
        "Hallo Andrea\n\nKannst du schauen, ob das Boot am Samstag fahrbereit ist? Wir "
        "geben ihm höchstens zwei Prozent Rabatt.\n\nMirjam",
        Extra(subject="WG: Offerte"),
        answers=wife,
    )
    told.tell(asks, meier_asks, answer, phone, wife, importer, forged, forward)


def _odd_mails(told: _Story) -> None:
    """A form service, an answer before its question, private and unread mail."""
    index = new_index(told.rng, told.next)
    for key, person, text in (
        ("steiner", _STEINER, "Vermieten Sie im Sommer Pedalos?"),
        ("graf", _GRAF, "Mein Aussenborder springt nicht an. Kann ich ihn bringen?"),
    ):
        enquiry = told.thread(
            f"formular-{key}", "anfrage", "Anfrage vom Kontaktformular"
        )
        told.tell(
            enquiry.write(
                f"formular-{key}",
                told.at(),
                FORM,
                (SALES,),
                f"Name: {person.name}\nE-Mail: {person.email}\n\n{text}\n",
                Extra(reply_to=person, index=index),
            )
        )
    # Written first, held up on the way, delivered after the answer to it.
    school = told.thread("segelschule", "service", "Begleitboot für den Herbstkurs")
    question = school.write(
        "frage-verspaetet",
        told.next - told.pace / 2,
        _SCHOOL,
        (WORKSHOP,),
        "Guten Tag\n\nFür den Herbstkurs brauchen wir ein Begleitboot. Was können Sie "
        "uns vermieten?\n\nSegelschule Oberland",
        Extra(late=3.5 * told.pace),
    )
    reminder = school.write(
        "nachfrage-zuvor",
        told.at(),
        _SCHOOL,
        (WORKSHOP, FREI),
        "Guten Tag\n\nHaben Sie unsere Frage von heute früh schon gesehen?\n\n"
        "Segelschule Oberland",
        Extra(client="phone"),
        answers=question,
    )
    told.tell(reminder)
    private = told.thread("privat", "privat", "Privat: Nachtessen am Samstag")
    told.tell(
        private.write(
            "privat",
            told.at(),
            FRIEND,
            (BRUNNER,),
            f"Salü Reto\n\nBring doch das {PRIVATE_WORD} deiner Mutter mit.\n\nKöbi",
        )
    )
    unread = told.thread("baumann", "liegeplatz", "Lehrlingsausflug")
    told.tell(
        unread.write(
            "an-baumann",
            told.at(),
            BY_KEY["verband"],
            (BAUMANN,),
            "Lieber Luca\n\nAnbei das Programm des Ausflugs.\n\nDas Sekretariat",
        )
    )
    told.at()  # its place in the order of deliveries
    told.tell(question)


def _keywords(told: _Story) -> None:
    """What staff write into a subject; a bounce of it; an authority's answer."""
    quote = told.thread("zbinden", "offerte", "#offerte Segeljacht Lagune 31")
    offer = quote.write(
        "schlagwort-offerte",
        told.at(),
        KELLER,
        (_ZBINDEN,),
        "Guten Tag Herr Zbinden\n\nWie am Telefon besprochen: die Lagune 31 mit neuem "
        "Rigg für CHF 61'200.–.\n\nFreundliche Grüsse\nMirjam Keller",
        Extra(enclosures=(_PDF,)),
    )
    thanks = quote.write(
        "antwort-zbinden",
        told.at(),
        _ZBINDEN,
        (KELLER,),
        "Guten Tag Frau Keller\n\nBesten Dank. Wir überlegen es uns bis Ende Woche.\n\n"
        "Peter Zbinden",
        answers=offer,
    )
    bounce = quote.write(
        "unzustellbar",
        told.at(),
        POSTMASTER,
        (KELLER,),
        "Ihre Nachricht konnte einem Empfänger nicht zugestellt werden:\n"
        "<p.zbinden.alt@blaupost.example>: 550 5.1.1 Postfach unbekannt\n",
        Extra(
            subject="Unzustellbar: #offerte Segeljacht Lagune 31",
            client="web",
            quotes=False,
            headers=(
                ("Return-Path", "<>"),
                ("Auto-Submitted", "auto-replied"),
                ("X-Failed-Recipients", "p.zbinden.alt@blaupost.example"),
            ),
        ),
        answers=offer,
    )
    papers = told.thread("amt", "zulassung", "Zulassung Neuboot [CRM-{{huber}}]")
    request = papers.write(
        "schlagwort-nummer",
        told.at(),
        BRUNNER,
        (_AUTHORITY,),
        "Sehr geehrte Damen und Herren\n\nFür eine neue Seeschwalbe bitten wir um den "
        "Termin zur Abnahme.\n\nFreundliche Grüsse\nReto Brunner",
    )
    granted = papers.write(
        "antwort-amt",
        told.at(),
        _AUTHORITY,
        (BRUNNER,),
        "Guten Tag Herr Brunner\n\nDie Abnahme kann am 18. um 9 Uhr stattfinden. Bitte "
        "das Typenblatt mitbringen.\n\nSchifffahrtsamt",
        answers=request,
    )
    keys = told.thread("zbinden-neu", "offerte", "Besichtigung am Wochenende")
    visit = keys.write(
        "frage-zbinden",
        told.at(),
        _ZBINDEN,
        (KELLER,),
        "Guten Tag Frau Keller\n\nDürfen wir die Jacht am Sonntag nochmals sehen?\n\n"
        "Peter Zbinden",
    )
    told.tell(offer, thanks, bounce, request, granted, visit)


__all__ = ["AUTHSERV_ID", "PRIVATE_WORD", "story"]
