"""What systemd hears."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync.sdnotify import Notifier


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_ready_comes_with_a_status_line(ears: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": ears.getsockname()}).ready("2 Postfächer\nzwei Zeilen")
    assert ears.recv(4096).decode() == "READY=1\nSTATUS=2 Postfächer zwei Zeilen"


def test_a_reload_tells_when_it_began(ears: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": ears.getsockname()}).reloading()
    first, second = ears.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0


def test_an_abstract_socket_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0mailsync-test-{os.getpid()}")
        listener.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@mailsync-test-{os.getpid()}"}).stopping()
        assert listener.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
def test_without_a_listener_nothing_happens(path: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": path})
    notifier.watchdog()
    notifier.status("x")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_time_is_read_for_this_process_only(
    environ: dict[str, str], expected: float | None
) -> None:
    assert Notifier(environ).watchdog_seconds == expected
