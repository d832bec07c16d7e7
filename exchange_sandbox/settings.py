"""What a sandbox is started with."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Settings:
    """Users, refusals, limits. Changing it while running takes effect at once.

    `budget` requests per mailbox within `budget_window` seconds (0 = no limit), and
    `connections` requests at a time per user and mailbox, are what throttling allows;
    `back_off` seconds are asked for beyond that. `sync_memory` is how many log entries
    back a synchronisation state may lie. `streaming_minute` is how many real seconds a
    minute of a streaming connection lasts.
    """

    users: dict[str, str] = field(default_factory=dict)
    denied: set[tuple[str, str]] = field(default_factory=set)
    schema: Path | None = None
    seed: int = 0
    budget: int = 0
    budget_window: float = 60.0
    connections: int = 10
    back_off: float = 5.0
    sync_memory: int = 1_000_000
    find_limit: int = 1000
    find_limit_restricted: int = 250
    streaming_minute: float = 60.0
    strip_illegal_characters: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None
