"""The benchmark works: its canned answers are Exchange's in form, a small run ends well.

No time is asserted here: the figures of a smoke run say nothing.
"""

import json
import subprocess
import sys
from email.utils import formataddr, formatdate
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

from bench import answers, report
from bench.corpus import MAILBOX, Corpus, Mail
from bench.landmarks import Landmarks
from bench.screens import screens
from bench.server import Canned
from exchange_sandbox.server import Sandbox
from exchange_sandbox.validation import SchemaJudge
from mailsync.ews.properties import (
    CONTENT,
    NAMED_HEADERS,
    SYNC_MAIL,
    TEXT,
    UNIQUE_BODY,
    UNIQUE_BODY_AS_TEXT,
)

ROOT = Path(__file__).parents[2]
T = f"{{{answers.TYPES}}}"
M = f"{{{answers.MESSAGES}}}"


def test_a_small_run_measures_everything_and_writes_the_figures(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["failed"] == []
    assert found["smoke"] is True
    assert {name for name in report.WANTED if not found[name] > 0} == set()
    assert found["figures"]["compared_messages"] == 40
    assert found["figures"]["compared_values"] > 40 * 15
    assert {goal["result"] for goal in found["goals"]} <= {"met", "missed"}
    assert "skipped" in found
    assert_pages_were_measured(found)
    assert "simulated" in done.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "results.json"]  # tidied up


def assert_pages_were_measured(found: dict[str, Any]) -> None:
    """Every screen for both people, while the daemon fetched mail."""
    measured = found["details"]["pages_sqlite"]
    asked = screens(Landmarks(**measured["office"]["landmarks"]))
    assert {line["login"] for line in measured["pages"].values()} == {"gl", "keller"}
    assert len(measured["pages"]) == 2 * len(asked)
    assert measured["missing"] == {}
    assert measured["fetches_per_second"] > 0
    assert all(0 < one["p50"] <= one["p95"] for one in measured["pages"].values())


# -- the form of the canned answers ----------------------------------------------------


def envelope(operation: str, payload: str) -> str:
    return (
        f'<s:Envelope xmlns:s="{answers.SOAP}" xmlns:m="{answers.MESSAGES}" '
        f'xmlns:t="{answers.TYPES}"><s:Header><t:RequestServerVersion '
        'Version="Exchange2016"/><t:ExchangeImpersonation><t:ConnectingSID>'
        f"<t:PrimarySmtpAddress>{MAILBOX}</t:PrimarySmtpAddress></t:ConnectingSID>"
        f"</t:ExchangeImpersonation></s:Header><s:Body><m:{operation}>{payload}"
        f"</m:{operation}></s:Body></s:Envelope>"
    )


def get_item(*ids: str, fields: str, shape: str = "") -> str:
    items = "".join(f'<t:ItemId Id="{one}"/>' for one in ids)
    return envelope(
        "GetItem",
        f"<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>{shape}<t:AdditionalProperties>"
        f"{fields}{NAMED_HEADERS}</t:AdditionalProperties></m:ItemShape>"
        f"<m:ItemIds>{items}</m:ItemIds>",
    )


def sync(state: str = "") -> str:
    token = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    return envelope(
        "SyncFolderItems",
        "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        f"{SYNC_MAIL}</t:AdditionalProperties></m:ItemShape><m:SyncFolderId>"
        f'<t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>{token}'
        "<m:MaxChangesReturned>100</m:MaxChangesReturned>",
    )


def mime(mail: Mail) -> bytes:
    """The corpus's mail as a sender would hand it in, HTML."""
    lines = [
        f"From: {formataddr((mail.sender.name, mail.sender.address))}",
        "To: " + ", ".join(formataddr((p.name, p.address)) for p in mail.to),
        f"Subject: {mail.subject}",
        f"Date: {formatdate(mail.sent_at)}",
        f"Message-ID: <{mail.message_id}>",
        f"Return-Path: <{mail.sender.address}>",
        "Authentication-Results: mx.werft.example; dmarc=pass",
        "Thread-Index: AQHc1234567890123456789012345678901Q==",
    ]
    if mail.cc:
        lines.append(
            "Cc: " + ", ".join(formataddr((p.name, p.address)) for p in mail.cc)
        )
    if mail.cited:
        lines.append(f"In-Reply-To: <{mail.cited[-1]}>")
        lines.append("References: " + " ".join(f"<{one}>" for one in mail.cited))
    lines += ["MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", ""]
    return "\r\n".join([*lines, "<p>Guten Tag</p>", ""]).encode()


