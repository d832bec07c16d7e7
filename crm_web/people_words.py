"""What the pages call the rights of staff groups."""

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.models import Right
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
