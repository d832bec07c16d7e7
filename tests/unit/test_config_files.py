"""Files that are missing, unreadable, too big or in another encoding."""

import os
import time
from datetime import date
from pathlib import Path

import pytest

import config
from config import Problem

TODAY = date(2026, 11, 24)
SERVICE = "database: sqlite:////tmp/x.db\n"
MAILBOXES = """\
servers:
  main: {endpoint: "https://mail.werft.example/EWS/Exchange.asmx", auth: kerberos}
internal_domains: [werft.example]
mailboxes:
  - {address: a@werft.example, kind: shared}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "service.yaml").write_text(SERVICE)
    (tmp_path / "mailboxes.yaml").write_text(MAILBOXES)
    return tmp_path


def problems_of(directory: Path) -> list[Problem]:
    with pytest.raises(config.ConfigError) as caught:
        config.load(directory, today=TODAY)
    return list(caught.value.problems)


def test_a_missing_directory_is_named() -> None:
    (found,) = problems_of(Path("/nonexistent/config"))
    assert found.kind == "directory_missing"
    assert "/nonexistent/config" in found.message


def test_a_missing_file_is_named_with_the_command_that_makes_it(
    directory: Path,
) -> None:
    (directory / "service.yaml").unlink()
    (directory / "mailboxes.yaml").unlink()
    first, second = problems_of(directory)
    assert (first.file, second.file) == ("service.yaml", "mailboxes.yaml")
    assert first.kind == second.kind == "file_missing"
    command = first.message.partition("cp ")[2].split()
    assert Path(command[0]).is_file()
    assert Path(command[1]) == directory / "service.yaml"


def test_other_problems_are_told_beside_a_missing_file(directory: Path) -> None:
    (directory / "service.yaml").unlink()
    (directory / "mailboxes.yaml").write_text(f"{MAILBOXES}    keep: all\n")
    assert [one.file for one in problems_of(directory)] == [
        "service.yaml",
        "mailboxes.yaml",
    ]


@pytest.mark.parametrize("name", ["mailboxes.yml", "mailboxes.json"])
def test_a_file_with_another_ending_is_recognised(directory: Path, name: str) -> None:
    (directory / "mailboxes.yaml").rename(directory / name)
    (found,) = problems_of(directory)
    assert found.kind == "file_misnamed"
    assert f"mv {directory / name} {directory / 'mailboxes.yaml'}" in found.message


def test_a_folder_in_place_of_a_file_is_told(directory: Path) -> None:
    (directory / "taxonomy.yaml").mkdir()
    (found,) = problems_of(directory)
    assert (found.kind, found.file) == ("file_unreadable", "taxonomy.yaml")


def test_a_pipe_in_place_of_a_file_does_not_block(directory: Path) -> None:
    (directory / "taxonomy.yaml").unlink(missing_ok=True)
    os.mkfifo(directory / "taxonomy.yaml")
    (found,) = problems_of(directory)
    assert found.kind == "file_unreadable"


def test_a_file_nobody_may_read_is_told(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not bind root, under whom tests may run: the refusal is played.
    real = Path.open

    def refuse(self: Path, *args: object, **kwargs: object) -> object:
        if self.name == "service.yaml":
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)  # type: ignore[arg-type,call-overload]  # handed through

    monkeypatch.setattr(Path, "open", refuse)
    (found,) = problems_of(directory)
    assert found.kind == "file_unreadable"
    assert "Permission denied" in found.message


def test_more_than_a_megabyte_is_refused_unread(directory: Path) -> None:
    (directory / "mailboxes.yaml").write_bytes(b"#" * 10_000_000)
    (found,) = problems_of(directory)
    assert found.kind == "file_too_big"


def test_exactly_a_megabyte_is_read(directory: Path) -> None:
    said = SERVICE.encode()
    (directory / "service.yaml").write_bytes(said + b"#" * (1_000_000 - len(said)))
    assert config.load(directory, today=TODAY).warnings == ()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"database: x\nname: M\xfcller\n", (2, 8)),
        ("database: é\n".encode("utf-16"), (1, 1)),
        ("é: 1\né: ".encode() + b"\xff", (2, 4)),
        (b"\xef\xbb\xbfa: \xff", (1, 4)),
        (b"a: \xed\xa0\x80\n", (1, 4)),
    ],
    ids=["latin-1", "utf-16", "after umlauts", "after a mark", "half a pair"],
)
def test_another_encoding_is_told_at_its_first_byte(
    directory: Path, content: bytes, place: tuple[int, int]
) -> None:
    (directory / "service.yaml").write_bytes(content)
    (found,) = problems_of(directory)
    assert (found.kind, found.line, found.column) == ("not_utf8", *place)


def test_an_alias_bomb_is_refused_at_once(directory: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 900)]
    (directory / "mailboxes.yaml").write_text("".join(lines))
    before = time.process_time()
    found = problems_of(directory)
    assert time.process_time() - before < 1
    assert (found[0].kind, found[0].line) == ("anchor", 1)
    assert found[-1].kind == "too_many"
    assert len(found) <= 101


def test_deep_nesting_costs_nothing(directory: Path) -> None:
    before = time.process_time()
    for text in ("[" * 900_000, "{a: " * 200_000, "- " * 400_000, "? " * 400_000):
        (directory / "mailboxes.yaml").write_text(text)
        assert [one.kind for one in problems_of(directory)] == ["too_deep"]
    assert time.process_time() - before < 5


def test_all_problems_of_all_files_come_at_once_and_sorted(directory: Path) -> None:
    (directory / "taxonomy.yaml").write_text("groups: []\n")
    (directory / "mailboxes.yaml").write_text(
        MAILBOXES.replace("kind: shared", "kind: shraed, poll: x")
    )
    (directory / "service.yaml").write_text("locale: fr\n")
    found = problems_of(directory)
    assert [(one.file, one.line, one.column, one.kind) for one in found] == [
        ("service.yaml", 1, 1, "missing"),
        ("service.yaml", 1, 9, "not_allowed"),
        ("mailboxes.yaml", 5, 38, "not_allowed"),
        ("mailboxes.yaml", 5, 52, "int_word"),
        ("taxonomy.yaml", 1, 9, "list_empty"),
    ]
