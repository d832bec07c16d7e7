"""The one table: nothing foreign leaves the adapter, and everything is named."""

import inspect
from typing import Any

import exchangelib.errors as foreign
import pytest
import requests
from lxml import etree
from requests.structures import CaseInsensitiveDict

from mailsync.errors import (
    AuthRejected,
    Conflict,
    ItemGone,
    MailboxGone,
    MailSyncError,
    TokenInvalid,
    Transient,
    Unprocessable,
)
from mailsync.ews import errors
from mailsync.ews.properties import MNS, TNS

FOREIGN = [
    cls
    for _, cls in inspect.getmembers(foreign, inspect.isclass)
    if issubclass(cls, Exception) and cls.__module__ == foreign.__name__
]
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "RateLimitError": ("slow down", 90.0),
    "RedirectError": ("https://other.example/EWS",),
    "CASError": ("blocked", None),
    "InvalidEnumValue": ("field", "x", ("a", "b")),
    "InvalidTypeError": ("field", "x", int),
    "NaiveDateTimeNotAllowed": (None,),
}


def instance_of(cls: type[Exception]) -> Exception:
    return cls(*ARGUMENTS.get(cls.__name__, ("the server's text",)))


def test_the_library_has_its_hundreds_of_error_classes() -> None:
    assert len(FOREIGN) > 390  # red control of the walks below


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: cls.__name__)
def test_every_error_class_of_the_library_is_translated(cls: type[Exception]) -> None:
    ours = errors.translate(instance_of(cls))
    assert isinstance(ours, MailSyncError)
    if cls.__name__ in errors.TABLE:
        assert (type(ours), ours.code) == errors.TABLE[cls.__name__]
    else:
        assert type(ours) is Transient
        assert str(ours).startswith(cls.__name__)


def test_every_key_of_the_table_is_a_class_of_the_library() -> None:
    assert set(errors.TABLE) <= {cls.__name__ for cls in FOREIGN}


@pytest.mark.parametrize(
    ("code", "cls", "shown"),
    [
        ("ErrorServerBusy", Transient, "E221"),
        ("ErrorTimeoutExpired", Transient, "E222"),
        ("ErrorMailboxStoreUnavailable", Transient, "E223"),
        ("ErrorMailboxMoveInProgress", Transient, "E224"),
        ("ErrorInvalidSyncStateData", TokenInvalid, "E225"),
        ("ErrorNonExistentMailbox", MailboxGone, "E213"),
        ("ErrorNonPrimarySmtpAddress", MailboxGone, "E214"),
        ("ErrorSyncFolderNotFound", MailboxGone, "E234"),
        ("ErrorItemNotFound", ItemGone, "E233"),
        ("ErrorIrresolvableConflict", Conflict, "E235"),
        ("ErrorImpersonateUserDenied", AuthRejected, "E211"),
        ("ErrorAccessDenied", AuthRejected, "E212"),
        ("ErrorMimeContentConversionFailed", Unprocessable, "E241"),
        ("ErrorNobodyHasHeardOf", Transient, "E223"),
    ],
)
def test_a_response_code_has_its_class_and_shown_code(
    code: str, cls: type[MailSyncError], shown: str
) -> None:
    ours = errors.from_code(code, "text")
    assert (type(ours), ours.code) == (cls, shown)
    assert code in str(ours)


def test_our_own_bugs_keep_their_traceback() -> None:
    with pytest.raises(KeyError), errors.translated():
        raise KeyError("a bug")


def test_foreign_errors_do_not_leave_the_block() -> None:
    with pytest.raises(ItemGone) as caught, errors.translated():
        raise foreign.ErrorItemNotFound("gone")
    assert isinstance(caught.value.__cause__, foreign.ErrorItemNotFound)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectionError("refused"),
        requests.exceptions.ReadTimeout("slow"),
        ConnectionResetError("reset"),
        etree.XMLSyntaxError("bad", 1, 1, 1),
    ],
)
def test_the_network_and_the_parser_are_transient(error: Exception) -> None:
    assert isinstance(errors.translate(error), Transient)


def test_a_refused_certificate_has_its_own_code() -> None:
    text = "HTTPSConnectionPool: SSLCertVerificationError certificate verify failed"
    ours = errors.translate(foreign.TransportError(text))
    assert isinstance(ours, Transient)
    assert ours.code == "E254"


