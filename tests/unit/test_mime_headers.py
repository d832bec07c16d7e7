"""Header fields of raw mail: ids, dates, words, parameters, addresses, charsets."""

import time
from datetime import UTC, datetime

import pytest

from mailsync.mime.headers import (
    base64_field,
    capped,
    instant,
    own_id,
    parameters,
    shown,
    thread_ids,
)
from mailsync.mime.parties import read_parties
from mailsync.mime.texts import (
    html_depth,
    text_of,
    text_of_html,
    unpacked,
    words_of_html,
)

WINDOW = 64 << 10


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" <a@kunde.example>", "a@kunde.example"),
        (" <A@Kunde.example> (Kommentar)", "A@Kunde.example"),
        (" ohne-klammern@kunde.example ", "ohne-klammern@kunde.example"),
        (" <with\r\n space@kunde.example>", "with space@kunde.example"),
        (" <>", None),
        ("  ", None),
        (" <" + "x" * 3_000 + ">", None),
    ],
)
def test_a_message_id_is_taken_whole_or_not_at_all(
    raw: str, expected: str | None
) -> None:
    assert own_id(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<a@x.example> <b@x.example>", ["a@x.example", "b@x.example"]),
        ("<a@x.example>\r\n\t<b@x.example>", ["a@x.example", "b@x.example"]),
        ("<a@x.example><b@x.example>", ["a@x.example", "b@x.example"]),
        ('Message from V of "Tue, 3 Nov" <p1@werft.example>', ["p1@werft.example"]),
        ("Ihre Nachricht vom 3. November 2026", []),
        ("Ihre Nachricht an hans@kunde.example", []),
        ("lone@x.example", ["lone@x.example"]),
        ("<with space@x.example> <b@x.example>", ["b@x.example"]),
        ("<a@x.example", []),
        ("", []),
    ],
)
def test_thread_ids_are_whole_ids_only(raw: str, expected: list[str]) -> None:
    assert thread_ids(raw, WINDOW) == expected


def test_of_many_references_the_first_and_the_newest_are_kept() -> None:
    ids = [f"r{n}@x.example" for n in range(20_000)]
    raw = " ".join(f"<{one}>" for one in ids)
    kept = capped(thread_ids(raw, WINDOW), 998)
    assert len(kept) == 998
    assert (kept[0], kept[-1]) == (ids[0], ids[-1])
    assert kept[1:] == tuple(ids[-997:])


def test_a_cut_never_makes_an_id_out_of_two_halves() -> None:
    raw = "<" + "a" * 40 + "@x.example> " + "<" + "b" * 40 + "@x.example>"
    for window in range(2, len(raw) + 2):
        found = thread_ids(raw, window)
        assert set(found) <= {"a" * 40 + "@x.example", "b" * 40 + "@x.example"}


def test_ids_that_differ_by_case_are_two_ids() -> None:
    assert capped(["a@x.example", "A@x.example", "a@x.example"], 998) == (
        "a@x.example",
        "A@x.example",
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Tue, 10 Nov 2026 09:15:00 +0100", datetime(2026, 11, 10, 8, 15, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 02:30:00 +0200", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 02:30:00 +0100", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("10 Nov 2026 09:15 GMT", datetime(2026, 11, 10, 9, 15, tzinfo=UTC)),
        ("Di, 10 Nov 2026 09:15:00 MEZ", None),
        ("Tue, 10 Nov 2026 09:15:00", None),
        ("Tue, 31 Feb 2026 09:15:00 +0100", None),
        ("Tue, 10 Nov 2026 09:15:00 +9999", None),
        ("(" * 5_000, None),
        ("", None),
    ],
)
def test_a_date_is_an_instant_or_unreadable(
    raw: str, expected: datetime | None
) -> None:
    assert instant(raw) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?Gr=C3?= =?utf-8?q?=B6sse?=", "Grösse"),
        ("=?iso-8859-1?q?Pers=F6nlich?= Arzt", "Persönlich Arzt"),
        ("Re: =?utf-8?B?R3LDtsOfZQ==?= =?utf-8?Q?_2?=", "Re: Größe 2"),
        ("=?utf-8?b?R3LDtnNz?nicht zu Ende", "=?utf-8?b?R3LDtnNz?nicht zu Ende"),
        ("=?utf-8?q?50%25=3F_ja?=", "50%25? ja"),
        ("=?utf-8?q?a=0D=0Ab?=", "a b"),
        ("=?utf-8?q?=5BCRM-7=5D?= [CRM-8]", "[CRM-7] [CRM-8]"),
        ("a =?= b", "a =?= b"),
    ],
)
def test_encoded_words_are_shown_and_broken_ones_stay(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("attachment; filename=plan.pdf", "plan.pdf"),
        ('attachment; filename="a;b.pdf"', "a;b.pdf"),
        ('attachment; filename="C:\\temp\\plan.pdf"', "C:\\temp\\plan.pdf"),
        ('attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
        ("attachment; filename*=utf-8''Gr%C3%B6sse.pdf", "Grösse.pdf"),
        ("attachment; filename*1=erte.pdf; filename*0=Off", "Offerte.pdf"),
        ("attachment; filename*0*=utf-8''Z%C3; filename*1*=%BCrich", "Zürich"),
        ("attachment; filename*" + "9" * 3_000 + "=x; filename=y", "y"),
        ('attachment; filename="nie zu Ende', "nie zu Ende"),
    ],
)
def test_parameters_follow_rfc_2231_and_common_mistakes(raw: str, name: str) -> None:
    main, values = parameters(raw)
    assert (main, values["filename"]) == ("attachment", name)


