"""What the simulated Exchange makes of MIME: own small mails, hostile mails, bombs."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from exchange_sandbox.html_text import text_of_html
from exchange_sandbox.mail_addresses import Address, read_addresses
from exchange_sandbox.mime_headers import decode_words, parameters, read_date
from exchange_sandbox.mime_items import ParsedMail, parse_mail
from exchange_sandbox.new_text import new_text
from tests.mail_bombs import FAMILIES, SIZES

TIME_LIMIT = 2.0
MEMORY_LIMIT = 256 << 10  # kilobytes


def mail(*fields: str, body: str = "Guten Tag\r\n") -> bytes:
    return "\r\n".join((*fields, "", body)).encode("utf-8", "surrogateescape")


def multipart(kind: str, *parts: str, fields: tuple[str, ...] = ()) -> bytes:
    body = "".join(f"--grenze\r\n{part}\r\n" for part in parts) + "--grenze--\r\n"
    return mail(*fields, f'Content-Type: {kind}; boundary="grenze"', body=body)


# --- headers ---------------------------------------------------------------------


def test_an_ordinary_mail_shows_its_fields() -> None:
    parsed = parse_mail(
        mail(
            "From: =?utf-8?q?J=C3=BCrg?= Keller <keller@werft.example>",
            'To: "Muster, Hans" <hans@kunde.example>, info@kunde.example (Empfang)',
            "Subject: AW: Offerte",
            "Date: Tue, 10 Nov 2026 09:15:00 +0100",
            "Message-ID: <a@werft.example>",
            "In-Reply-To: <b@kunde.example>",
            "References: <c@kunde.example>\r\n <b@kunde.example>",
            "Importance: high",
            "Keywords: Offerte, Motorboot",
        )
    )
    assert parsed.from_ == Address("Jürg Keller", "keller@werft.example")
    assert parsed.to == (
        Address("Muster, Hans", "hans@kunde.example"),
        Address("Empfang", "info@kunde.example"),
    )
    assert (parsed.subject, parsed.importance) == ("AW: Offerte", "High")
    assert parsed.date_sent == datetime(2026, 11, 10, 8, 15, tzinfo=UTC)
    assert parsed.message_id == "<a@werft.example>"
    assert parsed.references == "<c@kunde.example> <b@kunde.example>"
    assert parsed.categories == ("Offerte", "Motorboot")
    assert (parsed.text, parsed.html) == ("Guten Tag\r\n", None)
    assert parsed.item_class == "IPM.Note"


def test_what_the_mail_does_not_state_is_none() -> None:
    parsed = parse_mail(b"\r\nnur Text")
    assert (parsed.message_id, parsed.in_reply_to, parsed.references) == (None,) * 3
    assert (parsed.from_, parsed.sender, parsed.date_sent) == (None, None, None)
    assert (parsed.thread_index, parsed.thread_topic) == (None, None)
    assert parsed.text == "nur Text"


@pytest.mark.parametrize(
    ("fields", "shown", "lines"),
    [
        (("From: a@x.example, b@y.example",), "a@x.example", 1),
        (("From: Kunden: a@x.example, b@y.example;",), "a@x.example", 1),
        (("From: a@x.example", "From: b@y.example"), "a@x.example", 2),
        (("From: ",), None, 1),
    ],
)
def test_of_several_senders_the_first_is_shown_and_the_headers_tell_all(
    fields: tuple[str, ...], shown: str | None, lines: int
) -> None:
    parsed = parse_mail(mail(*fields))
    assert (parsed.from_.email if parsed.from_ else None) == shown
    raw = [f"{n}: {v}".strip() for n, v in parsed.headers if n == "From"]
    assert raw == [f.strip() for f in fields]
    assert len(raw) == lines


def test_an_address_inside_a_display_name_is_not_the_address() -> None:
    found = read_addresses('"hans@kunde.example" <eve@fremd.example>')
    assert found == (Address("hans@kunde.example", "eve@fremd.example"),)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("<a@x.example>", [(None, "a@x.example")]),
        ("Hans Muster a@x.example", [("Hans Muster", "a@x.example")]),
        ('"Hans \\"H\\" Muster" <a@x.example>', [('Hans "H" Muster', "a@x.example")]),
        ('"Hans <a@x.example>', [("Hans", "a@x.example")]),
        ("Hans <a@x.example", [("Hans", "a@x.example")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example:a@x.example>", [(None, "a@x.example")]),
        ("a@x.example (eins (zwei) drei), b@y.example",
         [("eins (zwei) drei", "a@x.example"), (None, "b@y.example")]),
        ("a@x.example (nie zu Ende", [("nie zu Ende", "a@x.example")]),
        ("=?utf-8?b?R3LDtnNz?= <a@x.example>", [("Gröss", "a@x.example")]),
        ("nur ein Name", [("nur ein Name", None)]),
        ("Hans\r\n Bcc: boese@x.example <a@x.example>",
         [("boese@x.example", "a@x.example")]),
    ],
)  # fmt: skip
def test_addresses_are_read_leniently(
    field: str, expected: list[tuple[str | None, str | None]]
) -> None:
    assert [(a.name, a.email) for a in read_addresses(field)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?Gr=C3?= =?utf-8?q?=B6sse?=", "Grösse"),
        ("=?iso-8859-1?Q?Pers=F6nlich?= Arzt", "Persönlich Arzt"),
        ("=?utf-8?b?R3LDtnNz?nicht zu Ende", "=?utf-8?b?R3LDtnNz?nicht zu Ende"),
        ("=?utf-8*de?q?Gr=C3=BCezi?=", "Grüezi"),
        ("=?unbekannt?q?a=FFb?=", "a�b"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("kein Wort = ?", "kein Wort = ?"),
    ],
)
def test_encoded_words_are_decoded_and_broken_ones_stay(
    text: str, expected: str
) -> None:
    assert decode_words(text) == expected


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=plan.pdf", "plan.pdf"),
        ('attachment; filename="a;b.pdf"', "a;b.pdf"),
        ("attachment; filename*=utf-8''Gr%C3%B6sse.pdf", "Grösse.pdf"),
        ("attachment; filename*0=Off; filename*1=erte.pdf", "Offerte.pdf"),
        ("attachment; filename*1*=%BCrich.pdf; filename*0*=utf-8''Z%C3", "Zürich.pdf"),
        ('attachment; filename="=?utf-8?b?R3LDtnNz?="', "Gröss"),
        ("attachment;;;; filename=x;;", "x"),
        ('attachment; filename="nie zu Ende', "nie zu Ende"),
    ],
)
def test_parameters_follow_rfc_2231_and_common_mistakes(value: str, name: str) -> None:
    kind, values = parameters(value)
    assert (kind, values["filename"]) == ("attachment", name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 25 Oct 2026 02:30:00 +0200", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 02:30:00 +0100", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("10 Nov 2026 09:15 GMT", datetime(2026, 11, 10, 9, 15, tzinfo=UTC)),
        ("Tue, 10 Nov 26 09:15:00 EST", datetime(2026, 11, 10, 14, 15, tzinfo=UTC)),
        ("Di, 10 Nov 2026 09:15:00 MEZ", None),
        ("Tue, 31 Feb 2026 09:15:00 +0100", None),
        ("Tue, 10 Nov 2026 09:15:00 +9999", None),
        ("Mon, 01 Jan 0000 00:00:00 +0000", datetime(2000, 1, 1, tzinfo=UTC)),
        ("gestern", None),
        (None, None),
    ],
)
def test_dates_are_instants_or_unreadable(
    text: str | None, expected: datetime | None
) -> None:
    assert read_date(text) == expected


def test_a_thread_index_that_is_not_base64_is_none() -> None:
    good = parse_mail(mail("Thread-Index: AQHcXAuaEBES\r\n ExQVFhcYGRobHB0eHw=="))
    assert good.thread_index is not None
    assert good.thread_index.hex().endswith("101112131415161718191a1b1c1d1e1f")
    assert parse_mail(mail("Thread-Index: AdxcC5!!")).thread_index is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Personal", "Personal"), ("private", "Private"), ("x", "Normal"),
     ("Company-Confidential", "Confidential")],
)  # fmt: skip
def test_sensitivity_has_four_values(value: str, expected: str) -> None:
    assert parse_mail(mail(f"Sensitivity: {value}")).sensitivity == expected


# --- body and attachments --------------------------------------------------------


def test_an_alternative_gives_text_and_html_and_the_rest_are_attachments() -> None:
    alternative = (
        "Content-Type: multipart/alternative; boundary=innen\r\n\r\n"
        "--innen\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüezi\r\n"
        "--innen\r\nContent-Type: text/html\r\n\r\n<p>Grüezi</p>\r\n--innen--"
    )
    pdf = (
        "Content-Type: application/pdf; name=plan.pdf\r\n"
        "Content-Disposition: attachment\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0="
    )
    note = "Content-Type: text/plain\r\n\r\nNachtrag"
    parsed = parse_mail(multipart("multipart/mixed", alternative, pdf, note))
    assert (parsed.text, parsed.html) == ("Grüezi", "<p>Grüezi</p>")
    assert [(a.name, a.content) for a in parsed.attachments] == [
        ("plan.pdf", b"%PDF-"),
        ("ATT00002.txt", b"Nachtrag"),
    ]


def test_a_picture_of_the_html_is_inline() -> None:
    html = "Content-Type: text/html\r\n\r\n<img src=cid:logo@x>"
    png = (
        "Content-Type: image/png\r\nContent-ID: <logo@x>\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw=="
    )
    (picture,) = parse_mail(multipart("multipart/related", html, png)).attachments
    assert (picture.is_inline, picture.content_id) == (True, "logo@x")


def test_an_attached_message_keeps_its_raw_mime_and_is_not_opened() -> None:
    inner = "Subject: Alte =?utf-8?q?Gr=C3=B6sse?=\r\n\r\nInnen"
    text = "Content-Type: text/plain\r\n\r\nAussen"
    raw = multipart(
        "multipart/mixed", text, f"Content-Type: message/rfc822\r\n\r\n{inner}"
    )
    parsed = parse_mail(raw)
    (attached,) = parsed.attachments
    assert attached.item == inner.encode()
    assert (parsed.text, attached.name) == ("Aussen", "Alte Grösse")


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        ("us-ascii", b"Gr\xfcsse", "Grüsse"),
        ("iso-8859-1", "Grüsse €".encode(), "Grüsse €"),
        ("iso-8859-1", b"Gr\xfcsse \x80", "Grüsse €"),
        ("x-unbekannt", b"Gr\xfcsse", "Gr�sse"),
        ("utf-7", b"Gr+APw-sse", "Grüsse"),
        ("gb2312", "你好".encode("gb18030"), "你好"),
        ("unicode_escape", b"\\u0041", "\\u0041"),
        ("punycode", b"a-b", "a-b"),
        ("utf-8", b"\xef\xbb\xbfa\x00b\x1bc", "a�b�c"),
        ("utf-16le", b"\x00\xd8a\x00", "�a"),
    ],
)
def test_charsets_are_read_as_meant_and_give_xml_safe_text(
    charset: str, data: bytes, expected: str
) -> None:
    raw = mail(f"Content-Type: text/plain; charset={charset}", body="") + data
    assert parse_mail(raw).text == expected


def test_broken_base64_keeps_what_was_decoded() -> None:
    fields = (
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    )
    parsed = parse_mail(mail(*fields, body="R3LDvHNzZQ0K!!!kaputt====="))
    assert parsed.text.startswith("Grüsse\r\n")


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("multipart/report; report-type=delivery-status",
         ("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n"
         "Action: failed"), "REPORT.IPM.Note.NDR"),
        ("multipart/report; report-type=delivery-status",
         "Content-Type: message/delivery-status\r\n\r\nAction: delayed",
         "REPORT.IPM.Note.Delayed.DR"),
        ("multipart/report; report-type=disposition-notification",
         ("Content-Type: message/disposition-notification\r\n\r\n"
         "Disposition: manual-action/MDN-sent-manually; displayed"),
         "REPORT.IPM.Note.IPNRN"),
        ('multipart/signed; protocol="application/pkcs7-signature"',
         "Content-Type: text/plain\r\n\r\nx", "IPM.Note.SMIME.MultipartSigned"),
        ("multipart/mixed", "Content-Type: text/calendar; method=REQUEST\r\n\r\nx",
         "IPM.Schedule.Meeting.Request"),
        ("multipart/mixed", ("Content-Type: text/calendar; method=REPLY\r\n\r\n"
         "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x.example"),
         "IPM.Schedule.Meeting.Resp.Neg"),
        ("multipart/mixed", "Content-Type: text/plain\r\n\r\nx", "IPM.Note"),
    ],
)  # fmt: skip
def test_the_item_class_follows_the_content(
    kind: str, part: str, expected: str
) -> None:
    assert parse_mail(multipart(kind, part)).item_class == expected


def test_only_exchanges_own_mark_makes_an_out_of_office_class() -> None:
    automatic = "Auto-Submitted: auto-replied"
    mark = "X-MS-Exchange-Inbox-Rules-Loop: a@x.example"
    assert parse_mail(mail(automatic)).item_class == "IPM.Note"
    marked = parse_mail(mail(automatic, mark)).item_class
    assert marked == "IPM.Note.Rules.OofTemplate.Microsoft"


# --- derived text ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Eins</p><p>Zwei<br>Drei</p>", "Eins\n\nZwei\nDrei"),
        ("<style>p{}</style><script>x()</script><title>t</title>Gr&uuml;ezi", "Grüezi"),
        ('<a href="https://x.example/?a=1&amp;b">hier</a>',
         "hier<https://x.example/?a=1&b>"),
        ("<ul><li>a<li>b</ul>", "* a\n  * b"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1\t2\n3"),
        ("a <!-- weg --> b < c", "a b < c"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("nie <b zu Ende", "nie"),
        ("&#99999999999999999999;x", "�x"),
        ('<p title="a > b">Text</p>', "Text"),
    ],
)  # fmt: skip
def test_html_becomes_readable_text(html: str, expected: str) -> None:
    assert text_of_html(html).strip() == expected


@pytest.mark.parametrize(
    "quotation",
    [
        "-----Ursprüngliche Nachricht-----\nVon: Verkauf\n\n#offerte",
        "Von: Verkauf\nGesendet: Dienstag\nAn: Hans\n\n#offerte",
        "From: Sales\nSent: Tuesday\n\n#offerte",
        "Am 3. November 2026 schrieb Verkauf <v@werft.example>:\n> #offerte",
        "On Tue, 3 Nov 2026 at 09:00, Verkauf\n<v@werft.example> wrote:\n\n> #offerte",
        "> #offerte",
        "________________________________\nVon: Verkauf\n\n#offerte",
    ],
)
def test_the_unique_text_leaves_the_quotation_out(quotation: str) -> None:
    assert new_text(f"Danke!\r\n\r\n{quotation}") == "Danke!"


def test_the_unique_text_keeps_sentences_that_only_look_like_a_head() -> None:
    text = "Am Montag komme ich.\r\nVon: hier an aufwärts\r\nGruss"
    assert new_text(text) == text


# --- never raises, bounded -------------------------------------------------------


def _xml_safe(parsed: ParsedMail) -> bool:
    parties = (parsed.from_, parsed.sender, *parsed.to, *parsed.cc, *parsed.reply_to)
    texts = [
        *(parsed.subject, parsed.text, parsed.html, parsed.unique_text),
        *(parsed.message_id, parsed.references, parsed.in_reply_to),
        *(value for field in parsed.headers for value in field),
        *(value for p in parties if p for value in (p.name, p.email)),
        *(a.name for a in parsed.attachments),
        *(a.content_id for a in parsed.attachments),
    ]
    element = etree.Element("t")
    for text in texts:
        element.text = text  # lxml refuses what XML 1.0 does not allow
    return True


def test_every_nasty_mail_is_read(shared: Path) -> None:
    files = sorted((shared / "corpora" / "nasty").glob("*.eml"))
    seconds = []
    for file in files:
        raw = file.read_bytes()
        began = time.process_time()
        parsed = parse_mail(raw)
        seconds.append(time.process_time() - began)
        assert _xml_safe(parsed)
        assert parsed.size == len(raw)
    assert len(files) >= 1_121
    assert max(seconds) < TIME_LIMIT
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"\n{len(files)} nasty mails read, CPU per mail: mean "
        f"{1000 * sum(seconds) / len(seconds):.2f} ms, worst "
        f"{1000 * max(seconds):.1f} ms; peak of the test process {peak} MB"
    )


READ_ONE = """
import sys, time
from exchange_sandbox.mime_items import parse_mail
raw = sys.stdin.buffer.read()
began = time.process_time()
parse_mail(raw)
spent = time.process_time() - began
peak = open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]
print(spent, peak)
"""


def _measure(raw: bytes) -> tuple[float, int]:
    """CPU seconds and peak kilobytes of reading one mail, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ONE],
        input=raw,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    seconds, peak = done.stdout.split()
    return float(seconds), int(peak)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_bombs_cost_bounded_time_and_memory(
    family: Callable[[int], bytes], whole_corpus: bool
) -> None:
    for size in SIZES if whole_corpus else (SIZES[1], SIZES[-1]):
        seconds, peak = _measure(family(size))
        print(f"{family.__name__} {size >> 10} KB: {seconds:.2f} s, {peak >> 10} MB")
        assert seconds < TIME_LIMIT
        assert peak < MEMORY_LIMIT


