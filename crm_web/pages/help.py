"""«Hilfe»: what is transferred where, tagging mail from Outlook, the keys."""

from flask import current_app, render_template

from crm_web.i18n import lazy as _
from crm_web.rooms import Room, open_without_group

room = Room("help", __name__)

# (thing, direction, what exactly, limits); in the order in which people ask.
TRANSFERS = (
    (
        _("E-mails"),
        _("Outlook → here"),
        _("From the folders read of the company's mailboxes: who, subject, date."),
        _("Only read: nothing is marked as read, moved, changed or deleted there."),
    ),
    (
        _("Text and attachments of an e-mail"),
        _("Outlook → here"),
        _("Normally only once the e-mail is linked with an entry."),
        _("If it has been deleted there by then, the entry says so."),
    ),
    (
        _("Replies"),
        _("Outlook → here"),
        _("Appear by themselves in the entry of the conversation."),
        _("Mail among colleagues and doubtful senders are held back and offered."),
    ),
    (
        _("Private e-mails"),
        _("not transferred"),
        _(
            "Marked as private or personal, «privat» or «persönlich» in subject or "
            "category, or in a folder called so: an id is stored, no content."
        ),
        _("A person's mailbox is not read at all before the person is informed."),
    ),
    (
        _("Task with «Due by»"),
        _("here → Outlook"),
        _("A task with title, entry number, date and «done» in that person's list."),
        _("Only with an own mailbox for which tasks are switched on."),
    ),
    (
        _("Task with «Do on»"),
        _("here → Outlook"),
        _("An appointment in that person's calendar. Nobody is invited."),
        _("Only with an own mailbox for which the calendar is switched on."),
    ),
    (
        _("Done"),
        _("here → Outlook"),
        _("The task is completed there too; an appointment gets «✓» and stays."),
        _("A cancelled task goes to the deleted items."),
    ),
    (
        _("Done, changed, moved or deleted in Outlook"),
        _("Outlook → here"),
        _("Shown on the task as what differs."),
        _("Nothing is taken over before somebody presses «Adopt» or «Write again»."),
    ),
    (
        _("Calendar address (ICS)"),
        _("here → calendar"),
        _("Your own open tasks, for a phone; made in the profile."),
        _("The calendar fetches it when it likes, every 3 to 24 hours."),
    ),
    (
        _("Work reports and delivery notes"),
        _("ERP → here"),
        _("The ERP sends them; a linked one shows its entries there too."),
        _("They are changed in the ERP only."),
    ),
    (
        _("Addresses, entries, notes"),
        _("not transferred"),
        _("They stay here. An entry's title, people and number go with a task."),
        _("Who may not read the entry gets its number only."),
    ),
    (
        _("New e-mails"),
        _("not transferred"),
        _("This program sends no e-mail. You answer in Outlook."),
        _("Outlook contacts, rules and reminders are left alone."),
    ),
)

KEYS = (
    ("?", _("this help")),
    ("/", _("search")),
    ("g a", _("Addresses")),
    ("g t", _("Tasks")),
    ("g z", _("Unassigned")),
    ("n", _("new")),
    ("j", _("next row")),
    ("k", _("row before")),
    ("Enter", _("open the row")),
    ("1", _("accept the suggestion")),
    ("i", _("Ignore")),
    ("e", _("Link e-mail")),
    ("a", _("New task")),
    ("b", _("Add participant")),
    ("d", _("Done")),
    (".", _("copy the entry's number for a subject")),
    ("Ctrl+Enter", _("Save")),
    ("Esc", _("close the dialog")),
)


@room.get("/hilfe")
@open_without_group
def show() -> str:
    """One page: three parts, each with an address of its own."""
    settings = current_app.config["SETTINGS"]
    return render_template(
        "help/show.html",
        transfers=TRANSFERS,
        keys=KEYS,
        token=f"[{settings.token_prefix}-1042]",
        days=settings.unlinked_days,
    )
