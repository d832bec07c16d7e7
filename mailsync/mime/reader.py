"""The parent's side: gives mails to a limited child, kills it when it hangs.

A `MimeReader` may be used from several threads; they take turns. Its child is started
with the first mail and replaced after a death, after a mail that needed much memory
and after ``MAILS_PER_CHILD`` mails. Nothing a mail does to the child reaches the
daemon: every outcome is a `MimeMail` or `Unprocessable`.

The child's environment holds nothing but the path of the code, its standard error is
closed: neither secrets go in nor does content come out by a traceback.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Self

from mailsync.errors import Unprocessable
from mailsync.mime.mail import Limits, MimeMail
from mailsync.mime.wire import (
    LENGTH_BYTES,
    LONGEST_JSON,
    READY,
    Answer,
    Cost,
    decode_answer,
)

MAILS_PER_CHILD = 1_000
START_SECONDS = 30.0
DEFAULT_LIMITS = Limits()

_CHUNK = 1 << 18
_CPU_SIGNALS = (signal.SIGPROF, signal.SIGXCPU)
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP)
_CANNOT_LIMIT = 3  # exit codes of the child
_OUT_OF_MEMORY = 4


class _ChildDied(Exception):
    """The child closed its pipes in the middle of a mail; ``code`` says how."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Late(Exception):
    """The child did not answer in time."""


class MimeReader:
    """Reads mails in a child process under ``limits``. Close it when done."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._turn = threading.Lock()
        self._child: _Child | None = None
        self.last_cost: Cost | None = None  # of the last mail answered; for measuring

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; another mail would start a new one."""
        with self._turn:
            self._discard()

    def read(self, raw: bytes) -> MimeMail:
        """Return the mail or raise Unprocessable with a reason free of content."""
        if len(raw) > self._limits.mail_bytes:
            limit = self._limits.mail_bytes >> 20
            raise Unprocessable(f"the mail is over {limit} MB")
        with self._turn:
            answer = self._ask(raw)
        if answer.mail is None:
            raise Unprocessable(answer.reason or "the reader gave no reason")
        return answer.mail

    def _ask(self, raw: bytes) -> Answer:
        try:
            return self._ask_once(raw)
        except _ChildDied as death:
            if death.code not in _FROM_OUTSIDE:
                raise Unprocessable(_epitaph(death.code, self._limits)) from None
        try:  # somebody else's signal is not the mail's fault: once more
            return self._ask_once(raw)
        except _ChildDied as death:
            raise Unprocessable(_epitaph(death.code, self._limits)) from None

    def _ask_once(self, raw: bytes) -> Answer:
        child = self._ready_child()
        self.last_cost = None
        keep = False
        try:
            answer = child.ask(raw, self._limits.wall_seconds)
            self.last_cost = answer.cost
            # A heap that once was large leaves too little room for the next mail.
            keep = 2 * (answer.cost.peak_kilobytes << 10) < self._limits.memory_bytes
        except _Late:
            seconds = self._limits.wall_seconds
            raise Unprocessable(f"reading it took over {seconds:g} s") from None
        except (ValueError, KeyError, TypeError) as error:
            kind = type(error).__name__
            raise Unprocessable(f"the reader's answer made no sense: {kind}") from None
        finally:
            if not keep:
                self._discard()
        return answer

    def _ready_child(self) -> "_Child":
        child = self._child
        if child is not None and (child.mails >= MAILS_PER_CHILD or not child.alive()):
            self._discard()
        if self._child is None:
            self._child = _Child(self._limits)
        return self._child

    def _discard(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _epitaph(code: int, limits: Limits) -> str:
    if code == _CANNOT_LIMIT:
        return "the mail reader may not set its own limits (setrlimit is refused)"
    if code == _OUT_OF_MEMORY:
        return f"reading it needs more than {limits.memory_bytes >> 20} MB of memory"
    if -code in _CPU_SIGNALS:
        return f"reading it needs more than {limits.cpu_seconds:g} s of CPU time"
    return f"the mail reader died (exit {code})"


class _Child:
    """One child process and its two pipes."""

    def __init__(self, limits: Limits) -> None:
        root = Path(__file__).resolve().parents[2]
        self.mails = 0
        self._process = subprocess.Popen(
            # -P -s: neither the working directory nor a user's site-packages.
            [sys.executable, "-P", "-s", "-m", "mailsync.mime.child",
             json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        self._deadline = 0.0
        self._ready = False

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, raw: bytes, seconds: float) -> Answer:
        """Send one mail and take the answer; raises _Late or _ChildDied."""
        if not self._ready:  # starting up is not the mail's time
            self._deadline = time.monotonic() + START_SECONDS
            self._ready = self._take(len(READY)) == READY
        self.mails += 1
        self._deadline = time.monotonic() + seconds
        self._send(len(raw).to_bytes(LENGTH_BYTES, "big"))
        self._send(raw)
        size = int.from_bytes(self._take(LENGTH_BYTES), "big")
        if size > LONGEST_JSON:
            raise ValueError(size)
        return decode_answer(self._take(size), self._take)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._await(self._stdin.fileno(), select.POLLOUT)
            try:
                view = view[os.write(self._stdin.fileno(), view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _ChildDied(self._wait()) from None

    def _take(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            self._await(self._stdout.fileno(), select.POLLIN)
            chunk = os.read(self._stdout.fileno(), min(_CHUNK, size - len(taken)))
            if not chunk:
                raise _ChildDied(self._wait())
            taken += chunk
        return bytes(taken)

    def _await(self, descriptor: int, event: int) -> None:
        poller = select.poll()
        poller.register(descriptor, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poller.poll(left * 1000):
            raise _Late

    def _wait(self) -> int:
        """The exit code of a child that has closed its pipes."""
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def end(self) -> None:
        """Kill it and give the pipes back."""
        self._process.kill()
        self._process.wait()
        self._stdin.close()
        self._stdout.close()


_shared: dict[Limits, MimeReader] = {}
_sharing = threading.Lock()


def read_mime(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> MimeMail:
    """Read one mail with a reader shared by the process. Raises Unprocessable."""
    with _sharing:
        reader = _shared.get(limits)
        if reader is None:
            reader = _shared[limits] = MimeReader(limits)
            atexit.register(reader.close)
    return reader.read(raw)
