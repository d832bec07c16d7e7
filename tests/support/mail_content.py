"""Stored content for the mails of ``page_world``: texts, designs, attachments."""

from hashlib import sha256
from pathlib import Path

from crm_core import search
from crm_core.database import transaction
from crm_core.models import Attachment, Findable, Message, MessageBody

GIF = bytes.fromhex(
    "47494638396101000100800000ff000000000021f90400000000002c00000000010001000002"
    "02440100 3b".replace(" ", "")
)


def store(
    message: Message,
    text: str = "Guten Tag",
    html: str | None = None,
    new_text: str | None = None,
) -> None:
    """The content as the daemon would have stored it."""
    with transaction():
        MessageBody.delete().where(MessageBody.message == message).execute()
        MessageBody.create(message=message, text=text, html=html, new_text=new_text)
        at = message.received_at
        Message.update(body_at=at, content_at=at).where(
            Message.id == message.id
        ).execute()
        search.refresh(Findable.BODY, [message.id])


def attach(
    blobs: Path,
    message: Message,
    name: str,
    content: bytes,
    *,
    content_id: str | None = None,
    content_type: str = "application/pdf",
) -> int:
    """An attachment, its content in the blob store; its id."""
    digest = sha256(content).hexdigest()
    path = blobs / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with transaction():
        row = Attachment.create(
            message=message,
            position=Attachment.select().where(Attachment.message == message).count(),
            name=name,
            content_type=content_type,
            content_id=content_id,
            inline=content_id is not None,
            size=len(content),
            sha256=digest,
        )
    return int(row.id)
