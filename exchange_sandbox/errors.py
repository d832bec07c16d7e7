"""The two ways in which EWS says no: per item, and for the whole request.

`EwsError` becomes a response message of class Error in an answer with HTTP 200;
`SoapFault` becomes a SOAP fault with HTTP 500. Texts follow the descriptions of
Microsoft's ResponseCode reference where they are known.
"""

from collections.abc import Mapping

TEXTS = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorChangeKeyRequiredForWriteOperations": (
        "The change key is required for this operation."
    ),
    "ErrorExceededConnectionCount": (
        "You have exceeded the available concurrent connections for your account. "
        "Try again once your other requests have completed."
    ),
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorImpersonateUserDenied": (
        "The account does not have permission to impersonate the requested user."
    ),
    "ErrorInternalServerTransientError": (
        "An internal server error occurred. Try again later."
    ),
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or invalid.",
    "ErrorIrresolvableConflict": (
        "The send or update operation could not be performed because the change key "
        "passed in the request does not match the current change key for the item."
    ),
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorMailboxMoveInProgress": "The mailbox is being moved. Try again later.",
    "ErrorMailboxStoreUnavailable": "The mailbox database is temporarily unavailable.",
    "ErrorMissingEmailAddress": (
        "When making a request as an account that does not have a mailbox, you must "
        "specify the mailbox primary SMTP address for any distinguished folder Ids."
    ),
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
    "ErrorSyncFolderNotFound": "The folder to synchronize could not be found.",
    "ErrorTimeoutExpired": "The request timed out.",
    "ErrorTooManyObjectsOpened": "Too many objects are open. Try again later.",
}


class EwsError(Exception):
    """One item, folder or other element of the request failed."""

    def __init__(
        self,
        code: str,
        text: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text or TEXTS.get(code, f"The operation failed: {code}.")
        self.values = dict(values or {})


class SoapFault(EwsError):
    """The whole request failed."""
