"""``mailsync web`` in a process of its own, as it is started in a company."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.idle import end, environment
from bench.worker import REPOSITORY


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "run_service.py", "--config", str(folder), *words]


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """``mailsync web`` on a free port; its address and its process."""
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            _command(folder, "web", "--listen", "127.0.0.1:0"),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=REPOSITORY,
            env=environment(folder),
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if "http" not in line:
                raise RuntimeError(f"the pages did not start: {line}")
            yield line[line.index("http") :].strip(), process.pid
        finally:
            end(process)
            process.stdout.close()


def token(folder: Path, login: str) -> str:
    """A reading token of this person."""
    words = ("token", "add", f"bench-{login}", "--scope", "read", "--user", login)
    done = subprocess.run(
        _command(folder, *words, "--json"),
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env=environment(folder),
    )
    return str(json.loads(done.stdout)["token"])
