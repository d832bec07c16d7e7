"""Sentences in the caller's language; the English text is the key of the German one.

A text without a German one stays English: a test reads all of them out of the code and
fails on a missing one.
"""

from typing import Literal

from mailsync.commands.german import GERMAN

Language = Literal["de", "en"]


def in_language(text: str | None, language: Language) -> str | None:
    """The text in the language, as far as there is one."""
    if text is None or language == "en":
        return text
    return GERMAN.get(text, text)


def say(template: str, language: Language, **values: object) -> str:
    """The sentence in the language, with its values put in."""
    text = in_language(template, language) or ""
    return text.format(**values) if values else text
