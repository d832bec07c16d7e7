"""The sentences, in both languages and all forms."""

import json
import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

import config
from config import Problem, messages, render
from config.loader import assemble

TODAY = date(2026, 11, 24)
KINDS = sorted(messages.SENTENCES)

# The example of the design notes, its lines moved together.
EXAMPLE = """\
servers:
  main:
    endpoint: https://mail.werft.example/EWS/Exchange.asmx
    auth: kerberos
    acces: impersonation
internal_domains: [werft.example]
mailboxes:
  - address: werkstatt@werft.example
    kind: shared
    subfolders: vielleicht
    groups: {GL: ful}
  - kind: shared
    name: ohne Adresse
  - address: Werkstatt@werft.example
    kind: shared
  - address: keller@werft.example
    kind: person
"""
GERMAN = """\
mailboxes.yaml:5:5: Unbekannter Schlüssel «acces». Meinten Sie «access»?
    5 |     acces: impersonation
      |     ^
mailboxes.yaml:10:17: «vielleicht» ist kein Ja/Nein-Wert. Schreiben Sie true oder false.
   10 |     subfolders: vielleicht
      |                 ^
mailboxes.yaml:11:18: «ful» ist nicht erlaubt. Erlaubt: full, subject, none. Meinten Sie «full»?
   11 |     groups: {GL: ful}
      |                  ^
mailboxes.yaml:12:5: Pflichtangabe «address» fehlt.
   12 |   - kind: shared
      |     ^
mailboxes.yaml:14:14: werkstatt@werft.example steht schon in Zeile 8.
   14 |   - address: Werkstatt@werft.example
      |              ^
mailboxes.yaml:16:5: Person ohne «informed»: das Postfach wird nicht gelesen, bis ein Datum dasteht.
   16 |   - address: keller@werft.example
      |     ^
5 Fehler, 1 Warnung"""


def problems_of(mailboxes: str) -> tuple[Problem, ...]:
    files = {
        "service.yaml": b"database: sqlite:////tmp/x.db\n",
        "mailboxes.yaml": mailboxes.encode(),
    }
    with pytest.raises(config.ConfigError) as caught:
        assemble(files, Path("/x"), today=TODAY)
    return caught.value.problems


def test_the_text_is_the_one_administrators_were_promised() -> None:
    assert render(problems_of(EXAMPLE), "de") == GERMAN


def test_the_error_itself_reads_the_same() -> None:
    assert str(config.ConfigError(problems_of(EXAMPLE))) == GERMAN


def test_english_comes_second() -> None:
    said = render(problems_of(EXAMPLE), "en").splitlines()
    assert said[0] == "mailboxes.yaml:5:5: Unknown key «acces». Did you mean «access»?"
    assert said[-1] == "5 errors, 1 warning"


def test_json_is_one_object_with_every_problem() -> None:
    found = json.loads(render(problems_of(EXAMPLE), "de", "json"))
    assert found["ok"] is False
    assert found["problems"][0] == {
        "file": "mailboxes.yaml",
        "line": 5,
        "column": 5,
        "severity": "error",
        "code": "E120",
        "message": "Unbekannter Schlüssel «acces». Meinten Sie «access»?",
    }
    assert [one["severity"] for one in found["problems"]].count("warning") == 1
    assert json.loads(render((), "de", "json")) == {"ok": True, "problems": []}


def test_warnings_alone_are_fine_in_json() -> None:
    warning = [one for one in problems_of(EXAMPLE) if one.severity == "warning"]
    assert json.loads(render(warning, "de", "json"))["ok"] is True


def test_github_gets_one_command_a_problem() -> None:
    said = render(problems_of(EXAMPLE), "en", "github").splitlines()
    assert said[3] == (
        "::error file=mailboxes.yaml,line=12,col=5,title=E121::"
        "Required setting «address» is missing."
    )
    assert said[-1].startswith("::warning file=mailboxes.yaml,line=16,col=5")


def test_github_commands_cannot_be_smuggled_in() -> None:
    text = EXAMPLE.replace("acces:", '"x%0A\\n::error file=y::":')
    said = render(problems_of(text), "de", "github")
    assert len(said.splitlines()) == 6
    assert "%250A" in said


def test_a_problem_of_a_whole_file_has_no_place() -> None:
    one = Problem("taxonomy.yaml", 0, 0, "file_too_big")
    assert render([one], "en").startswith("taxonomy.yaml: The file is larger")
    assert "line=" not in render([one], "en", "github")


def test_a_long_line_is_cut_around_the_place() -> None:
    names = ", ".join(f"Gruppe{n}" for n in range(60))
    text = EXAMPLE.replace("name: ohne Adresse", f"skip: [{names}, /, {names}]")
    said = render(problems_of(text), "de").splitlines()
    at = next(n for n, line in enumerate(said) if "als Ordner" in line)
    source, caret = said[at + 1], said[at + 2]
    assert len(source) < 120
    assert source[caret.index("^")] == "/"


def test_invisible_characters_do_not_reach_the_terminal() -> None:
    text = EXAMPLE.replace("acces:", '"x\\e[31m\\u202e":')
    said = render(problems_of(text + "# \x1b[31m\n"), "de")
    assert all(c.isprintable() or c == "\n" for c in said)


def test_problems_hash_and_compare_by_what_they_say() -> None:
    first, second = problems_of(EXAMPLE)[0], problems_of(EXAMPLE)[0]
    assert first == second
    assert first.message.startswith("Unbekannter")
    assert (first.code, first.severity) == ("E120", "error")


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_is_complete_in_both_languages(kind: str) -> None:
    one = messages.SENTENCES[kind]
    assert re.fullmatch(r"E1\d\d", one.code)
    german = {name for _, name, _, _ in Formatter().parse(one.de) if name}
    english = {name for _, name, _, _ in Formatter().parse(one.en) if name}
    assert german == english
    values = dict.fromkeys(german, "X")
    for language in ("de", "en"):
        said = messages.sentence(kind, language, values | {"guess": "Y"})
        assert "{X" not in said
        assert "Y" in said
        assert "!" not in said.replace("«!»", "")
        assert said[0].isupper() or said[0] in "«X"
    assert one.de != one.en


@pytest.mark.parametrize("kind", KINDS)
def test_german_is_swiss_and_polite(kind: str) -> None:
    said = messages.SENTENCES[kind].de
    assert "ß" not in said
    assert not re.search(r"\b(du|dein|dir|bitte)\b", said, re.IGNORECASE)


def test_a_sentence_of_pydantic_that_nobody_knows_has_a_fallback() -> None:
    assert messages.kind_of("a_type_of_tomorrow") == "invalid"
    said = messages.sentence("invalid", "de", {"name": "x"})
    assert said == "Der Wert von «x» passt hier nicht."


def test_every_file_of_the_package_spells_swiss() -> None:
    package = Path(config.__file__).parent
    for path in [*package.glob("*.py"), *package.glob("*.yaml")]:
        assert "ß" not in path.read_text(encoding="utf-8"), path.name
