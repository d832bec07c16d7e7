"""``mailsync run`` as a process, and what it tells systemd."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


class Daemon:
    """``mailsync run`` and what it tells systemd."""

    def __init__(
        self, process: "subprocess.Popen[str]", ears: socket.socket, folder: Path
    ) -> None:
        self.process, self.ears, self.folder = process, ears, folder
        self.heard: list[str] = []

    def hear(self, wanted: str) -> str:
        """The next message with this text; fails loudly if none comes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                said = self.ears.recv(4096).decode()
            except TimeoutError:
                assert self.process.poll() is None, self.log()
                continue
            self.heard.append(said)
            if wanted in said:
                return said
        raise AssertionError(f"never heard {wanted!r}: {self.heard}\n{self.log()}")

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of this machine's own, and no state outside the folder."""
    own = {"LANG": "C.UTF-8", "STATE_DIRECTORY": str(folder)}
    return {"PATH": os.environ["PATH"], **own, **more}


def mailsync(folder: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "run_service.py", "--config", str(folder), *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(folder),
        check=False,
        timeout=PATIENCE,
    )


def ask(folder: Path, *words: object) -> Any:
    done = mailsync(folder, *words, "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@contextmanager
def daemon(folder: Path, *words: str, **more: str) -> Iterator[Daemon]:
    path = folder / f"notify-{time.monotonic_ns()}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears,
        (folder / "log").open("a") as log,
    ):
        ears.bind(str(path))
        ears.settimeout(0.5)
        process = subprocess.Popen(
            [sys.executable, "run_service.py", "--config", str(folder), *words],
            stderr=log,
            text=True,
            cwd=ROOT,
            env=environment(folder, NOTIFY_SOCKET=str(path), **more),
        )
        try:
            yield Daemon(process, ears, folder)
        finally:
            process.kill()
            process.wait()


def mail(name: str) -> bytes:
    return (
        "From: meier@kunde.example\r\nTo: verkauf@werft.example\r\n"
        f"Message-ID: <{name}@kunde.example>\r\nSubject: Boot\r\n"
        "Date: Mon, 02 Nov 2026 09:00:00 +0100\r\n\r\nGuten Tag\r\n"
    ).encode()


def until(
    condition: Callable[[], bool], what: Callable[[], str], patience: float = PATIENCE
) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)  # another process: its time is real
