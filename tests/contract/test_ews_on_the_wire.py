"""What only EWS can do wrong: HTTP, SOAP, framings, batches, folders, delegates."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from requests_ntlm import HttpNtlmAuth

from exchange_sandbox.server import Sandbox
from exchange_sandbox.settings import Settings
from mailsync.errors import (
    AuthRejected,
    MailboxGone,
    MailSyncError,
    TokenInvalid,
    Transient,
)
from mailsync.ews.account import ServerSettings, refuse_exchange_online
from mailsync.ews.fetching import START
from mailsync.ews.mailbox import EwsMailbox, EwsServer
from mailsync.ews.strict_xml import Unparseable
from mailsync.port import (
    Detail,
    FolderRef,
    FolderRole,
    ItemKind,
    WantedItem,
)
from tests.contract.worlds import ADDRESS, INBOX, OTHER, Mail, Reading

FRAMINGS = ["content_length", "chunked", "close", "gzip", "reframed"]


def deliver(sandbox: Sandbox, count: int) -> None:
    for number in range(count):
        mail = Mail(number)
        sandbox.deliver(mail.mime(), ADDRESS, received=mail.received)


def opened(sandbox: Sandbox, **changes: Any) -> EwsServer:
    values = {"login": "svc", "password": "geheim", **changes}
    return EwsServer(ServerSettings(sandbox.url, **values), page=10)


@pytest.fixture
def server_with() -> Iterator[Any]:
    servers: list[EwsServer] = []

    def make(sandbox: Sandbox, **changes: Any) -> EwsServer:
        servers.append(opened(sandbox, **changes))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


# -- truncation ------------------------------------------------------------------------


@pytest.mark.parametrize("framing", FRAMINGS)
def test_no_cut_of_a_page_ever_yields_a_token_with_fewer_changes(
    sandbox: Sandbox, mailbox: EwsMailbox, framing: str
) -> None:
    deliver(sandbox, 5)
    whole = mailbox.changes(INBOX, None)
    refused = 0
    for share in (n / 60 for n in range(60)):
        sandbox.faults.clear()
        sandbox.fault("truncate", "SyncFolderItems", framing=framing, keep=share)
        try:
            page = mailbox.changes(INBOX, None)
        except Transient:
            refused += 1
        else:  # nothing but the frame around a complete answer was lost
            assert page.changes == whole.changes
    assert refused >= 58
    sandbox.faults.clear()
    assert mailbox.changes(INBOX, None).changes == whole.changes


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_cut_fetch_counts_for_nothing(
    sandbox: Sandbox, mailbox: EwsMailbox, framing: str
) -> None:
    deliver(sandbox, 5)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("truncate", "GetItem", framing=framing, keep=0.5)
    with pytest.raises(Transient):
        mailbox.fetch(refs, Detail.TEXT)
    assert len(mailbox.fetch(refs, Detail.TEXT).messages) == 5


@pytest.mark.parametrize("framing", ["close", "reframed"])
def test_a_create_whose_answer_was_cut_is_in_doubt(
    sandbox: Sandbox, mailbox: EwsMailbox, framing: str
) -> None:
    wanted = WantedItem(
        ItemKind.TASK, "k", "T", "", completed=False, time_zone="Europe/Zurich"
    )
    sandbox.fault("truncate", "CreateItem", framing=framing, keep=0.9)
    with pytest.raises(Transient):
        mailbox.create_task(wanted)
    assert len(mailbox.find_task(ItemKind.TASK, "k")) == 1


def test_a_whole_answer_in_gzip_is_read(sandbox: Sandbox, mailbox: EwsMailbox) -> None:
    deliver(sandbox, 5)
    sandbox.fault("truncate", "SyncFolderItems", framing="gzip", keep=1.0)
    assert len(mailbox.changes(INBOX, None).changes) == 5


# -- statuses and pages in place of answers -----------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cls", "code"),
    [
        ("400", Transient, "E223"),
        ("401", AuthRejected, "E201"),
        ("403", AuthRejected, "E212"),
        ("404", Transient, "E251"),
        ("405", Transient, "E223"),
        ("410", Transient, "E251"),
        ("429", Transient, "E221"),
        ("500", Transient, "E223"),
        ("502", Transient, "E223"),
        ("503", Transient, "E221"),
        ("504", Transient, "E223"),
        ("html", Transient, "E252"),
        ("empty200", Transient, "E252"),
        ("redirect", AuthRejected, "E201"),
        ("cut_before", Transient, "E223"),
        ("cut_after", Transient, "E223"),
    ],
)
@pytest.mark.parametrize("operation", ["SyncFolderItems", "GetItem", "FindItem"])
def test_each_kind_of_refusal_is_one_error_and_one_request(
    sandbox: Sandbox,
    mailbox: EwsMailbox,
    operation: str,
    kind: str,
    cls: type[MailSyncError],
    code: str,
) -> None:
    deliver(sandbox, 1)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    calls = {
        "SyncFolderItems": lambda: mailbox.changes(INBOX, None),
        "GetItem": lambda: mailbox.fetch(refs, Detail.METADATA),
        "FindItem": lambda: mailbox.find_task(ItemKind.TASK, "k"),
    }
    before = sandbox.ledger.verbs().get(operation, 0)
    sandbox.fault(kind, operation)
    with pytest.raises(MailSyncError) as caught:
        calls[operation]()
    assert (type(caught.value), caught.value.code) == (cls, code)
    assert sandbox.ledger.verbs()[operation] == before + 1
    calls[operation]()  # and the connection is usable again


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        ("ErrorServerBusy", Transient),
        ("ErrorTooManyObjectsOpened", Transient),
        ("ErrorTimeoutExpired", Transient),
        ("ErrorInternalServerTransientError", Transient),
        ("ErrorInternalServerError", Transient),
        ("ErrorMailboxStoreUnavailable", Transient),
        ("ErrorMailboxMoveInProgress", Transient),
        ("ErrorExceededConnectionCount", Transient),
        ("ErrorNonExistentMailbox", MailboxGone),
        ("ErrorImpersonateUserDenied", AuthRejected),
        ("ErrorAccessDenied", AuthRejected),
        ("ErrorInvalidSyncStateData", TokenInvalid),
    ],
)
@pytest.mark.parametrize("kind", ["soap_fault", "item_error"])
def test_an_error_code_is_the_same_as_a_fault_and_as_an_element(
    sandbox: Sandbox,
    mailbox: EwsMailbox,
    kind: str,
    code: str,
    cls: type[MailSyncError],
) -> None:
    sandbox.fault(kind, "SyncFolderItems", code=code)
    with pytest.raises(cls, match=code):
        mailbox.changes(INBOX, None)
    assert sandbox.ledger.verbs() == {"SyncFolderItems": 1}


@pytest.mark.parametrize("kind", ["busy", "item_error"])
def test_a_busy_servers_pause_arrives_from_either_form(
    sandbox: Sandbox, mailbox: EwsMailbox, kind: str
) -> None:
    code = {"code": "ErrorServerBusy"} if kind == "item_error" else {}
    sandbox.fault(kind, "SyncFolderItems", back_off=4, **code)
    with pytest.raises(Transient) as caught:
        mailbox.changes(INBOX, None)
    assert (caught.value.retry_after, caught.value.code) == (4, "E221")


def test_a_slow_server_is_left_after_the_time_out(
    sandbox: Sandbox, server_with: Any
) -> None:
    sandbox.fault("slow", "SyncFolderItems", seconds=3)
    with pytest.raises(Transient) as caught:
        server_with(sandbox, timeout=0.3)(ADDRESS).changes(INBOX, None)
    assert caught.value.code == "E222"


def test_a_server_that_is_not_there_is_transient(server_with: Any) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9/EWS/Exchange.asmx"

    with pytest.raises(Transient) as caught:
        server_with(Nowhere())(ADDRESS).changes(INBOX, None)
    assert caught.value.code == "E223"


def test_a_wrong_password_is_refused_after_one_request(
    sandbox: Sandbox, server_with: Any
) -> None:
    with pytest.raises(AuthRejected):
        server_with(sandbox, password="falsch")(ADDRESS).changes(INBOX, None)
    assert len(sandbox.ledger.requests) == 1


# -- sync states ---------------------------------------------------------------------------


def test_an_endless_sync_is_stopped_and_raises_the_alarm_the_third_time(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 3)
    token = mailbox.changes(INBOX, None).token
    sandbox.fault("endless", "SyncFolderItems", count=0)
    for _ in range(2):
        page = mailbox.changes(INBOX, token)
        assert (page.is_last, page.token) == (True, token)
    with pytest.raises(Transient, match="endless"):
        mailbox.changes(INBOX, token)
    sandbox.faults.clear()
    assert mailbox.changes(INBOX, token).is_last


def test_the_count_of_an_endless_sync_survives_a_new_mailbox_object(
    sandbox: Sandbox, ews: EwsServer
) -> None:
    token = ews(ADDRESS).changes(INBOX, None).token
    sandbox.fault("endless", "SyncFolderItems", count=0)
    ews(ADDRESS).changes(INBOX, token)
    ews(ADDRESS).changes(INBOX, token)
    with pytest.raises(Transient, match="endless"):
        ews(ADDRESS).changes(INBOX, token)


def test_an_empty_page_that_says_more_ends_the_round_and_the_next_one_goes_on(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    token = mailbox.changes(INBOX, None).token
    deliver(sandbox, 2)
    sandbox.fault("empty_page", "SyncFolderItems")
    empty = Reading.of(mailbox, INBOX, token)
    assert (empty.changes, empty.tokens) == ([], [token])
    assert len(Reading.of(mailbox, INBOX, token).changes) == 2


def test_changes_listed_twice_or_in_another_order_are_passed_on(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 3)
    whole = {c.ref for c in mailbox.changes(INBOX, None).changes}
    for trick in ("duplicate", "reorder"):
        sandbox.fault(trick, "SyncFolderItems")
        assert {c.ref for c in mailbox.changes(INBOX, None).changes} == whole


# -- batches -----------------------------------------------------------------------------------


def test_a_busy_item_in_a_batch_is_the_mailboxes_matter(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 5)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("item_error", "GetItem", code="ErrorServerBusy", index=3)
    with pytest.raises(Transient) as caught:
        mailbox.fetch(refs, Detail.METADATA)
    assert caught.value.code == "E221"
    assert len(mailbox.fetch(refs, Detail.METADATA).messages) == 5


def test_an_internal_error_of_one_item_among_good_ones_is_the_items(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 5)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("item_error", "GetItem", code="ErrorInternalServerError", index=3)
    fetched = mailbox.fetch(refs, Detail.METADATA)
    assert [u.ref for u in fetched.unreadable] == [refs[3]]
    assert len(fetched.messages) == 4


def test_content_is_not_lost_where_only_its_new_text_cannot_be_told(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 5)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("item_error", "GetItem", code="ErrorInternalServerError", index=3)
    fetched = mailbox.fetch(refs, Detail.CONTENT)
    assert [m.ref for m in fetched.messages] == refs
    assert [m.new_text is None for m in fetched.messages] == [n == 3 for n in range(5)]
    assert fetched.messages[3].text


def test_an_internal_error_of_a_single_item_is_the_items_the_second_time(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 1)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("item_error", "GetItem", code="ErrorInternalServerError", count=0)
    with pytest.raises(Transient):
        mailbox.fetch(refs, Detail.METADATA)
    assert len(mailbox.fetch(refs, Detail.METADATA).unreadable) == 1


def test_a_right_missing_for_every_item_stops_the_mailbox(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 2)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault("item_error", "GetItem", code="ErrorAccessDenied")
    with pytest.raises(AuthRejected):
        mailbox.fetch(refs, Detail.METADATA)


def test_a_time_out_halves_the_chunk_and_success_lets_it_grow(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, START)
    refs = [c.ref for c in Reading.of(mailbox, INBOX).changes]
    sandbox.fault("soap_fault", "GetItem", code="ErrorTimeoutExpired")
    assert len(mailbox.fetch(refs, Detail.METADATA).messages) == START
    sizes = [r.items for r in sandbox.ledger.requests if r.operation == "GetItem"]
    assert sizes[:2] == [START, START // 2]
    assert sum(sizes[1:]) == START
    for _ in range(12):
        mailbox.fetch(refs, Detail.METADATA)
    assert mailbox._fetcher.chunk == ServerSettings("", "", "").fetch_size


@pytest.mark.parametrize("most", [1, 7])
def test_no_more_mails_are_asked_for_at_once_than_is_configured(
    sandbox: Sandbox, server_with: Any, most: int
) -> None:
    deliver(sandbox, 9)
    mailbox = server_with(sandbox, fetch_size=most)(ADDRESS)
    refs = [c.ref for c in Reading.of(mailbox, INBOX).changes]
    assert len(mailbox.fetch(refs, Detail.METADATA).messages) == 9
    sizes = [r.items for r in sandbox.ledger.requests if r.operation == "GetItem"]
    assert max(sizes) == most


def test_a_server_that_stays_slow_is_left_after_two_halvings(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    deliver(sandbox, 20)
    refs = [c.ref for c in Reading.of(mailbox, INBOX).changes]
    sandbox.fault("soap_fault", "GetItem", code="ErrorTimeoutExpired", count=0)
    with pytest.raises(Transient):
        mailbox.fetch(refs, Detail.METADATA)
    assert sandbox.ledger.verbs()["GetItem"] == 3


def test_a_mail_whose_answer_is_not_xml_is_found_by_bisection(
    sandbox: Sandbox, mailbox: EwsMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(sandbox, 16)
    refs = [c.ref for c in Reading.of(mailbox, INBOX).changes]
    bad = refs[11].external_id
    ask = mailbox._reader.ask

    def unparseable(operation: str, payload: str, **options: Any) -> Any:
        if bad in payload:
            raise Unparseable("not well-formed")
        return ask(operation, payload, **options)

    monkeypatch.setattr(mailbox._reader, "ask", unparseable)
    fetched = mailbox.fetch(refs, Detail.TEXT)
    assert [u.ref.external_id for u in fetched.unreadable] == [bad]
    assert len(fetched.messages) == 15
    assert sandbox.ledger.verbs()["GetItem"] <= 2 * 4


def test_illegal_characters_in_a_mail_arrive_as_replacement_characters(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    sandbox.settings.strip_illegal_characters = False
    try:
        raw = Mail(1, text="vor X nach\r\n").mime().replace(b"X", b"\x01")
        sandbox.deliver(raw, ADDRESS)
        change = mailbox.changes(INBOX, None).changes[0]
        (mail,) = mailbox.fetch([change.ref], Detail.TEXT).messages
        assert mail.text is not None
        assert mail.text.split() == ["vor", "\ufffd", "nach"]
        sandbox.ledger.violations.clear()  # the schema refuses what Exchange sends
    finally:
        sandbox.settings.strip_illegal_characters = True


# -- attachments -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "kept"),
    [(0, [None, None]), (1000, [None, b"y"]), (2000, [b"x" * 2000, b"y"])],
)
def test_an_attachment_over_the_limit_is_described_but_not_fetched(
    sandbox: Sandbox, server_with: Any, limit: int, kept: list[bytes | None]
) -> None:
    files = (("big.bin", "image/png", b"x" * 2000), ("small.bin", "image/png", b"y"))
    sandbox.deliver(Mail(1, attachments=files).mime(), ADDRESS)
    mailbox = server_with(sandbox, attachment_bytes=limit)(ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    (mail,) = mailbox.fetch(refs, Detail.CONTENT).messages
    assert mail.attachments is not None
    assert [a.name for a in mail.attachments] == ["big.bin", "small.bin"]
    assert [a.content for a in mail.attachments] == kept
    asked = [r for r in sandbox.ledger.requests if r.operation == "GetAttachment"]
    assert bool(asked) == bool(limit)


def test_an_attachment_of_twelve_megabytes_arrives_whole(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    big = bytes(range(256)) * 4096 * 12
    files = (("plan.bin", "image/png", big),)
    sandbox.deliver(Mail(1, attachments=files).mime(), ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    (mail,) = mailbox.fetch(refs, Detail.CONTENT).messages
    assert mail.attachments is not None
    assert mail.attachments[0].content == big
    sandbox.ledger.violations.clear()  # its judge reads no text over 10 MB


def test_a_refused_attachment_does_not_keep_the_mail_away(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    files = tuple((f"{n}.bin", "image/png", b"x") for n in range(3))
    sandbox.deliver(Mail(1, attachments=files).mime(), ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    sandbox.fault(
        "item_error", "GetAttachment", code="ErrorCannotOpenFileAttachment", index=1
    )
    (mail,) = mailbox.fetch(refs, Detail.CONTENT).messages
    assert mail.attachments is not None
    assert [a.content for a in mail.attachments] == [b"x", None, b"x"]


def test_an_attached_mail_arrives_as_its_mime(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    inner = message_from_bytes(Mail(7, subject="innen").mime(), policy=policy.default)
    assert isinstance(inner, EmailMessage)
    outer = EmailMessage()
    outer["From"] = "Hans <hans@kunde.example>"
    outer["To"] = ADDRESS
    outer["Subject"] = "aussen"
    outer.set_content("siehe Beilage")
    outer.add_attachment(inner)
    sandbox.deliver(outer.as_bytes(), ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    (mail,) = mailbox.fetch(refs, Detail.CONTENT).messages
    assert mail.attachments is not None
    (attached,) = mail.attachments
    assert attached.content_type == "message/rfc822"
    assert attached.content is not None
    assert Mail(7).message_id.encode() in attached.content


def test_html_comes_with_content_only(sandbox: Sandbox, mailbox: EwsMailbox) -> None:
    mail = EmailMessage()
    mail["From"] = "hans@kunde.example"
    mail["To"] = ADDRESS
    mail.set_content("Text")
    mail.add_alternative("<p>Grüezi <b>mitenand</b></p>", subtype="html")
    sandbox.deliver(mail.as_bytes(), ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    (text,) = mailbox.fetch(refs, Detail.TEXT).messages
    (content,) = mailbox.fetch(refs, Detail.CONTENT).messages
    assert text.html is None
    assert content.html is not None
    assert "<b>mitenand</b>" in content.html


# -- headers -----------------------------------------------------------------------------------

VERDICTS = (
    ("Authentication-Results", "mx.werft.example; dmarc=fail"),
    ("Authentication-Results", "mx.fremd.example; dmarc=pass"),
)


def test_repeated_headers_come_in_order_where_all_headers_are_asked_for(
    sandbox: Sandbox, server_with: Any
) -> None:
    sandbox.deliver(Mail(1, extra=VERDICTS).mime(), ADDRESS)
    mailbox = server_with(sandbox, all_headers=True)(ADDRESS)
    refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
    (mail,) = mailbox.fetch(refs, Detail.METADATA).messages
    found = [pair for pair in mail.headers if pair[0] == "Authentication-Results"]
    assert found == list(VERDICTS)


def test_both_ways_to_ask_for_headers_agree_where_none_is_repeated(
    sandbox: Sandbox, server_with: Any
) -> None:
    extra = (
        ("Auto-Submitted", "auto-generated"),
        ("List-Id", "<liste.kunde.example>"),
        ("Return-Path", "<hans@kunde.example>"),
    )
    sandbox.deliver(Mail(1, extra=extra).mime(), ADDRESS)
    found = []
    for all_headers in (False, True):
        mailbox = server_with(sandbox, all_headers=all_headers)(ADDRESS)
        refs = [c.ref for c in mailbox.changes(INBOX, None).changes]
        (mail,) = mailbox.fetch(refs, Detail.METADATA).messages
        found.append(sorted(mail.headers))
    assert found[0] == found[1]
    assert dict(found[0])["List-Id"] == "<liste.kunde.example>"


# -- access --------------------------------------------------------------------------------------


def test_delegate_access_names_the_mailbox_in_the_folder_id(
    sandbox: Sandbox, server_with: Any
) -> None:
    deliver(sandbox, 2)
    mailbox = server_with(sandbox, access="delegate")(ADDRESS)
    reading = Reading.of(mailbox, INBOX)
    assert len(reading.changes) == 2
    assert (
        len(mailbox.fetch([c.ref for c in reading.changes], Detail.TEXT).messages) == 2
    )
    assert sandbox.ledger.mailboxes_asked() == {ADDRESS}


def test_a_poll_of_standard_folders_asks_nothing_but_the_sync(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    for folder in mailbox.folders(
        ["inbox", "sent", "tasks", "calendar"], subfolders=False
    ):
        mailbox.changes(folder, None)
    assert sandbox.ledger.verbs() == {"SyncFolderItems": 4}


def test_only_the_mailbox_that_was_opened_is_asked_for(
    sandbox: Sandbox, ews: EwsServer
) -> None:
    ews(ADDRESS)
    ews(OTHER).changes(INBOX, None)
    assert sandbox.ledger.mailboxes_asked() == {OTHER}


def test_a_folder_that_was_deleted_is_gone(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    box = sandbox.store.mailbox(ADDRESS)
    folder = sandbox.store.folder_at(box, "Kunden")
    (found,) = mailbox.folders(["Kunden"], subfolders=False)
    sandbox.store.remove_folder(folder)
    with pytest.raises(MailboxGone) as caught:
        mailbox.changes(found, None)
    assert caught.value.code == "E234"


def test_folders_that_hold_no_mail_are_not_taken_for_subfolders(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    box = sandbox.store.mailbox(ADDRESS)
    inbox = sandbox.store.folder_at(box, "inbox")
    sandbox.store.add_folder(box, inbox, "Termine", "IPF.Appointment")
    sandbox.store.folder_at(box, "inbox/Kunden")
    found = mailbox.folders(["inbox"], subfolders=True)
    assert [f.name for f in found] == ["inbox", "inbox/Kunden"]


def test_an_own_folder_without_id_is_gone_without_a_request(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    with pytest.raises(MailboxGone):
        mailbox.changes(FolderRef(FolderRole.OTHER, "Kunden"), None)
    assert sandbox.ledger.requests == []


# -- certificates -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no system trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return cert, private


@pytest.fixture
def tls_sandbox(certificate: tuple[Path, Path]) -> Iterator[Sandbox]:
    settings = Settings(tls_cert=certificate[0], tls_key=certificate[1])
    with Sandbox([ADDRESS], {"svc": "geheim"}, settings=settings) as server:
        yield server


def test_a_certificate_nobody_knows_is_refused_and_never_skipped(
    tls_sandbox: Sandbox, server_with: Any
) -> None:
    with pytest.raises(Transient) as caught:
        server_with(tls_sandbox)(ADDRESS).changes(INBOX, None)
    assert caught.value.code == "E254"
    assert tls_sandbox.ledger.requests == []


def test_the_companys_own_certificates_are_trusted_where_named(
    tls_sandbox: Sandbox, server_with: Any, certificate: tuple[Path, Path]
) -> None:
    server = server_with(tls_sandbox, ca_file=str(certificate[0]))
    assert server(ADDRESS).changes(INBOX, None).is_last


# -- log-in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "kind"),
    [("basic", HTTPBasicAuth), ("digest", HTTPDigestAuth), ("ntlm", HttpNtlmAuth)],
)
def test_each_kind_of_log_in_has_its_handler(
    sandbox: Sandbox, server_with: Any, auth: str, kind: type
) -> None:
    mailbox = server_with(sandbox, auth=auth)(ADDRESS)
    session = mailbox._reader.account.protocol.get_session()
    assert isinstance(session.auth, kind)
    mailbox._reader.account.protocol.release_session(session)


def test_cookies_for_affinity_come_back_and_the_request_is_prepared_anew(
    sandbox: Sandbox, mailbox: EwsMailbox
) -> None:
    mailbox.changes(INBOX, None)
    protocol = mailbox._reader.account.protocol
    session = protocol.get_session()
    session.cookies.set("X-BackEndOverrideCookie", "backend-1", domain="127.0.0.1")
    session._ready.clear()
    request, _ = session._prepare(sandbox.url, {})
    assert request.headers["Cookie"] == "X-BackEndOverrideCookie=backend-1"
    protocol.release_session(session)


# -- Exchange Online ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://outlook.office365.com/EWS/Exchange.asmx",
        "https://OUTLOOK.OFFICE365.COM./EWS/Exchange.asmx",
        "https://ews.office365.com/x",
        "https://office365.com/",
        "https://eur.outlook.com/EWS/Exchange.asmx",
        "https://user@outlook.office365.com:443/EWS",
    ],
)
def test_exchange_online_is_refused_before_any_request(endpoint: str) -> None:
    with pytest.raises(AuthRejected, match="April 2027") as caught:
        EwsServer(ServerSettings(endpoint, "svc", "geheim"))(ADDRESS)
    assert caught.value.code == "E261"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://mail.werft.example/EWS/Exchange.asmx",
        "https://outlook.office365.com.werft.example/EWS",
        "https://myoutlook.company.example/EWS",
    ],
)
def test_other_servers_are_not_mistaken_for_it(endpoint: str) -> None:
    refuse_exchange_online(endpoint)


def test_kerberos_without_its_package_says_what_is_missing() -> None:
    settings = ServerSettings("http://127.0.0.1:9/", "", "", auth="kerberos")
    with pytest.raises(AuthRejected, match="requests-gssapi"):
        EwsServer(settings)(ADDRESS)


# -- threads ---------------------------------------------------------------------------


def test_more_threads_than_connections_take_turns(
    sandbox: Sandbox, ews: EwsServer
) -> None:
    deliver(sandbox, 12)

    def read(_: int) -> int:
        mailbox = ews(ADDRESS)  # one object per thread
        reading = Reading.of(mailbox, INBOX)
        refs = [change.ref for change in reading.changes]
        return len(mailbox.fetch(refs, Detail.TEXT).messages)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(24))) == [12] * 24
    assert sandbox.ledger.client_faults == []


# -- what must not happen besides ------------------------------------------------------


def test_an_answer_over_the_cap_is_refused_and_nothing_of_it_is_logged(
    sandbox: Sandbox,
    mailbox: EwsMailbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deliver(sandbox, 1)
    monkeypatch.setattr("mailsync.ews.transport.MAX_ANSWER_BYTES", 100)
    with pytest.raises(Transient, match="exceeds"):
        mailbox.changes(INBOX, None)
    assert caplog.records == []  # the library would log request and answer whole
    monkeypatch.undo()
    assert len(mailbox.changes(INBOX, None).changes) == 1


def test_a_task_whose_write_fails_leaves_its_text_in_no_log(
    sandbox: Sandbox, mailbox: EwsMailbox, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = WantedItem(
        ItemKind.TASK, "k", "Kanarienvogel", "", completed=False, time_zone="UTC"
    )
    for kind in ("cut_after", "500", "html"):
        sandbox.fault(kind, "CreateItem")
        with pytest.raises(Transient) as caught:
            mailbox.create_task(wanted)
        assert "Kanarienvogel" not in str(caught.value)
    assert "Kanarienvogel" not in caplog.text
