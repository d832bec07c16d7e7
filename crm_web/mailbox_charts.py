"""Small drawings of a mailbox: a day as a line, its polls as bars. Inline SVG.

No script, no style attribute; each has its content as a name in words. Hours and polls
that failed are red bars of full height, so colour is not all that tells them.
"""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 120, 28
_POLL, _GAP, _TALL = 9, 3, 56


def sparkline(values: Sequence[int], failed: Sequence[bool], label: str) -> Markup:
    """A line through the values; a red bar behind each that ``failed``."""
    step = WIDTH / max(len(values) - 1, 1)
    most = max(max(values, default=0), 1)
    points = " ".join(
        f"{round(place * step, 1)},{round(HEIGHT - 3 - value * (HEIGHT - 6) / most, 1)}"
        for place, value in enumerate(values)
    )
    bars = Markup("").join(
        Markup(
            '<rect class="failed" x="{}" y="1" width="4" height="{}"></rect>'
        ).format(round(min(max(place * step - 2, 0), WIDTH - 4), 1), HEIGHT - 2)
        for place, bad in enumerate(failed)
        if bad
    )
    return Markup(
        '<svg class="sparkline" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        'role="img" aria-label="{label}"><title>{label}</title>{bars}'
        '<polyline points="{points}"></polyline></svg>'
    ).format(w=WIDTH, h=HEIGHT, label=label, bars=bars, points=points)


def poll_bars(polls: Sequence[tuple[int, str, bool]], label: str) -> Markup:
    """A bar a poll: (milliseconds, its name in words, whether it failed)."""
    most = max((took for took, _name, bad in polls if not bad), default=1) or 1
    width = max(len(polls), 1) * (_POLL + _GAP)
    bars = Markup("").join(
        Markup(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}">'
            "<title>{}</title></rect>"
        ).format(
            "failed" if bad else "poll",
            place * (_POLL + _GAP),
            0 if bad else _TALL - _tall(took, most),
            _POLL,
            _TALL if bad else _tall(took, most),
            name,
        )
        for place, (took, name, bad) in enumerate(polls)
    )
    return Markup(
        '<svg class="polls" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{label}">{bars}</svg>'
    ).format(w=width, h=_TALL, label=label, bars=bars)


def _tall(took: int, most: int) -> int:
    return max(2, round(took * _TALL / most))
