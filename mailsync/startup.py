"""From a valid configuration to a usable database: connect, migrate, mirror.

Every command and the daemon begin here. A brand-new database gets its tables by
itself; an existing one is migrated by ``mailsync migrate`` only, so that no upgrade
happens by accident and without a backup. The configuration is then mirrored into rows,
and the taxonomy imported while there is none.
"""

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from peewee import Database

from config import Config, EffectiveMailbox, Taxonomy, database_url
from config.files import read_files
from config.lines import yaml_lines
from config.loader import assemble
from crm_core import clock, database, schema
from crm_core.access import staff
from crm_core.errors import CrmError
from crm_core.exports import backup
from crm_core.linking import holds
from crm_core.mail import content
from crm_core.mirroring import mirror_wishes
from crm_core.models import (
    Access,
    InternalOnly,
    Keep,
    MailboxKind,
    Triage,
    Visibility,
)
from crm_core.polling import mailboxes
from crm_core.polling.mailbox_reading import Reading
from crm_core.polling.mailboxes import MailboxSettings, Mirrored
from crm_core.records import schedule
from crm_core.tags import classification
from crm_core.tags.classification import ImportCount, SubtagSpec, TagGroupSpec, TagSpec
from crm_core.threads import rethreading

_PATIENCE = 120  # seconds; a program that starts waits for one that is at work
_MIGRATION_LOCK = 0x43524D30


class NeedsMigration(CrmError):
    """The tables are older than the program."""


def system_actor() -> str:
    """``cli:<system user>``: who the log names for what the command line does."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:{os.getuid()}"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The migrations applied, and the copy made before (SQLite with tables only)."""

    applied: tuple[str, ...] = ()
    backup: Path | None = None


def open_database(config: Config, *, migrate: bool = False) -> Upgraded:
    """Bind the database and see to its tables.

    A brand-new database is set up. Raises NeedsMigration for an older one unless
    ``migrate`` says so (a SQLite file is copied first), Conflict for one that a newer
    program wrote.
    """
    url = database_url(config.service).get_secret_value()
    bound = database.connect(url)
    if not schema.pending(bound):
        return _upgraded(bound)  # nothing to do; refuses a newer database
    with _one_migrator(url):
        pending = schema.pending(bound)
        if not (pending and bound.get_tables()):
            return _upgraded(bound)
        if not migrate:
            raise NeedsMigration(
                "the database is older than this program ({count} migrations are "
                "missing). Back it up, then run: mailsync migrate",
                count=len(pending),
            )
        copy = None
        if not database.is_postgres():
            copy = backup.copy_beside(database.sqlite_path(url), f"before-{pending[0]}")
        return _upgraded(bound, copy)


def _upgraded(bound: Database, copy: Path | None = None) -> Upgraded:
    return Upgraded(tuple(schema.upgrade(bound)), copy)


def mirror(config: Config, *, actor: str) -> Mirrored:
    """Write into rows what the configuration says; one transaction, idempotent.

    Texts that it no longer wants stored go afterwards, in short ones: a start that was
    interrupted there is made up for by the next.
    """
    with database.patience(_PATIENCE):
        changed = _mirrored(config, actor=actor)
        while content.unwanted_to_drop():
            with database.transaction():
                content.drop_some_unwanted()
    return changed


def _mirrored(config: Config, *, actor: str) -> Mirrored:
    with database.transaction():
        # Programs that start at once, and pages under way.
        database.stand_in_line(mailboxes.QUEUE)
        staff.ensure_groups(config.staff_groups)
        schedule.remember_zone(config.service.timezone)
        changed = mailboxes.mirror(
            [_settings(config, box) for box in config.mailboxes],
            config.internal_domains,
            today=today(config),
            actor=actor,
        )
        if changed.internal_before is not None:
            touched = rethreading.touched_by(
                changed.internal_before, mailboxes.internal()
            )
            rethreading.rebuild(touched)
            holds.settle(holds.linked_conversations())
        if changed:  # who takes tasks, or what a mailbox keeps, may have changed
            mirror_wishes.align()
            content.want_unwanted_dropped()
        if config.taxonomy is not None and classification.is_empty():
            classification.import_taxonomy(specs(config.taxonomy), actor=actor)
    return changed


def import_taxonomy(config: Config, file: Path, *, actor: str) -> ImportCount:
    """Add and update the taxonomy of a file.

    Raises ConfigError with everything wrong in it; it is judged as taxonomy.yaml, with
    the staff groups that the configuration knows.
    """
    files, problems = read_files(config.directory)
    files["taxonomy.yaml"] = file.read_bytes()
    judged = assemble(files, config.directory, problems=problems)
    wanted = specs(judged.taxonomy) if judged.taxonomy is not None else []
    with database.transaction():
        return classification.import_taxonomy(wanted, actor=actor)


def today(config: Config) -> date:
    """The present day where the company is."""
    return clock.now().astimezone(ZoneInfo(config.service.timezone)).date()


def specs(taxonomy: Taxonomy) -> list[TagGroupSpec]:
    """The commissioning file in the words of the CRM."""
    return [
        TagGroupSpec(
            key=group.key,
            name=group.name,
            access=tuple((name, Access(word)) for name, word in group.access.items()),
            tags=tuple(
                TagSpec(
                    key=tag.key,
                    name=tag.name,
                    subtags=tuple(
                        SubtagSpec(
                            key=subtag.key,
                            name=subtag.name,
                            keywords=subtag.keywords,
                            required=subtag.required,
                            tasks=subtag.task_templates,
                        )
                        for subtag in tag.subtags
                    ),
                )
                for tag in group.tags
            ),
        )
        for group in taxonomy.groups
    ]


def _settings(config: Config, box: EffectiveMailbox) -> MailboxSettings:
    visibility = ((name, box.visible_to(name)) for name in config.staff_groups)
    return MailboxSettings(
        address=box.address,
        server=box.server,
        kind=MailboxKind(box.kind),
        keep=Keep(box.keep),
        name="" if box.name == box.address.partition("@")[0] else box.name,
        internal_only=InternalOnly(box.internal_only),
        triage=Triage(box.triage),
        informed_on=box.informed,
        employee_key=box.employee,
        staff_groups=box.staff_groups,
        visibility=tuple((name, Visibility(word)) for name, word in visibility),
        tasks=box.tasks,
        calendar=box.calendar,
        reading=_reading(config, box),
    )


def _reading(config: Config, box: EffectiveMailbox) -> Reading:
    server = config.server_of(box)
    return Reading(
        poll=box.poll,
        since=box.since,
        skip=box.skip,
        endpoint=server.endpoint or "",
        login=server.login or "",
        access=server.access,
        lines=yaml_lines(box),
    )


@contextmanager
def _one_migrator(url: str) -> Iterator[None]:
    """Two programs that start at once must not both build the tables."""
    if database.is_postgres():
        database.execute("SELECT pg_advisory_lock(?)", (_MIGRATION_LOCK,))
        try:
            yield
        finally:
            database.execute("SELECT pg_advisory_unlock(?)", (_MIGRATION_LOCK,))
        return
    # The folder is locked, not a file of its own that would be left behind.
    folder = os.open(database.sqlite_path(url).parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
