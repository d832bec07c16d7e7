"""The child that reads strangers' mail: ``python -m mailsync.mime.child LIMITS``.

It limits itself before the first mail (address space, no core file, no files written)
and before every mail (CPU time), then answers requests on its standard input until
that is closed. What it cannot survive kills it; the parent says why and starts another.

Exit codes: 0 end of input, 3 the limits could not be set (for instance a seccomp
filter without ``setrlimit``): it refuses to work without them, 4 out of memory (no
answer is tried: what is left of the heap is not to be relied on).
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mailsync.errors import Unprocessable
from mailsync.mime.mail import Limits, MimeMail
from mailsync.mime.reading import read_mail
from mailsync.mime.wire import LENGTH_BYTES, READY, Answer, Cost, encode_answer

CANNOT_LIMIT = 3
OUT_OF_MEMORY = 4
_CHUNK = 1 << 18
_IN, _OUT = 0, 1


def main() -> int:
    """Serve until the input ends."""
    limits = Limits(**json.loads(sys.argv[1]))
    try:
        _limit_process(limits)
    except (OSError, ValueError):
        return CANNOT_LIMIT
    _write(READY)
    while (size := _read_length()) is not None:
        answer = _answer(size, limits)
        for piece in encode_answer(answer):
            _write(piece)
    return 0


def _limit_process(limits: Limits) -> None:
    # The service manager and Ctrl-C signal the whole group; the parent finishes its
    # mail first, and this process ends when the parent closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _limit_mail(limits: Limits) -> None:
    """Both kill by default: the timer to the millisecond, the limit as a backstop."""
    backstop = int(time.process_time() + limits.cpu_seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (backstop, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds)


def _answer(size: int, limits: Limits) -> Answer:
    _forget_peak()
    began = time.process_time()
    _limit_mail(limits)
    mail, reason = _read(size, limits)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return Answer(mail, reason, Cost(time.process_time() - began, _peak()))


def _forget_peak() -> None:
    """Let the kernel measure the peak anew (Linux); without it the peak only grows."""
    with contextlib.suppress(OSError), Path("/proc/self/clear_refs").open("w") as file:
        file.write("5")


def _peak() -> int:
    """Peak resident kilobytes. getrusage would count the parent's before the exec."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _read(size: int, limits: Limits) -> tuple[MimeMail | None, str | None]:
    chunks = _chunks(size)
    try:
        return read_mail(chunks, limits), None
    except Unprocessable as refused:
        reason = refused.reason
    except MemoryError:
        raise
    except Exception as bug:  # noqa: BLE001 - one mail never stops the reader
        reason = f"the reader failed: {type(bug).__name__} {_place(bug)}"
    for _ in chunks:  # the rest of the request, so that the next one is found
        pass
    return None, reason


def _place(bug: Exception) -> str:
    """Where it was raised, as module and line: never what was read."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    name = trace.tb_frame.f_globals.get("__name__", "?")
    return f"in {name}:{trace.tb_lineno}"


def _read_length() -> int | None:
    head = b"".join(_chunks(LENGTH_BYTES))
    return int.from_bytes(head, "big") if len(head) == LENGTH_BYTES else None


def _chunks(size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = os.read(_IN, min(size, _CHUNK))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk


def _write(piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(_OUT, view) :]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
