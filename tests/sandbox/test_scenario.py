"""The boatyard's mail: reproducible, invented, and as odd as it says."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import islice, pairwise

import pytest

from exchange_sandbox.mime_items import ParsedMail, parse_mail
from exchange_sandbox.scenario.__main__ import lines
from exchange_sandbox.scenario.events import Mail
from exchange_sandbox.scenario.past import past
from exchange_sandbox.scenario.people import MAILBOXES, PEOPLE
from exchange_sandbox.scenario.story import story

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PACE = timedelta(minutes=3)


def the_story(seed: int = 7) -> dict[str, Mail]:
    return {mail.name: mail for mail in story(seed, START, PACE)}


def parsed(mail: Mail) -> ParsedMail:
    return parse_mail(mail.mime)


def test_equal_seeds_give_equal_bytes() -> None:
    assert list(islice(lines(7, START, PACE), 300)) == list(
        islice(lines(7, START, PACE), 300)
    )


def test_another_seed_gives_another_past() -> None:
    assert past(7, START)[0] != past(8, START)[0]


def test_there_are_forty_addresses_six_mailboxes_and_some_hundred_mails() -> None:
    assert (len(PEOPLE), len(MAILBOXES)) == (40, 6)
    assert len({person.email for person in PEOPLE}) == 40
    assert 250 <= len(past(7, START)[0]) + len(the_story()) <= 350


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_every_mail_has_its_own_id_and_only_reserved_addresses(seed: int) -> None:
    mails = [*past(seed, START)[0], *the_story(seed).values()]
    assert len({mail.message_id for mail in mails}) == len(mails)
    for mail in mails:
        everybody = (mail.sender, *mail.recipients)
        assert all(address.endswith(".example") for address in everybody)
        assert mail.mime.isascii()
        assert "ß" not in parsed(mail).text


def test_mail_goes_on_without_end_after_the_story() -> None:
    told = [json.loads(line) for line in islice(lines(7, START, PACE), 750)]
    daily = [one["mail"] for one in told if one.get("mail", {}).get("part") == "daily"]
    assert len(daily) > 350
    times = [datetime.fromisoformat(one["received"]) for one in daily]
    assert {b - a for a, b in pairwise(times)} == {PACE}
    raw = [message_from_bytes(b64decode(one["mime_base64"])) for one in daily]
    assert sum("References" in mail for mail in raw) > 100


def test_two_customers_write_offerte_without_anything_that_connects_them() -> None:
    told = the_story()
    one, two = parsed(told["offerte-huber"]), parsed(told["offerte-meier"])
    assert one.subject == two.subject == "Offerte"
    assert one.thread_index is two.thread_index is None
    assert told["offerte-huber"].thread != told["offerte-meier"].thread


def test_the_phone_answers_with_references_only() -> None:
    told = the_story()
    answer = parsed(told["antwort-handy"])
    assert answer.thread_index is None
    assert answer.in_reply_to is None
    assert told["antwort-verkauf"].message_id in (answer.references or "")
    assert told["antwort-handy"].mailboxes != told["offerte-huber"].mailboxes


def test_the_form_service_has_one_thread_index_for_everybody() -> None:
    told = the_story()
    one, two = parsed(told["formular-steiner"]), parsed(told["formular-graf"])
    assert one.thread_index == two.thread_index is not None
    assert one.from_ == two.from_
    assert one.reply_to != two.reply_to


def test_an_answer_arrives_before_its_question() -> None:
    names = list(the_story())
    assert names.index("nachfrage-zuvor") < names.index("frage-verspaetet")
    question = the_story()["frage-verspaetet"]
    assert question.message_id in (
        parsed(the_story()["nachfrage-zuvor"]).references or ""
    )
    assert question.received > the_story()["nachfrage-zuvor"].received


def test_the_forged_mail_fails_at_our_own_server_and_the_real_ones_pass() -> None:
    told = the_story()
    for name, verdict in (
        ("gefaelscht", "dmarc=fail"),
        ("offerte-huber", "dmarc=pass"),
    ):
        mail = message_from_bytes(told[name].mime, policy=default)
        assert isinstance(mail, EmailMessage)
        assert verdict in mail["Authentication-Results"]
    assert told["gefaelscht"].sender == told["offerte-huber"].sender


def test_umlauts_html_and_attachments_are_in_it() -> None:
    told = [parsed(mail) for mail in the_story().values()]
    assert any("für" in mail.subject for mail in told)
    assert any(mail.html is not None for mail in told)
    names = {one.name for mail in told for one in mail.attachments}
    assert names == {"Offerte Seeschwalbe.pdf", "Rumpf vor der Politur – Übersicht.png"}


def test_what_staff_writes_is_submitted_and_what_others_write_is_not() -> None:
    ours = {mailbox.email for mailbox in MAILBOXES}
    for mail in the_story().values():
        assert (mail.submitted_by == mail.sender) is (mail.sender in ours)
