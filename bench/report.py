"""What a run found: a table for people, a file for programs.

Guarantee: a missed goal is a line that says MISSED and a sentence that says why; what
could not be measured is a line that says skipped and why. Nothing is left out.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.goals import Line

WANTED = (
    "ingest_cpu_ms_per_message",
    "stock_fetch_cpu_ms_per_message",
    "ingest_messages_per_second",
    "rss_mb_after_100k",
    "empty_poll_cpu_ms",
    "bytes_per_message",
)
_WORDS = {True: "met", False: "MISSED", None: "skipped"}


def table(lines: Sequence[Line]) -> str:
    """The goals, one line each; then the reasons of what was missed or skipped."""
    rows = [("goal", "figure", "reached", "asked", "")]
    rows += [
        (
            line.goal.name,
            line.goal.what,
            "–" if line.reached is None else line.goal.shown(line.reached),
            line.goal.limit,
            _WORDS[line.met],
        )
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    text = [
        "  ".join(
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    text.insert(1, "  ".join("-" * width for width in widths))
    reasons = [
        f"{_WORDS[line.met]}: {line.goal.name} {line.goal.what}: "
        f"{line.reason or 'no reason is known yet'}"
        for line in lines
        if not line.met
    ]
    return "\n".join([*text, *(["", *reasons] if reasons else [])])


def listing(figures: Mapping[str, float]) -> str:
    """Every figure by name."""
    width = max(map(len, figures), default=0)
    return "\n".join(
        f"{name.ljust(width)}  {figures[name]:,.3f}".replace(",", "'")
        for name in sorted(figures)
    )


def machine() -> dict[str, Any]:
    """Where it ran: numbers of two machines cannot be compared."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    processors = Path("/proc/cpuinfo").read_text().count("processor\t")
    return {
        "cpu": model,
        "processors": processors,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def load() -> list[float]:
    """The load averages now: on a busy machine wall-clock figures say little."""
    return [float(word) for word in Path("/proc/loadavg").read_text().split()[:3]]


def document(
    lines: Sequence[Line],
    figures: Mapping[str, float],
    details: Mapping[str, Any],
    about: Mapping[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """The results as one JSON object; the fixed figures stand at its top."""
    return {
        **{name: figures.get(name) for name in WANTED},
        "at": at.isoformat(timespec="seconds"),
        **about,
        "goals": [
            {
                "goal": line.goal.name,
                "what": line.goal.what,
                "reached": line.reached,
                "asked": line.goal.limit,
                "result": _WORDS[line.met].lower(),
                "reason": line.reason,
            }
            for line in lines
        ],
        "figures": dict(figures),
        "details": dict(details),
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write the file, its folder made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
