"""``mailsync demo`` as a process: what it shows, what it notices, what it leaves."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 150
NOT_AT_RUN_TIME = ("pytest", "hypothesis", "psycopg", "mypy", "importlinter", "xdist")


def environment(extra: Path | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | ({"PYTHONPATH": str(extra)} if extra else {}) | {"LANG": "C.UTF-8"}


@contextmanager
def demo(*options: str, extra: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own; killed if it does not end."""
    process = subprocess.Popen(
        [sys.executable, "run_service.py", "--lang", "en", "demo", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env=environment(extra),
    )
    watchdog = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    try:
        with process:
            yield process
    finally:
        watchdog.cancel()
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def table(output: str) -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^  (\S.*?) +(\d+|–) +(\d+|–)(?:  ✗)?$", output, re.MULTILINE)
    return {label: (outside, inside) for label, outside, inside in rows}


def folder_of(output: str) -> Path:
    found = re.search(r"Configuration and database of mailsync: (\S+)", output)
    assert found is not None
    return Path(found[1])


@pytest.fixture(scope="module")
def runtime_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder before all others in which importing a development package fails."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in NOT_AT_RUN_TIME:
        (folder / f"{name}.py").write_text(f"raise ImportError({name!r})\n")
    return folder


def test_once_shows_the_whole_job_and_its_counts_agree(runtime_only: Path) -> None:
    with demo("--once", extra=runtime_only) as process:
        output, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert not alive(process.pid)
    assert not folder_of(output).exists()
    assert "Demo mode: simulated Exchange, no data leaves this computer." in output
    assert "linked to CRM-1011 by itself (reason: answer to" in output
    assert "held back in CRM-1011: sender not confirmed" in output
    rows = table(output)
    copies = rows["mail copies in mailboxes that are read"]
    assert copies[0] == copies[1]
    assert int(copies[0]) >= 300
    conversations = rows["conversations (left: says the script)"]
    assert conversations[0] == conversations[1]
    assert int(rows["linked, reason reply"][1]) >= 20
    assert rows["tasks in Outlook"] == ("5", "5")
    assert rows["appointments in Outlook"] == ("6", "6")
    assert rows["requests to baumann@seeblick.example"][0] == "0"
    assert rows["requests to send by mailsync"][0] == "0"
    assert rows["mails sent"][0] == "0"
    assert rows["invitations"][0] == "0"
    assert rows["findings of “mailsync verify”"][1] == "0"
    print(f"\ndemo --once: {copies[0]} copies, {conversations[0]} conversations")


def test_a_story_event_that_does_not_happen_is_named_and_fails() -> None:
    missing = ("antwort-handy", "keller-completes")
    with demo("--once", *(f"--leave-out={name}" for name in missing)) as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    for name in missing:
        assert f"MISSING: {name}: " in errors


def read_events(process: subprocess.Popen[str], wanted: int) -> str:
    """Output up to the ``wanted``-th mail of which something was told."""
    assert process.stdout is not None
    seen, lines, announced = 0, [], False
    while seen < wanted:
        line = process.stdout.readline()
        if not line:
            raise AssertionError("".join(lines))
        lines.append(line)
        if announced and "→ conversation" in line:
            seen += 1
        announced = line.startswith("✉") or (announced and "→" not in line)
    return "".join(lines)


@pytest.mark.parametrize("whom", ["the terminal's process group", "the demo alone"])
def test_a_running_demo_tells_mail_after_mail_and_leaves_nothing(whom: str) -> None:
    with demo("--speed", "50") as process:
        output = read_events(process, 3)
        if whom == "the demo alone":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGINT)
        rest, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert not alive(process.pid)
    assert not folder_of(output).exists()
    assert "The demonstration has ended; nothing of it is left." in rest
