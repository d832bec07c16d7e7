"""The boatyard's configuration: three YAML files and a password, as anybody's.

Written into a folder of its own; its database lies there too.
"""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from secrets import token_hex

from mailsync.demo.feed import CompanyMailbox

LOGIN = "svc-crm"
NOT_INFORMED = "baumann"
GROUPS = {"keller": "Administration", "frei": "Werkstatt", "brunner": "GL"}
TIMEZONE = "Europe/Zurich"

_TAXONOMY = """\
groups:
  - key: verkauf
    name: Verkauf
    access: {GL: full, Administration: full, Werkstatt: none}
    tags:
      - key: boot
        name: Boot
        subtags:
          - key: offerte
            name: Offerte
            keywords: [offerte]
            task_templates: [Offerte erstellen, Beim Kunden nachfragen]
          - {key: occasion, name: Occasion}
          - {key: zubehoer, name: Zubehör}
  - key: werkstatt
    name: Werkstatt
    access: {GL: full, Administration: full, Werkstatt: full}
    tags:
      - key: arbeiten
        name: Arbeiten
        subtags:
          - {key: service, name: Service, task_templates: [Termin vereinbaren]}
          - {key: reparatur, name: Reparatur}
          - {key: winterlager, name: Winterlager}
          - {key: antifouling, name: Unterwasseranstrich}
  - key: verwaltung
    name: Verwaltung
    access: {GL: full, Administration: full, Werkstatt: read}
    tags:
      - key: allgemein
        name: Allgemein
        subtags:
          - {key: rechnung, name: Rechnung}
          - {key: liegeplatz, name: Liegeplatz}
...
"""


def new_password() -> str:
    """A password for the simulated service account."""
    return token_hex(12)


def write_configuration(
    folder: Path,
    *,
    endpoint: str,
    password: str,
    mailboxes: Iterable[CompanyMailbox],
    today: date,
    poll: int,
) -> None:
    """Write service.yaml, mailboxes.yaml, taxonomy.yaml and the password's file."""
    listed = list(mailboxes)
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(password, "utf-8")
    (folder / "service.yaml").write_text(_service(folder, poll), "utf-8")
    (folder / "taxonomy.yaml").write_text(_TAXONOMY, "utf-8")
    (folder / "mailboxes.yaml").write_text(
        _mailboxes(endpoint, secret, listed, today), "utf-8"
    )


def database_url(folder: Path) -> str:
    """The database of the configuration."""
    return f"sqlite:///{folder / 'mailsync.db'}"


def _service(folder: Path, poll: int) -> str:
    return (
        f"database: {json.dumps(database_url(folder))}\n"
        f"timezone: {TIMEZONE}\n"
        f"poll: {poll}\n"
        "logging: {level: info, format: console}\n"
        "...\n"
    )


def _mailboxes(
    endpoint: str, secret: Path, listed: list[CompanyMailbox], today: date
) -> str:
    domain = listed[0].address.partition("@")[2]
    informed = today - timedelta(days=30)
    lines = [
        "servers:",
        "  main:",
        "    backend: ews",
        f"    endpoint: {json.dumps(endpoint)}",
        "    auth: basic",
        "    access: impersonation",
        f"    login: {LOGIN}",
        f"    password: {{file: {json.dumps(str(secret))}}}",
        f"    authserv_id: mail.{domain}",
        f"internal_domains: [{domain}]",
        "defaults: {keep: linked}",
        "mailboxes:",
        *(_mailbox(one, informed) for one in listed),
        "...",
    ]
    return "\n".join(lines) + "\n"


def _mailbox(mailbox: CompanyMailbox, informed: date) -> str:
    name = json.dumps(mailbox.name, ensure_ascii=False)
    head = f"  - {{address: {mailbox.address}, name: {name}"
    if mailbox.shared:
        return f"{head}, kind: shared}}"
    group = GROUPS.get(mailbox.key, "Werkstatt")
    rest = f"kind: person, tasks: true, calendar: true, staff_groups: [{group}]"
    if mailbox.key == NOT_INFORMED:
        return f"{head}, {rest}}}  # not informed yet: never asked"
    return f"{head}, {rest}, informed: {informed.isoformat()}}}"
