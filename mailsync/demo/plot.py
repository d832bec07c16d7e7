"""Which scenes, in which order, and how each must end.

A chapter's scenes do not need each other to have been dealt with by mailsync; a
chapter's scenes may need the chapters before. All names of mails are the feed's.
"""

from collections.abc import Callable
from datetime import date

from crm_core.models import Hold, LinkReason
from mailsync.demo.crm_scenes import (
    AddressesScene,
    EntryScene,
    ParticipantScene,
    PastEntriesScene,
    PastScene,
)
from mailsync.demo.feed import Feed
from mailsync.demo.mail_checks import Expected
from mailsync.demo.mail_scenes import MailScene, PrivateScene, UnreadScene
from mailsync.demo.mailbox_scenes import TwinsScene
from mailsync.demo.running_plot import running_chapters
from mailsync.demo.scenes import Chapter
from mailsync.demo.task_plot import ENTRY_TITLE, task_chapters
from mailsync.demo.voice import Said


def chapters(feed: Feed, today: date, *, with_trouble: bool) -> list[Chapter]:
    """The plot; ``with_trouble``: one task cannot be written until somebody acts."""
    before = (_beginning(feed), _known(feed))
    makers: tuple[Callable[[Feed], Chapter], ...] = (
        _set_up,
        _answers,
        _odd_mails,
        _keywords,
    )
    return [
        *before,
        *running_chapters(feed, today, with_trouble=with_trouble),
        *(make(feed) for make in makers),
        *task_chapters(feed, today),
    ]


def _beginning(_feed: Feed) -> Chapter:
    title = Said("1  Einschalten", "1  Switching on")
    return Chapter(title, (PastScene(),), at_once=True)


def _known(_feed: Feed) -> Chapter:
    title = Said("2  Adressen und Einträge", "2  Addresses and entries")
    return Chapter(title, (AddressesScene(), PastEntriesScene()), at_once=True)


def _set_up(feed: Feed) -> Chapter:
    mail = feed.story
    return Chapter(
        Said(
            "5  Zweimal «Offerte»",
            "5  Twice “Offerte”",
        ),
        (
            MailScene(mail["offerte-huber"]),
            MailScene(
                mail["offerte-meier"],
                note=Said(
                    "gleicher Betreff, andere Kundin; nichts verbindet die beiden",
                    "same subject, another customer; nothing connects the two",
                ),
            ),
            TwinsScene("two-quotes", mail["offerte-huber"], mail["offerte-meier"]),
        ),
    )


def _answers(feed: Feed) -> Chapter:
    mail = feed.story
    return Chapter(
        Said("6  Antworten verlinken sich von selbst", "6  Answers link themselves"),
        (
            EntryScene("huber", "huber", "offerte", ENTRY_TITLE, mail["offerte-huber"]),
            MailScene(
                mail["antwort-verkauf"],
                Expected("huber"),
                Said(
                    "aus Outlook, Kopie an Keller, mit Anhang",
                    "from Outlook, Keller in copy, with an attachment",
                ),
            ),
            MailScene(
                mail["antwort-handy"],
                Expected("huber"),
                Said(
                    "vom Handy, an ein anderes Postfach; nur References",
                    "from a phone, to another mailbox; only References",
                ),
            ),
            MailScene(
                mail["antwort-sabine"],
                Expected("huber", new_sender=True),
                Said("eine Adresse, die niemand kennt", "an address that nobody knows"),
            ),
            MailScene(
                mail["antwort-importeur"],
                Expected("huber", Hold.OTHER_CUSTOMER),
                Said(
                    "bekannte Adresse, an diesem Eintrag aber nicht beteiligt",
                    "a known address that takes no part in this entry",
                ),
            ),
            MailScene(
                mail["gefaelscht"],
                Expected("huber", Hold.UNCONFIRMED_SENDER),
                Said(
                    "angeblich von Huber; der eigene Mailserver meldet DMARC=fail",
                    "claims to be from Huber; our own mail server says DMARC=fail",
                ),
            ),
            MailScene(
                mail["weiterleitung"],
                Expected("huber", Hold.INTERNAL_ONLY),
                Said("Weiterleitung unter Kollegen", "a forward among colleagues"),
            ),
        ),
    )


def _odd_mails(feed: Feed) -> Chapter:
    mail = feed.story
    form = Said(
        "vom Formularversand: gleicher Absender, gleicher Betreff, gleicher "
        "Thread-Index, die Kundin steht in Reply-To",
        "from a form service: same sender, same subject, same Thread-Index, the "
        "customer is in Reply-To",
    )
    return Chapter(
        Said(
            "7  Beteiligte und ungewöhnliche E-Mails", "7  Participants and odd mails"
        ),
        (
            ParticipantScene("huber", "nordboot", mail["antwort-importeur"]),
            MailScene(mail["formular-steiner"], note=form),
            MailScene(mail["formular-graf"], note=form),
            MailScene(
                mail["nachfrage-zuvor"],
                note=Said(
                    "beantwortet eine E-Mail, die noch nicht da ist",
                    "answers a mail that is not there yet",
                ),
            ),
            PrivateScene(
                mail["privat"],
                Said("der Betreff sagt «Privat»", "the subject says “Privat”"),
            ),
            UnreadScene(
                mail["an-baumann"],
                Said(
                    "L. Baumann wurde noch nicht informiert",
                    "L. Baumann has not been informed yet",
                ),
            ),
        ),
    )


def _keywords(feed: Feed) -> Chapter:
    mail = feed.story
    return Chapter(
        Said("8  Schlagworte im Betreff", "8  Keywords in the subject"),
        (
            MailScene(
                mail["frage-verspaetet"],
                note=Said(
                    "die verspätete Frage von vorhin", "the late question of before"
                ),
            ),
            MailScene(
                mail["schlagwort-offerte"],
                Expected("zbinden", opens=True, reason=LinkReason.KEYWORD),
                Said(
                    "Keller schreibt «#offerte» in den Betreff; ein Eintrag fehlt noch",
                    "Keller writes “#offerte” into the subject; there is no entry yet",
                ),
            ),
            MailScene(mail["antwort-zbinden"], Expected("zbinden")),
            MailScene(
                mail["unzustellbar"],
                Expected("zbinden", new_sender=True),
                Said(
                    "automatische Meldung, «#offerte» im Betreff: löst nichts aus",
                    "automatic, with “#offerte” in its subject: triggers nothing",
                ),
            ),
            MailScene(
                mail["schlagwort-nummer"],
                Expected("huber", reason=LinkReason.TOKEN),
                Said(
                    "an das Amt, mit der Eintragsnummer im Betreff",
                    "to an authority, with the entry's number in the subject",
                ),
            ),
            MailScene(mail["antwort-amt"], Expected("huber")),
            MailScene(
                mail["frage-zbinden"],
                note=Said(
                    "eine neue E-Mail, keine Antwort", "a new mail, not an answer"
                ),
            ),
        ),
    )
