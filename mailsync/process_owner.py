"""Who holds a claim, and whether that process still lives.

A claim names host, process and a random start mark. It runs out by itself; a claim of a
process that is known to be dead need not be waited for. A process number that was given
to another program meanwhile is waited for: slow, never wrong.
"""

import functools
import os
import secrets
import socket
from pathlib import Path


def process_owner() -> str:
    """The name under which this process claims."""
    return _owner_of(os.getpid())


@functools.cache
def _owner_of(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{secrets.token_hex(4)}"


def is_dead(claimed_by: str, *, one_host: bool) -> bool:
    """Whether the claimant has surely ended.

    ``one_host``: the database is a file of this host (SQLite), so another host's name
    is this host under its former name (a container started again).
    """
    owner, _slash, _mark = claimed_by.partition("/")
    try:
        host, pid, _start = owner.split(":")
        number = int(pid)
    except ValueError:
        return False
    if host != socket.gethostname():
        return one_host
    if number == os.getpid():
        return owner != process_owner()
    return not Path(f"/proc/{number}").exists()
