"""The child that reads raw mail: it is limited, killed, replaced, and keeps quiet."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailsync.errors import Unprocessable
from mailsync.mime import Limits, MimeReader, child, read_mime, reader

SMALL = b"Subject: Hallo\r\nMessage-ID: <a@x.example>\r\n\r\nText"
# A line costs the parser far more than the two bytes it has.
MANY_LINES = b"Content-Type: text/plain\r\n\r\n" + b"a\n" * 2_000_000


def _pid(mime_reader: MimeReader) -> int:
    assert mime_reader._child is not None
    return mime_reader._child._process.pid


def test_a_mail_and_its_attachments_come_back_whole() -> None:
    content = bytes(range(256)) * 1_000
    raw = (
        b"From: =?utf-8?q?J=C3=BCrg?= <j@x.example>\r\nDate: Tue, 10 Nov 2026 09:15 GMT\r\n"
        b"Thread-Index: AQHcXAua\r\nContent-Type: application/x\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + content
    )
    with MimeReader() as mime_reader:
        found = mime_reader.read(raw)
        cost = mime_reader.last_cost
    (attachment,) = found.attachments
    assert (attachment.content, attachment.size) == (content, len(content))
    assert found.sole_sender is not None
    assert found.sole_sender.name == "Jürg"
    assert found.date is not None
    assert found.thread_index == bytes.fromhex("0101dc5c0b9a")
    assert cost is not None
    assert 0 <= cost.cpu_seconds < 2
    assert 0 < cost.peak_kilobytes < 256 << 10


def test_one_child_serves_many_mails_and_many_threads() -> None:
    def subject(number: int) -> str:
        raw = b"Subject: %d\r\nX-Fill: %s\r\n\r\nx" % (number, b"y" * (number * 10))
        return mime_reader.read(raw).subject

    with MimeReader() as mime_reader:
        mime_reader.read(SMALL)
        first = _pid(mime_reader)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(subject, range(200))) == [str(n) for n in range(200)]
        assert _pid(mime_reader) == first


def test_a_reason_reaches_the_caller_and_the_child_goes_on() -> None:
    with MimeReader(Limits(parts=3)) as mime_reader:
        mime_reader.read(SMALL)
        first = _pid(mime_reader)
        many = (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\n\r\nx\r\n" * 9
        )
        with pytest.raises(Unprocessable, match="more than 3 MIME parts"):
            mime_reader.read(many + b"y" * 1_000_000)
        assert mime_reader.read(SMALL).subject == "Hallo"
        assert _pid(mime_reader) == first


def test_too_much_cpu_kills_the_child_and_the_next_mail_has_another() -> None:
    with MimeReader(Limits(cpu_seconds=0.05)) as mime_reader:
        with pytest.raises(Unprocessable, match=r"more than 0\.05 s of CPU time"):
            mime_reader.read(MANY_LINES)
        assert mime_reader.read(SMALL).subject == "Hallo"


def test_too_much_memory_ends_the_child_and_the_next_mail_has_another() -> None:
    with MimeReader(Limits(memory_bytes=100 << 20)) as mime_reader:
        with pytest.raises(Unprocessable, match="more than 100 MB of memory"):
            mime_reader.read(MANY_LINES)
        assert mime_reader.read(SMALL).subject == "Hallo"


def test_red_control_without_limits_the_same_mail_takes_more_than_they_allow() -> None:
    wide = Limits(memory_bytes=4 << 30, cpu_seconds=60, wall_seconds=120)
    with MimeReader(wide) as mime_reader:
        mime_reader.read(MANY_LINES)
        cost = mime_reader.last_cost
    assert cost is not None
    assert cost.peak_kilobytes > 100 << 10
    assert cost.cpu_seconds > 0.05


def test_a_child_that_hangs_is_killed_after_the_wall_time() -> None:
    with MimeReader() as mime_reader:
        mime_reader.read(SMALL)
        mime_reader._limits = Limits(wall_seconds=0.3)
        hung = _pid(mime_reader)
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(Unprocessable, match=r"took over 0\.3 s"):
            mime_reader.read(SMALL)
        assert not Path(f"/proc/{hung}").exists()


def test_a_child_that_was_killed_between_two_mails_is_replaced() -> None:
    with MimeReader() as mime_reader:
        mime_reader.read(SMALL)
        assert mime_reader._child is not None
        mime_reader._child._process.kill()
        mime_reader._child._process.wait()
        assert mime_reader.read(SMALL).subject == "Hallo"


def test_a_mail_whose_child_somebody_else_killed_is_read_by_another() -> None:
    with MimeReader() as mime_reader, ThreadPoolExecutor(1) as pool:
        mime_reader.read(SMALL)
        victim = mime_reader._child
        assert victim is not None
        os.kill(_pid(mime_reader), signal.SIGSTOP)
        reading = pool.submit(mime_reader.read, SMALL)
        while victim.mails < 2:  # until the mail is on its way
            pass
        victim._process.kill()
        assert reading.result().subject == "Hallo"


def test_the_signals_of_a_stop_do_not_end_a_child_before_its_parent() -> None:
    with MimeReader() as mime_reader:
        mime_reader.read(SMALL)
        first = _pid(mime_reader)
        os.kill(first, signal.SIGTERM)
        os.kill(first, signal.SIGINT)
        assert mime_reader.read(SMALL).subject == "Hallo"
        assert _pid(mime_reader) == first


def test_a_child_ends_when_its_parent_closes_the_pipe() -> None:
    with MimeReader() as mime_reader:
        mime_reader.read(SMALL)
        orphan = mime_reader._child
        assert orphan is not None
        orphan._stdin.close()
        assert orphan._process.wait(timeout=5) == 0


def test_a_child_is_replaced_after_its_share_of_mails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "MAILS_PER_CHILD", 2)
    with MimeReader() as mime_reader:
        pids = []
        for _ in range(4):
            mime_reader.read(SMALL)
            pids.append(_pid(mime_reader))
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_mail_over_the_size_cap_starts_no_child() -> None:
    with MimeReader(Limits(mail_bytes=1 << 20)) as mime_reader:
        with pytest.raises(Unprocessable, match="over 1 MB"):
            mime_reader.read(bytes((1 << 20) + 1))
        assert mime_reader._child is None


def test_the_child_sees_no_secret_and_writes_no_file() -> None:
    os.environ["MAILSYNC_TEST_SECRET"] = "kanarienvogel"
    try:
        with MimeReader() as mime_reader:
            mime_reader.read(SMALL)
            place = Path(f"/proc/{_pid(mime_reader)}")
            environment = (place / "environ").read_text().split("\0")
            limits = (place / "limits").read_text()
    finally:
        del os.environ["MAILSYNC_TEST_SECRET"]
    names = {line.partition("=")[0] for line in environment if line}
    assert names == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    rows = {line[:25].strip(): line[25:].split() for line in limits.splitlines()}
    assert rows["Max core file size"][:2] == ["0", "0"]
    assert rows["Max file size"][:2] == ["0", "0"]
    assert rows["Max address space"][0] == str(256 << 20)


def test_a_child_that_may_not_limit_itself_refuses_to_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(child.resource, "setrlimit", refused)
    monkeypatch.setattr(sys, "argv", ["child", "{}"])
    assert child.main() == child.CANNOT_LIMIT
    assert "may not set its own limits" in reader._epitaph(child.CANNOT_LIMIT, Limits())


def test_the_shared_reader_needs_no_care() -> None:
    assert read_mime(SMALL).message_id == "a@x.example"
    assert read_mime(SMALL).message_id == "a@x.example"
