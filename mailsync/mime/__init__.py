"""Raw MIME of strangers → a frozen `MimeMail`, or `Unprocessable` with a reason.

Used where mail does not come parsed by the server: quarantine, attached messages.

    mail.py       what comes out (`MimeMail`) and how much may go in (`Limits`)
    reader.py     `MimeReader`: the parent's side; starts, feeds and kills the child
    child.py      ``python -m mailsync.mime.child``: limits itself, then reads mails
    wire.py       lengths, JSON and bytes between the two; never pickle
    structure.py  bytes → tree of parts, on the stdlib's compat32 parser with caps
    head_repair.py  headers with broken lines, so that the parser reads them whole
    reading.py    tree of parts → `MimeMail`
    headers.py    ids, dates, encoded words, parameters
    parties.py    address fields, strictly
    texts.py      charsets, transfer encodings, HTML as text
    names.py      attachment names that are safe to store and to show
"""

from mailsync.mime.mail import Limits, MimeAttachment, MimeMail, MimeParty
from mailsync.mime.reader import MimeReader, read_mime

__all__ = [
    "Limits",
    "MimeAttachment",
    "MimeMail",
    "MimeParty",
    "MimeReader",
    "read_mime",
]
