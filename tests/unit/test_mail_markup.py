"""The first wall: what a parser would choke on never reaches one."""

import random
import re
import time

import nh3
import pytest
from tag_soup import soup

from crm_web.mail_markup import (
    DEEPEST,
    LARGEST,
    MOST_COPIED,
    Refusal,
    RefusedError,
    balanced,
    words,
)

TAGS = words(
    "a b font i span div p li ul ol dl dd dt td tr table tbody thead th caption h1 h2 "
    "pre center col br hr img nobr address blockquote rt ruby"
)
VOID = words("br hr img col")


def read(html: str) -> str:
    return balanced(html, TAGS, {"lang", "href", "style"})


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        ),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("<b><div>x</b>y</div>", "<b><div>xy</div></b>"),
        ("<div><span>x</div>y", "<div><span>x</span></div>y"),
        ("<td><table><tr></td>x", "<td><table><tr>x</tr></table></td>"),
        ("x</div></p>", "x"),
        ("<P STYLE='a\"b' Foo=1>x", '<p style="a&quot;b">x</p>'),
        ("<a href=x/y>z</a>", '<a href="x/y">z</a>'),
        ("<blink>x</blink>", "x"),
        ("a < b <3 </ x>", "a &lt; b &lt;3 "),
        ("<!-- <b> --><!--><i>x", "<i>x</i>"),
        ("<<!-- -->script>x", "&lt;script>x"),
        ("<style>p{}</style><title>t</title>x", "x"),
        ("<script>'</b>'</script><svg><a><svg></svg></svg>x", "x"),
        ("<b title='</b>'>x", "<b>x</b>"),
        ("<b", ""),
        ("<b lang='x", ""),
        ("<br/><br></br>", "<br><br>"),
    ],
)
def test_markup_comes_out_balanced(html: str, expected: str) -> None:
    assert read(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("x" * (LARGEST - 1), None),
        ("x" * LARGEST, Refusal.SIZE),
        ("ü" * (LARGEST // 2 + 1), Refusal.SIZE),
        ("<div>" * DEEPEST, None),
        ("<div>" * (DEEPEST + 1), Refusal.SHAPE),
        ("<div>x</div>" * 50_000, None),
        ("<p>x" * 100_000, None),
        ("<table>" + "<tr><td><p>x" * 50_000, None),
        ("<ul>" + "<li>x" * 100_000, None),
        ("<li><dd>" * 1_000, Refusal.SHAPE),
        ("<b " + "a " * 1_000 + ">", Refusal.SHAPE),
        (
            "<p>" + "".join(f"<b lang={n}>" for n in range(200)) + "<p>x" * 9_000,
            Refusal.SHAPE,
        ),
        ("<style>" + "<div>" * 5_000 + "</style>", None),
        ("<unknown>" * 100_000, None),
    ],
    ids=range(14),
)
def test_bounds(html: str, expected: Refusal | None) -> None:
    found = None
    try:
        read(html)
    except RefusedError as error:
        found = error.refusal
    assert found is expected


def depth(html: str) -> int:
    """The deepest place of balanced markup; fails if it is not balanced."""
    now: list[str] = []
    deepest = 0
    for tag in re.finditer(r"<(/?)([a-zA-Z][^ />]*)", html):
        if tag.group(1):
            assert now.pop() == tag.group(2)
        elif tag.group(2) not in VOID:
            now.append(tag.group(2))
            deepest = max(deepest, len(now))
    assert now == []
    return deepest


def test_a_parser_makes_no_deeper_and_no_much_larger_tree_of_it() -> None:
    dice = random.Random(11)
    accepted = 0
    for _ in range(8_000):
        try:
            markup = read(soup(dice))
        except RefusedError:
            continue
        accepted += 1
        parsed = nh3.clean(
            markup,
            tags=set(TAGS) | {"colgroup", "tbody"},
            clean_content_tags=set(),
            attributes={"*": {"lang"}},
            link_rel=None,
        )
        assert depth(parsed) <= 2 * depth(markup) + 4, markup[:200]
        assert len(parsed) <= 5 * len(markup) + MOST_COPIED
        assert read(markup) == markup
    assert accepted > 7_000


def test_without_it_a_parser_would_grow_a_hundredfold() -> None:
    """The control: this is what the bound on copies is for."""
    html = "<p>" + "".join(f"<b lang={n}>" for n in range(99)) + "<p>x" * 2_000
    grown = nh3.clean(html, tags={"p", "b"}, attributes={"b": {"lang"}})
    assert len(grown) > 100 * len(html)
    with pytest.raises(RefusedError):
        read(html * 5)


@pytest.mark.parametrize(
    "unit",
    ["<p>x</p>", "<div>", "<a a ", '<a x="', "<!--", "<", "<style>", "<style></style>",
     "<li>", "</div>", "<p><li>", "<svg>", "<a a=", "= ", "<![CDATA[", "<script><!--",
     "<x>", "<svg></svg>"],
)  # fmt: skip
def test_a_megabyte_is_read_in_a_moment(unit: str) -> None:
    html = (unit * (LARGEST // len(unit)))[: LARGEST - 1]
    begin = time.perf_counter()
    try:
        read(html)
    except RefusedError:
        pass
    assert time.perf_counter() - begin < 6