def parsed(content: bytes) -> Any:
    return etree.fromstring(content)


def order(item: Any) -> list[str]:
    """The item's elements in their order, repeats once."""
    return list(dict.fromkeys(child.tag for child in item))


def shapes(item: Any) -> dict[str, Any]:
    """Of each kind of element: attributes, and what stands inside the first one."""

    def shape(element: Any) -> Any:
        inside = [shape(child) for child in element]
        return element.tag, sorted(element.attrib), inside[:1] or bool(element.text)

    return {child.tag: shape(child) for child in reversed(list(item))}


@pytest.fixture(scope="module")
def mails() -> list[Mail]:
    """One with everything: an answer from outside with copies, and a thread's first."""
    corpus = Corpus()
    drawn = [corpus.mail(number) for number in range(300)]
    full = next(m for m in drawn if m.cited and m.cc and m.sender.address != MAILBOX)
    return [full, next(m for m in drawn if not m.cited)]


@pytest.mark.parametrize(
    ("fields", "shape"), [(TEXT, ""), (CONTENT + UNIQUE_BODY, UNIQUE_BODY_AS_TEXT)]
)
def test_canned_items_have_the_sandboxs_elements_in_its_order(
    mails: list[Mail], fields: str, shape: str
) -> None:
    canned = Canned()
    with Sandbox([MAILBOX], {"svc": "geheim"}) as sandbox:
        for mail in mails:
            (identity,) = sandbox.deliver(mime(mail), MAILBOX)
            answer = requests.post(
                sandbox.url,
                get_item(identity, fields=fields, shape=shape),
                auth=("svc", "geheim"),
                timeout=10,
            )
            theirs = parsed(answer.content).find(f".//{M}Items")[0]
            request = get_item(
                answers.item_id(mail.number), fields=fields, shape=shape
            ).encode()
            content = canned.answer("html", 300, request)
            ours = parsed(content).find(f".//{M}Items")[0]
            assert order(ours) == order(theirs)
            assert shapes(ours) == shapes(theirs)


def test_canned_pages_have_the_sandboxs_elements_in_its_order() -> None:
    with Sandbox([MAILBOX], {"svc": "geheim"}) as sandbox:
        sandbox.deliver(mime(Corpus().mail(0)), MAILBOX)
        answer = requests.post(sandbox.url, sync(), auth=("svc", "geheim"), timeout=10)
    theirs = parsed(answer.content).find(f".//{M}Changes")
    ours = parsed(Canned().answer("mix", 1, sync().encode())).find(f".//{M}Changes")
    assert order(ours[0][0]) == order(theirs[0][0])
    assert shapes(ours[0][0]) == shapes(theirs[0][0])
    assert order(ours.getparent()) == order(theirs.getparent())


def test_canned_answers_fit_microsofts_schema(shared: Path) -> None:
    judge, canned = SchemaJudge(shared / "ews-schema"), Canned()
    ids = [answers.item_id(number) for number in range(50)]
    fields = CONTENT + UNIQUE_BODY
    requests_ = (sync(), get_item(*ids, fields=fields, shape=UNIQUE_BODY_AS_TEXT))
    for request in requests_:
        assert judge.request_error(parsed(request.encode())) is None
        assert judge.answer_error(canned.answer("mix", 50, request.encode())) is None
    broken = canned.answer("mix", 50, sync().encode()).replace(b"t:Subject", b"t:Topic")
    assert judge.answer_error(broken) is not None  # the judge can say no


def test_a_state_tells_each_mail_once_and_later_mail_is_new() -> None:
    canned = Canned()

    def page(state: str, upto: int) -> tuple[list[int], str, bool]:
        root = parsed(canned.answer("mix", upto, sync(state).encode()))
        numbers = [answers.number_of(i.get("Id")) for i in root.iter(f"{T}ItemId")]
        last = root.findtext(f".//{M}IncludesLastItemInRange") == "true"
        return numbers, root.findtext(f".//{M}SyncState"), last

    first, state, last = page("", 150)
    assert (first, last) == (list(range(149, 49, -1)), False)
    second, state, last = page(state, 150)
    assert (second, last) == (list(range(49, -1, -1)), True)
    assert page(state, 150)[0] == []
    later, state, last = page(state, 152)
    assert (later, last) == ([151, 150], True)
