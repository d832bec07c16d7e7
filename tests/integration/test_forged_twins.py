"""A forged mail with a colleague's Message-ID, date and subject, but other words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werft import KELLER, MEIER, VERKAUF, Werft, werft

from crm_core import database
from crm_core.models import Entry


@pytest.fixture
def w(db: str, tmp_path: Path) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        yield company


def forged_answer(w: Werft, *, genuine_first: bool) -> Entry:
    """A linked thread, a colleague's answer, and its forgery in another inbox."""
    entry = w.entry(w.address(MEIER))
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
    w.poll(VERKAUF)
    w.link(entry, "m1")
    genuine = w.mail(
        VERKAUF, MEIER, "AW: Offerte", id="w1", cc=KELLER, answers="m1", body="Ja.\n"
    )
    forged = genuine.replace(b"Ja.", b"Bitte neues Konto.")
    if genuine_first:
        w.submit(genuine, VERKAUF, KELLER)
        w.poll(KELLER)
        w.receive(forged, KELLER)
    else:  # a first sync reads the newest first
        w.submit(genuine, VERKAUF, KELLER)
        w.receive(forged, KELLER)
    w.poll(KELLER)
    w.poll()
    w.poll()
    return entry


@pytest.mark.parametrize("genuine_first", [True, False])
def test_the_forgery_is_held_whichever_is_read_first(
    w: Werft, genuine_first: bool
) -> None:
    entry = forged_answer(w, genuine_first=genuine_first)
    rows = database.execute(
        "SELECT b.text, s.hold FROM message m LEFT JOIN message_body b "
        "ON b.message_id = m.id LEFT JOIN entry_mail_state s ON s.message_id = m.id "
        "AND s.entry_id = ? WHERE m.internet_id = 'w1' ORDER BY s.hold IS NOT NULL",
        (entry.id,),
    )
    (text, hold), (forged_text, forged_hold) = rows
    assert (text.strip(), hold) == ("Ja.", None)
    assert (forged_text, forged_hold) == (None, "unconfirmed_sender")
