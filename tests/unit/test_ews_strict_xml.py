"""The strict parse: what it accepts, cleans and refuses."""

import pytest
from lxml import etree

from mailsync.errors import Transient
from mailsync.ews import strict_xml
from mailsync.ews.strict_xml import Unparseable, parse_strict

ENVELOPE = b"<s:Envelope xmlns:s='urn:s'><s:Body><a>%s</a></s:Body></s:Envelope>"


def text_of(content: bytes) -> str | None:
    return parse_strict(ENVELOPE % content).findtext(".//a")


def test_a_well_formed_answer_is_a_tree() -> None:
    assert text_of("grüezi".encode()) == "grüezi"


def test_every_cut_of_an_answer_is_refused_as_transient() -> None:
    whole = ENVELOPE % b"one &amp; two"
    for end in range(len(whole)):
        with pytest.raises(Transient) as caught:
            parse_strict(whole[:end])
        assert not isinstance(caught.value, Unparseable)


def test_the_recovering_parser_of_the_library_would_accept_a_cut() -> None:
    cut = (ENVELOPE % b"text")[:-12]
    recovered = etree.fromstring(cut, etree.XMLParser(recover=True))
    assert recovered.findtext(".//a") == "text"  # red control


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"a&#x1;b", "a\ufffdb"),
        (b"a&#1;b", "a\ufffdb"),
        (b"a&#xB;&#x1F;b", "a\ufffd\ufffdb"),
        (b"a&#xFFFE;b", "a\ufffdb"),
        (b"a&#xD83D;&#xDE00;b", "a\U0001f600b"),
        (b"a&#55357;&#56832;b", "a\U0001f600b"),
        (b"a&#xD83D;b", "a\ufffdb"),
        (b"a&#xDE00;&#xD83D;b", "a\ufffd\ufffdb"),
        (b"a&#x110000;b", "a\ufffdb"),
        (b"a\x01b", "a\ufffdb"),
        (b"a&#x9;&#xA;&#xD;&#x85;b&#x1;", "a\t\n\r\x85b\ufffd"),
    ],
)
def test_illegal_characters_become_replacement_characters(
    sent: bytes, read: str
) -> None:
    assert text_of(sent) == read


def test_legal_references_are_not_touched_by_the_cleaning() -> None:
    legal = b"&#x41;&#65;&#x1F600;&amp;&lt;"
    assert strict_xml.replace_illegal_characters(legal) == legal


def test_cleaning_does_not_repair_a_truncation() -> None:
    whole = ENVELOPE % b"a&#x1;b"
    for end in range(len(whole) - 1):
        with pytest.raises(Transient):
            parse_strict(whole[:end])


def test_bytes_after_the_envelope_are_refused() -> None:
    with pytest.raises(Unparseable):
        parse_strict(ENVELOPE % b"x" + ENVELOPE % b"y")


@pytest.mark.parametrize(
    "prologue",
    [
        b"<!DOCTYPE a>",
        b"<!DOCTYPE a [<!ENTITY e 'x'>]>",
        b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>",
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'>",
    ],
)
def test_a_document_type_declaration_is_refused(prologue: bytes) -> None:
    with pytest.raises(Unparseable, match="document type"):
        parse_strict(prologue + ENVELOPE % b"x")


def test_entities_that_grow_are_refused() -> None:
    levels = b"".join(
        b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9)
    )
    bomb = b"<!DOCTYPE a [<!ENTITY l0 'lol'>" + levels + b"]>" + ENVELOPE % b"&l8;"
    with pytest.raises(Transient):
        parse_strict(bomb)


def test_an_answer_nested_too_deeply_is_refused() -> None:
    with pytest.raises(Unparseable):
        parse_strict(ENVELOPE % (b"<b>" * 5000 + b"</b>" * 5000))


def test_text_over_ten_megabytes_needs_the_large_parser() -> None:
    content = ENVELOPE % (b"x" * 10_000_001)
    with pytest.raises(Unparseable):
        parse_strict(content)
    assert parse_strict(content, large=True) is not None


def test_an_answer_over_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_xml, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(Unparseable, match="larger"):
        parse_strict(ENVELOPE % (b"x" * 100))


@pytest.mark.parametrize("content", [b"", b"   ", b"<html><p>log in", b"\x1f\x8b\x00"])
def test_what_is_not_an_envelope_at_all_is_transient(content: bytes) -> None:
    with pytest.raises(Transient) as caught:
        parse_strict(content)
    assert caught.value.code == "E252"
