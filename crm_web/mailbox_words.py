"""What the pages say about the state of a mailbox: a word, its cause, what helps.

By the codes of ``crm_core.polling.mailbox_states``. What helps may be a line to be copied into
a PowerShell of Exchange; names in it are quoted, so that none can become a command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm_core.models import Mailbox, MailboxReading, Visibility
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _


@dataclass(frozen=True, slots=True)
class StateText:
    """``word`` stands in the badge; ``fix`` is what to do about the ``cause``."""

    word: str
    colour: str
    cause: str = ""
    fix: str = ""


_BAD, _WAITS, _GOOD, _CALM = "danger", "warning", "success", "secondary"
STATES: Mapping[str, StateText] = MappingProxyType(
    {
        "ok": StateText(_("In order"), _GOOD),
        "new": StateText(_("Not read yet"), _CALM),
        "catching_up": StateText(_("First sync"), "info"),
        "paused": StateText(_("Paused"), _CALM),
        "not_informed": StateText(
            _("Waits for the privacy notice"),
            _WAITS,
            _("The person has not been informed: the mailbox is not read."),
            _("Hand out the text, then write «informed:» with the date into "
              "mailboxes.yaml."),
        ),
        "silent": StateText(
            _("Silent"),
            _BAD,
            _("Nothing was read for more than 15 minutes."),
            _("Does the service run? «systemctl status mailsync»"),
        ),
        "incomplete": StateText(
            _("Incomplete"),
            _WAITS,
            _("The nightly count found fewer mails here than in the mailbox."),
            _("It is read again by itself; if it stays so: «First sync»."),
        ),
        "E201": StateText(
            _("Log-in wrong"),
            _BAD,
            _("User or password is wrong, or Basic/NTLM is blocked."),
            _("Try the log-in in OWA; check «auth:» in mailboxes.yaml. The mailbox is "
              "not asked again until then, so that the account is not locked."),
        ),
        "E202": StateText(
            _("Service account locked"),
            _BAD,
            _("The password has expired or the account is locked."),
            _("Renew it, then «systemctl reload mailsync»."),
        ),
        "E203": StateText(
            _("Password unreadable"),
            _BAD,
            _("The password of the service account cannot be read."),
            _("Check file and rights (0600) of «password:» in mailboxes.yaml."),
        ),
        "E211": StateText(
            _("No access"),
            _BAD,
            _("The right «ApplicationImpersonation» is missing."),
            _("In the Exchange Management Shell:"),
        ),
        "E212": StateText(
            _("No access"),
            _BAD,
            _("The service account has no right to this folder."),
            _("In the Exchange Management Shell:"),
        ),
        "E213": StateText(
            _("Address unknown"),
            _BAD,
            _("A typing mistake, or the mailbox was deleted."),
            _("Check «address:» of this mailbox in mailboxes.yaml."),
        ),
        "E214": StateText(
            _("Secondary address"),
            _BAD,
            _("This is an alias of a mailbox."),
            _("Write the main address into mailboxes.yaml."),
        ),
        "E219": StateText(
            _("May not be read"),
            _WAITS,
            _("The mailbox is not in the list that is in force."),
            _("Check mailboxes.yaml."),
        ),
        "E221": StateText(
            _("Throttled"),
            _WAITS,
            _("Exchange asks for a pause."),
            _("Nothing to do. If it lasts for hours: check the throttling policy of "
              "the service account."),
        ),
        "E222": StateText(
            _("Server slow"),
            _WAITS,
            _("The answer did not come in time."),
            _("It is tried again by itself."),
        ),
        "E223": StateText(
            _("Not reachable"),
            _BAD,
            _("The server or the network does not answer."),
            _("It is tried again by itself. Does the server run?"),
        ),
        "E224": StateText(
            _("Being moved"),
            _WAITS,
            _("The mailbox is being moved just now."),
            _("It is tried again by itself; after a day check «endpoint:»."),
        ),
        "E225": StateText(
            _("Syncing anew"),
            "info",
            _("The server forgot where we were; everything is read again."),
            _("Nothing to do."),
        ),
        "E231": StateText(
            _("Mailbox full"),
            _BAD,
            _("A task could not be stored."),
            _("The person must tidy up the mailbox."),
        ),
        "E234": StateText(
            _("Folder missing"),
            _BAD,
            _("A folder was deleted or renamed."),
            _("Check «folders:» of this mailbox in mailboxes.yaml."),
        ),
        "E251": StateText(
            _("Server not found"),
            _BAD,
            _("There is no EWS at this address."),
            _("Check «endpoint:» in mailboxes.yaml."),
        ),
        "E252": StateText(
            _("Unexpected answer"),
            _BAD,
            _("Something else than Exchange answered: a proxy, or a wrong address?"),
            _("Open the address of «endpoint:» in a browser."),
        ),
        "E253": StateText(
            _("Not supported"),
            _BAD,
            _("This version of Exchange or kind of mailbox does not fit."),
            _("Exchange Server 2016, 2019 or SE is needed."),
        ),
        "E254": StateText(
            _("Certificate"),
            _BAD,
            _("The certificate is not trusted: chain incomplete, or the company's own "
              "authority is unknown."),
            _("Write the authority's file as «ca_file:» into mailboxes.yaml."),
        ),
        "E261": StateText(
            _("EWS switched off"),
            _BAD,
            _("Exchange Online has blocked EWS since 1 October 2026; it ends on "
              "1 April 2027."),
            _("Only mailboxes of an Exchange Server can be read."),
        ),
        "E300": StateText(
            _("Fault of the program"),
            _BAD,
            _("Something went wrong here. The other mailboxes go on."),
            _("Please send us the lines of «journalctl -u mailsync»."),
        ),
    }
)  # fmt: skip
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "dns": _("Name of the server (DNS)"),
        "tls": _("Encryption (TLS)"),
        "login": _("Log-in"),
        "mailbox": _("Mailbox"),
        "folders": _("Rights and folders"),
    }
)
VISIBILITIES: Mapping[Visibility, str] = MappingProxyType(
    {
        Visibility.FULL: _("Content"),
        Visibility.SUBJECT: _("Subject only"),
        Visibility.NONE: _("Nothing"),
    }
)
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "inbox": _("Inbox"),
        "sent": _("Sent items"),
        "tasks": _("Tasks"),
        "calendar": _("Calendar"),
    }
)


def mailbox_state(key: str) -> StateText:
    """Word, cause and fix in the reader's language."""
    said = STATES[key]
    return StateText(
        gettext(said.word),
        said.colour,
        gettext(said.cause) if said.cause else "",
        gettext(said.fix) if said.fix else "",
    )


