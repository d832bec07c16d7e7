"""The log in words: what every act is called, and in which group it is filtered.

A test reads every act that the code writes and fails on one without words.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from crm_core.linking.reasons import Reason, ReasonCode
from crm_core.models import LinkReason
from crm_web.change_words import ACTIONS as IN_ENTRIES
from crm_web.change_words import change_text
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _
from crm_web.reason_words import reason_text

_MAIL = {
    "mail_linked": IN_ENTRIES["mail_linked"],
    "mail_unlinked": IN_ENTRIES["mail_unlinked"],
    "conversation_unlinked": IN_ENTRIES["conversation_unlinked"],
    "mail_ignored": _("ignored an e-mail"),
    "mail_considered_again": _("had an e-mail wait again"),
    "sender_ignored": _("ignores a sender always"),
    "sender_heeded": _("no longer ignores a sender"),
    "content_wanted": _("asked to see an e-mail's content"),
    "mailbox_undone": _("undid what a mailbox had made happen"),
}
_VERDICTS = {
    "conversations_merged": _("merged conversations"),
    "conversations_kept_apart": _("keeps conversations apart"),
    "key_voided": _("declared a thread key void"),
}
_ADDRESSES = {
    "address_created": _("captured an address"),
    "address_updated": _("changed an address"),
    "address_email_added": _("added an e-mail address"),
    "address_email_removed": _("removed an e-mail address"),
    "address_domain_added": _("added a domain"),
    "address_domain_removed": _("removed a domain"),
    "addresses_imported": _("imported addresses"),
    "document_added": _("received a document"),
    "document_updated": _("received a changed document"),
    "document_linked": IN_ENTRIES["document_linked"],
    "document_unlinked": IN_ENTRIES["document_unlinked"],
}
_TASKS = {
    action: text
    for action, text in IN_ENTRIES.items()
    if action.startswith(("task_", "drift_", "mirror_"))
}
_SYNC = {
    "mailbox_added": _("took up a mailbox"),
    "mailbox_configured": _("changed a mailbox's settings"),
    "mailbox_removed": _("no longer reads a mailbox"),
    "mailbox_released": _("had a mailbox read again"),
    "mailbox_stopped": _("stopped reading a mailbox"),
    "mailbox_paused": _("paused a mailbox"),
    "mailbox_resumed": _("had a mailbox go on"),
    "mailbox_poll_asked": _("asked for a mailbox to be read now"),
    "mailbox_polled": _("read a mailbox as asked"),
    "mailbox_test_asked": _("asked for a mailbox to be tested"),
    "mailbox_tested": _("tested a mailbox"),
    "mailbox_backfill_asked": _("asked for a mailbox to be read from the beginning"),
    "mailbox_backfilled": _("begins to read a mailbox anew"),
    "configuration_reload_asked": _("asked for the files to be read again"),
    "configuration_reloaded": _("read the files again"),
    "quarantine_retry": _("had a quarantined item tried again"),
}
_ADMINISTRATION = {
    "account_created": _("added an account"),
    "account_locked": _("locked an account"),
    "account_unlocked": _("unlocked an account"),
    "account_joined": _("signed in through the company for the first time"),
    "password_changed": _("set a password"),
    "password_removed": _("took a password away"),
    "sessions_ended": _("ended sessions"),
    "employee_added": _("added an employee"),
    "employee_renamed": _("renamed an employee"),
    "employee_activated": _("unlocked an employee"),
    "employee_deactivated": _("locked an employee"),
    "employee_groups_set": _("set the groups of an employee"),
    "staff_group_added": _("added a staff group"),
    "staff_group_renamed": _("renamed a staff group"),
    "rights_changed": _("changed the rights of a group"),
    "view_as_started": _("began to look as somebody else"),
    "view_as_ended": _("ended looking as somebody else"),
    "taxonomy_imported": _("imported groups, tags and subtags"),
    "taxonomy_added": _("added a group, tag or subtag"),
    "taxonomy_changed": _("changed a group, tag or subtag"),
    "taxonomy_activated": _("activated a group, tag or subtag"),
    "taxonomy_deactivated": _("deactivated a group, tag or subtag"),
    "taxonomy_ordered": _("moved a group, tag or subtag"),
    "taxonomy_deleted": _("deleted a group, tag or subtag"),
    "token_created": _("added an API token"),
    "token_revoked": _("revoked an API token"),
    "webhook_added": _("added a webhook"),
    "webhook_changed": _("changed a webhook"),
    "webhook_removed": _("removed a webhook"),
    "webhook_secret_renewed": _("renewed a webhook's secret"),
    "webhook_tested": _("tested a webhook"),
    "webhook_sent_again": _("had a delivery sent again"),
    "webhook_switched_off": _("switched a webhook off (410)"),
    "calendar_feed_created": _("made a calendar address"),
    "calendar_feed_revoked": _("revoked a calendar address"),
    "backup_made": _("made a backup"),
}
_PRIVACY = {
    "signed_in": _("signed in"),
    "device_signed_out": _("signed a device out"),
    "devices_signed_out": _("signed all other devices out"),
    "data_exported": _("exported data"),
    "list_exported": _("exported a list"),
    "person_erased": _("erased a person"),
    "mailbox_erased": _("erased everything of a mailbox"),
}
_LISTED = (_MAIL, _VERDICTS, _ADDRESSES, _TASKS, _SYNC, _ADMINISTRATION, _PRIVACY)
_ENTRIES = {
    action: text
    for action, text in IN_ENTRIES.items()
    if not any(action in group for group in _LISTED)
}

# By the word in the page's address: what it is called, and its acts.
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "eintraege": (_("Entries"), _ENTRIES),
        "emails": (_("E-mails and links"), _MAIL),
        "entscheide": (_("Merged and kept apart"), _VERDICTS),
        "aufgaben": (_("Tasks and Outlook"), _TASKS),
        "adressen": (_("Addresses and documents"), _ADDRESSES),
        "abgleich": (_("Mailboxes and synchronisation"), _SYNC),
        "verwaltung": (_("Administration"), _ADMINISTRATION),
        "datenschutz": (_("Sign-ins, exports, erasures"), _PRIVACY),
    }
)
ACTIONS: Mapping[str, str] = MappingProxyType(
    {**_ENTRIES, **{act: text for group in _LISTED for act, text in group.items()}}
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "account": _("account"),
        "address": _("address"),
        "addresses": _("addresses"),
        "calendar_feed": _("calendar address"),
        "configuration": _("configuration"),
        "database": _("database"),
        "delivery": _("delivery"),
        "document": _("document"),
        "employee": _("employee"),
        "entry": _("entry"),
        "everything": _("all data"),
        "ignored_sender": _("sender"),
        "list": _("list"),
        "mailbox": _("mailbox"),
        "message": _("e-mail"),
        "quarantine": _("quarantine"),
        "staff_group": _("staff group"),
        "user": _("account"),
        "task": _("task"),
        "taxonomy": _("groups, tags, subtags"),
        "token": _("API token"),
        "webhook": _("webhook"),
    }
)
_LINKED_BY = {
    LinkReason.MANUAL: _("by hand"),
    LinkReason.SUGGESTION: _("by suggestion"),
    LinkReason.TOKEN: _("by number in the subject"),
    LinkReason.KEYWORD: _("by keyword"),
    LinkReason.CATEGORY: _("by category"),
}
_SCOPES = {"read": _("read only"), "write": _("read and write")}
_COUNTED = {
    "new": _("new"),
    "changed": _("changed"),
    "same": _("unchanged"),
    "skipped": _("left out"),
    "failed": _("failed"),
    "groups": _("groups"),
    "tags": _("tags"),
    "subtags": _("subtags"),
    "mails": _("e-mails"),
    "unseen": _("e-mails that were not open to whoever took them"),
    "rows": _("rows"),
    "links": _("links"),
    "entries": _("entries"),
}
_COUNT = re.compile(r"(\d+) ([a-z]+)")
_REFERENCE = re.compile(r"[a-z_]+:\d+")


def action_text(action: str) -> str:
    """What was done, in the reader's language; an unknown act is shown as it is."""
    return gettext(ACTIONS[action]) if action in ACTIONS else action


def kind_text(kind: str) -> str:
    """What kind of thing it was done to."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def detail_text(action: str, detail: str) -> str:
    """Further words of a line; bare references to rows say nothing to people."""
    if action == "entry_updated":
        return change_text(action, detail).partition(": ")[2]
    if action == "mail_linked":
        reason, _blank, evidence = detail.partition(" ")
        if reason in set(LinkReason) and LinkReason(reason) in _LINKED_BY:
            by = gettext(_LINKED_BY[LinkReason(reason)])
            return f"{by} {_evidence_text(evidence)}".strip()
    if action == "token_created":
        return gettext(_SCOPES[detail]) if detail in _SCOPES else detail
    return "" if _REFERENCE.fullmatch(detail) else _COUNT.sub(_counted, detail)


def _evidence_text(evidence: str) -> str:
    """A number or keyword as it is; what a suggestion rested on in words."""
    if evidence not in set(ReasonCode):
        return evidence
    return f"({reason_text(Reason(ReasonCode(evidence)))})"


def _counted(found: re.Match[str]) -> str:
    word = _COUNTED.get(found.group(2))
    return f"{found.group(1)} {gettext(word)}" if word else found.group(0)
