"""What a subject says: reply prefixes, entry tokens, subtag keywords. Pure, linear.

Only the subject's own text counts; what stands in quotation marks is somebody else's.
Who may use a token or keyword is decided in ``crm_core.linking.links``.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 2_000  # a subject's text beyond this says nothing to us

# A closed list: German, English, French, Italian, Nordic, Dutch, Spanish, Polish.
_PREFIXES = "re|aw|antw|wg|fw|fwd|sv|vs|tr|ref|rif|res|rv|enc|odp|r|i"
_PREFIX = re.compile(
    rf"\s*(?:(?:{_PREFIXES})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|\*\d{{1,3}})?\s*[:：]"
    r"|\[(?:ext|extern|external)\])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"«[^»]*»|»[^«]*«|„[^“”\"]*[“”\"]|“[^”]*”|‹[^›]*›|\"[^\"]*\"")
_KEYWORD = re.compile(r"(?<![\w#&/])#(\w[\w-]{0,63})")


@dataclass(frozen=True, slots=True)
class SubjectText:
    """A subject taken apart. Numbers are entry numbers; keywords are folded.

    ``bare`` are numbers written without brackets (CRM-1042): at most a suggestion.
    ``quoted`` are tokens and keywords inside quotation marks, as text.
    """

    topic: str
    is_reply: bool
    tokens: tuple[int, ...] = ()
    bare: tuple[int, ...] = ()
    keywords: tuple[str, ...] = ()
    quoted_tokens: tuple[int, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything to act on or to suggest."""
        return bool(self.tokens or self.bare or self.keywords or self.quoted_tokens)


def fold(text: str) -> str:
    """The form in which keywords are compared: NFC, case-folded."""
    return unicodedata.normalize("NFC", text.casefold())


def without_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without its reply and forward prefixes; whether there were any."""
    position = 0
    while match := _PREFIX.match(subject, position):
        position = match.end()
    return subject[position:].strip(), position > 0


def parse(subject: str, token_prefix: str = "CRM") -> SubjectText:
    """Take a subject apart; anything but text of the subject itself is ignored."""
    subject = unicodedata.normalize("NFC", subject[:_LONGEST])
    topic, is_reply = without_prefixes(subject)
    if "#" not in topic and "-" not in topic:
        return SubjectText(topic, is_reply)
    own = _QUOTED.sub(" ", topic)
    token, bare = _token_patterns(token_prefix)
    tokens = _numbers(token, own)
    return SubjectText(
        topic=topic,
        is_reply=is_reply,
        tokens=tokens,
        bare=tuple(n for n in _numbers(bare, own) if n not in tokens),
        keywords=tuple(dict.fromkeys(fold(w) for w in _KEYWORD.findall(own))),
        quoted_tokens=tuple(n for n in _numbers(token, topic) if n not in tokens),
    )


def without_marks(topic: str, token_prefix: str = "CRM") -> str:
    """The topic as a title: tokens and keywords taken out."""
    token, _ = _token_patterns(token_prefix)
    return " ".join(_KEYWORD.sub(" ", token.sub(" ", topic)).split())


@lru_cache(maxsize=8)
def _token_patterns(prefix: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    word = re.escape(prefix)
    token = re.compile(rf"\[{word}-(\d{{1,9}})\]", re.IGNORECASE | re.ASCII)
    bare = re.compile(rf"(?<![\w\[-]){word}-(\d{{1,9}})(?![\w\]-])", re.IGNORECASE)
    return token, bare


def _numbers(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    found = (digits for digits in pattern.findall(text) if digits.isascii())
    return tuple(dict.fromkeys(int(digits) for digits in found))
