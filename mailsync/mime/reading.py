"""Bytes → `MimeMail`. Runs in the child; pure.

`structure` reads the tree of parts, this module decides what is body and what is
attachment and decodes the header fields.

Raises Unprocessable with a reason that holds nothing of the mail's content.
"""

import hashlib
from collections.abc import Iterable

from mailsync.errors import Unprocessable
from mailsync.mime import headers
from mailsync.mime.mail import Limits, MimeAttachment, MimeMail, MimeParty
from mailsync.mime.names import safe_name
from mailsync.mime.parties import read_parties
from mailsync.mime.structure import Entity, read_structure
from mailsync.mime.texts import html_depth, text_of, text_of_html, words_of_html

_LONGEST_SUBJECT = 4_096
_SENSITIVITIES = {
    "personal": "Personal",
    "private": "Private",
    "company-confidential": "Confidential",
}


def read_mail(chunks: Iterable[bytes], limits: Limits) -> MimeMail:
    """Read one mail that comes in pieces. Raises Unprocessable."""
    root = read_structure(chunks, limits)
    defects = sorted({type(d).__name__ for part in root.walk() for d in part.defects})
    return _Assembly(root, limits, defects).mail()


class _Assembly:
    """Turns the parsed structure into the frozen result."""

    def __init__(self, root: Entity, limits: Limits, defects: list[str]) -> None:
        self.root, self.limits, self.defects = root, limits, defects
        self.plain: str | None = None
        self.html: str | None = None
        self.body_part: Entity | None = None
        self.attachments: list[MimeAttachment] = []
        self.report: str | None = None

    def mail(self) -> MimeMail:
        for part in self.root.walk():
            if not part.is_multipart():
                self._leaf(part)
        senders, sole = self._senders()
        return MimeMail(
            message_id=headers.own_id(self._raw("message-id") or ""),
            in_reply_to=self._ids("in-reply-to"),
            references=self._ids("references"),
            subject=self._shown("subject") or "",
            from_addresses=senders,
            sole_sender=sole,
            sender=next(iter(self._parties("sender")), None),
            to=self._parties("to"),
            cc=self._parties("cc"),
            bcc=self._parties("bcc"),
            reply_to=self._parties("reply-to"),
            date=headers.instant(self._raw("date") or ""),
            text=self._text(),
            html=self.html,
            attachments=tuple(self.attachments),
            thread_index=headers.base64_field(self._raw("thread-index") or ""),
            thread_topic=self._shown("thread-topic"),
            authentication_results=tuple(self._every("authentication-results")),
            authenticated_as=self._plain("x-ms-exchange-organization-authas"),
            auto_submitted=self._plain("auto-submitted"),
            return_path=self._plain("return-path"),
            x_autoreply=self._plain("x-autoreply"),
            list_id=self._plain("list-id"),
            sensitivity=self._sensitivity(),
            keywords=self._keywords(),
            report_type=self._report_type(),
            defects=tuple(self.defects),
        )

    # -- header fields

    def _raw(self, name: str) -> str | None:
        value = self.root.first(name)
        return None if value is None else value[: self.limits.thread_header_bytes]

    def _every(self, name: str) -> list[str]:
        room = self.limits.thread_header_bytes
        return [headers.plain(v[:room]) for v in list(self.root.every(name))[:50]]

    def _plain(self, name: str) -> str | None:
        value = self._raw(name)
        return None if value is None else headers.plain(value)

    def _shown(self, name: str) -> str | None:
        value = self._plain(name)
        if value is None:
            return None
        text = headers.shown(value)
        if len(text) > _LONGEST_SUBJECT:
            self.defects.append(f"{name} cut")
        return text[:_LONGEST_SUBJECT]

    def _ids(self, name: str) -> tuple[str, ...]:
        window = self.limits.thread_header_bytes
        found = [
            one for v in self.root.every(name) for one in headers.thread_ids(v, window)
        ]
        ids = headers.capped(found, self.limits.ids)
        if len(ids) < len(set(found)) or len(self.root.first(name) or "") > window:
            self.defects.append(f"{name} cut")
        return ids

    def _parties(self, name: str) -> tuple[MimeParty, ...]:
        found: list[MimeParty] = []
        for value in self._every(name):
            found.extend(read_parties(value, self.limits.parties).found)
        whole = all(
            len(v) <= self.limits.thread_header_bytes for v in self.root.every(name)
        )
        if not whole or len(found) >= self.limits.parties:
            self.defects.append(f"{name} cut")
        return tuple(found[: self.limits.parties])

    def _senders(self) -> tuple[tuple[MimeParty, ...], MimeParty | None]:
        fields = [read_parties(v, self.limits.parties) for v in self._every("from")]
        found = tuple(party for field in fields for party in field.found)
        single = len(fields) == 1 and len(found) == 1 and not fields[0].group
        return found, found[0] if single and found[0].address else None

    def _sensitivity(self) -> str:
        value = (self._plain("sensitivity") or "").lower()
        return _SENSITIVITIES.get(value, "Normal")

    def _keywords(self) -> tuple[str, ...]:
        words = [w for v in self._every("keywords") for w in v.split(",", 200)[:200]]
        return tuple(
            dict.fromkeys(headers.shown(w.strip()) for w in words if w.strip())
        )

    def _report_type(self) -> str | None:
        kind, values = self.root.stated("content-type")
        if kind != "multipart/report":
            return None
        return values.get("report-type", "").lower() or self.report

    # -- parts

    def _leaf(self, part: Entity) -> None:
        kind = part.kind
        if kind in ("message/delivery-status", "message/disposition-notification"):
            self.report = self.report or kind.partition("/")[2]
        if self._is_body(part):
            self._take_body(part)
        else:
            self._attach(part)

    def _is_body(self, part: Entity) -> bool:
        multipart_without_parts = part.kind.startswith("multipart/")
        if part.kind not in ("text/plain", "text/html") and not multipart_without_parts:
            return False
        if part.stated("content-disposition")[0] == "attachment" or part.file_name():
            return False
        if self.body_part is None:
            return True
        taken = self.html if part.kind == "text/html" else self.plain
        alternative = self.body_part.ancestor("multipart/alternative")
        return (
            taken is None
            and alternative is not None
            and (alternative is part.ancestor("multipart/alternative"))
        )

    def _take_body(self, part: Entity) -> None:
        charset = part.stated("content-type")[1].get("charset", "")
        # Cut before decoding: a charset's error handling can cost seconds per 25 MB.
        most = 4 * max(self.limits.text_characters, self.limits.html_bytes) + 4
        text = text_of(part.body()[:most], charset)
        if part.kind == "text/html":
            self.html = text
        else:
            self.plain = text
        self.body_part = part

    def _attach(self, part: Entity) -> None:
        content = part.body()
        limit = self.limits.attachment_bytes
        if len(content) > limit:
            raise Unprocessable(f"an attachment is over {limit >> 20} MB")
        content_id = headers.plain(part.first("content-id") or "").strip("<> ") or None
        inline = part.stated("content-disposition")[0] == "inline"
        inline = inline or (
            content_id is not None and part.ancestor("multipart/related") is not None
        )
        kind = part.kind[:255]
        name = safe_name(part.file_name(), len(self.attachments) + 1, kind)
        self.attachments.append(
            MimeAttachment(
                name=name,
                content_type=kind,
                content_id=content_id,
                inline=inline,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
            )
        )

    def _text(self) -> str:
        """The readable text; decides on the way whether the HTML may be kept."""
        text = self.plain
        if self.html is not None:
            excess = self._html_excess(self.html)
            if excess:
                self.defects.append(f"html too {excess}")
            if text is None:
                limit = self.limits.html_bytes
                text = (words_of_html if excess else text_of_html)(self.html[:limit])
            if excess:
                self.html = None
        text = text or ""
        if len(text) > self.limits.text_characters:
            self.defects.append("text cut")
        return text[: self.limits.text_characters]

    def _html_excess(self, html: str) -> str | None:
        if len(html) > self.limits.html_bytes:
            return "large"
        return "deep" if html_depth(html) > self.limits.html_depth else None
