"""What the visitor of the demo may let go wrong in the simulated Exchange."""

from dataclasses import dataclass

from crm_web.i18n import lazy as _
from crm_web.simulated_exchange import Fault


@dataclass(frozen=True, slots=True)
class Switch:
    """A fault that the visitor may order; ``lasts`` until it is taken back."""

    key: str
    kind: str
    label: str
    undo: str
    one_mailbox: bool = False
    lasts: bool = True
    code: str = ""
    back_off: float | None = None

    def parameters(self, mailbox: str) -> dict[str, object]:
        """What the simulated Exchange is told."""
        given: dict[str, object] = {"count": 0 if self.lasts else 1}
        if self.one_mailbox:
            given["mailbox"] = mailbox
        if self.code:
            given["code"] = self.code
        if self.back_off is not None:
            given["back_off"] = self.back_off
        return given

    def is_on(self, faults: frozenset[Fault], mailbox: str) -> bool:
        """Whether it goes wrong now."""
        return Fault(self.kind, mailbox if self.one_mailbox else None) in faults


SWITCHES = (
    Switch("drosseln", "busy", _("Throttle Exchange"), _("Full speed again"),
           back_off=5.0),
    Switch("recht", "soap_fault", _("Take the right away"), _("Give the right back"),
           one_mailbox=True, code="ErrorImpersonateUserDenied"),
    Switch("stand", "expire_state", _("Invalidate the sync state"), "",
           one_mailbox=True, lasts=False),
    Switch("aus", "cut_before", _("Switch Exchange off"), _("Switch Exchange on")),
)  # fmt: skip
