"""Raw mail → `MimeMail`: body, attachments, trust headers, caps. In this process."""

import hashlib
from collections.abc import Callable

import pytest

from mailsync.errors import Unprocessable
from mailsync.mime import Limits, MimeMail
from mailsync.mime.head_repair import repaired
from mailsync.mime.reading import read_mail

LIMITS = Limits()


def mail(*fields: str, body: str = "Guten Tag\r\n") -> bytes:
    return "\r\n".join((*fields, "", body)).encode()


def multipart(kind: str, *parts: str) -> bytes:
    body = "".join(f"--grenze\r\n{part}\r\n" for part in parts) + "--grenze--\r\n"
    return mail(f'Content-Type: {kind}; boundary="grenze"', body=body)


def read(raw: bytes, limits: Limits = LIMITS) -> MimeMail:
    return read_mail([raw], limits)


def test_the_fields_for_threading_and_trust_come_in_order() -> None:
    found = read(
        mail(
            "Return-Path: <>",
            "Authentication-Results: mx.werft.example; dmarc=fail",
            "Authentication-Results: mx.werft.example;\r\n dmarc=pass",
            "Auto-Submitted: auto-replied",
            "X-Autoreply: yes",
            "List-Id: Freunde <l.example>",
            "X-MS-Exchange-Organization-AuthAs: Anonymous",
            "Thread-Index: AQHcXAua",
            "Thread-Topic: Offerte",
            "Sensitivity: Company-Confidential",
            "Keywords: Privat, =?utf-8?q?Gr=C3=BCn?=, ",
            "Message-ID: <a@x.example>",
            "Message-ID: <zweite@x.example>",
            "References: <1@x.example> <2@x.example>",
        )
    )
    assert found.authentication_results == (
        "mx.werft.example; dmarc=fail",
        "mx.werft.example; dmarc=pass",
    )
    assert (found.return_path, found.auto_submitted) == ("<>", "auto-replied")
    assert (found.x_autoreply, found.list_id) == ("yes", "Freunde <l.example>")
    assert found.authenticated_as == "Anonymous"
    assert (found.thread_index, found.thread_topic) == (
        b"\1\1\xdc\\\x0b\x9a",
        "Offerte",
    )
    assert found.sensitivity == "Confidential"
    assert found.keywords == ("Privat", "Grün")
    assert found.message_id == "a@x.example"
    assert found.references == ("1@x.example", "2@x.example")


@pytest.mark.parametrize(
    ("fields", "sole", "count"),
    [
        (("From: H <a@x.example>", "Sender: l@x.example"), "a@x.example", 1),
        (("From: a@x.example, b@x.example",), None, 2),
        (("From: a@x.example", "From: b@x.example"), None, 2),
        (("From: a@x.example", "From: a@x.example"), None, 2),
        (("From: Kunden: a@x.example;",), None, 1),
        (("From: Hans",), None, 1),
        (("From: ",), None, 0),
        ((), None, 0),
    ],
)
def test_only_one_mailbox_in_one_from_field_is_a_sole_sender(
    fields: tuple[str, ...], sole: str | None, count: int
) -> None:
    found = read(mail(*fields))
    assert (found.sole_sender.address if found.sole_sender else None) == sole
    assert len(found.from_addresses) == count


def test_text_html_and_attachments_are_told_apart() -> None:
    alternative = (
        "Content-Type: multipart/alternative; boundary=innen\r\n\r\n"
        "--innen\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüezi\r\n"
        "--innen\r\nContent-Type: multipart/related; boundary=tief\r\n\r\n"
        "--tief\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Grüezi</p>\r\n"
        "--tief\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n\r\nPNG\r\n"
        "--tief--\r\n--innen--"
    )
    pdf = (
        "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
        ' filename="../Plan.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0='
    )
    note = "Content-Type: text/plain\r\n\r\nNachtrag"
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: Innen\r\n\r\nx"
    found = read(multipart("multipart/mixed", alternative, pdf, note, inner))
    assert (found.text, found.html) == ("Grüezi", "<p>Grüezi</p>")
    assert [
        (a.name, a.content_type, a.inline, a.content) for a in found.attachments
    ] == [
        ("attachment-1.png", "image/png", True, b"PNG"),
        ("Plan.pdf", "application/pdf", False, b"%PDF-"),
        ("attachment-3.txt", "text/plain", False, b"Nachtrag"),
        ("attachment-4.eml", "message/rfc822", False, b"Subject: Innen\r\n\r\nx"),
    ]
    assert found.attachments[0].content_id == "logo@x"
    assert found.attachments[1].sha256 == hashlib.sha256(b"%PDF-").hexdigest()


