"""A mail that the server's parsed form cannot give is tried once more by its raw MIME.

    fetch ──► unreadable ──► raw_mime ──► limited child reads it ──► a mail after all
                                │ refused           │ refused
                                └───────────────────┴──► unreadable, with both reasons
                                                         (and its Message-ID, if found)

What a rescued mail says about itself is believed less: a broken header may be cut
otherwise here than where our Exchange looked at it, so its mark of internal
authentication is not taken over. A sender from inside is then held as unconfirmed,
unless the item lies in Sent Items.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from mailsync.errors import ItemGone, MailSyncError, Transient, Unprocessable
from mailsync.mime import MimeMail, MimeParty, read_mime
from mailsync.port import (
    Change,
    Detail,
    Fetched,
    ItemRef,
    MailSource,
    RemoteAttachment,
    RemoteMessage,
    RemoteParty,
    Unreadable,
)
from mailsync.steps import step

MOST = 20  # at a time; where more fail and nothing succeeds, the fault is ours

_HEAD_BYTES = 64 << 10
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s{0,80}(<[^<>\s]{1,995}>)")

log = structlog.get_logger("mailsync.rescue")


@dataclass(frozen=True, slots=True)
class Rescuer:
    """Reads mails by their MIME; remembers which of them broke the connection.

    ``read`` is the process's shared reader, whose child ends with the process. A
    failure that is the network's stops the page, which is then read again; the second
    time the same item does it, the item is given up.
    """

    read: Callable[[bytes], MimeMail] = read_mime
    _doubtful: set[str] = field(default_factory=set, repr=False)

    def tried(
        self,
        source: MailSource,
        fetched: Fetched,
        detail: Detail,
        changes: Iterable[Change] = (),
    ) -> Fetched:
        """The same, with what could be rescued among the messages.

        ``changes`` are the page's, which know the received time and the item's class.
        Raises MailSyncError where the mailbox or the network is the trouble.
        """
        broken = fetched.unreadable
        if not broken or (not fetched.messages and len(broken) > MOST):
            return fetched
        known = {change.ref.external_id: change for change in changes}
        saved: list[RemoteMessage] = []
        gone: list[ItemRef] = []
        left: list[Unreadable] = list(broken[MOST:])
        for item in broken[:MOST]:
            try:
                saved.append(self._rescued(source, item, detail, known))
            except ItemGone:
                gone.append(item.ref)
            except _StillUnreadable as still:
                left.append(still.item)
            step("rescue_tried")
        if saved:
            log.info("mails_rescued", count=len(saved))
        return replace(
            fetched,
            messages=(*fetched.messages, *saved),
            gone=(*fetched.gone, *gone),
            unreadable=tuple(left),
        )

    def _rescued(
        self,
        source: MailSource,
        item: Unreadable,
        detail: Detail,
        known: Mapping[str, Change],
    ) -> RemoteMessage:
        raw = self._raw(source, item)
        try:
            mail = self.read(raw)
        except Unprocessable as error:
            reason = f"{item.reason}; by its MIME: {error.reason}"
            raise _StillUnreadable(
                replace(item, reason=reason, message_id=message_id_in(raw))
            ) from error
        change = known.get(item.ref.external_id)
        return message_of(mail, item.ref, len(raw), detail, change)

    def _raw(self, source: MailSource, item: Unreadable) -> bytes:
        try:
            raw = source.raw_mime(item.ref)
        except Unprocessable as error:
            reason = f"{item.reason}; no MIME: {error.reason}"
            raise _StillUnreadable(replace(item, reason=reason)) from error
        except Transient as error:
            identity = item.ref.external_id
            if error.retry_after is not None or identity not in self._doubtful:
                self._doubtful.add(identity)
                raise
            self._doubtful.discard(identity)
            reason = f"{item.reason}; no MIME: {error}"
            raise _StillUnreadable(replace(item, reason=reason)) from error
        self._doubtful.discard(item.ref.external_id)
        return raw


class _StillUnreadable(MailSyncError):
    """Its MIME did not help; never leaves this module."""

    def __init__(self, item: Unreadable) -> None:
        super().__init__(item.reason)
        self.item = item


def message_id_in(raw: bytes) -> str | None:
    """The Message-ID in the head of a mail that cannot be read otherwise."""
    head = raw[:_HEAD_BYTES]
    end = _END_OF_HEAD.search(head)
    found = _MESSAGE_ID.search(head[: end.start()] if end else head)
    return None if found is None else found.group(1).decode("utf-8", "replace")


def message_of(
    mail: MimeMail, ref: ItemRef, size: int, detail: Detail, change: Change | None
) -> RemoteMessage:
    """A mail read from its MIME in the words of the port."""
    sender = mail.sole_sender or next(iter(mail.from_addresses), None)
    item_class = change.item_class if change is not None else None
    report = "REPORT.IPM.Note" if mail.report_type else "IPM.Note"
    content = detail is Detail.CONTENT
    return RemoteMessage(
        ref=ref,
        message_id=mail.message_id,
        in_reply_to=_in_brackets(mail.in_reply_to),
        references=_in_brackets(mail.references),
        conversation_id=None,
        conversation_index=mail.thread_index,
        conversation_topic=mail.thread_topic,
        subject=mail.subject,
        # More than one author: a name to show, no address to trust.
        from_=_party(sender, known=mail.sole_sender is not None),
        sender=_party(mail.sender),
        reply_to=_parties(mail.reply_to),
        to=_parties(mail.to),
        cc=_parties(mail.cc),
        bcc=_parties(mail.bcc),
        received_at=None if change is None else change.received_at,
        sent_at=mail.date,
        size=size,
        item_class=item_class or report,
        sensitivity=mail.sensitivity,
        categories=() if change is None else change.categories,
        has_attachments=any(not part.inline for part in mail.attachments),
        headers=_headers(mail),
        text=None if detail is Detail.METADATA else mail.text,
        html=mail.html if content else None,
        attachments=_attachments(mail) if content else None,
    )


def _in_brackets(ids: Iterable[str]) -> str | None:
    return " ".join(f"<{one}>" for one in ids) or None


def _party(party: MimeParty | None, *, known: bool = True) -> RemoteParty | None:
    if party is None:
        return None
    return RemoteParty(party.name, party.address if known else None)


def _parties(parties: Iterable[MimeParty]) -> tuple[RemoteParty, ...]:
    return tuple(RemoteParty(party.name, party.address) for party in parties)


def _headers(mail: MimeMail) -> tuple[tuple[str, str], ...]:
    """Those that say something about the mail; none that vouches for its sender."""
    named = (
        ("Auto-Submitted", mail.auto_submitted),
        ("Return-Path", mail.return_path),
        ("X-Autoreply", mail.x_autoreply),
        ("List-Id", mail.list_id),
        *(("Authentication-Results", text) for text in mail.authentication_results),
    )
    return tuple((name, value) for name, value in named if value is not None)


def _attachments(mail: MimeMail) -> tuple[RemoteAttachment, ...]:
    return tuple(
        RemoteAttachment(
            part.name,
            part.content_type,
            part.size,
            part.content_id,
            part.inline,
            part.content,
        )
        for part in mail.attachments
    )
