"""What may go wrong between us and a mail server: the whole tree.

    MailSyncError                a sentence for people; never a traceback
    ├── Transient(retry_after)   try again later; writes look first
    ├── AuthRejected             stop this mailbox, tell the administrator
    ├── TokenInvalid             forget the sync token, read everything again
    ├── MailboxGone              mailbox or folder is not there
    ├── Conflict                 somebody else changed the item: drift
    ├── ItemGone                 the item to update or delete is not there
    └── Unprocessable(reason)    one item cannot be read: quarantine

Adapters translate everything foreign into these (exchange.md §10); whatever else
escapes is a bug and keeps its traceback.
"""


class MailSyncError(Exception):
    """Base of all expected failures; ``code`` is the Exxx code shown to people."""

    code: str = "E252"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Transient(MailSyncError):
    """Worth another try; ``retry_after`` is the server's own wish in seconds."""

    code = "E223"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class AuthRejected(MailSyncError):
    """Log-in or right refused: never repeated by itself, to spare the account."""

    code = "E201"


class TokenInvalid(MailSyncError):
    """The server no longer knows our sync token."""

    code = "E225"


class MailboxGone(MailSyncError):
    """The mailbox or folder does not exist (any more)."""

    code = "E213"


class Conflict(MailSyncError):
    """The item was changed by somebody else since we last saw it."""

    code = "E235"


class ItemGone(MailSyncError):
    """The item does not exist any more."""

    code = "E233"


class Unprocessable(MailSyncError):
    """One item cannot be read; ``reason`` goes to the quarantine row."""

    code = "E241"

    def __init__(self, reason: str, *, code: str | None = None) -> None:
        super().__init__(reason, code=code)
        self.reason = reason
