"""Faults to order: each kind strikes where it is told, once, and is written down."""

import contextlib
import gzip
import http.client
import threading
import time
import zlib
from datetime import UTC, datetime

import pytest
from lxml import etree

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
GET = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
)
CREATE = (
    "<m:CreateItem><m:Items><t:Task><t:Subject>A</t:Subject></t:Task></m:Items>"
    "</m:CreateItem>"
)


@pytest.fixture
def status(ask):
    def send(body: str = GET, mailbox: str = KELLER) -> int:
        return ask.http(ask.envelope(body, mailbox))[0]

    return send


# -- which call ----------------------------------------------------------------------


def test_a_fault_strikes_the_nth_call_and_only_as_often_as_told(sandbox, status):
    rule = sandbox.fault("503", nth=2, count=2)
    assert [status() for _ in range(5)] == [200, 503, 503, 200, 200]
    assert (rule.seen, rule.hits) == (5, 2)
    assert [r.fault for r in sandbox.ledger.requests] == [
        None,
        "503",
        "503",
        None,
        None,
    ]


def test_a_fault_without_end_lasts_until_it_is_taken_back(sandbox, status):
    sandbox.fault("401", count=0)
    assert {status() for _ in range(4)} == {401}
    sandbox.faults.clear()
    assert status() == 200


def test_a_fault_strikes_one_operation_of_one_mailbox(sandbox, status):
    sandbox.fault("500", "CreateItem", mailbox=VERKAUF.upper(), count=0)
    assert status(GET, VERKAUF) == 200
    assert status(CREATE, KELLER) == 200
    assert status(CREATE, VERKAUF) == 500


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("503x", {}),
        ("truncate", {"framing": "pigeon"}),
        ("503", {"nth": 0}),
        ("item_error", {}),
    ],
)
def test_a_fault_that_could_never_happen_is_refused(sandbox, kind, parameters):
    with pytest.raises(ValueError, match=r"unknown|count|needs"):
        sandbox.fault(kind, **parameters)


# -- instead of an answer ------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["400", "401", "403", "404", "410", "429", "500", "502", "503", "504"]
)
def test_a_status_comes_instead_of_the_work(sandbox, ask, code):
    sandbox.fault(code, retry_after="120")
    got, headers, _ = ask.http(ask.envelope(CREATE))
    assert got == int(code)
    assert ("WWW-Authenticate" in headers) == (code == "401")
    assert ("Retry-After" in headers) == (code != "401")
    assert sandbox.items(KELLER, "tasks") == []


@pytest.mark.parametrize("text", ["5", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "259200"])
def test_retry_after_is_sent_as_written(sandbox, ask, text):
    sandbox.fault("429", retry_after=text)
    assert ask.http(ask.envelope(GET))[1]["Retry-After"] == text


def test_pages_that_are_no_answers(sandbox, ask):
    for kind in ("html", "redirect", "empty200"):
        sandbox.fault(kind)
    html, redirect, empty = (ask.http(ask.envelope(GET)) for _ in range(3))
    assert (html[0], html[1]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (redirect[0], redirect[1]["Location"]) == (302, "/owa/auth/logon.aspx")
    assert (empty[0], empty[2]) == (200, b"")


def test_the_server_is_busy_as_a_whole(sandbox, ask):
    sandbox.fault("busy", back_off=2.5)
    got, _, body = ask.http(ask.envelope(GET))
    assert got == 500
    fault = etree.fromstring(body)
    assert fault.findtext(".//{*}ResponseCode") == "ErrorServerBusy"
    value = fault.find(".//{*}Value")
    assert (value.get("Name"), value.text) == ("BackOffMilliseconds", "2500")


def test_any_soap_fault(sandbox, ask):
    sandbox.fault("soap_fault", code="ErrorMailboxMoveInProgress")
    assert ask.codes(GET) == ["ErrorMailboxMoveInProgress"]


@pytest.mark.parametrize(
    "code", ["ErrorServerBusy", "ErrorTimeoutExpired", "ErrorItemNotFound"]
)
def test_one_item_of_a_batch_fails(sandbox, ask, mail, code):
    ids = [sandbox.deliver(mail(), KELLER)[0] for _ in range(3)]
    sandbox.fault("item_error", "GetItem", code=code, index=1, back_off=1)
    wanted = "".join(f'<t:ItemId Id="{i}"/>' for i in ids)
    answer = ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f"<m:ItemIds>{wanted}</m:ItemIds></m:GetItem>"
    )
    found = [e.text for e in answer.iter("{*}ResponseCode")]
    assert found == ["NoError", code, "NoError"]
    assert answer.findtext(".//{*}MessageXml/{*}Value") == "1000"


