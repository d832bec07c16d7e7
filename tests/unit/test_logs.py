"""Logs: no content above DEBUG, whatever somebody passes; one line a record."""

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest
import structlog

from mailsync import logs

CANARY = "kanarienvogel"
ADDRESS = f"{CANARY}@kunde.example"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_a_record_is_one_json_object_with_its_ids(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "json")
    structlog.get_logger().info("page_committed", mailbox="verkauf", message=17)
    (line,) = lines(capsys)
    record = json.loads(line)
    assert record["event"] == "page_committed"
    assert (record["mailbox"], record["message"]) == ("verkauf", 17)
    assert (record["level"], record["timestamp"][-1]) == ("info", "Z")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_no_content_is_written_above_debug(
    capsys: pytest.CaptureFixture[str], form: str, level: str
) -> None:
    logs.configure("debug", form)
    say = getattr(structlog.get_logger(), level)
    say("mail_read", subject=CANARY, body=CANARY, sender=ADDRESS, problem=CANARY)
    say(f"mail_from_{ADDRESS}", other=f"<{CANARY}.1@host.example>", extra=[ADDRESS])
    with structlog.contextvars.bound_contextvars(title=CANARY, where=ADDRESS):
        say("bound")
    assert len(found := lines(capsys)) == 3
    assert CANARY not in "".join(found)


def test_the_text_of_an_exception_stays_out_but_its_frames_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "json")
    try:
        raise ValueError(CANARY + " 1") from KeyError(CANARY + " 2")
    except ValueError:
        structlog.get_logger().exception("job_failed")
    (line,) = lines(capsys)
    record = json.loads(line)
    assert "ValueError <- KeyError" in record["exception"]
    assert "test_logs.py" in record["exception"]
    assert CANARY + " 1" not in line
    assert CANARY + " 2" not in line


def test_debug_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", "json")
    structlog.get_logger().debug("mail_read", subject=CANARY, sender=ADDRESS)
    assert ADDRESS in lines(capsys)[0]


def test_other_libraries_say_their_template_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "json")
    logging.getLogger("exchangelib").warning("cannot read %r of %s", CANARY, ADDRESS)
    logging.getLogger("exchangelib").info("chatter %s", CANARY)
    (line,) = lines(capsys)
    assert json.loads(line)["said"] == "cannot read %r of %s"
    assert CANARY not in line


def test_under_systemd_lines_carry_the_journals_priority(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.fstat(sys.stderr.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")
    logs.configure("info", "auto")
    structlog.get_logger().warning("mailbox_backed_off", mailbox="verkauf")
    assert capfd.readouterr().err.startswith('<4>{"')


def test_the_canary_sings_where_nothing_is_redacted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "redact", lambda _logger, _method, event: event)
    logs.configure("info", "json")
    structlog.get_logger().info("mail_read", subject=CANARY)
    assert CANARY in lines(capsys)[0]
