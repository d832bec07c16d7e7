"""``mailsync web --listen systemd``: the pages on a socket that was opened before."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from company_files import write_company
from daemon_process import PATIENCE, ROOT, environment, mailsync

# What systemd does: the socket is number 3, and the variables name the process itself.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


class OverSocket(http.client.HTTPConnection):
    """HTTP to a path, as the web server in front speaks."""

    def __init__(self, path: Path) -> None:
        super().__init__("crm.werft.example", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


def ask(path: Path, page: str) -> tuple[int, str]:
    with closing(OverSocket(path)) as connection:
        connection.request("GET", page)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def handed_over(folder: Path, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command with a listening socket as systemd would start it."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        words = ["run_service.py", "--config", folder, "web", "--listen", "systemd"]
        process = subprocess.Popen(
            [sys.executable, "-c", HAND_OVER, str(listening.fileno()),
             sys.executable, *map(str, words)],
            cwd=ROOT,
            env=environment(folder),
            pass_fds=[listening.fileno()],
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def test_pages_answer_on_the_socket_that_was_handed_over(tmp_path: Path) -> None:
    write_company(tmp_path)
    path = tmp_path / "web.sock"
    with handed_over(tmp_path, path):
        # Whoever asked before the process was up has waited, not failed.
        assert ask(path, "/healthz") == (200, "ok\n")
        status, page = ask(path, "/anmelden")
        assert status == 200
        assert "Benutzername" in page


def test_without_a_socket_it_says_what_to_start(tmp_path: Path) -> None:
    """Red control: the word «systemd» alone opens nothing."""
    write_company(tmp_path)
    ended = mailsync(tmp_path, "--lang", "de", "web", "--listen", "systemd")
    assert ended.returncode != 0
    assert "crm-web.socket" in ended.stderr
