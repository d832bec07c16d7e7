"""The part of a mail's text its sender wrote himself: UniqueBody.

Guarantees: linear, never raises. Cuts at the first quotation head of Outlook, of
Thunderbird/Apple/Gmail («Am … schrieb …:») or of a forward, and drops ``>`` lines.
Exchange compares with the other mails of the conversation instead; for mails whose
quotation has a head both give the same text (unverified on a real server).
"""

import re

_HEAD = re.compile(
    r"^(?:\s*-{3,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|"
    r"Messaggio originale|Weitergeleitete Nachricht|Forwarded message|"
    r"Original-Nachricht)\b"
    r"|\s*_{20,}\s*$"
    r"|\s*(?:Anfang der weitergeleiteten Nachricht|Begin forwarded message)\s*:)",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^\s*(?:Am|On|Le|Il|Den)\b.{4,300}(?:schrieb|wrote|écrit|scritto|skrev)"
    r".{0,200}:\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(?:Von|From|De|Da)\s?:", re.IGNORECASE)
_SENT = re.compile(r"^\s*\*?(?:Gesendet|Sent|Envoyé|Inviato|Datum|Date)\s?:", re.I)


def new_text(text: str) -> str:
    """Return the text above and between quotations."""
    lines = text.splitlines()
    kept: list[str] = []
    for index, line in enumerate(lines):
        if _is_head(lines, index):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\r\n".join(kept).strip()


def _is_head(lines: list[str], index: int) -> bool:
    line = lines[index][:600]
    if _HEAD.match(line):
        return True
    if _FROM.match(line):
        return any(_SENT.match(after[:200]) for after in lines[index + 1 : index + 5])
    following = lines[index + 1][:600] if index + 1 < len(lines) else ""
    return bool(_WROTE.match(line) or _WROTE.match(f"{line} {following}"))
