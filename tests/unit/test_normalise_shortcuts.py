"""The shortcuts of ``normalise`` say what the rules behind them say."""

import random
import re
from hashlib import md5

from mailsync import normalise
from mailsync.normalise import clean_text, ids, topic_ids

UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
EVERY = [chr(point) for point in range(0x11_0000)]


def test_text_loses_exactly_what_databases_refuse() -> None:
    for start in range(0, len(EVERY), 97):  # pieces with and without
        piece = "".join(EVERY[start : start + 97])
        assert clean_text(piece, 1000) == UNWANTED.sub(
            "\N{REPLACEMENT CHARACTER}", piece
        )


def test_each_unwanted_character_alone_is_seen() -> None:
    for character in filter(UNWANTED.match, EVERY):
        assert clean_text(f"a{character}b", 9) == "a\N{REPLACEMENT CHARACTER}b"


def test_text_is_cut_before_it_is_looked_at() -> None:
    assert clean_text("ab\x00", 2) == "ab"


def test_ids_are_what_the_long_way_gives() -> None:
    dice = random.Random(7)
    for _ in range(3000):
        inside = "".join(dice.choice("aB1.@ \t\r\nä\x00\u2003\xad") for _ in range(12))
        value = re.sub(r"\s+", " ", inside).strip()
        wanted = normalise.clean(value, normalise.LONGEST_ID)
        assert ids(f"<{inside}>") == ((wanted,) if wanted else ())


def test_a_bare_id_is_cut_at_the_longest() -> None:
    assert ids("x@" + "y" * 2000) == ("x@" + "y" * (normalise.LONGEST_ID - 2),)


def test_topics_are_hashed_in_both_ways_of_upper_casing() -> None:
    def hashed(text: str) -> bytes:
        data = text.encode("utf-16-le", "surrogatepass")
        return md5(data, usedforsecurity=False).digest()

    for start in range(0, len(EVERY), 61):
        text = "Strasse " + "".join(EVERY[start : start + 61])
        simple = "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
        assert topic_ids(text) == (hashed(simple), hashed(text.upper()))


def test_sharp_s_has_two_hashes_and_plain_text_one() -> None:
    assert len(set(topic_ids("Straße"))) == 2
    assert len(set(topic_ids("Strasse"))) == 1
