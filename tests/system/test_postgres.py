"""The command line and two daemons on one PostgreSQL."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from company_files import KELLER, SALES, write_company
from daemon_process import ask, daemon, mail, mailsync, until
from fresh_postgres import fresh_postgres
from sandbox_process import SandboxProcess, sandbox_process

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def exchange() -> Iterator[SandboxProcess]:
    with sandbox_process([SALES, KELLER]) as running:
        yield running


@pytest.fixture
def company(tmp_path: Path, exchange: SandboxProcess) -> Iterator[Path]:
    with fresh_postgres() as url:
        yield write_company(
            tmp_path / "etc", database=url, endpoint=exchange.url, poll=10
        )


def test_the_command_line_works_on_a_brand_new_database(company: Path) -> None:
    words = ("address", "add", "--name", "Meier", "--kind", "customer")
    assert ask(company, *words, "--email", "m@kunde.example") == {"id": 1}
    refused = mailsync(company, *words, "--email", "M@kunde.example")
    assert (refused.returncode, "Adresse 1" in refused.stderr) == (1, True)
    words = ("entry", "new", "--address", 1, "--subtag", "offerte", "--title", "Boot")
    assert ask(company, *words) == {"number": 1001}
    words = ("--title", "Termin", "--employee", "keller", "--do-on", "2026-12-04T09:00")
    assert ask(company, "task", "add", 1001, *words) == {"task": 1}
    assert ask(company, "entry", "show", 1001)["tasks"][0]["minutes"] == 60
    assert ask(company, "verify") == {"ok": True, "findings": []}


def test_programs_that_start_at_once_build_the_tables_once(company: Path) -> None:
    words = ("verify",)
    with ThreadPoolExecutor(4) as starters:
        done = list(starters.map(lambda _: mailsync(company, *words), range(4)))
    assert [one.returncode for one in done] == [0, 0, 0, 0], done


def test_an_unreachable_server_is_a_sentence(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    refused = mailsync(write_company(tmp_path / "etc", database=url), "status")
    assert refused.returncode == 1
    assert "Datenbank" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_two_daemons_share_the_mailboxes(
    company: Path, exchange: SandboxProcess
) -> None:
    with daemon(company) as first, daemon(company) as second:
        first.hear("READY=1")
        second.hear("READY=1")
        names = [f"shared{number}" for number in range(5)]
        for name in names:
            exchange.deliver(mail(name), SALES)

        def all_there() -> bool:
            out = mailsync(company, "export", "messages").stdout
            return all(f"<{name}@" in out for name in names)

        until(all_there, lambda: first.log() + second.log())
        assert len(ask(company, "status")["daemons"]) == 2
        assert first.end() == 0
        assert second.end() == 0
    lines = mailsync(company, "export", "messages").stdout.splitlines()
    copies = [json.loads(line)["mailboxes"] for line in lines]
    assert copies == [[SALES]] * len(names)
    assert ask(company, "verify")["ok"] is True
