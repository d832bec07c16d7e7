"""Attachment names: what a stranger wrote → what may be a file name and a label.

Guarantees: the result is not empty, has no path, no control, line-break, direction or
zero-width character, none of the characters Windows forbids, no reserved device name,
no leading or trailing dot or blank, and at most 255 bytes in UTF-8 with its suffix
kept. Direction characters become a visible «_», so that «rechnung\u202efdp.exe» shows
where it really ends.
"""

import re
import unicodedata

LONGEST = 255
_LONGEST_SUFFIX = 20

_FORBIDDEN = re.compile(
    '[\x00-\x1f\x7f-\x9f<>:"|?*\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f'
    "\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])(?:\.|\s|\Z)",
    re.IGNORECASE,
)
_SUFFIXES = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
}


def safe_name(stated: str, number: int, content_type: str) -> str:
    """Return a safe name for the ``number``-th attachment of a mail."""
    name = unicodedata.normalize("NFC", stated[:4096])
    name = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    name = " ".join(name.split())
    name = _FORBIDDEN.sub("_", name).strip(". ")
    if not name.strip("_"):
        name = f"attachment-{number}{_SUFFIXES.get(content_type, '.bin')}"
    if content_type == "message/rfc822" and not name.lower().endswith(".eml"):
        name += ".eml"  # an attached mail; servers name it by its subject
    if _RESERVED.match(name):
        name = "_" + name
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = dot + suffix if stem else ""
    if len(ending.encode()) > _LONGEST_SUFFIX:
        stem, ending = name, ""
    room = LONGEST - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + ending
