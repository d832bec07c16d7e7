"""The child processes of the demonstration: in our process group, and ended with us.

``stop`` asks each to end (SIGTERM), the youngest first, and kills what has not ended
after a while. Should this process be killed itself, the kernel ends the children
(Linux; elsewhere they would be left).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 15.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(RuntimeError):
    """A child ended although it is needed; the text says which, and its last words."""


@dataclass(slots=True)
class Children:
    """Starts Python programs and ends them. What they say on stderr is in ``logs``."""

    logs: Path
    _running: list[tuple[str, subprocess.Popen[str]]] = field(default_factory=list)

    def start(
        self, name: str, arguments: Sequence[str], *, speaks: bool = False
    ) -> subprocess.Popen[str]:
        """Start ``python -m arguments``; ``speaks``: its stdout is a pipe to us."""
        with self._log(name).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if speaks else log,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=_environment(),
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - we have one thread
            )
        self._running.append((name, child))
        return child

    def run(self, name: str, arguments: Sequence[str]) -> None:
        """Run to its end; raises ChildFailed unless that is 0."""
        child = self.start(name, arguments)
        code = child.wait()
        self._running.remove((name, child))
        if code != 0:
            raise ChildFailed(f"{name}: exit {code}\n{self.last_words(name)}")

    def check(self) -> None:
        """Raise ChildFailed if one that should run has ended."""
        for name, child in self._running:
            code = child.poll()
            if code is not None:
                raise ChildFailed(f"{name}: exit {code}\n{self.last_words(name)}")

    def stop(self) -> None:
        """End all of them; returns when the last one has ended."""
        while self._running:
            _, child = self._running.pop()
            if child.stdout is not None:
                child.stdout.close()
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def last_words(self, name: str) -> str:
        """The end of what a child wrote."""
        lines = self._log(name).read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-12:])

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def _environment() -> Mapping[str, str]:
    """Ours, with the packages beside this one, and no proxy to this machine."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    local = "127.0.0.1,localhost"
    return {**os.environ, "PYTHONPATH": path, "NO_PROXY": local, "no_proxy": local}


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
