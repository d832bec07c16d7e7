"""The lines of the log in words («Änderungen»). Unknown acts are shown as they are."""

from collections.abc import Mapping
from types import MappingProxyType

from crm_web.i18n import gettext
from crm_web.i18n import lazy as _

_ACTIONS = {
    "entry_created": _("created the entry"),
    "entry_updated": _("changed the entry"),
    "entry_closed": _("closed the entry"),
    "entry_reopened": _("opened the entry again"),
    "entry_waiting": _("set the entry to «waiting»"),
    "entry_watched": _("watches the entry"),
    "entry_unwatched": _("no longer watches the entry"),
    "participant_added": _("added a participant"),
    "participant_removed": _("removed a participant"),
    "note_added": _("wrote a note"),
    "mail_linked": _("linked an e-mail"),
    "mail_unlinked": _("took an e-mail out"),
    "conversation_unlinked": _("took a conversation out"),
    "document_linked": _("linked a document"),
    "document_unlinked": _("took a document out"),
    "task_assigned": _("assigned a task"),
    "task_edited": _("changed a task"),
    "task_reassigned": _("gave a task to somebody else"),
    "task_completed": _("completed a task"),
    "task_reopened": _("opened a task again"),
    "task_cancelled": _("cancelled a task"),
    "drift_adopted": _("adopted a change from Outlook"),
    "drift_seen": _("saw a change in Outlook"),
    "drift_gone": _("the change in Outlook is gone"),
    "drift_dropped": _("the change in Outlook is gone"),
    "mirror_written_again": _("had a task written again"),
    "mirror_pushed": _("wrote a task to Outlook"),
    "mirror_removed": _("removed a task from Outlook"),
    "mirror_parked": _("gave up writing a task"),
    "entry_exported": _("exported the entry"),
    "entry_merged": _("merged entries"),
    "entry_absorbed": _("merged another entry into this one"),
    "mail_removed_by_owner": _("removed an e-mail of the own mailbox"),
    "data_exported": _("exported the entry"),
}
ACTIONS: Mapping[str, str] = MappingProxyType(_ACTIONS)

_FIELDS = {
    "title": _("Title"),
    "subtag": _("Subtag"),
    "management_only": _("Only for GL"),
    "description": _("Description"),
    "responsible": _("Responsible"),
    "follow_up_on": _("Follow-up"),
}


def change_text(action: str, detail: str) -> str:
    """What was done; of a changed entry also which fields."""
    said = gettext(ACTIONS[action]) if action in ACTIONS else action
    if action != "entry_updated" or not detail:
        return said
    fields = [field.strip() for field in detail.split(",")]
    named = [gettext(_FIELDS[f]) if f in _FIELDS else f for f in fields]
    return f"{said}: {', '.join(named)}"