def test_a_lost_connection_is_not_taken_for_a_slow_server() -> None:
    lost = errors.translate(
        foreign.ErrorTimeoutExpired("Reraised from ConnectionError(refused)")
    )
    slow = errors.translate(
        foreign.ErrorTimeoutExpired("Reraised from ReadTimeout(read timed out)")
    )
    assert lost is not None
    assert slow is not None
    assert (lost.code, slow.code) == ("E223", "E222")


def test_the_servers_own_pause_arrives_in_seconds() -> None:
    ours = errors.translate(foreign.ErrorServerBusy("busy", back_off=12.5))
    assert isinstance(ours, Transient)
    assert ours.retry_after == 12.5


# -- HTTP statuses without SOAP ----------------------------------------------------


def status(code: int, **headers: str) -> MailSyncError | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return errors.from_status(code, CaseInsensitiveDict(named))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("0", 1.0),
        ("259200", 3600.0),
        ("-5", None),
        ("nonsense", None),
        ("nan", None),
        ("Mon, 23 Nov 2026 06:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 05:00:00 GMT", None),
        ("Thu, 26 Nov 2026 06:00:00 GMT", 3600.0),
    ],
)
def test_retry_after_is_honoured_within_bounds(
    value: str, seconds: float | None
) -> None:
    ours = status(503, Retry_After=value, Date="Mon, 23 Nov 2026 06:00:00 GMT")
    assert isinstance(ours, Transient)
    assert ours.retry_after == seconds


@pytest.mark.parametrize(
    ("code", "location", "cls", "shown"),
    [
        (401, "", AuthRejected, "E201"),
        (403, "", AuthRejected, "E212"),
        (302, "https://mail.example/owa/auth/logon.aspx", AuthRejected, "E201"),
        (302, "https://elsewhere.example/EWS", AuthRejected, "E251"),
        (302, "/ews/genericerrorpage.htm", Transient, "E223"),
        (404, "", Transient, "E251"),
        (410, "", Transient, "E251"),
        (429, "", Transient, "E221"),
        (500, "", Transient, "E223"),
        (502, "", Transient, "E223"),
        (503, "", Transient, "E221"),
        (504, "", Transient, "E223"),
    ],
)
def test_an_http_status_has_its_class(
    code: int, location: str, cls: type[MailSyncError], shown: str
) -> None:
    ours = status(code, Location=location)
    assert ours is not None
    assert (type(ours), ours.code) == (cls, shown)


def test_success_is_no_error() -> None:
    assert status(200) is None


# -- error elements of an answer -----------------------------------------------------


def message(code: str, values: dict[str, str], *, klass: str = "Error") -> Any:
    inner = "".join(f'<t:Value Name="{k}">{v}</t:Value>' for k, v in values.items())
    return etree.fromstring(
        f'<m:R xmlns:m="{MNS}" xmlns:t="{TNS}" ResponseClass="{klass}">'
        f"<m:MessageText>text</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>"
        f"<m:MessageXml>{inner}</m:MessageXml></m:R>"
    )


def test_an_error_element_gives_its_pause() -> None:
    ours = errors.of_message(
        message("ErrorServerBusy", {"BackOffMilliseconds": "2500"})
    )
    assert isinstance(ours, Transient)
    assert ours.retry_after == 2.5


@pytest.mark.parametrize("absurd", ["-1", "x", ""])
def test_an_absurd_pause_is_left_to_our_own_back_off(absurd: str) -> None:
    values = {"BackOffMilliseconds": absurd}
    ours = errors.of_message(message("ErrorServerBusy", values))
    assert isinstance(ours, Transient)
    assert ours.retry_after is None


def test_an_inner_code_says_more_than_the_outer_one() -> None:
    values = {"InnerErrorResponseCode": "ErrorServerBusy"}
    ours = errors.of_message(message("ErrorInternalServerError", values))
    assert ours is not None
    assert ours.code == "E221"


def test_a_success_element_is_no_error() -> None:
    assert errors.of_message(message("NoError", {}, klass="Success")) is None


def test_an_element_without_code_is_an_error() -> None:
    bare = etree.fromstring(f'<m:R xmlns:m="{MNS}" ResponseClass="Success"/>')
    assert isinstance(errors.of_message(bare), Transient)
