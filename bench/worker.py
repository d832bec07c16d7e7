"""A measured process: it is told what to do line by line and answers in JSON.

Each side of a comparison lives in a process of its own, so that patches, caches and
memory of one never reach the other; both are warm, and the parent lets them take turns.
Guarantee: standard output carries nothing but answers; whatever else a library prints
goes to standard error. A failure in the child is raised in the parent with its text.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]

Command = Callable[..., Any]


class WorkerFailed(RuntimeError):
    """The child could not do what it was told."""


class Worker:
    """The parent's end."""

    def __init__(self, module: str) -> None:
        self._module = module
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )

    def ask(self, command: str, **arguments: Any) -> Any:
        """Do one thing; its result, or WorkerFailed with the child's traceback."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([command, arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise WorkerFailed(f"{self._module} ended while it did {command}")
        kind, result = json.loads(line)
        if kind == "failed":
            raise WorkerFailed(f"{self._module}.{command}:\n{result}")
        return result

    def end(self) -> None:
        """Let it go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def worker(module: str) -> Iterator[Worker]:
    """A worker for the length of a block."""
    one = Worker(module)
    try:
        yield one
    finally:
        one.end()


@contextmanager
def canned_server() -> Iterator[str]:
    """The canned server in its process; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve(commands: Mapping[str, Command]) -> None:
    """The child's end: until standard input is closed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            said = ["done", commands[name](**arguments)]
        except Exception:  # the parent must know, and go on or not
            said = ["failed", traceback.format_exc()]
        answers.write(json.dumps(said) + "\n")
        answers.flush()
