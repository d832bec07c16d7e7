"""Mails on disk → raw bytes, one after the other, in a stable order.

Guarantees: an mbox file gives its mails in file order, a folder gives its ``.eml``
files sorted by path (subfolders included), any other file is one mail. Files are read
as they are needed; nothing is parsed. Raises OSError if the path cannot be read.

A line ``From …`` begins a mail when it stands first or after an empty line and a
header field follows; ``>From`` (any number of ``>``) loses one ``>`` (mboxrd).
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

_SEPARATOR = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\r\n\r\n))From [^\n]{0,998}\n"
    rb"(?=>?[!-9;-~]{1,200}[ \t]*:|>From |\r?\n)"
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def load_mails(path: Path) -> Iterator[bytes]:
    """Yield the raw mails of an mbox file, a folder of ``.eml`` files or one mail."""
    if path.is_dir():
        for mail in sorted(path.rglob("*")):
            if mail.suffix.lower() == ".eml" and mail.is_file():
                yield mail.read_bytes()
        return
    if path.stat().st_size == 0:  # cannot be mapped
        return
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        if mapped[:5] == b"From ":
            yield from _split(mapped)
        else:
            yield mapped[:]


def _split(mbox: mmap.mmap) -> Iterator[bytes]:
    start: int | None = None
    for line in _SEPARATOR.finditer(mbox):
        if start is not None:
            yield _unquote(mbox[start : line.start()])
        start = line.end()
    if start is not None:
        yield _unquote(mbox[start:])


def _unquote(mail: bytes) -> bytes:
    """Undo what mbox did to a mail: its last empty line and its quoted From lines."""
    if mail.endswith(b"\r\n\r\n"):
        mail = mail[:-2]
    elif mail.endswith(b"\n\n"):
        mail = mail[:-1]
    return _QUOTED_FROM.sub(rb"\1", mail) if b"\n>" in mail else mail
