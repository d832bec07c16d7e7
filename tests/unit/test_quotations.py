"""The new part of a text: Outlook, Apple and Gmail, in three languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_web.quotations import Parts, parts

NEW = "Guten Tag\n\nDer Mast ist da.\n\nFreundliche Grüsse\nHans Kunde"
OLD = "Wann kommt der Mast?"

HEADS = {
    "Outlook de": "Von: Werft <verkauf@werft.example>\nGesendet: Montag, 2. November "
    "2026 08:00\nAn: Hans Kunde\nBetreff: Mast\n",
    "Outlook en": "From: Werft\nSent: Monday, 2 November 2026 08:00\nTo: Hans\n"
    "Subject: Mast\n",
    "Outlook fr": "De : Werft\nEnvoyé : lundi 2 novembre 2026 08:00\nÀ : Hans\n"
    "Objet : Mast\n",
    "Outlook bold": "*Von:* Werft\n*Gesendet:* Montag\n*An:* Hans\n",
    "Outlook mobile": "________________________________\nVon: Werft\nGesendet: Montag\n",
    "old Outlook": "-----Ursprüngliche Nachricht-----\nVon: Werft\n",
    "old Outlook en": "-----Original Message-----\nFrom: Werft\n",
    "old Outlook fr": "-----Message d'origine-----\nDe : Werft\n",
    "Apple de": "Am 02.11.2026 um 08:00 schrieb Werft <verkauf@werft.example>:\n",
    "Apple en": "On 2 Nov 2026, at 08:00, Werft <verkauf@werft.example> wrote:\n",
    "Apple fr": "Le 2 nov. 2026 à 08:00, Werft <verkauf@werft.example> a écrit :\n",
    "Gmail de": "Am Mo., 2. Nov. 2026 um 08:00 Uhr schrieb Werft <\n"
    "verkauf@werft.example>:\n",
    "Gmail en": "On Mon, Nov 2, 2026 at 8:00 AM Werft <verkauf@werft.example>\nwrote:\n",
    "forward de": "Anfang der weitergeleiteten Nachricht:\n",
    "forward en": "Begin forwarded message:\n",
    "forward Gmail": "---------- Forwarded message ---------\nFrom: Werft\n",
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("mark", ["", "> "])
def test_the_head_of_a_quotation_ends_the_new_part(name: str, mark: str) -> None:
    found = parts(f"{NEW}\n\n{HEADS[name]}\n{mark}{OLD}\n")
    assert found.new == NEW
    assert found.quoted.startswith(HEADS[name][:20])
    assert found.quoted.endswith(OLD)


def test_windows_line_ends_change_nothing() -> None:
    text = f"{NEW}\n\n{HEADS['Outlook de']}\n{OLD}"
    assert parts(text.replace("\n", "\r\n")) == parts(text)


def test_quoted_lines_at_the_end_are_folded_without_a_head() -> None:
    assert parts(f"{NEW}\n\n> {OLD}\n>\n> Gruss\n") == Parts(
        NEW, f"> {OLD}\n>\n> Gruss"
    )


def test_answers_between_quoted_lines_stay_in_view() -> None:
    text = f"> {OLD}\nMorgen.\n> Wirklich?\nJa."
    assert parts(text) == Parts(text)


def test_a_bare_forward_is_all_new() -> None:
    text = f"{HEADS['Outlook de']}\n{OLD}"
    assert parts(text) == Parts(text)


@pytest.mark.parametrize(
    "line",
    [
        "Von: der Werft habe ich nichts gehört.",
        "Am Montag schrieb mir Herr Keller etwas anderes.",
        "On Monday we wrote: nothing.",
        "De : rien",
        "Am Freitag:",
        "--- Motor ---",
        "____",
    ],
)
def test_ordinary_lines_are_no_heads(line: str) -> None:
    text = f"Guten Tag\n{line}\nFreundliche Grüsse"
    assert parts(text) == Parts(text)


def test_what_the_server_calls_new_wins() -> None:
    found = parts(f"Danke.\n\nseltsamer Kopf\n{OLD}", "Danke.\r\n")
    assert found == Parts("Danke.", f"seltsamer Kopf\n{OLD}")


def test_where_the_server_says_all_is_new_nothing_is_folded() -> None:
    text = f"Danke.\n> {OLD}"
    assert parts(text, f"Danke.\r\n>   {OLD}\r\n") == Parts(text)


def test_an_empty_answer_of_the_server_folds_nothing_away() -> None:
    assert parts(OLD, "") == Parts(OLD)


def test_a_new_part_spread_over_the_text_keeps_the_whole_text_at_hand() -> None:
    text = f"> {OLD}\nMorgen."
    assert parts(text, "Morgen.") == Parts("Morgen.", text)


@given(st.text(alphabet=">-_ \n\r\tVon:GesendetAm schrieb", max_size=200))
@settings(deadline=None)
def test_nothing_is_ever_lost(text: str) -> None:
    found = parts(text)
    kept = "".join((found.new + found.quoted).split())
    assert kept == "".join(text.split())


@pytest.mark.parametrize("unit", ["> a\n", "Am x\n", "Von:\n", "\n", "_", "-- \n", ">"])
def test_a_megabyte_is_read_in_no_time(unit: str) -> None:
    import time

    text = unit * (1_000_000 // len(unit)) + "b"
    begin = time.perf_counter()
    parts(text)
    assert time.perf_counter() - begin < 3
