"""The control endpoint over HTTP, and the command line."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from exchange_sandbox.server import Sandbox

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
ROOT = Path(__file__).resolve().parents[2]


def call(url: str, method: str, path: str, content: object = None) -> dict:
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url + path, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, **json.loads(error.read())}


@pytest.fixture
def control(sandbox):
    def ask(method: str, path: str, content: object = None) -> dict:
        return call(sandbox.control_url, method, path, content)

    return ask


def test_mail_is_delivered_as_text_or_base64(control, mail):
    raw = mail()
    first = control("POST", "/deliver", {"mime": raw.decode(), "mailbox": KELLER})
    second = control(
        "POST",
        "/deliver",
        {
            "mime_base64": base64.b64encode(raw).decode(),
            "mailbox": [KELLER, VERKAUF],
            "folder": "inbox/Offerten",
            "received": "2026-11-24T08:00:00+01:00",
        },
    )
    assert len(first["item_ids"]) == 1
    assert len(second["item_ids"]) == 2
    items = control("GET", f"/items?mailbox={KELLER}&folder=inbox/Offerten")["items"]
    assert items[0]["properties"]["DateTimeReceived"] == "2026-11-24T07:00:00+00:00"
    assert len(control("GET", f"/items?mailbox={KELLER}")["items"]) == 2


def test_the_newest_of_a_folder_can_be_asked_for_alone(control, mail):
    for number in range(5):
        control("POST", "/deliver", {"mime": mail().decode(), "mailbox": KELLER})
        last = control("GET", f"/items?mailbox={KELLER}")["items"][-1]["id"]
        newest = control("GET", f"/items?mailbox={KELLER}&folder=inbox&newest=2")
        assert len(newest["items"]) == min(number + 1, 2)
        assert newest["items"][-1]["id"] == last


def test_a_submitted_mail_has_its_copy_in_sent_items(control, mail):
    given = {
        "mime": mail(From=KELLER).decode(),
        "mailbox": VERKAUF,
        "submitted_by": KELLER,
    }
    control("POST", "/deliver", given)
    delivered = control("GET", "/ledger")["delivered"]
    assert [(d["mailbox"], d["folder"]) for d in delivered] == [
        (KELLER, "sentitems"),
        (VERKAUF, "inbox"),
    ]
    assert delivered[0]["message_id"] == "<1@kunde.example>"


def test_the_ledger_knows_what_was_delivered_and_asked(control, ask, mail):
    import hashlib

    raw = mail()
    ids = control("POST", "/deliver", {"mime": raw.decode(), "mailbox": KELLER})[
        "item_ids"
    ]
    ask.sync()
    task = ask.create("<t:Task><t:Subject>A</t:Subject></t:Task>")
    record = control("GET", "/ledger")
    (delivery,) = record["delivered"]
    assert delivery["item_id"] == ids[0]
    assert delivery["sha256"] == hashlib.sha256(raw).hexdigest()
    assert record["verbs"] == {"SyncFolderItems": 1, "CreateItem": 1}
    assert record["mailboxes_asked"] == [KELLER]
    request = record["requests"][0]
    assert (request["user"], request["mailbox"], request["status"]) == (
        "svc",
        KELLER,
        200,
    )
    assert [t["item_id"] for t in record["touched"]] == [task]
    assert record["mails_sent"] == record["invitations_sent"] == 0
    assert record["schema_violations"] == record["crashes"] == []


@pytest.mark.parametrize(
    ("act", "details", "check"),
    [
        ("complete", {}, lambda p: p["IsComplete"] is True),
        (
            "edit",
            {"set": {"Subject": "Neu", "DueDate": "2026-12-24T00:00:00Z"}},
            lambda p: (p["Subject"], p["DueDate"]) == ("Neu", "2026-12-24"),
        ),
        ("edit", {"set": {"Body": "Text"}}, lambda p: p["TextBody"] == "Text"),
        ("category", {"category": "Boot"}, lambda p: p["Categories"] == ["Boot"]),
        ("edit", {"delete": ["DueDate"]}, lambda p: "DueDate" not in p),
    ],
)
def test_the_employee_acts_on_a_task(control, ask, act, details, check):
    ask.create(
        "<t:Task><t:Subject>A</t:Subject><t:DueDate>2026-11-26T00:00:00Z</t:DueDate></t:Task>"
    )
    given = {"mailbox": KELLER, "act": act, "subject": "A", **details}
    state = ask.sync("tasks").state
    assert "item_id" in control("POST", "/act", given)
    (item,) = control("GET", f"/items?mailbox={KELLER}&folder=tasks")["items"]
    assert check(item["properties"])
    assert [kind for kind, _ in ask.sync("tasks", state).changes] == ["Update"]


@pytest.mark.parametrize(
    ("details", "place"),
    [
        ({"act": "move", "to": "inbox"}, "inbox"),
        ({"act": "delete"}, "deleteditems"),
        (
            {"act": "delete", "how": "soft"},
            "recoverableitemsroot/recoverableitemsdeletions",
        ),
        ({"act": "delete", "how": "hard"}, None),
    ],
)
def test_the_employee_moves_and_deletes(control, ask, details, place):
    ask.create(
        "<t:Task><t:Subject>A</t:Subject><t:ExtendedProperty><t:ExtendedFieldURI "
        'PropertySetId="6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11" PropertyName="K" '
        'PropertyType="String"/><t:Value>k1</t:Value></t:ExtendedProperty></t:Task>'
    )
    control("POST", "/act", {"mailbox": KELLER, "extended": "k1", **details})
    items = control("GET", f"/items?mailbox={KELLER}")["items"]
    assert [item["folder"] for item in items] == ([place] if place else [])


def test_faults_are_ordered_listed_and_taken_back(control, ask):
    control(
        "POST", "/fault", {"kind": "503", "operation": "SyncFolderItems", "count": 0}
    )
    assert control("GET", "/fault")["faults"][0]["kind"] == "503"
    control("DELETE", "/fault")
    assert ask.sync().code == "NoError"
    assert control("GET", "/fault") == {"faults": []}


def test_faults_of_one_kind_are_taken_back_alone(control):
    for kind in ("busy", "503", "busy"):
        control("POST", "/fault", {"kind": kind, "count": 0})
    control("DELETE", "/fault?kind=busy")
    assert [one["kind"] for one in control("GET", "/fault")["faults"]] == ["503"]


def test_the_clock_is_set_advanced_and_released(control):
    control("POST", "/clock", {"set": "2026-10-25T01:00:00+02:00"})
    assert (
        control("POST", "/clock", {"advance": 3600})["now"]
        == "2026-10-25T00:00:00+00:00"
    )
    assert (
        control("POST", "/clock", {"release": True})["now"]
        != "2026-10-25T00:00:00+00:00"
    )


def test_a_reset_empties_everything(control, ask, mail):
    control("POST", "/deliver", {"mime": mail().decode(), "mailbox": KELLER})
    control("POST", "/fault", {"kind": "503", "count": 0})
    control("POST", "/reset")
    record = control("GET", "/ledger")
    assert record["delivered"] == record["requests"] == []
    assert ask.sync().changes == []


def test_a_mailbox_can_be_added_while_it_runs(control, ask):
    control("POST", "/mailbox", {"address": "neu@werft.example"})
    assert control("GET", "/items?mailbox=neu@werft.example") == {"items": []}


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("POST", "/deliver", {"mailbox": KELLER}, 400),
        ("POST", "/deliver", {"mime": "x", "mailbox": "x@y.example"}, 400),
        ("POST", "/act", {"mailbox": KELLER, "act": "fly"}, 400),
        ("POST", "/act", {"mailbox": KELLER, "act": "complete", "subject": "nie"}, 400),
        ("POST", "/fault", {"kind": "503", "colour": "red"}, 400),
        ("GET", "/items", None, 400),
    ],
)
def test_what_makes_no_sense_is_said_to_make_none(
    control, method, path, content, status
):
    answer = control(method, path, content)
    assert answer["status"] == status
    assert answer["error"]


# -- the command line -----------------------------------------------------------------


def test_the_command_line_serves_loads_and_stops(tmp_path, mail):
    (tmp_path / "eml").mkdir()
    (tmp_path / "eml" / "a.eml").write_bytes(mail())
    (tmp_path / "eml" / "b.eml").write_bytes(mail(From=KELLER))
    (tmp_path / "m.mbox").write_bytes(
        b"From a@b Mon Nov 23 08:00:00 2026\n" + mail() + b"\n"
    )
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "exchange_sandbox",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
            "--user",
            "svc:geheim:mit",
            "--deny",
            f"svc={VERKAUF}",
            "--mailbox",
            KELLER,
            "--mailbox",
            VERKAUF,
            "--load",
            f"{KELLER}={tmp_path / 'eml'}",
            "--load",
            f"{VERKAUF}/sent={tmp_path / 'm.mbox'}",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        line = process.stdout.readline()
        match = re.fullmatch(
            r"exchange_sandbox listening on (http://127\.0\.0\.1:\d+/EWS/Exchange\.asmx) "
            r"control (http://127\.0\.0\.1:\d+)\n",
            line,
        )
        assert match, line
        record = call(match[2], "GET", "/ledger")
        assert sorted((d["mailbox"], d["folder"]) for d in record["delivered"]) == [
            (KELLER, "inbox"),
            (KELLER, "sentitems"),
            (VERKAUF, "sentitems"),
        ]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(match[1], timeout=10)
        with refused.value:
            assert refused.value.code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()


@pytest.mark.parametrize(
    "options",
    [[], ["--listen", "nowhere"], ["--user", "nopassword"], ["--load", "x"]],
)
def test_options_that_make_no_sense_end_with_2(options, capsys):
    from exchange_sandbox.__main__ import main

    usual = (
        ["--listen", "127.0.0.1:0", "--user", "a:b", "--mailbox", KELLER]
        if options
        else []
    )
    with pytest.raises(SystemExit) as end:
        main(["serve", *usual, *options])
    assert end.value.code == 2
    assert capsys.readouterr().err


def test_a_file_that_is_not_there_ends_with_2(capsys, tmp_path):
    from exchange_sandbox.__main__ import main

    options = ["--listen", "127.0.0.1:0", "--user", "a:b", "--mailbox", KELLER]
    assert main(["serve", *options, "--load", f"{KELLER}={tmp_path / 'nie'}"]) == 2
    assert main(["serve", *options, "--load", f"x@y.example={tmp_path}"]) == 2
    assert "--load" in capsys.readouterr().err


def test_ten_thousand_mails_are_loaded_in_seconds(tmp_path, mail):
    raw = mail("Guten Tag\r\n" * 200)
    box = tmp_path / "big.mbox"
    with box.open("wb") as file:
        for _ in range(10_000):
            file.write(b"From a@b Mon Nov 23 08:00:00 2026\n" + raw + b"\n")
    sandbox = Sandbox([KELLER])
    begun = time.process_time()
    assert sandbox.load(KELLER, box) == 10_000
    seconds = time.process_time() - begun
    print(f"\n10,000 mails loaded in {seconds:.1f} s of CPU")
    assert seconds < 10
