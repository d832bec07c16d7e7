"""What a process used: CPU of itself and its children, resident memory."""

import resource
from pathlib import Path

_PAGE = resource.getpagesize()


def cpu_seconds() -> float:
    """User and system time of this process and of its ended children."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    )


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory now, in MB (2^20 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE / 2**20


def cpu_seconds_of(pid: int) -> float:
    """User and system time of another running process, all threads (to 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def on_processor_ms(pid: int) -> float:
    """How long the threads of a process were on a processor, to the nanosecond."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            spent += int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # it has ended
            continue
    return spent / 1_000_000
