"""Mails on disk come out one by one, whole and in a stable order."""

import mailbox
import time
from pathlib import Path

import pytest

from exchange_sandbox.loading import load_mails

FIRST = b"From: a@x.example\nSubject: eins\n\nText\n"
SECOND = b"From: b@x.example\nSubject: zwei\n\nText\n"


def test_an_mbox_gives_its_mails_in_file_order(tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    path.write_bytes(
        b"From a@x.example Tue Nov 10 09:15:00 2026\n" + FIRST + b"\n"
        b"From b@x.example Tue Nov 10 09:16:00 2026\n" + SECOND + b"\n"
    )
    assert list(load_mails(path)) == [FIRST, SECOND]


def test_an_mbox_written_by_the_stdlib_comes_back_unchanged(tmp_path: Path) -> None:
    mails = [b"Subject: %d\n\nText\n\nFrom hier an: nichts\n" % n for n in range(5)]
    box = mailbox.mbox(tmp_path / "post.mbox")
    for mail in mails:
        box.add(mail)
    box.close()
    assert list(load_mails(tmp_path / "post.mbox")) == mails


def test_a_quoted_from_line_loses_one_sign(tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    path.write_bytes(b"From x Tue\nSubject: a\n\n>From hier\n>>From dort\n> From da\n")
    (mail,) = load_mails(path)
    assert mail == b"Subject: a\n\nFrom hier\n>From dort\n> From da\n"


def test_a_from_sentence_after_an_empty_line_does_not_split(tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    mail = b"Subject: a\n\nHallo\n\nFrom here on we wait.\nGruss\n"
    path.write_bytes(b"From x Tue\n" + mail)
    assert list(load_mails(path)) == [mail]


def test_an_mbox_with_crlf_lines_splits_too(tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    mails = [m.replace(b"\n", b"\r\n") for m in (FIRST, SECOND)]
    path.write_bytes(b"".join(b"From x Tue\r\n" + mail + b"\r\n" for mail in mails))
    assert list(load_mails(path)) == mails


def test_a_folder_gives_its_eml_files_sorted_by_path(tmp_path: Path) -> None:
    (tmp_path / "unter").mkdir()
    (tmp_path / "b.eml").write_bytes(SECOND)
    (tmp_path / "a.EML").write_bytes(FIRST)
    (tmp_path / "unter" / "c.eml").write_bytes(b"c")
    (tmp_path / "lies.txt").write_bytes(b"nein")
    assert list(load_mails(tmp_path)) == [FIRST, SECOND, b"c"]


def test_another_file_is_one_mail_and_an_empty_one_none(tmp_path: Path) -> None:
    (tmp_path / "eins.eml").write_bytes(FIRST)
    (tmp_path / "leer").write_bytes(b"")
    assert list(load_mails(tmp_path / "eins.eml")) == [FIRST]
    assert list(load_mails(tmp_path / "leer")) == []


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="fehlt"):
        list(load_mails(tmp_path / "fehlt"))


def test_ten_thousand_mails_load_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    body = b"Zeile mit Text\n" * 100
    one = b"From x Tue Nov 10 09:15:00 2026\n" + FIRST + body + b"\n"
    path.write_bytes(one * 10_000)
    began = time.process_time()
    count = sum(1 for _ in load_mails(path))
    assert count == 10_000
    assert time.process_time() - began < 1
