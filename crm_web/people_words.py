"""What the pages call the rights of staff groups and what they see of mail."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from crm_core.models import Right, Visibility
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _

RIGHTS: Mapping[Right, str] = MappingProxyType(
    {
        Right.ASSIGN_TASKS: _("Assign tasks"),
        Right.MASTER_DATA: _("Addresses and import"),
        Right.DELETE: _("Delete"),
        Right.EXPORT: _("Export"),
        Right.ADMINISTRATION: _("Administration"),
    }
)
VISIBILITY: Mapping[Visibility, str] = MappingProxyType(
    {
        Visibility.FULL: _("content"),
        Visibility.SUBJECT: _("subject only"),
        Visibility.NONE: _("nothing"),
    }
)


def right_word(right: Right) -> str:
    """Aufgaben zuweisen, Verwaltung, …, as they head the matrix."""
    return gettext(RIGHTS[right])


def visibility_word(visibility: Visibility) -> str:
    """Inhalt, nur Betreff, nichts."""
    return gettext(VISIBILITY[visibility])


GLOBALS: dict[str, Callable[..., object]] = {
    "right_word": right_word,
    "visibility_word": visibility_word,
}
