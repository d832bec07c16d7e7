"""What the pages call colours, rights on entries and the fields a subtag can demand."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from crm_core.models import Access, Colour
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _

COLOURS: Mapping[Colour, str] = MappingProxyType(
    {
        Colour.GREY: _("Grey"),
        Colour.BLUE: _("Blue"),
        Colour.TEAL: _("Teal"),
        Colour.GREEN: _("Green"),
        Colour.AMBER: _("Amber"),
        Colour.RED: _("Red"),
        Colour.VIOLET: _("Violet"),
    }
)
ACCESS: Mapping[Access, str] = MappingProxyType(
    {
        Access.FULL: _("read and change"),
        Access.READ: _("read"),
        Access.NONE: _("nothing"),
    }
)
DEMANDED: Mapping[str, str] = MappingProxyType(
    {
        "description": _("Description"),
        "follow_up_on": _("Follow-up"),
        "note": _("First note"),
    }
)


def colour_word(colour: Colour) -> str:
    """Blau, Grün, …, as a word: no colour says anything by itself."""
    return gettext(COLOURS[colour])


def access_word(access: Access) -> str:
    """What a staff group may do with entries."""
    return gettext(ACCESS[access])


def demanded_words(names: Iterable[str]) -> str:
    """«Beschreibung, Wiedervorlage»."""
    wanted = set(names)
    return ", ".join(gettext(word) for name, word in DEMANDED.items() if name in wanted)


GLOBALS: dict[str, Callable[..., object]] = {
    "colour_word": colour_word,
    "access_word": access_word,
    "demanded_words": demanded_words,
}