def test_a_field_that_is_not_base64_has_no_bytes() -> None:
    assert base64_field("AQHc\r\n XAua") == bytes.fromhex("0101dc5c0b9a")
    assert base64_field("AdxcC5oAEBES!!nicht-base64") is None
    assert base64_field("AQH") is None
    assert base64_field("") is None


# --- addresses -------------------------------------------------------------------


def _read(value: str) -> list[tuple[str, str | None]]:
    return [(p.name, p.address) for p in read_parties(value, 100).found]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hans Muster <hans@kunde.example>", [("Hans Muster", "hans@kunde.example")]),
        ("hans@kunde.example", [("", "hans@kunde.example")]),
        ("hans@kunde.example (Hans)", [("Hans", "hans@kunde.example")]),
        ('"Muster, Hans" <h@k.example>', [("Muster, Hans", "h@k.example")]),
        ('"boss@firma.example" <eve@fremd.example>',
         [("boss@firma.example", "eve@fremd.example")]),
        ("boss@firma.example <eve@fremd.example>",
         [("boss@firma.example", "eve@fremd.example")]),
        ('"boss@firma.example"', [("boss@firma.example", None)]),
        ("(boss@firma.example) eve@fremd.example",
         [("boss@firma.example", "eve@fremd.example")]),
        ("alice@x.example)bob@y.example", [("", None)]),
        ("alice@x.example(<bob@y.example>)", [("<bob@y.example>", "alice@x.example")]),
        ("<a@x.example> <b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("<a@b@x.example>", [("", None)]),
        ("<a b@x.example>", [("", None)]),
        ("<@relay.example:a@x.example>", [("", "a@x.example")]),
        ('"hans muster"@kunde.example', [("", None)]),
        ('"hans.muster"@kunde.example', [("", '"hans.muster"@kunde.example')]),
        ("=?utf-8?q?J=C3=BCrg?= <j@k.example>", [("Jürg", "j@k.example")]),
        ("=?utf-8?q?a=40b=2Eexample?= <j@k.example>", [("a@b.example", "j@k.example")]),
        ("hans@kundé.example", [("", "hans@kundé.example")]),
        ("<hans@kunde.example", [("", "hans@kunde.example")]),
        ("", []),
        (",,;", []),
    ],
)  # fmt: skip
def test_addresses_are_read_strictly(
    value: str, expected: list[tuple[str, str | None]]
) -> None:
    assert _read(value) == expected


def test_group_syntax_is_told() -> None:
    parties = read_parties("Kunden: a@x.example, b@x.example;", 100)
    assert parties.group
    assert [p.address for p in parties.found] == ["a@x.example", "b@x.example"]
    assert not read_parties("a@x.example", 100).group


@pytest.mark.parametrize("piece", ["(", '"', '\\"', "<", ":", "a ", "@ ", "()", "a,"])
def test_hostile_address_fields_cost_linear_time(piece: str) -> None:
    value = piece * (WINDOW // len(piece))
    began = time.process_time()
    read_parties(value, 2_000)
    read_parties('"' + value, 2_000)
    assert time.process_time() - began < 1


# --- bodies ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        (b"Gr\xfcsse", "us-ascii", "Grüsse"),
        ("Grüsse".encode(), "iso-8859-1", "Grüsse"),
        (b"Gr\xfcsse \x80", "ISO-8859-1", "Grüsse €"),
        (b"Gr\xfcsse", "utf-8", "Grüsse"),
        ("ü".encode() + b"\xff", "utf-8", "ü\ufffd"),
        (b"\xff\xfeGr\xfcsse", "x-unbekannt", "\ufffd\ufffdGr\ufffdsse"),
        (b"Gr+APw-sse", "utf-7", "Grüsse"),
        ("Grüsse".encode("utf-16"), "utf-16", "Grüsse"),
        (b"a\x00b\r\nc\rd", "utf-8", "a\ufffdb\nc\nd"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
    ],
)
def test_text_is_read_as_meant(data: bytes, charset: str, expected: str) -> None:
    assert text_of(data, charset) == expected


def test_transfer_encodings_are_undone_leniently() -> None:
    assert (
        unpacked(b"R3LDvHNzZQ0K!!!kaputt=====", "base64")[:8]
        == "Grüsse".encode() + b"\r"
    )
    assert unpacked(b"R3LDvA", "BASE64") == "Grü".encode()
    assert unpacked(b"Gr=C3=BC=\r\nezi", "quoted-printable") == "Grüezi".encode()
    assert unpacked(b"Gr=\rezi", "quoted-printable") == b"Grezi"
    assert unpacked(b"begin 644 x\n#06)C\n`\nend\n", "x-uuencode") == b"Abc"
    assert unpacked(b"wie es ist", "unbekannt") == b"wie es ist"


def test_html_becomes_text_without_scripts_and_styles() -> None:
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>Gr&uuml;ezi"
        "<script>x()</script></p><!-- weg --><ul><li>a</li><li>b</li></ul>"
        '<a href="https://x.example/">hier</a><a href="javascript:x()">da</a></body>'
    )
    text = "Grüezi\n\n* a\n\n* b\n\nhier <https://x.example/>da"
    assert text_of_html(html) == text
    assert text_of_html("") == ""
    assert (
        words_of_html("<b>a</b>&amp;<br>b &#99999999999; ")
        == "a &amp; b".replace("&amp;", "&") + " &#99999999999;"
    )


def test_html_depth_counts_only_what_nests() -> None:
    assert html_depth("<p>" * 500 + "<br>" * 500 + "<td>" * 500) == 0
    assert html_depth("<div>" * 300) == 300
    assert html_depth("<div></div>" * 300) == 1
    assert html_depth("</div>" * 10 + "<div>") == 1
