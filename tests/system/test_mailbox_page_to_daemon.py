"""From the button to Exchange and back: page → wish → daemon → sandbox → page."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from company_files import KELLER, SALES, write_company
from daemon_process import Daemon, daemon, mail, until
from page_world import shown
from pages import PASSWORD, browser
from sandbox_process import SandboxProcess, sandbox_process

from config import load
from crm_core import database
from crm_core.access import accounts
from crm_web.app import create_app
from crm_web.server import settings_of
from mailsync import startup

PAGE = "/verwaltung/postfaecher/verkauf"


@pytest.fixture
def exchange() -> Iterator[SandboxProcess]:
    with sandbox_process([SALES, KELLER]) as running:
        yield running


@pytest.fixture
def company(tmp_path: Path, exchange: SandboxProcess) -> Iterator[Path]:
    folder = write_company(tmp_path / "etc", endpoint=exchange.url, poll=3600)
    config = load(folder)
    startup.open_database(config)
    startup.mirror(config, actor="test")
    with database.transaction():
        accounts.ensure_preset_rights()
        accounts.create("gl", actor="test", password=PASSWORD, groups=("GL",))
    yield folder
    database.close()


def test_buttons_reach_exchange_and_their_outcome_comes_back(
    company: Path, exchange: SandboxProcess
) -> None:
    gl = browser(create_app(settings_of(load(company))), "gl")
    with daemon(company) as running:
        running.hear("READY=1")
        gl.post(f"{PAGE}/testen")
        wait(running, lambda: "Rechte und Ordner: gut" in shown(gl.get(PAGE)))
        assert "Anmeldung: gut" in shown(gl.get(PAGE))

        gl.post(f"{PAGE}/pausieren")
        exchange.deliver(mail("paused"), SALES)
        assert "Angehalten" in shown(gl.get(PAGE))
        gl.post(f"{PAGE}/fortsetzen")
        gl.post(f"{PAGE}/abgleichen")  # polls are an hour apart
        wait(running, lambda: _stored() == 1)

        gl.post(f"{PAGE}/erstabgleich", since="01.01.2020")
        wait(running, lambda: "E-Mails angesehen" in shown(gl.get(PAGE)))
        assert _stored() == 1

        broken = (company / "mailboxes.yaml").read_text().replace("shared", "sharde")
        (company / "mailboxes.yaml").write_text(broken)
        gl.post("/verwaltung/postfaecher/einlesen")
        listed = "/verwaltung/postfaecher"
        wait(running, lambda: "«sharde»" in shown(gl.get(listed)))
        assert "Zeile" in shown(gl.get(listed))
        assert running.end() == 0
    assert "Der Dienst läuft nicht." in shown(gl.get("/verwaltung/postfaecher"))


def wait(running: Daemon, condition: Callable[[], bool]) -> None:
    """Until it holds; like systemd, somebody hears what the daemon says meanwhile."""

    def heard() -> bool:
        running.ears.settimeout(0.01)
        with suppress(TimeoutError):
            while True:
                running.ears.recv(4096)
        return condition()

    until(heard, running.log)


def _stored() -> int:
    ((count,),) = database.execute("SELECT count(*) FROM message")
    return int(count)
