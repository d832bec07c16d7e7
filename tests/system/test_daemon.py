"""The daemon as a real process beside a real (simulated) Exchange."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from company_files import KELLER, SALES, write_company
from daemon_process import PATIENCE, ask, daemon, mail, mailsync, until
from sandbox_process import SandboxProcess, sandbox_process


@pytest.fixture(scope="module")
def exchange() -> Iterator[SandboxProcess]:
    with sandbox_process([SALES, KELLER]) as running:
        yield running


@pytest.fixture
def company(tmp_path: Path, exchange: SandboxProcess) -> Path:
    return write_company(tmp_path / "etc", endpoint=exchange.url, poll=30)


def exported(folder: Path) -> str:
    return mailsync(folder, "export", "messages").stdout


def test_the_daemon_gets_ready_reads_mail_and_ends_in_order(
    company: Path, exchange: SandboxProcess
) -> None:
    exchange.deliver(mail("first"), SALES)
    with daemon(company) as running:
        running.hear("READY=1")
        until(lambda: "first@" in exported(company), running.log)
        shown = ask(company, "status")
        assert [one["running"] for one in shown["daemons"]] == [True]
        assert running.end() == 0
        running.hear("STOPPING=1")
    assert ask(company, "verify") == {"ok": True, "findings": []}
    assert ask(company, "status")["daemons"] == []


def test_a_task_is_written_by_the_running_daemon(company: Path) -> None:
    with daemon(company, "run") as running:
        running.hear("READY=1")
        words = ("address", "add", "--name", "Meier", "--kind", "customer")
        address = ask(company, *words)["id"]
        words = ("--subtag", "offerte", "--title", "Boot")
        number = ask(company, "entry", "new", "--address", address, *words)["number"]
        words = ("--title", "Anrufen", "--employee", "keller", "--due-by", "2026-12-04")
        task = ask(company, "task", "add", number, *words)["task"]
        until(
            lambda: ask(company, "task", "show", task)["mirror"]["state"] == "written",
            running.log,
        )
        assert running.end() == 0


def test_a_broken_file_leaves_the_last_good_configuration_in_force(
    company: Path,
) -> None:
    good = (company / "mailboxes.yaml").read_text()
    with daemon(company) as running:
        running.hear("READY=1")
        (company / "mailboxes.yaml").write_text(good.replace("shared", "sharde"))
        running.process.send_signal(signal.SIGHUP)
        running.hear("RELOADING=1")
        assert "mailboxes.yaml:" in running.hear("READY=1")
        (company / "mailboxes.yaml").write_text(good)
        running.process.send_signal(signal.SIGHUP)
        assert "fehlerhaft" not in running.hear("READY=1")
        assert running.end() == 0


def test_a_restart_with_a_broken_file_starts_with_the_last_good_one(
    company: Path,
) -> None:
    with daemon(company) as running:
        running.hear("READY=1")
        assert running.end() == 0
    text = (company / "mailboxes.yaml").read_text().replace("shared", "sharde")
    (company / "mailboxes.yaml").write_text(text)
    with daemon(company) as running:
        assert "fehlerhaft" in running.hear("READY=1")
        assert running.end() == 0
    with daemon(company, "run", "--strict") as running:
        assert running.process.wait(PATIENCE) == 2


def test_a_new_mailbox_is_read_after_a_reload(
    company: Path, exchange: SandboxProcess
) -> None:
    whole = json.loads((company / "mailboxes.yaml").read_text())
    less = whole | {"mailboxes": whole["mailboxes"][1:]}
    (company / "mailboxes.yaml").write_text(json.dumps(less))
    exchange.deliver(mail("later"), SALES)
    with daemon(company) as running:
        running.hear("READY=1")
        (company / "mailboxes.yaml").write_text(json.dumps(whole))
        running.process.send_signal(signal.SIGHUP)
        running.hear("2 Postfächer")
        until(lambda: "later@" in exported(company), running.log)
        assert running.end() == 0


def test_a_second_daemon_on_the_same_database_refuses_to_start(company: Path) -> None:
    with daemon(company) as first:
        first.hear("READY=1")
        refused = mailsync(company, "run")
        assert refused.returncode == 1
        assert str(first.process.pid) in refused.stderr
        assert mailsync(company, "sync-once").returncode == 1
        assert first.end() == 0
    assert mailsync(company, "sync-once").returncode == 0


def test_after_a_kill_the_next_daemon_starts_at_once(company: Path) -> None:
    with daemon(company) as first:
        first.hear("READY=1")
        first.end(signal.SIGKILL)
    with daemon(company) as second:
        second.hear("READY=1")
        assert [one["running"] for one in ask(company, "status")["daemons"]] == [True]
        assert second.end() == 0


def test_the_watchdog_hears_of_progress(company: Path) -> None:
    with daemon(company, WATCHDOG_USEC="5000000") as running:
        running.hear("READY=1")
        running.hear("WATCHDOG=1")
        running.hear("WATCHDOG=1")
        assert running.end() == 0


def test_programs_that_start_at_once_build_the_tables_once(company: Path) -> None:
    with ThreadPoolExecutor(4) as starters:
        done = list(starters.map(lambda _: mailsync(company, "verify"), range(4)))
    assert [one.returncode for one in done] == [0, 0, 0, 0], done


def test_an_interrupt_ends_it_as_sigterm_does(company: Path) -> None:
    with daemon(company) as running:
        running.hear("READY=1")
        assert running.end(signal.SIGINT) == 0


def test_without_any_valid_configuration_it_does_not_start(company: Path) -> None:
    (company / "service.yaml").write_text("database: nowhere")
    refused = mailsync(company, "run")
    assert refused.returncode == 2
    assert "service.yaml:1:" in refused.stderr


def test_the_logs_of_a_day_hold_no_address_and_no_subject(
    company: Path, exchange: SandboxProcess
) -> None:
    canary = mail("canary").replace(b"Subject: Boot", b"Subject: Kanarienvogel")
    exchange.deliver(canary, SALES)
    with daemon(company) as running:
        running.hear("READY=1")
        until(lambda: "canary@" in exported(company), running.log)
        assert running.end() == 0
        assert "daemon_started" in running.log()
        for secret in ("Kanarienvogel", "meier@", "verkauf@", "geheim"):
            assert secret not in running.log()
