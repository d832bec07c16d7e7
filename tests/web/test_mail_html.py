"""A stranger's HTML: what stays, what goes, cleaning that settles, links named."""

import json
import random
import re
from pathlib import Path

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tag_soup import soup

from crm_web import mail_html
from crm_web.mail_markup import RefusedError

PICTURES = {"bild@kunde": "/anhang/9/bild"}


def cleaned(html: str) -> str:
    return mail_html.clean(html, PICTURES).html


# -- what stays and what goes ------------------------------------------------------------


def test_ordinary_mail_keeps_its_looks() -> None:
    html = (
        '<p style="color:red;text-align:center"><b>Offerte</b> <font color="#00f">CHF'
        '</font></p><table border="1"><tr><td colspan="2" bgcolor="#eee">1</td></tr>'
        "</table><ul><li>Mast</li></ul>"
    )
    found = cleaned(html)
    for kept in ("color:red", "text-align:center", "<b>", 'color="#00f"', 'border="1"'):
        assert kept in found
    assert 'colspan="2"' in found


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>@import 'https://x.example'</style>",
        "<svg onload=alert(1)><circle/></svg>",
        "<math><mtext></mtext></math>",
        "<form action='https://x.example'><input></form>",
        "<iframe src='https://x.example'></iframe>",
        "<object data=x></object><embed src=x>",
        "<link rel=stylesheet href='https://x.example'>",
        "<meta http-equiv=refresh content='0;url=https://x.example'>",
        "<base href='https://x.example'>",
        "<!-- comment -->",
    ],
)
def test_what_acts_is_gone(html: str) -> None:
    assert cleaned(html) == ""


@pytest.mark.parametrize(
    "style",
    [
        "position:fixed",
        "background:url(https://x.example/p.gif)",
        "background-image:url(https://x.example/p.gif)",
        "list-style:url(https://x.example/p.gif)",
        "content:url(https://x.example/p.gif)",
        "display:none",
        "opacity:0",
        "--x:url(https://x.example)",
    ],
)
def test_styles_that_hide_move_or_fetch_are_gone(style: str) -> None:
    assert cleaned(f'<p style="{style};color:red">x</p>') == (
        '<p style="color:red">x</p>'
    )


@pytest.mark.parametrize(
    "source",
    ["https://x.example/p.gif", "//x.example/p.gif", "x", "/anhang/8/bild", "cid:nix",
     "data:image/gif;base64,R0lG", "file:///etc/passwd", "", "javascript:1"],
)  # fmt: skip
def test_pictures_of_others_are_gone(source: str) -> None:
    assert "src" not in cleaned(f'<img src="{source}" alt="Logo">')


def test_pictures_left_out_are_counted_once_each() -> None:
    html = "<img src=https://x.example/1><img src=https://x.example/1><img src=cid:b>"
    assert mail_html.clean(html, PICTURES).blocked == 2


@pytest.mark.parametrize(
    "source", ["cid:bild@kunde", "CID:Bild%40Kunde", "cid:<bild@kunde>"]
)
def test_inline_pictures_come_from_our_own_address(source: str) -> None:
    assert 'src="/anhang/9/bild"' in cleaned(f'<img src="{source}">')


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "/eintraege/1",
                "file:///x", "//x.example", " jAvaScript:1", "java\tscript:1"]
)  # fmt: skip
def test_links_lead_nowhere_but_to_the_web_mail_and_telephone(address: str) -> None:
    assert "href" not in cleaned(f'<a href="{address}">x</a>')


def test_links_open_in_a_new_tab_without_a_way_back() -> None:
    found = cleaned('<a href="https://x.example" target="_top" rel="opener">x</a>')
    assert 'target="_blank"' in found
    assert 'rel="noopener noreferrer"' in found


# -- where links lead ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://kunde.example/a?b", "kunde.example"),
        ("HTTPS://Kunde.Example:8443/", "kunde.example:8443"),
        ("https://werft.example@evil.example/", "evil.example"),
        ("https://werft.example:x@evil.example", "evil.example"),
        ("https:\\\\evil.example\\@werft.example", "evil.example"),
        ("https:evil.example", "evil.example"),
        ("https:////evil.example/werft.example", "evil.example"),
        ("https://ev\nil.example\t/", "evil.example"),
        ("https://%65vil.example/", "evil.example"),
        ("https://kundé.example/", "xn--kund-epa.example"),
        ("mailto:hans@kunde.example?subject=x", "hans@kunde.example"),
        ("tel:+41445556677", "+41445556677"),
    ],
)
def test_a_link_names_the_host_a_browser_would_ask(address: str, target: str) -> None:
    assert mail_html.target_of(address) == target


def test_every_link_of_a_mail_is_named() -> None:
    html = (
        "<a lang=de style='color:red' href='https://a.example/x'>b.example</a>"
        '<a href="mailto:x@c.example">mail</a><a>none</a>'
    )
    named = mail_html.with_hosts(cleaned(html))
    assert re.findall(r'data-host="([^"]*)"', named) == ["a.example", "x@c.example"]


@given(st.text(alphabet="<a href='\">=/img lt&;quot#x3", max_size=60))
@settings(deadline=None)
def test_naming_links_changes_nothing_else(html: str) -> None:
    before = cleaned(html)
    after = mail_html.with_hosts(before)
    assert re.sub(r' data-host="[^"]*"', "", after) == before


def test_web_addresses_in_plain_text_become_links_without_the_full_stop() -> None:
    found = mail_html.text_as_html("<b> siehe https://a.example/x?y=1&z=2.")
    assert "&lt;b&gt;" in found
    assert ">https://a.example/x?y=1&amp;z=2</a>." in found
    assert 'data-host="a.example"' in found


# -- cleaning settles ----------------------------------------------------------------------


def settles(html: str) -> bool:
    """Whether it is shown; then cleaning it again must change nothing."""
    try:
        found = cleaned(html)
    except RefusedError:
        return False
    assert cleaned(found) == found
    return True


def test_cleaning_twice_is_cleaning_once_on_tag_soup() -> None:
    dice = random.Random(3)
    shown = sum(settles(soup(dice)) for _ in range(3_000))
    assert shown > 2_800


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_cleaning_twice_is_cleaning_once_on_any_text(text: str) -> None:
    settles(text)


def test_cleaning_twice_is_cleaning_once_on_the_corpora(shared: Path) -> None:
    counts = [0, 0]
    for name in ("sanitizer-payloads", "html5lib"):
        text = (shared / f"corpora/html/{name}.jsonl").read_text(encoding="utf-8")
        for line in text.split("\n"):
            if not line:
                continue
            counts[settles(json.loads(line)["html"])] += 1
    assert counts[0] < 0.01 * sum(counts)


def test_markup_that_does_not_settle_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nh3, "clean", lambda html, **_: html + "<br>")
    with pytest.raises(RefusedError):
        mail_html.clean("x")
