"""Seeded tag soup: tags that belong together as little as possible."""

import random

_NAMES = (
    "a b font i span div p li ul ol dl dd dt td tr table tbody thead th caption select "
    "option button h1 h2 pre form center o:p object template svg math style script "
    "title textarea noscript col colgroup br hr img nobr address blockquote rt ruby"
)
NAMES = _NAMES.split()


def soup(dice: random.Random, names: list[str] | None = None) -> str:
    """A few names in one odd pattern, up to 120 times over."""
    few = dice.sample(names or NAMES, dice.randint(1, 6))
    unit = "".join(_piece(dice, few) for _ in range(dice.randint(1, 10)))
    return unit * dice.choice([1, 3, 30, 120])


def _piece(dice: random.Random, names: list[str]) -> str:
    name = dice.choice(names)
    return dice.choice(
        [
            f"<{name}>",
            f"<{name}>",
            f"</{name}>",
            f"<{name} lang={dice.randint(0, 9)}>",
            f"<{name} a='</{name}>'>",
            f'<{name} a="',
            '">',
            "x",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
        ]
    )
