"""Content of linked mail, and the comparison of copies that share a Message-ID.

Both are comparisons of rows with what is wanted: linked, shown and without content →
fetch and store; several copies with one Message-ID and a text not yet looked at →
fetch, digest, forget. Nothing is stored of mail that no entry shows.
"""

from collections.abc import Callable, Iterator, Sequence

from crm_core import clock, database
from crm_core.mail import content
from crm_core.mail.content import WantedContent
from crm_core.mail.incoming import IncomingAttachment, IncomingBody
from crm_core.mail.messages import store_bodies
from mailsync.blobs import BlobStore
from mailsync.mime.names import safe_name
from mailsync.normalise import LONGEST_TEXT, clean, clean_text
from mailsync.port import Detail, ItemRef, MailSource, RemoteMessage
from mailsync.rescue import Rescuer
from mailsync.steps import step

BATCH = 25


def fetch_wanted(
    source: MailSource,
    wanted: Sequence[WantedContent],
    blobs: BlobStore,
    should_stop: Callable[[], bool],
    rescuer: Rescuer,
) -> int:
    """Fetch and store the content of these mails of one mailbox; how many.

    Raises MailSyncError from the adapter; whatever was stored before stays.
    """
    done = 0
    for batch in _batches(wanted, should_stop):
        by_item = {item.external_id: item for item in batch}
        fetched = source.fetch(_refs(batch), Detail.CONTENT)
        step("content_fetched")
        fetched = rescuer.tried(source, fetched, Detail.CONTENT)
        bodies = [
            (by_item[mail.ref.external_id].message, _body(mail, blobs))
            for mail in fetched.messages
        ]
        with database.transaction():
            store_bodies(bodies, clock.now(), complete=True)
            for broken in fetched.unreadable:
                lost = by_item[broken.ref.external_id].message
                content.mark_missing([lost], broken.reason[:200])
        step("content_committed")
        done += len(bodies)
    return done


def digest_copies(
    source: MailSource,
    wanted: Sequence[WantedContent],
    key: bytes,
    should_stop: Callable[[], bool],
    rescuer: Rescuer,
) -> int:
    """Look at the texts of these copies of one mailbox; how many were looked at."""
    done = 0
    for batch in _batches(wanted, should_stop):
        by_item = {item.external_id: item.copy for item in batch}
        fetched = source.fetch(_refs(batch), Detail.TEXT)
        fetched = rescuer.tried(source, fetched, Detail.TEXT)
        found = [
            (by_item[mail.ref.external_id], content.digest(key, _text(mail)))
            for mail in fetched.messages
        ]
        seen = {copy for copy, _ in found}
        missing = [item.copy for item in batch if item.copy not in seen]
        with database.transaction():
            content.record_digests(found, missing)
        done += len(batch)
    return done


def _batches(
    wanted: Sequence[WantedContent], should_stop: Callable[[], bool]
) -> Iterator[Sequence[WantedContent]]:
    for start in range(0, len(wanted), BATCH):
        if should_stop():
            return
        yield wanted[start : start + BATCH]


def _refs(batch: Sequence[WantedContent]) -> list[ItemRef]:
    return [ItemRef(item.external_id, item.change_key) for item in batch]


def _text(mail: RemoteMessage) -> str:
    """What the digest is of: the text as ingest would store it."""
    return clean_text(mail.text or "", LONGEST_TEXT)


def _body(mail: RemoteMessage, blobs: BlobStore) -> IncomingBody:
    """Attachments go to the blob store before the transaction."""
    parts = tuple(
        IncomingAttachment(
            name=safe_name(part.name, number, part.content_type),
            content_type=clean(part.content_type, 200),
            content_id=part.content_id and clean(part.content_id, 500),
            inline=part.inline,
            size=part.size,
            sha256=None if part.content is None else blobs.put(part.content),
        )
        for number, part in enumerate(mail.attachments or (), 1)
    )
    return IncomingBody(
        _text(mail), _cleaned(mail.html), parts, new_text=_cleaned(mail.new_text)
    )


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean_text(text, LONGEST_TEXT)