def test_a_failing_item_is_not_written(sandbox, ask):
    sandbox.fault("item_error", "CreateItem", code="ErrorInternalServerTransientError")
    assert ask.codes(CREATE) == ["ErrorInternalServerTransientError"]
    assert sandbox.items(KELLER, "tasks") == []


# -- before and after the act --------------------------------------------------------


@pytest.mark.parametrize(("kind", "count"), [("cut_before", 0), ("cut_after", 1)])
def test_the_connection_breaks_before_or_after_the_work(sandbox, ask, kind, count):
    sandbox.fault(kind, "CreateItem")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask.http(ask.envelope(CREATE))
    assert len(sandbox.items(KELLER, "tasks")) == count


@pytest.mark.parametrize("kind", ["503", "html", "busy", "empty200"])
def test_an_error_may_follow_work_that_was_done(sandbox, ask, kind):
    sandbox.fault(kind, "CreateItem", after_act=True)
    assert ask.http(ask.envelope(CREATE))[2].find(b"NoError") < 0
    assert len(sandbox.items(KELLER, "tasks")) == 1


def test_a_slow_answer_comes_in_the_end(sandbox, status, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(sandbox._endpoint, "wait", waited.append)
    sandbox.fault("slow", seconds=45.0)
    assert status() == 200
    assert waited == [45.0]


def test_a_slow_sandbox_stops_at_once(make_sandbox, ask_of, monkeypatch):
    sandbox = make_sandbox()
    ask = ask_of(sandbox)
    really = sandbox._endpoint.wait
    entered = threading.Event()

    def wait(seconds: float) -> bool:
        entered.set()
        return really(seconds)

    monkeypatch.setattr(sandbox._endpoint, "wait", wait)
    sandbox.fault("slow", seconds=60)

    def patient() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask.http(ask.envelope(GET))

    client = threading.Thread(target=patient)
    client.start()
    assert entered.wait(5)
    begun = time.monotonic()
    sandbox.stop()
    client.join(5)
    assert time.monotonic() - begun < 5
    assert not client.is_alive()


def test_a_slow_loris_trickles(sandbox, ask):
    sandbox.fault("slow_loris", bytes_per_second=4000.0)
    begun = time.monotonic()
    got, _, body = ask.http(ask.envelope(GET))
    assert got == 200
    assert b"NoError" in body
    assert time.monotonic() - begun > len(body) / 4000 / 2


# -- truncated answers ---------------------------------------------------------------


def read(ask, body: str) -> bytes:
    return ask.http(ask.envelope(body))[2]


@pytest.mark.parametrize("framing", ["content_length", "chunked"])
def test_a_truncation_that_http_notices(sandbox, ask, framing):
    sandbox.fault("truncate", framing=framing, keep=100)
    with pytest.raises(http.client.IncompleteRead):
        read(ask, GET)


@pytest.mark.parametrize("framing", ["close", "reframed"])
def test_a_truncation_that_http_does_not_notice(sandbox, ask, framing):
    whole = read(ask, GET)
    sandbox.fault("truncate", framing=framing, keep=100)
    assert read(ask, GET) == whole[:100]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(whole[:100])


def test_a_truncated_gzip(sandbox, ask):
    sandbox.fault("truncate", framing="gzip", keep=0.5)
    _, headers, body = ask.http(ask.envelope(GET))
    assert headers["Content-Encoding"] == "gzip"
    with pytest.raises((EOFError, zlib.error, gzip.BadGzipFile)):
        gzip.decompress(body)


def test_a_page_can_be_cut_in_front_of_a_change(sandbox, ask, mail):
    for _ in range(5):
        sandbox.deliver(mail(), KELLER)
    sandbox.fault("truncate", "SyncFolderItems", framing="reframed", before_change=4)
    body = read(
        ask,
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        '<m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>'
        "<m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>",
    )
    assert body.count(b"<t:Create>") == 3
    assert b"IncludesLastItemInRange>true" in body


# -- sync states ---------------------------------------------------------------------


def test_a_state_can_be_declared_invalid_once(sandbox, ask):
    state = ask.sync().state
    sandbox.fault("invalid_state", "SyncFolderItems")
    page = ask.sync(state=state)
    assert (page.code, page.state, page.has_state_element) == (
        "ErrorInvalidSyncStateData",
        "",
        True,
    )
    assert ask.sync(state=state).code == "NoError"


def test_an_error_may_lack_its_state_element(sandbox, ask):
    sandbox.fault("no_state_element", "SyncFolderItems")
    page = ask.sync()
    assert (page.code, page.has_state_element) == ("ErrorInvalidSyncStateData", False)


def test_all_states_of_a_mailbox_can_expire(sandbox, ask, mail):
    sandbox.deliver(mail(), KELLER)
    state = ask.sync().state
    sandbox.fault("expire_state", mailbox=KELLER)
    assert ask.sync(state=state).code == "ErrorInvalidSyncStateData"
    page = ask.sync()
    assert len(page.changes) == 1
    assert ask.sync(state=page.state).code == "NoError"


def test_a_sync_may_never_end(sandbox, ask, mail):
    sandbox.deliver(mail(), KELLER)
    state = ask.sync(limit=1).state
    sandbox.fault("endless", "SyncFolderItems", count=0)
    for _ in range(3):
        page = ask.sync(state=state)
        assert (page.changes, page.is_last, page.state) == ([], False, state)


def test_a_page_may_be_empty_and_yet_not_the_last(sandbox, ask, mail):
    sandbox.deliver(mail(), KELLER)
    state = ask.sync(limit=1).state
    sandbox.deliver(mail(), KELLER)
    sandbox.fault("empty_page", "SyncFolderItems")
    page = ask.sync(state=state)
    assert (page.changes, page.is_last) == ([], False)
    assert len(ask.sync(state=page.state).changes) == 1


def test_changes_may_come_twice_and_in_another_order(sandbox, ask, mail):
    ids = [sandbox.deliver(mail(), KELLER)[0] for _ in range(2)]
    sandbox.fault("duplicate", "SyncFolderItems")
    sandbox.fault("reorder", "SyncFolderItems", nth=2)
    assert [i for _, i in ask.sync().changes] == [ids[1], ids[1], ids[0], ids[0]]
    assert [i for _, i in ask.sync().changes] == ids


# -- odd servers ---------------------------------------------------------------------


def test_an_id_may_change_on_an_update(sandbox, ask):
    identity = ask.create("<t:Task><t:Subject>A</t:Subject></t:Task>")
    sandbox.fault("new_id", "UpdateItem")
    change = (
        '<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:Task><t:Subject>B'
        "</t:Subject></t:Task></t:SetItemField>"
    )
    assert ask.update(identity, change) == ["NoError"]
    (item,) = sandbox.items(KELLER, "tasks")
    assert item["id"] != identity
    assert item["properties"]["Subject"] == "B"


def test_an_item_may_be_made_without_its_extension(sandbox, ask):
    sandbox.fault("no_extended", "CreateItem", after_act=False)
    ask.create(
        "<t:Task><t:Subject>A</t:Subject><t:ExtendedProperty><t:ExtendedFieldURI "
        'PropertySetId="6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11" PropertyName="K" '
        'PropertyType="String"/><t:Value>k</t:Value></t:ExtendedProperty></t:Task>'
    )
    (item,) = sandbox.items(KELLER, "tasks")
    assert item["extended"] == {}


# -- throttling ----------------------------------------------------------------------


def test_asking_again_too_early_is_a_client_fault(sandbox, status):
    sandbox.clock.set(datetime(2026, 11, 24, tzinfo=UTC))
    sandbox.fault("busy", back_off=30, mailbox=KELLER)
    status()
    status(GET, VERKAUF)
    assert sandbox.ledger.client_faults == []
    status()
    assert [f.kind for f in sandbox.ledger.client_faults] == ["during_back_off"]
    sandbox.clock.advance(31)
    status()
    assert len(sandbox.ledger.client_faults) == 1


def test_each_mailbox_has_its_own_budget(make_sandbox, ask_of):
    sandbox = make_sandbox(budget=3, budget_window=60, back_off=5)
    ask = ask_of(sandbox)
    sandbox.clock.set(datetime(2026, 11, 24, tzinfo=UTC))
    assert [ask.codes(GET)[0] for _ in range(4)] == ["NoError"] * 3 + [
        "ErrorServerBusy"
    ]
    assert ask.codes(GET, VERKAUF) == ["NoError"]
    assert ask.codes(GET) == ["ErrorServerBusy"]
    sandbox.clock.advance(61)
    assert ask.codes(GET) == ["NoError"]
    kinds = [f.kind for f in sandbox.ledger.client_faults]
    assert kinds == ["over_budget", "during_back_off"]


def test_too_many_connections_are_refused(make_sandbox, ask_of):
    sandbox = make_sandbox(connections=0)
    assert ask_of(sandbox).codes(GET) == ["ErrorExceededConnectionCount"]
    assert sandbox.ledger.client_faults[0].kind == "too_many_connections"


# -- the sandbox's own faults ---------------------------------------------------------


def test_a_crash_of_the_sandbox_is_an_answer_and_written_down(
    sandbox, ask, monkeypatch
):
    from exchange_sandbox.operations import table

    def broken(_call):
        raise RuntimeError("planted")

    monkeypatch.setitem(table.OPERATIONS, "GetFolder", broken)
    assert ask.codes(GET) == ["ErrorInternalServerError"]
    (crash,) = sandbox.ledger.crashes
    assert "planted" in crash
    sandbox.ledger.crashes.clear()