def test_a_mail_of_html_alone_has_text_too() -> None:
    found = read(mail("Content-Type: text/html", body="<p>Gr&uuml;ezi</p>"))
    assert (found.text, found.html) == ("Grüezi", "<p>Gr&uuml;ezi</p>")


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("multipart/report; report-type=Delivery-Status", "\r\nx", "delivery-status"),
        ("multipart/report", "Content-Type: message/disposition-notification\r\n\r\nx",
         "disposition-notification"),
        ("multipart/mixed", "Content-Type: message/delivery-status\r\n\r\nx", None),
    ],
)  # fmt: skip
def test_the_type_of_a_report_is_told(
    kind: str, part: str, expected: str | None
) -> None:
    assert read(multipart(kind, part)).report_type == expected


def test_a_multipart_without_boundary_is_text() -> None:
    found = read(mail("Content-Type: multipart/mixed", body="nur Text"))
    assert found.text == "nur Text"
    assert "NoBoundaryInMultipartDefect" in found.defects


def test_broken_header_lines_do_not_hide_what_follows() -> None:
    found = read(
        mail(
            "Received: from a",
            "quite broken",
            "From: a@x.example",
            "Subject: Offerte",
            "Content-Type: multipart/mixed;",
            'boundary="grenze"',
            body="--grenze\r\n\r\nText\r\n--grenze--",
        )
    )
    assert found.sole_sender is not None
    assert (found.subject, found.text) == ("Offerte", "Text")


def test_a_sound_header_and_text_without_empty_line_are_not_repaired() -> None:
    sound = b"A: b\r\n c\r\nSubject: x\r\n\r\n"
    assert repaired(sound) == sound
    text = b"Subject: x\r\nHallo Hans\r\nwie besprochen\r\n\r\n"
    assert repaired(text) == text
    assert repaired(b"Hallo Hans\r\nSubject: x\r\n\r\n").startswith(b"Hallo")


def test_a_mail_in_pieces_reads_like_one_in_one_piece() -> None:
    raw = multipart("multipart/mixed", "\r\nGrüezi", "Content-Type: a/b\r\n\r\nx")
    for size in (1, 2, 7, 64):
        pieces = [raw[n : n + size] for n in range(0, len(raw), size)]
        assert read_mail(pieces, LIMITS) == read(raw)


# --- caps ------------------------------------------------------------------------


def _nested(depth: int) -> bytes:
    lines = [
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}"
        for n in range(depth)
    ]
    return ("\r\n".join(lines) + "\r\n\r\nText").encode()


def _siblings(count: int) -> bytes:
    return multipart("multipart/mixed", *["\r\nx"] * count)


@pytest.mark.parametrize(
    ("build", "most", "reason"),
    [
        (_nested, LIMITS.depth, "deeper than 30"),
        (_siblings, LIMITS.parts, "more than 500"),
        (lambda n: mail("X: " + "a" * (n - 4)), LIMITS.header_bytes, "header is over"),
        (lambda n: mail("Content-Type: a/b", body="x" * n), LIMITS.attachment_bytes,
         "over 25 MB"),
    ],
)  # fmt: skip
def test_a_mail_at_the_cap_is_read_and_one_over_it_is_refused(
    build: Callable[[int], bytes], most: int, reason: str
) -> None:
    read(build(most))
    with pytest.raises(Unprocessable) as refused:
        read(build(most + 1))
    assert reason in refused.value.reason


def test_attached_messages_do_not_count_as_depth() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 2_000
    (attached,) = read(raw).attachments
    assert attached.content == raw[32:]


@pytest.mark.parametrize(
    ("html", "defect"),
    [("<div>" * 257 + "Text", "html too deep"),
     ("Text<!--" + "x" * (1 << 20), "html too large")],
)  # fmt: skip
def test_too_much_html_is_dropped_and_its_words_are_kept(
    html: str, defect: str
) -> None:
    found = read(mail("Content-Type: text/html", body=html))
    assert found.html is None
    assert found.text.startswith("Text")
    assert defect in found.defects


def test_what_is_cut_is_told() -> None:
    limits = Limits(text_characters=5, ids=3, parties=2)
    found = read(
        mail(
            "To: a@x.example, b@x.example, c@x.example",
            "References: <1@x> <2@x> <3@x> <4@x>",
            "Subject: " + "x" * 5_000,
        ),
        limits,
    )
    assert found.text == "Guten"
    assert found.references == ("1@x", "3@x", "4@x")
    assert len(found.to) == 2
    cuts = {"text cut", "references cut", "to cut", "subject cut"}
    assert cuts <= set(found.defects)
