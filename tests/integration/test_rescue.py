"""A mail that EWS cannot give is stored by its raw MIME, or quarantined with a reason.

Over EWS against the sandbox (simulated Exchange), the reader a real limited child.
"""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from werft import ACTOR, MEIER, VERKAUF, Werft, werft

from crm_core import database
from crm_core.mail import quarantine
from crm_core.models import Attachment, Message, MessageCopy, QuarantinedChange

BAD = "ErrorContentConversionFailed"


@pytest.fixture
def w(db: str, tmp_path: Path) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        yield company


def letter(w: Werft, number: int, body: str = "Guten Tag\n", **more: str) -> bytes:
    return w.mail(
        MEIER,
        VERKAUF,
        f"Mast {number}",
        id=f"m{number}@kunde.example",
        body=body,
        **more,
    )


def subjects() -> set[str]:
    return {message.subject for message in Message.select()}


def refuse_one_of_a_chunk(w: Werft, *, mime_too: bool) -> None:
    """The server cannot convert the third item; nor, if told so, give its MIME."""
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=2, mailbox=VERKAUF)
    if mime_too:
        w.sandbox.fault(
            "item_error", "GetItem", code=BAD, index=0, nth=2, mailbox=VERKAUF
        )


def nested(depth: int) -> bytes:
    """A mail whose parts lie too deep for the reader."""
    heads = [
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n'
        for n in range(depth)
    ]
    head = (
        f"From: {MEIER}\r\nTo: {VERKAUF}\r\nSubject: tief\r\n"
        "Message-ID:\r\n <deep@kunde.example>\r\nMIME-Version: 1.0\r\n"
    )
    return (head + "".join(heads) + "Content-Type: text/plain\r\n\r\nx\r\n").encode()


def test_one_item_among_many_that_cannot_be_converted_is_stored_all_the_same(
    w: Werft,
) -> None:
    for number in range(5):
        w.receive(letter(w, number))
    refuse_one_of_a_chunk(w, mime_too=False)
    w.poll()
    assert subjects() == {f"Mast {number}" for number in range(5)}
    assert QuarantinedChange.select().count() == 0
    assert all(m.received_at and m.from_address == MEIER for m in Message.select())


def test_a_rescued_answer_is_in_the_conversation_of_what_it_answers(w: Werft) -> None:
    w.receive(letter(w, 1))
    w.poll()
    w.receive(letter(w, 2, answers="m1@kunde.example"))
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=0, mailbox=VERKAUF)
    w.poll()
    assert w.together("m1@kunde.example", "m2@kunde.example")


def test_where_the_mime_is_refused_too_the_item_waits_and_a_retry_reads_it(
    w: Werft,
) -> None:
    for number in range(5):
        w.receive(letter(w, number))
    refuse_one_of_a_chunk(w, mime_too=True)
    w.poll()
    assert len(subjects()) == 4
    (item,) = quarantine.open_items()
    assert item.reason == "unreadable"
    assert "MIME" in item.detail
    with database.transaction():
        quarantine.request_retry(item.id, actor=ACTOR)
    w.poll()
    assert len(subjects()) == 5
    assert quarantine.open_items() == []


def test_a_mail_whose_mime_cannot_be_read_is_named_by_its_message_id(w: Werft) -> None:
    w.receive(nested(40))
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=0, mailbox=VERKAUF)
    w.poll()
    (item,) = quarantine.open_items()
    assert item.internet_id == "deep@kunde.example"
    assert "nest deeper" in item.detail
    line = w.lines()["<deep@kunde.example>"]
    assert line.quarantined
    with database.transaction():
        quarantine.request_retry(item.id, actor=ACTOR)
    w.poll()  # this time the server can
    assert subjects() == {"tief"}
    assert not w.lines()["<deep@kunde.example>"].quarantined


def test_a_private_mail_is_not_stored_by_the_rescue_either(w: Werft) -> None:
    """Marked private only where the MIME says so, which no page had told."""
    w.receive(letter(w, 1, Sensitivity="Private"))
    (item,) = w.sandbox.items(VERKAUF, "inbox")
    w.sandbox.act(VERKAUF, "edit", item_id=item["id"], set={"Sensitivity": "Normal"})
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=0, mailbox=VERKAUF)
    w.poll()
    assert Message.select().count() == 0
    assert [copy.private for copy in MessageCopy.select()] == [True]


def test_the_mark_of_internal_authentication_is_not_believed_of_a_rescued_mail(
    w: Werft,
) -> None:
    mark = {"X_MS_Exchange_Organization_AuthAs": "Internal"}
    w.submit(w.mail(VERKAUF, MEIER, "Mast", id="s@werft.example", **mark), VERKAUF)
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=0, mailbox=VERKAUF)
    w.poll()
    (message,) = Message.select()
    assert not message.authenticated
    assert [copy.sent for copy in MessageCopy.select()] == [True]  # this vouches


def test_the_content_of_a_linked_mail_is_rescued_as_well(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(letter(w, 1, body="Der Mast ist da.\n"))
    w.poll()
    w.link(entry, "m1@kunde.example")
    w.sandbox.fault("item_error", "GetItem", code=BAD, index=0, mailbox=VERKAUF)
    w.poll()
    ((text,),) = database.execute("SELECT text FROM message_body")
    assert "Der Mast ist da." in text
    assert Message.get().body_missing is None


def test_a_mail_attached_to_linked_mail_is_kept_as_an_eml_file(w: Werft) -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "huber@kunde2.example", "Alte Offerte"
    inner.set_content("Wie besprochen.\n")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = MEIER, VERKAUF, "Mast"
    outer["Message-ID"] = "<m1@kunde.example>"
    outer.set_content("Siehe Anhang.\n")
    outer.add_attachment(inner)
    entry = w.entry(w.address(MEIER))
    w.receive(outer.as_bytes())
    w.poll()
    w.link(entry, "m1@kunde.example")
    w.poll()
    (part,) = Attachment.select()
    assert part.name.endswith(".eml")
    assert part.content_type == "message/rfc822"
    assert b"Alte Offerte" in w.settings.blobs.path(part.sha256).read_bytes()