def test_a_hundred_thousand_addresses_are_read_in_time() -> None:
    field = ", ".join(f"k{n}@kunde.example" for n in range(100_000))
    began = time.process_time()
    parsed = parse_mail(mail(f"To: {field}"))
    assert time.process_time() - began < TIME_LIMIT
    assert len(parsed.to) == 100_000


HOSTILE: dict[str, bytes] = {
    "unclosed quotes": b"From: " + b'\\"' * 500_000,
    "one open quote": b'From: "' + b'\\"' * 500_000,
    "angles": b"From: " + b"<" * 500_000,
    "encoded word heads": b"Subject: " + b"=?a?q?" * 100_000,
    "tags with open quotes": b"Content-Type: text/html\n\n" + b'<a ">"' * 300_000,
    "two kinds of open quote": b"Content-Type: text/html\n\n"
    + b'<a \'>"<b ">' * 99_999,
    "comments": b"Content-Type: text/html\n\n" + b"<!--" * 500_000,
    "scripts": b"Content-Type: text/html\n\n" + b"<script>" * 200_000,
    "numeric reference": b"Content-Type: text/html\n\n&#" + b"9" * 1_000_000,
    "NUL": b"A: b\n\n" + b"\0" * 2_000_000,
    "quotation heads": b"A: b\n\n" + (b"On " + b"wrote " * 100 + b"\n") * 3_000,
    "wrong bytes": b"Content-Type: text/plain; charset=utf-7\n\n" + b"+\xff" * 500_000,
    "CR only": b"A: b\r\r" + b"x\r" * 500_000,
    "nothing": b"",
    "a colon": b":",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_details_cost_linear_time(name: str) -> None:
    began = time.process_time()
    parsed = parse_mail(HOSTILE[name])
    assert time.process_time() - began < TIME_LIMIT
    assert _xml_safe(parsed)


def test_red_control_the_stdlib_parser_exceeds_the_limit_on_a_small_bomb() -> None:
    """The bombs are real: 40 KB of semicolons stop the modern stdlib parser."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (3, 3))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        from email import message_from_bytes, policy

        raw = b"Content-Type: text/plain" + b";" * 40_000 + b"\r\n\r\nx"
        message_from_bytes(raw, policy=policy.default).get_content_type()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the stdlib parser got through: bomb too weak"
