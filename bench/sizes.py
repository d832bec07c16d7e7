"""How much is measured: everything, or a smoke run that only shows that it works."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of one run. ``old`` mails are there before the measured ``new`` ones."""

    compared: int = 1_000
    rounds: int = 5
    old: int = 1_000
    new: int = 3_000
    stock: int = 600
    tried_chunks: tuple[int, ...] = (25, 50, 100, 250)
    slow: int = 2_000
    growth: int = 100_000
    growth_every: int = 10_000
    parsed: int = 100  # items in the GetItem of goal G4
    parse_times: int = 10
    stock_times: int = 1
    empty_polls: int = 100
    postgres: int = 1_000
    crowds: tuple[int, ...] = (10_000, 1_000_000)
    decisions: int = 2_000
    pages: int = 100
    mailboxes: int = 100
    poll_every: int = 6
    window: float = 12.0
    office: Mapping[str, int] = field(
        default_factory=lambda: {
            "mails": 100_000,
            "addresses": 5_000,
            "entries": 10_000,
            "biggest": 240,
        }
    )
    page_rounds: int = 200

    @property
    def upto(self) -> int:
        """The mails of the Inbox in the measured poll."""
        return self.old + self.new


FULL = Sizes()
SMOKE = Sizes(
    compared=40,
    rounds=1,
    old=60,
    new=60,
    stock=20,
    tried_chunks=(50,),
    slow=20,
    growth=300,
    growth_every=100,
    parsed=10,
    parse_times=1,
    empty_polls=3,
    postgres=20,
    crowds=(300, 600),
    decisions=40,
    pages=2,
    mailboxes=3,
    poll_every=1,
    window=2.0,
    office={"mails": 400, "addresses": 30, "entries": 40, "biggest": 30},
    page_rounds=2,
)
