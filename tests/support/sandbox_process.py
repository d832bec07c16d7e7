"""The simulated Exchange as a process of its own, driven by its control endpoint."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class SandboxProcess:
    """A running sandbox; ``url`` is its EWS endpoint."""

    process: "subprocess.Popen[str]"
    url: str
    control: str

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """One control request; raises AssertionError with the sandbox's sentence."""
        where = urlsplit(self.control)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status == 200, text
        return json.loads(text)

    def deliver(self, raw: bytes, *mailboxes: str, **more: object) -> list[str]:
        """Deliver MIME; the item ids."""
        content = {
            "mime_base64": base64.b64encode(raw).decode(),
            "mailbox": list(mailboxes),
            **more,
        }
        return list(self.ask("POST", "/deliver", content)["item_ids"])

    def ledger(self) -> dict[str, Any]:
        return dict(self.ask("GET", "/ledger"))


@contextmanager
def sandbox_process(
    mailboxes: Sequence[str], *, schema: Path | None = None, user: str = "svc:geheim"
) -> Iterator[SandboxProcess]:
    """Start one on free ports; killed at the end."""
    command = [sys.executable, "-m", "exchange_sandbox", "serve"]
    command += ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--user", user]
    for address in mailboxes:
        command += ["--mailbox", address]
    if schema is not None:
        command += ["--schema", str(schema)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        yield SandboxProcess(process, words[3], words[5])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def reset_peak_memory(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory_mb(pid: int) -> float:
    """Highest resident size since the last reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")
