"""The part of a mail's text its sender wrote himself: UniqueBody.

Guarantees: linear, never raises, reads at most ``MAX_TEXT`` characters. Cuts at the
first quotation head of Outlook, of Thunderbird/Apple/Gmail («Am … schrieb …:») or of a
forward, and drops ``>`` lines. Exchange compares with the other mails of the
conversation instead; that both give the same text is unverified.
"""

import re

MAX_TEXT = 1 << 20
_WINDOW = 1_000  # a quotation head and the lines that prove it fit into this

_CANDIDATE = re.compile(
    r"^[ \t]*+(?:-{3}|_{20}|Am |On |Le |Il |Den |\*?(?:Von|From|De|Da) ?:|Anfang|Begin)",
    re.IGNORECASE | re.MULTILINE,
)
_LINE = re.compile(
    r"[ \t]*(?:-{3,}[ \t]*(?:Original Message|Ursprüngliche Nachricht|"
    r"Message d'origine|Messaggio originale|Weitergeleitete Nachricht|"
    r"Forwarded message|Original-Nachricht)\b"
    r"|_{20,}[ \t]*$"
    r"|(?:Anfang der weitergeleiteten Nachricht|Begin forwarded message)[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(
    r"[ \t]*\*?(?:Von|From|De|Da) ?:[^\n]*\n(?:[^\n]*\n){0,3}?"
    r"[ \t]*\*?(?:Gesendet|Sent|Envoyé|Inviato|Datum|Date) ?:",
    re.IGNORECASE,
)
_WROTE_BY = re.compile(r"[ \t]*(?:Am|On|Le|Il|Den) ", re.IGNORECASE)
_WROTE = ("schrieb", "wrote", "écrit", "scritto", "skrev")
_QUOTED = re.compile(r"^[ \t]*+>.*+\n?", re.MULTILINE)


def new_text(text: str) -> str:
    """Return the text above the first quotation head, without ``>`` lines."""
    text = text[:MAX_TEXT].replace("\r\n", "\n")
    for place in _CANDIDATE.finditer(text):
        start = place.start()
        window = text[start : start + _WINDOW]
        if _LINE.match(window) or _FROM.match(window) or _is_attribution(window):
            text = text[:start]
            break
    return _QUOTED.sub("", text).strip().replace("\n", "\r\n")


def _is_attribution(window: str) -> bool:
    """«Am … schrieb …:» on one line or broken over two."""
    lines = window.split("\n", 2)[:2]
    for line in (lines[0], " ".join(lines)):
        tail = line.rstrip()[-400:].lower()
        if tail.endswith(":") and any(word in tail for word in _WROTE):
            return _WROTE_BY.match(window) is not None
    return False
