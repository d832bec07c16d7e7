"""Everything foreign → ``mailsync.errors``, in one table (exchange.md §10).

The table's keys are EWS response codes, which are also exchangelib's class names, so
one look-up serves an error element of an answer and an exception of the library.
Guarantee: ``translated()`` lets nothing foreign out of the adapter. What is not in
the table becomes Transient and names its class; bugs of ours (TypeError, KeyError …)
pass unchanged and keep their traceback.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from exchangelib import errors as foreign
from lxml import etree

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
from mailsync.ews.properties import MNS, TNS

LONGEST_WAIT: Final = 3600.0  # exchange.md §10: cap 1 h, floor 1 s
SHORTEST_WAIT: Final = 1.0
_TEXT_LIMIT = 300

# (our class, the code shown to people (ux.md §6.6), the EWS codes)
_RULES: Final[tuple[tuple[type[MailSyncError], str, str], ...]] = (
    (AuthRejected, "E201", "UnauthorizedError ErrorMailboxLogonFailed"),
    (
        AuthRejected,
        "E202",
        "ErrorPasswordExpired ErrorAccountDisabled ErrorPasswordChangeRequired",
    ),
    (
        AuthRejected,
        "E211",
        """
        ErrorImpersonateUserDenied ErrorImpersonationDenied
        ErrorImpersonationFailed ErrorCallerIsInvalidADAccount
        """,
    ),
    (
        AuthRejected,
        "E212",
        """
        ErrorAccessDenied ErrorCreateItemAccessDenied ErrorDelegateNoUser
        ErrorNotDelegate ErrorUserNotAllowedByPolicy
        ErrorCreateSubfolderAccessDenied ErrorSubscriptionAccessDenied
        """,
    ),
    (
        MailboxGone,
        "E213",
        """
        ErrorNonExistentMailbox ErrorInvalidSmtpAddress ErrorMailRecipientNotFound
        ErrorInvalidMailbox ErrorNameResolutionNoMailbox
        ErrorNameResolutionNoResults
        """,
    ),
    (MailboxGone, "E214", "ErrorNonPrimarySmtpAddress"),
    (
        MailboxGone,
        "E234",
        """
        ErrorFolderNotFound ErrorSyncFolderNotFound ErrorParentFolderNotFound
        ErrorToFolderNotFound ErrorSavedItemFolderNotFound ErrorNoCalendar
        ErrorInvalidFolderId
        """,
    ),
    (
        Transient,
        "E221",
        """
        ErrorServerBusy RateLimitError ErrorExceededConnectionCount
        ErrorExceededFindCountLimit ErrorTooManyObjectsOpened
        ErrorExceededSubscriptionCount
        """,
    ),
    (
        Transient,
        "E222",
        """
        ErrorTimeoutExpired ErrorInternalServerTransientError
        ErrorInternalServerError ErrorInsufficientResources ErrorNotEnoughMemory
        ErrorRequestAborted ErrorBatchProcessingStopped ErrorDataSourceOperation
        ErrorClientDisconnected
        """,
    ),
    (
        Transient,
        "E223",
        """
        ErrorMailboxStoreUnavailable ErrorMailboxFailover ErrorConnectionFailed
        ErrorConnectionFailedTransientError TransportError ErrorADUnavailable
        ErrorADOperation
        """,
    ),
    (
        Transient,
        "E224",
        """
        ErrorMailboxMoveInProgress ErrorCrossSiteRequest ErrorProxyCallFailed
        ErrorNoRespondingCASInDestinationSite
        ErrorNoApplicableProxyCASServersAvailable
        ErrorProxyRequestProcessingFailed ErrorProxyTokenExpired
        """,
    ),
    (TokenInvalid, "E225", "ErrorInvalidSyncStateData"),
    (Transient, "E231", "ErrorQuotaExceeded"),
    (
        Unprocessable,
        "E232",
        """
        ErrorItemSave ErrorItemSavePropertyError ErrorInvalidPropertySet
        ErrorInvalidValueForProperty ErrorPropertyValidationFailure
        ErrorPropertyUpdate ErrorInvalidExtendedPropertyValue
        ErrorCalendarOutOfRange ErrorCalendarDurationIsTooLong
        ErrorCalendarEndDateIsEarlierThanStartDate
        ErrorCalendarInvalidPropertyValue ErrorCalendarInvalidTimeZone
        ErrorTimeZone ErrorInvalidPropertyRequest ErrorValueOutOfRange
        UnknownTimeZone ErrorIncorrectUpdatePropertyCount
        ErrorInvalidPercentCompleteValue ErrorObjectTypeChanged
        """,
    ),
    (
        ItemGone,
        "E233",
        """
        ErrorItemNotFound ErrorCalendarCannotUpdateDeletedItem ErrorInvalidIdEmpty
        ErrorInvalidIdMalformed ErrorInvalidId
        """,
    ),
    (
        Conflict,
        "E235",
        """
        ErrorIrresolvableConflict ErrorInvalidChangeKey ErrorStaleObject
        ErrorChangeKeyRequired ErrorChangeKeyRequiredForWriteOperations
        """,
    ),
    (
        Unprocessable,
        "E236",
        """
        ErrorMessageSizeExceeded ErrorAttachmentSizeLimitExceeded
        ErrorDataSizeLimitExceeded ErrorRequestStreamTooBig
        """,
    ),
    (
        Unprocessable,
        "E241",
        """
        ErrorItemCorrupt ErrorCorruptData ErrorContentConversionFailed
        ErrorMimeContentConversionFailed ErrorMimeContentInvalid
        ErrorMimeContentInvalidBase64String ErrorItemPropertyRequestFailed
        ErrorCannotOpenFileAttachment ErrorVirusDetected ErrorVirusMessageDeleted
        ErrorUnsupportedMimeConversion ErrorInvalidAttachmentId
        """,
    ),
    (
        Transient,
        "E251",
        """
        AutoDiscoverFailed AutoDiscoverError ErrorAutoDiscoverFailed
        AutoDiscoverCircularRedirect
        """,
    ),
    # a redirect is never followed: the password would go to somebody else
    (AuthRejected, "E251", "RedirectError RelativeRedirect"),
    (
        Transient,
        "E252",
        """
        ErrorSchemaValidation MalformedResponseError SOAPError
        ResponseMessageError ErrorResponseSchemaValidation ErrorInvalidRequest
        """,
    ),
    (
        AuthRejected,
        "E253",
        """
        ErrorInvalidServerVersion ErrorMailboxConfiguration
        ErrorIncorrectSchemaVersion ErrorInvalidSchemaVersionForMailboxVersion
        ErrorWrongServerVersion ErrorWrongServerVersionDelegate
        """,
    ),
)

TABLE: Final[dict[str, tuple[type[MailSyncError], str]]] = {
    name: (cls, code) for cls, code, names in _RULES for name in names.split()
}

# exchangelib keeps only the text of a TLS failure, in a bare TransportError
_TLS_MARKS = ("certificate", "SSL", "TLS")


def from_code(
    code: str, text: str | None, *, retry_after: float | None = None
) -> MailSyncError:
    """Our error for an EWS response code; unknown codes are Transient and named."""
    cls, shown = TABLE.get(code, (Transient, Transient.code))
    message = f"{code}: {(text or '').strip()[:_TEXT_LIMIT]}".rstrip(": ")
    if cls is Transient:
        return Transient(message, code=shown, retry_after=clamp(retry_after))
    return cls(message, code=shown)


def clamp(seconds: float | None) -> float | None:
    """The server's wish within 1 s..1 h; None where it is absent or absurd."""
    if seconds is None or not seconds >= 0:  # also NaN
        return None
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def translate(error: Exception) -> MailSyncError | None:
    """Our error for a foreign exception; None when it is not foreign (a bug)."""
    if isinstance(error, MailSyncError):
        return error
    if isinstance(error, requests.RequestException | OSError | etree.LxmlError):
        return _network(error)
    if type(error).__module__ != foreign.__name__:
        return None
    text = str(error)
    if type(error) is foreign.TransportError and any(m in text for m in _TLS_MARKS):
        return Transient(f"TLS: {text[:_TEXT_LIMIT]}", code="E254")
    if text.startswith("Reraised from ") and "Timeout(" not in text:
        return _no_connection(text)
    wait = getattr(error, "back_off", None) or getattr(error, "wait", None)
    return from_code(type(error).__name__, text, retry_after=wait)


