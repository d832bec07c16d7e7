"""Stored content for the mails of ``page_world``: texts, designs, attachments."""

import io
from hashlib import sha256
from pathlib import Path

from PIL import Image, PngImagePlugin

from crm_core import search
from crm_core.database import transaction
from crm_core.models import Attachment, Findable, Message, MessageBody

GIF = bytes.fromhex(
    "47494638396101000100800000ff000000000021f90400000000002c00000000010001000002"
    "02440100 3b".replace(" ", "")
)


_ORIENTATION = 0x0112  # EXIF


def drawn(
    kind: str, size: tuple[int, int], *, comment: str = "", turned: int = 1
) -> bytes:
    """A picture of one colour with a comment in its metadata."""
    picture = Image.new("RGB", size, (20, 90, 140))
    more: dict[str, object] = {}
    if kind == "PNG":
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", comment)
        more["pnginfo"] = note
    elif kind in {"JPEG", "GIF"}:
        more["comment"] = comment.encode()
    if turned != 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = turned
        more["exif"] = exif
    target = io.BytesIO()
    picture.save(target, kind, **more)
    return target.getvalue()


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
