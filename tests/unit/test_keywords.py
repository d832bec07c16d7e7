"""Subjects: prefixes, tokens, keywords and what is not one."""

import time

import pytest

from crm_core.linking.keywords import parse, without_marks, without_prefixes


@pytest.mark.parametrize(
    "subject",
    [
        "Offerte [CRM-1042]",
        "AW: Offerte [CRM-1042]",
        "WG: [CRM-1042] Offerte",
        "RE[2]: AW: [crm-1042]",
        "Fwd: FW: Antw: [CRM-1042]",
        "[EXT] AW: [CRM-1042] Motor",
    ],
)
def test_a_token_in_brackets_is_read_behind_any_prefix(subject: str) -> None:
    assert parse(subject).tokens == (1042,)


@pytest.mark.parametrize(
    "subject",
    [
        "CRM-1042", "#1042x CRM 1042", "[CRM-10\u200b42]", "[СRM-1042]", "[CRM 1042]",
        "[CRM-]", "[XCRM-1042]", "[CRM-1042", "Ihr Schreiben «[CRM-1042]»",
        'zu "[CRM-1042]"', "„[CRM-1042]“ gesehen",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_token_is_none(subject: str) -> None:
    assert parse(subject).tokens == ()


def test_a_token_in_quotation_marks_is_reported_as_quoted() -> None:
    assert parse("Ihr Schreiben «[CRM-1042]»").quoted_tokens == (1042,)


def test_a_number_without_brackets_is_bare() -> None:
    assert parse("wegen CRM-1042 und [CRM-7]").bare == (1042,)


def test_two_different_tokens_are_both_seen_once() -> None:
    assert parse("[CRM-1042] [CRM-7] [CRM-1042]").tokens == (1042, 7)


@pytest.mark.parametrize(
    ("subject", "keywords"),
    [
        ("#offerte Motorboot", ("offerte",)),
        ("AW: Motorboot #Offerte", ("offerte",)),
        ("#Überholung", ("überholung",)),
        ("#U\u0308berholung", ("überholung",)),
        ("C# und a#offerte und ##offerte", ()),
        ("«#offerte» schrieb er", ()),
        ("https://x.example/#offerte", ()),
        ("#offerte #motor #offerte", ("offerte", "motor")),
    ],
)
def test_keywords_are_whole_words_behind_a_hash(
    subject: str, keywords: tuple[str, ...]
) -> None:
    assert parse(subject).keywords == keywords


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("AW: WG: RE[2]: [EXT] Offerte Motorboot", "Offerte Motorboot"),
        ("AG: Offerte", "AG: Offerte"),
        ("Re : Boot", "Boot"),
        ("Antwort", "Antwort"),
        ("", ""),
    ],
)
def test_the_prefix_list_is_closed(subject: str, topic: str) -> None:
    assert without_prefixes(subject)[0] == topic


def test_the_title_of_a_new_entry_has_no_marks() -> None:
    assert (
        without_marks("#offerte Motorboot [CRM-7] für Huber") == "Motorboot für Huber"
    )


@pytest.mark.parametrize("piece", ["RE: ", "#", "[CRM-", "«", "„", '"', "-#a"])
def test_a_hundred_kilobytes_of_nonsense_cost_no_time(piece: str) -> None:
    started = time.process_time()
    parse(piece * (100_000 // len(piece)))
    assert time.process_time() - started < 0.05