def _no_connection(text: str) -> Transient:
    """Nobody answers: one plain sentence, the library's text is of no use to people."""
    kind = re.search(r"Reraised from (\w+)", text)
    name = kind.group(1) if kind else "ConnectionError"
    return Transient(f"the server cannot be reached ({name})", code="E223")


def _network(error: Exception) -> MailSyncError:
    text = f"{type(error).__name__}: {error}"[:_TEXT_LIMIT]
    tls = isinstance(error, requests.exceptions.SSLError)
    return Transient(text, code="E254" if tls else "E223")


@contextmanager
def translated() -> Iterator[None]:
    """Nothing foreign leaves this block; our own bugs do, with their traceback."""
    try:
        yield
    except MailSyncError:
        raise
    except Exception as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error


def from_status(
    status: int, headers: "requests.structures.CaseInsensitiveDict[str]"
) -> MailSyncError | None:
    """Our error for an HTTP status that carries no SOAP; None for 200."""
    if status == 200:
        return None
    if status == 401:
        return AuthRejected("HTTP 401: user or password refused", code="E201")
    if status == 403:
        return AuthRejected("HTTP 403: the server refuses this log-in", code="E212")
    if 300 <= status < 400:
        return _redirect(status, headers.get("Location", ""))
    codes = {429: "E221", 503: "E221", 404: "E251", 410: "E251"}  # busy; not EWS
    return Transient(
        f"HTTP {status}",
        code=codes.get(status, "E223"),
        retry_after=retry_after(headers),
    )


