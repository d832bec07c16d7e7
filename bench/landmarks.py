"""Where the pages that are measured lie in the drawn office."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Everybody who is measured may see these."""

    busy_address: int  # the one with the most entries
    biggest_entry: int  # number of the entry with the most mails
    small_entry: int
    loose_mail: int  # waits in «Nicht zugeordnet»
    review_case: int
    document: str  # number of a report that the biggest entry has
    rare_word: str
    common_word: str
    umlaut_word: str