def fix_line(code: str, mailbox: Mailbox, reading: MailboxReading | None) -> str:
    """The line for the Exchange Management Shell; empty where none helps."""
    login = _quoted(
        reading.login if reading is not None and reading.login else "svc-crm"
    )
    address = _quoted(mailbox.address)
    if code == "E211":
        return (
            "New-ManagementRoleAssignment -Name 'mailsync' "
            f"-Role ApplicationImpersonation -User {login}"
        )
    if code == "E212":
        return (
            f"Add-MailboxPermission -Identity {address} -User {login} "
            "-AccessRights FullAccess -AutoMapping $false"
        )
    return ""


def _quoted(text: str) -> str:
    """A PowerShell string that nothing in it can end."""
    marks = "'\u2018\u2019\u201a\u201b"  # PowerShell takes all of them for quotes
    plain = "".join(c for c in text if c.isprintable())
    return "'" + "".join(c * 2 if c in marks else c for c in plain) + "'"


def step_word(step: str) -> str:
    """A tick of «Testen»."""
    return gettext(STEPS[step])


def visibility_word(visibility: Visibility) -> str:
    """Inhalt, Nur Betreff, Nichts."""
    return gettext(VISIBILITIES[visibility])


def folder_word(role: str, name: str) -> str:
    """Posteingang; own folders by their name."""
    return gettext(ROLES[role]) if role in ROLES else name


GLOBALS: dict[str, Callable[..., object]] = {
    "mailbox_state": mailbox_state,
    "fix_line": fix_line,
    "step_word": step_word,
    "visibility_word": visibility_word,
    "folder_word": folder_word,
}
