"""One flow, told once in German, pressed in both languages.

``in_english`` reads the catalogues backwards: what a German page says, as the English
page says it. A text without an English twin is an error, not a guess.
"""

import re
from functools import lru_cache, partial

from babel.messages.pofile import read_po

from crm_web import i18n

_NAMES = frozenset({"CRM"})  # the same in every language
_PLACE = re.compile(r"%\((\w+)\)s")


def in_english(german: str) -> str:
    """The English twin, with the same names and numbers in it."""
    for pattern, english in _twins():
        found = pattern.fullmatch(german)
        if found is not None:
            return _PLACE.sub(partial(_filled, found), english)
    if german in _NAMES:
        return german
    told = f"no English for «{german}»"
    raise LookupError(told)


def _filled(found: re.Match[str], place: re.Match[str]) -> str:
    return found[place[1]]


@lru_cache(maxsize=1)
def _twins() -> list[tuple[re.Pattern[str], str]]:
    """German texts as patterns; those without a gap first."""
    found: list[tuple[str, str]] = []
    for file in i18n.catalogue_files():
        with file.open("rb") as text:
            for message in read_po(text, locale="de_CH"):
                ids, said = message.id, message.string
                if isinstance(ids, str):
                    found.append((ids, said))
                else:
                    found += zip(ids, said, strict=True)
    found = [(english, german) for english, german in found if english and german]
    found.sort(key=lambda pair: ("%(" in pair[1], -len(pair[1])))
    return [(_pattern(german), english) for english, german in found]


def _pattern(german: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for number, part in enumerate(_PLACE.split(german)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+)")
            seen.add(part)
    return re.compile("".join(parts))