def _redirect(status: int, location: str) -> MailSyncError:
    where = location.lower()
    if "genericerrorpage" in where:  # IIS shows outages so
        return Transient(f"HTTP {status}: the server's error page", code="E223")
    if any(word in where for word in ("logon", "login", "signin", "/owa")):
        return AuthRejected(f"HTTP {status}: sent to a log-in page", code="E201")
    return AuthRejected(f"HTTP {status}: redirect, not followed", code="E251")


def retry_after(
    headers: "requests.structures.CaseInsensitiveDict[str]",
) -> float | None:
    """Retry-After (RFC 9110 §10.2.3), seconds or date, clamped.

    A date is measured against the answer's own Date, so clock skew does not matter.
    """
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return clamp(float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
        date = headers.get("Date")
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return clamp((until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def of_message(message: etree._Element) -> MailSyncError | None:
    """The error a response message carries; None when it is a success."""
    code = message.findtext(f"{{{MNS}}}ResponseCode") or "NoCode"
    if message.get("ResponseClass") == "Success" and code == "NoError":
        return None
    values = {
        value.get("Name"): value.text or ""
        for value in message.iterfind(f"{{{MNS}}}MessageXml/{{{TNS}}}Value")
    }
    inner = values.get("InnerErrorResponseCode", "")
    if inner in TABLE:
        code = inner
    text = message.findtext(f"{{{MNS}}}MessageText")
    return from_code(code, text, retry_after=_milliseconds(values))


def _milliseconds(values: dict[str | None, str]) -> float | None:
    try:
        return float(values["BackOffMilliseconds"]) / 1000
    except (KeyError, ValueError):
        return None
