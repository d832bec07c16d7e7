"""What somebody may have meant by a word that is not there."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word closest to ``word``, "" if none is close; case does not count."""
    by_fold = {one.casefold(): one for one in sorted(known)}
    found = get_close_matches(word[:100].casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else ""
