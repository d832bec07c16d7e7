"""The daemon's sign of life, as a row that ``status`` and the pages read."""

from importlib.metadata import PackageNotFoundError, version

from crm_core import clock, database
from crm_core.models import DaemonBeat
from mailsync.config_state import NOTHING, ConfigState
from mailsync.process_owner import is_dead, process_owner


def beat(
    config_hash: str, config_error: str | None, files: ConfigState = NOTHING
) -> None:
    """Say that this process lives, by which configuration, and what it refused."""
    now = clock.now()
    with database.transaction():
        row = DaemonBeat.get_or_none(DaemonBeat.instance == process_owner())
        if not isinstance(row, DaemonBeat):
            row = DaemonBeat(
                instance=process_owner(), version=program_version(), started_at=now
            )
        row.beat_at, row.config_hash, row.config_error = now, config_hash, config_error
        row.config_since, row.refused_at = files.since, files.refused_at
        row.problems = files.problems
        row.save()


def bury_the_dead() -> None:
    """Remove rows of processes that have ended without saying so."""
    one_host = not database.is_postgres()
    with database.transaction():
        for row in list(DaemonBeat.select()):
            if is_dead(row.instance, one_host=one_host):
                row.delete_instance()


def leave() -> None:
    """This process ends in order."""
    with database.transaction():
        DaemonBeat.delete().where(DaemonBeat.instance == process_owner()).execute()


def program_version() -> str:
    """The installed version; «?» in a bare checkout."""
    try:
        return version("mailsync")
    except PackageNotFoundError:
        return "?"
