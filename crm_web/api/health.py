"""``/health``: whether the service works, in numbers."""

from flask import current_app
from pydantic import Field

from crm_core import clock
from crm_core.queries import service_health
from crm_web.api.resource import Resource
from crm_web.api.values import Answer, Instant

resource = Resource("health", "Whether the service works")


class HealthOut(Answer):
    """`ok`: nobody needs to act."""

    ok: bool
    version: str
    daemon_running: bool
    beat_at: Instant | None = Field(description="the daemon's last sign of life")
    mailboxes: int
    mailboxes_stopped: int
    copies_waiting: int = Field(description="task copies to be written to Outlook")
    copies_parked: int = Field(description="given up; a person must act")


@resource.read("/health", HealthOut)
def show() -> HealthOut:
    """How things stand now."""
    found = service_health.read(clock.now())
    return HealthOut(
        ok=found.ok,
        version=current_app.config["SETTINGS"].version,
        daemon_running=found.daemon_running,
        beat_at=found.beat_at,
        mailboxes=found.mailboxes,
        mailboxes_stopped=found.mailboxes_stopped,
        copies_waiting=found.copies_waiting,
        copies_parked=found.copies_parked,
    )
