"""exchangelib 5.6.0's defects (exchange.md §9): each shown with the stock library,
then shown cured. The numbers are those of the note and of mailsync/ews/fixes.py.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from exchangelib import EWSDate, FaultTolerance, Message, Task
from exchangelib import transport as stock_transport
from exchangelib.errors import SessionPoolMinSizeReached
from exchangelib.protocol import CachingProtocol, Protocol
from exchangelib.util import to_xml, value_to_xml_text, xml_text_to_value
from lxml import etree

from exchange_sandbox.server import Sandbox
from mailsync.errors import AuthRejected, TokenInvalid, Transient
from mailsync.ews import fixes, mapping, task_mapping
from mailsync.ews.account import (
    Role,
    RoleCredentials,
    ServerSettings,
    close_protocols,
    open_account,
)
from mailsync.ews.mailbox import EwsMailbox, EwsServer
from mailsync.ews.properties import TNS
from mailsync.ews.strict_xml import parse_strict
from mailsync.ews.transport import NoRetry
from mailsync.port import FolderRole, ItemKind, WantedItem
from tests.contract.stock import stock_account, stock_library, stock_sync_page
from tests.contract.worlds import ADDRESS, INBOX, Mail

TASK = WantedItem(
    ItemKind.TASK, "key-1", "Boot", "Text", completed=False, time_zone="Europe/Zurich"
)


@pytest.fixture
def stock() -> Iterator[None]:
    with stock_library():
        yield


def settings_for(url: str, **changes: Any) -> ServerSettings:
    return ServerSettings(url, "svc", "geheim", **changes)


def requests_seen(sandbox: Sandbox, operation: str) -> int:
    return sandbox.ledger.verbs().get(operation, 0)


# -- installing ------------------------------------------------------------------------


def test_installing_twice_is_installing_once() -> None:
    fixes.uninstall()
    before = Protocol.renew_session
    fixes.install()
    fixes.install()
    assert Protocol.renew_session is not before
    fixes.uninstall()
    assert Protocol.renew_session is before


def test_an_unknown_version_of_the_library_is_said_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fixes.uninstall()
    monkeypatch.setattr(fixes.exchangelib, "__version__", "5.7.0")
    fixes.install()
    assert "5.7.0 was not examined" in caplog.text
    fixes.uninstall()


# -- 1: a session that cannot be replaced ------------------------------------------------


def lose_a_session(account: Any) -> Any:
    """Renew a session while no new one can be made (an OAuth token endpoint hangs)."""
    protocol = account.protocol
    session = protocol.get_session()
    make = protocol.create_session
    protocol.create_session = lambda: (_ for _ in ()).throw(OSError("no token"))
    with pytest.raises(OSError):
        protocol.renew_session(session)
    protocol.create_session = make
    return protocol


@pytest.mark.usefixtures("stock")
def test_defect_1_a_lost_session_makes_the_pool_wait_for_ever(sandbox: Sandbox) -> None:
    protocol = lose_a_session(stock_account(sandbox.url))
    waiting = threading.Thread(target=protocol.get_session, daemon=True)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    protocol._session_pool.put(protocol.create_session())  # let the thread end
    waiting.join(5)


def test_cure_1_the_place_of_a_lost_session_is_given_back(sandbox: Sandbox) -> None:
    settings = settings_for(sandbox.url)
    protocol = lose_a_session(open_account(settings, ADDRESS, Role.WRITE))
    assert protocol.session_pool_size == 0
    protocol.release_session(protocol.get_session())
    close_protocols(settings)


# -- 2: shrinking the pool ---------------------------------------------------------------


def shrink_while_all_are_out(protocol: Any) -> tuple[threading.Thread, list[Exception]]:
    """Two of three sessions are in use when the server asks for fewer."""
    sessions = [protocol.get_session(), protocol.get_session()]
    errors: list[Exception] = []

    def shrink() -> None:
        try:
            protocol.decrease_poolsize()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=shrink, daemon=True)
    thread.start()
    thread.join(0.3)
    for session in sessions:
        session.close()
    return thread, errors


@pytest.mark.usefixtures("stock")
def test_defect_2_shrinking_the_pool_dead_locks(sandbox: Sandbox) -> None:
    protocol = stock_account(sandbox.url, connections=3).protocol
    thread, _ = shrink_while_all_are_out(protocol)
    assert thread.is_alive()
    protocol._session_pool_lock.release()  # let the thread end
    thread.join(5)


def test_cure_2_the_pool_is_never_shrunk(sandbox: Sandbox) -> None:
    settings = settings_for(sandbox.url)
    protocol = open_account(settings, ADDRESS, Role.READ).protocol
    thread, errors = shrink_while_all_are_out(protocol)
    assert not thread.is_alive()
    assert [type(e) for e in errors] == [SessionPoolMinSizeReached]
    close_protocols(settings)


# -- 3 and 4: writes that are repeated ---------------------------------------------------


@pytest.mark.usefixtures("stock")
def test_defect_3_one_busy_item_sends_the_whole_batch_again(sandbox: Sandbox) -> None:
    account = stock_account(sandbox.url)
    sandbox.fault("item_error", "CreateItem", code="ErrorServerBusy", index=2)
    tasks = [
        Task(account=account, folder=account.tasks, subject=f"T{n}") for n in range(5)
    ]
    account.bulk_create(folder=account.tasks, items=tasks)
    assert len(sandbox.items(ADDRESS, "tasks")) > 5


def test_cure_3_one_item_per_request_and_none_twice(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    sandbox.fault("item_error", "CreateItem", code="ErrorServerBusy", index=0, nth=3)
    failures = 0
    for number in range(5):
        wanted = WantedItem(
            ItemKind.TASK, f"k{number}", "T", "", completed=False, time_zone="UTC"
        )
        try:
            mailbox.create_task(wanted)
        except Transient:
            failures += 1
            if not mailbox.find_task(ItemKind.TASK, wanted.crm_key):
                mailbox.create_task(wanted)
    assert failures == 1
    assert len(sandbox.items(ADDRESS, "tasks")) == 5


@pytest.mark.usefixtures("stock")
def test_defect_4_a_connection_cut_after_the_work_makes_a_silent_duplicate(
    sandbox: Sandbox,
) -> None:
    account = stock_account(sandbox.url, connections=2)
    for _ in range(2):
        account.protocol.increase_poolsize()
    sandbox.fault("cut_after", "CreateItem")
    Task(account=account, folder=account.tasks, subject="Boot").save()  # no error
    assert len(sandbox.items(ADDRESS, "tasks")) == 2


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "503", "500"])
def test_cure_4_a_write_is_sent_once_and_doubt_is_an_error(
    sandbox: Sandbox, mailbox: EwsMailbox, kind: str
) -> None:
    sandbox.fault(kind, "CreateItem")
    with pytest.raises(Transient):
        mailbox.create_task(TASK)
    assert requests_seen(sandbox, "CreateItem") == 1


# -- 5: byte by byte ---------------------------------------------------------------------


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of every piece that a response body is walked in."""
    sizes: list[int] = []
    walk = requests.Response.iter_content

    def counting(self: Any, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        for piece in walk(self, *args, **kwargs):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(requests.Response, "iter_content", counting)
    return sizes


@pytest.mark.usefixtures("stock")
def test_defect_5_answers_are_walked_byte_by_byte(
    sandbox: Sandbox, pieces: list[int]
) -> None:
    sandbox.deliver(Mail(1).mime(), ADDRESS)
    account = stock_account(sandbox.url)
    stock_sync_page(account)
    assert pieces.count(1) > 1000


def test_cure_5_an_answer_is_taken_in_whole_pieces(
    sandbox: Sandbox, mailbox: EwsMailbox, pieces: list[int]
) -> None:
    sandbox.deliver(Mail(1).mime(), ADDRESS)
    mailbox.changes(INBOX, None)
    assert len(pieces) <= 2
    assert pieces.count(1) == 0


def test_cure_5_holds_for_the_librarys_own_services_too(
    sandbox: Sandbox, pieces: list[int]
) -> None:
    settings = settings_for(sandbox.url)
    stock_sync_page(open_account(settings, ADDRESS, Role.READ))
    assert pieces.count(1) == 0
    close_protocols(settings)


# -- 6 and 10: log-ins and waits that are repeated -----------------------------------------


@pytest.mark.usefixtures("stock")
def test_defect_6_a_refused_log_in_is_tried_again_and_again(sandbox: Sandbox) -> None:
    account = stock_account(sandbox.url)
    sandbox.fault("401", count=0)
    with pytest.raises(Exception, match=r"401|gave up"):
        stock_sync_page(account)
    assert len(sandbox.ledger.requests) >= 3


def test_cure_6_a_refused_log_in_is_tried_once(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    sandbox.fault("401", count=0)
    with pytest.raises(AuthRejected) as caught:
        mailbox.changes(INBOX, None)
    assert caught.value.code == "E201"
    assert len(sandbox.ledger.requests) == 1


@pytest.mark.usefixtures("stock")
def test_defect_10_one_call_waits_many_times(sandbox: Sandbox) -> None:
    account = stock_account(sandbox.url)
    assert account.inbox  # resolved before the trouble starts
    sandbox.fault("503", "SyncFolderItems", count=0)
    with pytest.raises(Exception, match="Max timeout reached"):
        stock_sync_page(account)
    assert requests_seen(sandbox, "SyncFolderItems") >= 3


def test_cure_10_one_call_is_one_request(sandbox: Sandbox, mailbox: EwsMailbox) -> None:
    sandbox.fault("503", "SyncFolderItems", count=0)
    with pytest.raises(Transient):
        mailbox.changes(INBOX, None)
    assert requests_seen(sandbox, "SyncFolderItems") == 1


# -- 7: save() ---------------------------------------------------------------------------


def employees_task(sandbox: Sandbox) -> dict[str, Any]:
    (task,) = sandbox.items(ADDRESS, "tasks")
    found: dict[str, Any] = task["properties"]
    return found


@pytest.mark.usefixtures("stock")
def test_defect_7_save_deletes_what_was_not_loaded(sandbox: Sandbox) -> None:
    account = stock_account(sandbox.url)
    Task(account=account, folder=account.tasks, subject="Boot", body="Text").save()
    (partial,) = account.tasks.all().only("subject")
    partial.save()
    assert not employees_task(sandbox).get("Body")


def test_cure_7_an_update_touches_our_own_fields_only(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    ref = mailbox.create_task(TASK)
    sandbox.act(
        ADDRESS,
        "edit",
        item_id=ref.external_id,
        set={"Importance": "High", "StartDate": "2026-11-01"},
    )
    sandbox.act(ADDRESS, "category", item_id=ref.external_id, category="Rot")
    (now,) = mailbox.find_task(ItemKind.TASK, "key-1")
    mailbox.update_task(now.ref, TASK)
    after = employees_task(sandbox)
    assert after["Importance"] == "High"
    assert after["Categories"] == ["Rot"]
    assert after["StartDate"].startswith("2026-11-01")


# -- 8 and 9: Protocols --------------------------------------------------------------------


@pytest.mark.usefixtures("stock")
def test_defect_8_a_second_configuration_is_ignored(sandbox: Sandbox) -> None:
    first = stock_account(sandbox.url, connections=1)
    second = stock_account(sandbox.url, connections=4)
    assert second.protocol is first.protocol
    assert second.protocol.max_connections == 1


def test_cure_8_reads_and_writes_have_protocols_of_their_own(sandbox: Sandbox) -> None:
    settings = settings_for(sandbox.url)
    read = open_account(settings, ADDRESS, Role.READ).protocol
    write = open_account(settings, ADDRESS, Role.WRITE).protocol
    slow = settings_for(sandbox.url, timeout=5)
    assert read is not write
    assert (read.max_connections, write.max_connections) == (3, 1)
    assert open_account(slow, ADDRESS, Role.READ).protocol.TIMEOUT == 5
    assert read.TIMEOUT == 60
    for each in (settings, slow):
        close_protocols(each)


def test_cure_8_credentials_differ_by_role_and_are_equal_otherwise() -> None:
    settings = settings_for("http://127.0.0.1:1/")
    read = RoleCredentials(settings, Role.READ)
    assert read == RoleCredentials(settings, Role.READ)
    assert read != RoleCredentials(settings, Role.WRITE)
    assert "geheim" not in repr(read) + repr(settings)


@pytest.mark.usefixtures("stock")
def test_defect_9_each_new_password_leaves_a_protocol_behind(sandbox: Sandbox) -> None:
    for number in range(3):
        stock_account(sandbox.url, password=f"p{number}")
    assert len(CachingProtocol._protocol_cache) == 3


def test_cure_9_closing_a_log_in_forgets_its_protocols(sandbox: Sandbox) -> None:
    before = len(CachingProtocol._protocol_cache)
    server = EwsServer(settings_for(sandbox.url, version="Exchange2019", timeout=7))
    server(ADDRESS).changes(INBOX, None)
    assert len(CachingProtocol._protocol_cache) == before + 2
    server.close()
    assert len(CachingProtocol._protocol_cache) == before


# -- 11: a sync answer without its state ---------------------------------------------------


@pytest.mark.usefixtures("stock")
def test_defect_11_a_missing_state_is_an_attribute_error(sandbox: Sandbox) -> None:
    account = stock_account(sandbox.url)
    assert account.inbox
    sandbox.fault("no_state_element", "SyncFolderItems")
    with pytest.raises(AttributeError):
        stock_sync_page(account)


def test_cure_11_the_code_of_the_answer_is_read_first(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    sandbox.fault("no_state_element", "SyncFolderItems")
    with pytest.raises(TokenInvalid):
        mailbox.changes(INBOX, None)


# -- 12, 13, 18: values --------------------------------------------------------------------


def test_defect_12_booleans_are_written_as_digits_and_not_read_as_such() -> None:
    assert value_to_xml_text(True) == "1"
    assert xml_text_to_value("1", bool) is None


def test_cure_12_both_spellings_of_a_boolean_are_read() -> None:
    spellings = ("1", "true", "0", "false", None)
    assert [mapping.read_bool(s) for s in spellings] == [
        True,
        True,
        False,
        False,
        False,
    ]


def task_due(text: str) -> mapping.Element:
    return etree.fromstring(
        f'<t:Task xmlns:t="{TNS}"><t:ItemId Id="x"/><t:DueDate>{text}</t:DueDate>'
        "</t:Task>"
    )


def test_defect_13_a_task_date_is_read_in_utc_only() -> None:
    stock_task = Task.from_xml(task_due("2026-11-25T23:00:00Z"), account=None)
    assert stock_task.due_date == EWSDate(2026, 11, 25)


def test_cure_13_a_task_date_at_the_persons_midnight_is_that_day() -> None:
    read = task_mapping.read_item(
        task_due("2026-11-25T23:00:00Z"), FolderRole.TASKS, ZoneInfo("Europe/Zurich")
    )
    assert read is not None
    assert read.due_on == date(2026, 11, 26)


def mail_received(text: str) -> mapping.Element:
    return etree.fromstring(
        f'<t:Message xmlns:t="{TNS}"><t:ItemId Id="x"/>'
        f"<t:DateTimeReceived>{text}</t:DateTimeReceived></t:Message>"
    )


def test_defect_18_nine_fractional_digits_are_no_date() -> None:
    element = mail_received("2026-11-23T06:26:15.996552400Z")
    assert Message.from_xml(element, account=None).datetime_received is None


def test_cure_18_nine_fractional_digits_are_a_date() -> None:
    element = mail_received("2026-11-23T06:26:15.996552400Z")
    expected = datetime(2026, 11, 23, 6, 26, 15, 996_552, tzinfo=UTC)
    assert mapping.read_message(element).received_at == expected


# -- 14 and 15: what is parsed ---------------------------------------------------------------


def five_mails_and_a_cut(sandbox: Sandbox, framing: str) -> None:
    for number in range(5):
        sandbox.deliver(Mail(number).mime(), ADDRESS)
    sandbox.fault("truncate", "SyncFolderItems", framing=framing, before_change=4)


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("framing", ["close", "reframed"])
def test_defect_14_a_truncated_page_is_accepted_with_a_new_state(
    sandbox: Sandbox, framing: str
) -> None:
    account = stock_account(sandbox.url)
    assert account.inbox
    five_mails_and_a_cut(sandbox, framing)
    changes, state, is_last = stock_sync_page(account)
    assert (len(changes), is_last) == (3, True)
    assert state  # two mails would be lost for ever


@pytest.mark.parametrize(
    "framing", ["content_length", "chunked", "close", "gzip", "reframed"]
)
def test_cure_14_a_truncated_page_is_refused(
    sandbox: Sandbox, mailbox: EwsMailbox, framing: str
) -> None:
    five_mails_and_a_cut(sandbox, framing)
    with pytest.raises(Transient):
        mailbox.changes(INBOX, None)
    assert len(mailbox.changes(INBOX, None).changes) == 5


def test_cure_14_holds_for_the_librarys_own_services_too(sandbox: Sandbox) -> None:
    settings = settings_for(sandbox.url)
    account = open_account(settings, ADDRESS, Role.READ)
    assert account.inbox
    five_mails_and_a_cut(sandbox, "reframed")
    with pytest.raises(Transient):
        stock_sync_page(account)
    close_protocols(settings)


def test_defect_15_an_answer_may_be_nested_without_limit() -> None:
    deep = b"<a>" * 1500 + b"</a>" * 1500
    assert to_xml(deep).getroot() is not None


def test_cure_15_depth_is_limited() -> None:
    with pytest.raises(Transient):
        parse_strict(b"<a>" * 1500 + b"</a>" * 1500)


# -- 16: clocks ------------------------------------------------------------------------------


def test_defect_16_back_off_is_kept_in_naive_local_time() -> None:
    policy = FaultTolerance()
    policy.back_off(60)
    assert policy.back_off_until is not None
    assert policy.back_off_until.tzinfo is None


def test_cure_16_we_never_let_the_library_wait() -> None:
    policy = NoRetry()
    assert policy.fail_fast
    assert policy.back_off_until is None
    with pytest.raises(ValueError, match="back off"):
        policy.back_off(60)


# -- 17: Kerberos ------------------------------------------------------------------------------


class Negotiate:
    """Stands for requests_gssapi's class, which is an extra: keeps what it is given."""

    def __init__(self, **options: Any) -> None:
        self.options = options


@pytest.fixture
def kerberos(monkeypatch: pytest.MonkeyPatch) -> None:
    fixes.uninstall()
    monkeypatch.setitem(
        stock_transport.AUTH_TYPE_MAP, stock_transport.GSSAPI, Negotiate
    )


@pytest.mark.usefixtures("kerberos")
def test_defect_17_kerberos_sends_no_channel_binding() -> None:
    made = stock_transport.get_auth_instance(stock_transport.GSSAPI)
    assert made.options == {}


@pytest.mark.usefixtures("kerberos")
def test_cure_17_kerberos_is_bound_to_the_tls_channel() -> None:
    fixes.install()
    made = stock_transport.get_auth_instance(stock_transport.GSSAPI)
    assert made.options == {"channel_bindings": "tls-server-end-point"}
    fixes.uninstall()
    assert stock_transport.AUTH_TYPE_MAP[stock_transport.GSSAPI] is Negotiate
