"""Goals G7 and G8 on the real thing: ``mailsync run`` with many quiet mailboxes.

The daemon is started as systemd would start it, against the canned server; what it asks
is read from the server's ledger, what it uses from /proc. Nothing is patched.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.usage import cpu_seconds_of, rss_mb
from bench.worker import REPOSITORY

PATIENCE = 120.0
FOLDERS = 2  # inbox and sent, the default


def ledger(server: str) -> dict[str, Any]:
    """What the canned server was asked so far."""
    with urlopen(f"{server}/ledger", timeout=10) as answer:
        return dict(json.load(answer))


def measure(
    server: str, folder: Path, mailboxes: int, every: int, window: float
) -> dict[str, float]:
    """Resident memory and CPU of the idle daemon; requests and bytes per poll."""
    company = folder / "idle"
    company.mkdir()
    _write(company, f"{server}/plain/0/0/EWS/Exchange.asmx", mailboxes, every)
    before = ledger(server)
    with daemon(company) as process:
        _until(lambda: _polls(server, before) >= mailboxes * FOLDERS, process)
        begin, cpu = ledger(server), cpu_seconds_of(process.pid)
        wall = time.perf_counter()
        time.sleep(window)  # it shall do what it does
        end, spent = ledger(server), cpu_seconds_of(process.pid) - cpu
        seconds = time.perf_counter() - wall
        rss = rss_mb(process.pid)
    asked = sum(end["asked"].values()) - sum(begin["asked"].values())
    polls = end["asked"]["SyncFolderItems"] - begin["asked"]["SyncFolderItems"]
    if polls == 0:
        raise RuntimeError("the daemon polled nothing in the window")
    return {
        "mailboxes": mailboxes,
        "every": every,
        "rss_mb": rss,
        "folder_polls": polls,
        "cpu_ms_per_folder": spent / polls * 1000,
        "share_of_a_core": spent / seconds,
        "requests_per_folder": asked / polls,
        "bytes_per_folder": (
            end["received"] + end["sent"] - begin["received"] - begin["sent"]
        )
        / polls,
    }


def _polls(server: str, before: dict[str, Any]) -> int:
    asked = ledger(server)["asked"].get("SyncFolderItems", 0)
    return int(asked - before["asked"].get("SyncFolderItems", 0))


def _until(condition: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError("the daemon did not poll every folder in time")
        time.sleep(0.2)


def _write(folder: Path, endpoint: str, mailboxes: int, every: int) -> None:
    """The three files; JSON is valid YAML."""
    secret = folder / "secret"
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    server = {
        "backend": "ews",
        "endpoint": endpoint,
        "auth": "basic",
        "access": "impersonation",
        "login": "svc",
        "password": {"file": str(secret)},
    }
    listed = [
        {"address": f"postfach{number:03}@werft.example", "kind": "shared"}
        for number in range(mailboxes)
    ]
    group = {
        "key": "verkauf",
        "name": "Verkauf",
        "access": {"GL": "full"},
        "tags": [
            {
                "key": "boot",
                "name": "Boot",
                "subtags": [{"key": "offerte", "name": "Offerte"}],
            }
        ],
    }
    files: dict[str, Any] = {
        "service.yaml": {
            "database": f"sqlite:///{folder}/mailsync.db",
            "timezone": "Europe/Zurich",
            "poll": every,
            "state_dir": str(folder),
        },
        "mailboxes.yaml": {
            "servers": {"main": server},
            "internal_domains": ["werft.example"],
            "mailboxes": listed,
        },
        "taxonomy.yaml": {"groups": [group]},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))


def environment(folder: Path) -> dict[str, str]:
    """Nothing of this machine's own, and no state outside the folder."""
    own = {"LANG": "C.UTF-8", "STATE_DIRECTORY": str(folder)}
    return {"PATH": os.environ["PATH"], **own}


@contextmanager
def daemon(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``mailsync run`` with the configuration of a folder, for the length of a block."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "run_service.py", "--config", str(folder), "run"],
            stderr=log,
            cwd=REPOSITORY,
            env=environment(folder),
        )
        try:
            yield process
        finally:
            end(process)


def end(process: "subprocess.Popen[Any]") -> None:
    """Ask it to end; kill it if it does not."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
