"""What must fit together: value against value, list against list, file against file.

The checks work on the trees, not on the models, so they find their problems also while
some other value is still wrong: everything is reported at once. Whatever they cannot
read they pass over; the models have reported it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

from config.document import Document
from config.files import exists
from config.mailbox_checks import check_access, check_mailboxes, check_oidc
from config.problems import Problem
from config.reading import pairs, plain
from config.resolved import EffectiveMailbox
from config.secrets import check_secrets
from config.server_checks import check_servers
from config.taxonomy_checks import check_taxonomy
from config.yaml_tree import Settings

# Requests per second to one server that polling alone may cause.
_ADVISED_RATE = 5


@dataclass(frozen=True, slots=True)
class Said:
    """The documents by file name, and what they are judged by."""

    documents: Mapping[str, Document]
    directory: Path
    today: date
    environ: Mapping[str, str]


def check(said: Said) -> Iterator[Problem]:
    """Everything that does not fit together."""
    mailboxes = said.documents.get("mailboxes.yaml")
    taxonomy = said.documents.get("taxonomy.yaml")
    for document in said.documents.values():
        yield from check_secrets(document, said.directory, said.environ)
    if mailboxes is not None and isinstance(mailboxes.root, Settings):
        yield from check_servers(mailboxes, mailboxes.root)
        yield from _ca_files(mailboxes, mailboxes.root, said.directory)
        yield from check_mailboxes(mailboxes, mailboxes.root, said.today)
    if (service := said.documents.get("service.yaml")) is not None:
        yield from check_oidc(service, mailboxes)
    if taxonomy is not None and taxonomy.root is not None:
        yield from check_taxonomy(taxonomy, taxonomy.root)
        yield from check_access(taxonomy, mailboxes)


def check_rates(
    document: Document, mailboxes: tuple[EffectiveMailbox, ...], today: date
) -> Iterator[Problem]:
    """A warning for each server that would be asked too often."""
    for server in dict.fromkeys(one.server for one in mailboxes):
        polled = [m for m in mailboxes if m.server == server and m.readable(today)]
        rate = sum(_requests(m) / m.poll for m in polled)
        if rate <= _ADVISED_RATE:
            continue
        poll, poll_key = document.find(("defaults", "poll"))
        at = poll or poll_key or document.find(("mailboxes",))[1]
        yield document.problem(
            "poll_too_low",
            at or 0,
            "warning",
            rate=f"{rate:.1f}",
            server=server,
            limit=_ADVISED_RATE,
            poll=ceil(sum(_requests(m) for m in polled) / _ADVISED_RATE),
        )


def _requests(mailbox: EffectiveMailbox) -> int:
    """Requests of one idle poll: one per folder, and the two of tasks and calendar."""
    return len(mailbox.folders) + mailbox.tasks + mailbox.calendar


def _ca_files(document: Document, root: Settings, directory: Path) -> Iterator[Problem]:
    for _, server in pairs(root.value("servers")):
        if (scalar := plain(server, "ca_file")) is None:
            continue
        path = directory / scalar.text
        if not exists(path):
            yield document.problem("path_missing", scalar, path=path)
