"""Names of attachments become safe to store and to show, whatever was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.mime.names import LONGEST, safe_name

PDF = "application/pdf"


@pytest.mark.parametrize(
    ("stated", "safe"),
    [
        ("Offerte.pdf", "Offerte.pdf"),
        ("Größe.pdf", "Größe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\temp\\plan.pdf", "plan.pdf"),
        ("C:plan.pdf", "C_plan.pdf"),
        ("rechnung\u202efdp.exe", "rechnung_fdp.exe"),
        ("a\u200bb.pdf", "a_b.pdf"),
        ("Offerte\r\n .pdf", "Offerte .pdf"),
        ("a\x00b\x1b.pdf", "a_b_.pdf"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("lpt¹.pdf", "_lpt¹.pdf"),
        ("console.txt", "console.txt"),
        (".htaccess", "htaccess"),
        ("bild.png. ", "bild.png"),
        ('a<b>c:d"e|f?g*h.txt', "a_b_c_d_e_f_g_h.txt"),
        ("", "attachment-3.pdf"),
        ("..", "attachment-3.pdf"),
        ("/", "attachment-3.pdf"),
        ("\u202e", "attachment-3.pdf"),
    ],
)
def test_a_stated_name_becomes_safe(stated: str, safe: str) -> None:
    assert safe_name(stated, 3, PDF) == safe


def test_a_long_name_is_cut_to_255_bytes_and_keeps_its_suffix() -> None:
    name = safe_name("ä" * 300 + ".pdf", 1, PDF)
    assert len(name.encode()) <= LONGEST
    assert name.startswith("ää")
    assert name.endswith("ä.pdf")


def test_a_suffix_that_is_the_whole_name_is_cut_like_a_name() -> None:
    assert len(safe_name("a." + "b" * 400, 1, PDF).encode()) <= LONGEST


@given(st.text(max_size=400))
def test_no_name_escapes_or_hides(stated: str) -> None:
    name = safe_name(stated, 1, PDF)
    assert 0 < len(name.encode()) <= LONGEST
    assert not set(name) & set('/\\\0\r\n\t<>:"|?*\u202e\u200b')
    assert name == name.strip(". ")
    assert safe_name(name, 1, PDF) == name
