"""What the pages need from outside the database."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from crm_web.open_id import OpenIdSettings


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Set in the demo only: banner, log-ins, and the simulated Outlook."""

    control_url: str  # the sandbox's control endpoint
    mailboxes: tuple[str, ...]
    accounts: tuple[tuple[str, str, str], ...] = ()  # login, password, group

    @classmethod
    def read(cls, file: Path) -> Self:
        """From a file, so that no password stands in the list of processes."""
        given = json.loads(file.read_text("utf-8"))
        return cls(
            given["control_url"],
            tuple(given["mailboxes"]),
            tuple((login, word, group) for login, word, group in given["accounts"]),
        )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Given once to ``create_app``; replaced only by a restart."""

    blobs: Path
    language: str = "de"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Zurich"))
    token_prefix: str = "CRM"
    version: str = "0"
    unlinked_days: int = 90
    config_directory: Path | None = None
    public_host: str | None = None
    open_id: OpenIdSettings | None = None
    frame_ancestors: tuple[str, ...] = ()  # who may embed the document panel
    demo: DemoSettings | None = None
