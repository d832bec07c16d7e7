"""Attachment bytes by GetAttachment: capped, in batches, never the reason to fail.

Guarantee: an attachment that is over the limit, refused or unreadable has ``content``
None and the mail is still delivered; only errors about the mailbox or the network are
raised.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from mailsync.errors import Transient
from mailsync.ews.calls import Caller
from mailsync.ews.errors import of_message
from mailsync.ews.mapping import attachment_content
from mailsync.ews.properties import MNS
from mailsync.ews.strict_xml import Unparseable
from mailsync.ews.xml_text import escape
from mailsync.port import RemoteAttachment, RemoteMessage

_BATCH_BYTES: Final = 8 * 1024 * 1024
_BATCH_COUNT: Final = 20
_HOLDER: Final = f"{{{MNS}}}Attachments"

Stub = tuple[str, RemoteAttachment]


def with_attachments(
    caller: Caller, message: RemoteMessage, stubs: Sequence[Stub], largest: int
) -> RemoteMessage:
    """The message with its attachments, bytes included where they may be had and are
    at most ``largest``; at 0 none is asked for.
    """
    contents: dict[str, bytes] = {}
    wanted = [
        (identity, about)
        for identity, about in stubs
        if identity and largest and about.size <= largest
    ]
    for batch in _batches(wanted):
        contents.update(_fetch(caller, batch))
    contents = {k: v for k, v in contents.items() if len(v) <= largest}
    return replace(
        message,
        attachments=tuple(
            replace(about, content=contents.get(identity)) for identity, about in stubs
        ),
    )


def _batches(stubs: Sequence[Stub]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for identity, about in stubs:
        if batch and (size + about.size > _BATCH_BYTES or len(batch) == _BATCH_COUNT):
            yield batch
            batch, size = [], 0
        batch.append(identity)
        size += about.size
    if batch:
        yield batch


def _fetch(caller: Caller, batch: Sequence[str]) -> dict[str, bytes]:
    ids = "".join(f'<t:AttachmentId Id="{escape(identity)}"/>' for identity in batch)
    try:
        answers = caller.ask(
            "GetAttachment",
            "><m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"
            f"</m:AttachmentShape><m:AttachmentIds>{ids}</m:AttachmentIds>",
            large=True,
        )
    except Unparseable:
        if len(batch) == 1:
            return {}
        return {k: v for one in batch for k, v in _fetch(caller, [one]).items()}
    contents: dict[str, bytes] = {}
    for identity, answer in zip(batch, answers, strict=False):
        error = of_message(answer)
        if isinstance(error, Transient):
            raise error
        holder = answer.find(_HOLDER)
        if error is None and holder is not None and len(holder):
            content = attachment_content(holder[0])
            if content is not None:
                contents[identity] = content
    return contents
