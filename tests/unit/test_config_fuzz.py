"""Whatever stands in the files: a configuration or a ConfigError, nothing else."""

import random
import time
from datetime import date
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

import config
from config.loader import assemble
from config.rendering import render

TODAY = date(2026, 11, 24)
SERVICE = b"""\
database: sqlite:////tmp/x.db
logging: {level: info, format: auto}
limits: {page_size: 100}
retention: {unlinked_days: 90}
"""
MAILBOXES = """\
servers:
  main: {endpoint: "https://mail.werft.example/EWS", auth: ntlm, login: svc,
         password: {file: /nonexistent}, timeout: 60, version: "2019"}
internal_domains: [werft.example]
staff_groups: [Büro]
defaults: {poll: 60, since: 2026-01-01, keep: linked, folders: [inbox, sent]}
never: ["*@bank.example", x@y.example]
mailboxes:
  - address: keller@werft.example
    kind: person
    informed: 2026-01-05
    tasks: true
    groups: {GL: full}
  - {address: a@werft.example, kind: shared}
""".encode()
TAXONOMY = b"""\
groups:
  - {key: a, name: A, access: {GL: full}, tags: [{key: b, name: B, subtags: [
     {key: c, name: C, keywords: [x], required: [note], task_templates: [z]}]}]}
"""
FILES = {
    "service.yaml": SERVICE,
    "mailboxes.yaml": MAILBOXES,
    "taxonomy.yaml": TAXONOMY,
}
WORDS = [
    "servers",
    "mailboxes",
    "address",
    "kind",
    "shared",
    "person",
    "groups",
    "keywords",
    "never",
    "defaults",
    "password",
    "file",
    "env",
    "poll",
    "tasks",
    "informed",
    "folders",
    "endpoint",
    "auth",
    "key",
    "name",
    "access",
    "tags",
    "2026-01-05",
    "true",
    "no",
    "0123",
    "12:30",
    "a@werft.example",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "-",
    "'",
    '"',
    "#",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "~",
    "null",
    "<<",
    "?",
    "\\",
    "é",
    "\x00",
    "\t",
    "\r",
    "\u2028",
    "\ufeff",
    "\ud7ff",
]


def load(files: dict[str, bytes]) -> tuple[config.Problem, ...]:
    try:
        return assemble(files, Path("/nonexistent"), today=TODAY).warnings
    except config.ConfigError as error:
        return error.problems


def judged(files: dict[str, bytes]) -> None:
    found = load(files)
    for language in ("de", "en"):
        for form in ("text", "json", "github"):
            said = render(found, language, form)
            assert "Traceback" not in said
    for one in found:
        lines = files.get(one.file, b"").decode(errors="replace").count("\n") + 1
        separators = files.get(one.file, b"").count(b"\r")
        assert 0 <= one.line <= lines + separators
        assert (one.line == 0) == (one.column == 0)


def test_the_ground_that_is_varied_is_valid() -> None:
    assert [one.kind for one in load(FILES)] == ["secret_missing"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(FILES)), content=st.binary(max_size=200))
@example(name="mailboxes.yaml", content=b'a: "\\UFFFFFFFF"')
@example(name="mailboxes.yaml", content=b"!<")
@example(name="mailboxes.yaml", content=b"\xff\xfe")
def test_any_bytes_are_a_configuration_or_a_config_error(
    name: str, content: bytes
) -> None:
    judged({**FILES, name: content})


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(FILES)),
    pieces=st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(["", " ", "\n", "\n  "])),
        max_size=40,
    ),
)
def test_any_words_of_the_format_are_a_configuration_or_a_config_error(
    name: str, pieces: list[tuple[str, str]]
) -> None:
    text = "".join(word + gap for word, gap in pieces)
    judged({**FILES, name: text.encode("utf-8", "surrogatepass")})


def test_a_thousand_damaged_files_are_told_or_still_good() -> None:
    """Bytes of valid files changed, left out, doubled or swapped."""
    dice = random.Random(20261124)
    wrong = 0
    for _ in range(1000):
        name = dice.choice(sorted(FILES))
        content = bytearray(FILES[name])
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(content))
            act = dice.randrange(4)
            if act == 0:
                content[at] = dice.randrange(256)
            elif act == 1:
                del content[at : at + dice.randint(1, 30)]
            elif act == 2:
                content[at:at] = content[at : at + dice.randint(1, 30)]
            else:
                content[at:at] = dice.choice(WORDS).encode()
            if not content:
                break
        found = load({**FILES, name: bytes(content)})
        wrong += any(one.severity == "error" for one in found)
    # Red control in numbers: most damage is noticed, so the damage was real.
    assert wrong > 600


def test_numbers_as_they_grow_cost_no_more_than_their_length() -> None:
    before = time.process_time()
    load({**FILES, "mailboxes.yaml": b"a: " + b"9" * 900_000})
    load(
        {
            **FILES,
            "mailboxes.yaml": MAILBOXES.replace(
                b"poll: 60", b"poll: " + b"9" * 900_000
            ),
        }
    )
    load(
        {
            **FILES,
            "mailboxes.yaml": MAILBOXES.replace(b"a@werft", b"a" * 900_000 + b"@werft"),
        }
    )
    load(
        {
            **FILES,
            "mailboxes.yaml": MAILBOXES.replace(
                b"keep: linked", b"keep: " + b"l" * 900_000
            ),
        }
    )
    load(
        {**FILES, "mailboxes.yaml": MAILBOXES.replace(b"staff_groups", b"s" * 900_000)}
    )
    assert time.process_time() - before < 20
