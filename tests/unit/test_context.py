"""What a configuration means for the jobs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from company_files import KELLER, SALES, mailboxes, write, write_company

import config
from mailsync.context import context, rules, server_settings
from mailsync.errors import AuthRejected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_company(tmp_path / "etc")


def said(folder: Path) -> dict[str, Any]:
    return mailboxes("http://127.0.0.1:9/EWS/Exchange.asmx", folder / "secret")


def load(folder: Path, content: dict[str, Any] | None = None) -> config.Config:
    if content is not None:
        write(folder, "mailboxes.yaml", content)
    return config.load(folder)


def test_a_listed_mailbox_opens_without_a_request(folder: Path) -> None:
    jobs = context(load(folder))
    port = jobs.open_port(SALES)
    port.close()
    jobs.close()


def test_a_mailbox_that_is_not_listed_is_refused(folder: Path) -> None:
    with pytest.raises(AuthRejected) as refused:
        context(load(folder)).open_port("chef@werft.example")
    assert refused.value.code == "E219"


@pytest.mark.parametrize("informed", [None, "2999-01-01"])
def test_a_person_who_is_not_informed_is_refused(
    folder: Path, informed: str | None
) -> None:
    content = said(folder)
    content["mailboxes"][1].pop("informed")
    if informed is not None:
        content["mailboxes"][1]["informed"] = informed
    with pytest.raises(AuthRejected):
        context(load(folder, content)).open_port(KELLER)


def test_a_password_that_vanished_stops_the_mailbox(folder: Path) -> None:
    loaded = load(folder)
    (folder / "secret").unlink()
    with pytest.raises(AuthRejected) as refused:
        context(loaded).open_port(SALES)
    assert refused.value.code == "E203"


def test_the_server_is_described_as_the_file_says(folder: Path) -> None:
    content = said(folder)
    content["servers"]["main"] |= {"version": "SE", "authserv_id": "mx", "timeout": 30}
    settings = server_settings(load(folder, content), "main")
    assert settings.login == "svc"
    assert settings.password == "geheim"
    assert "geheim" not in repr(settings)
    assert (settings.version, settings.timeout) == ("Exchange2019", 30)
    assert settings.all_headers
    plain = server_settings(load(folder, said(folder)), "main")
    assert not plain.all_headers


def test_a_day_in_the_file_begins_at_the_companys_midnight(folder: Path) -> None:
    content = said(folder)
    content["mailboxes"][0]["since"] = "2026-07-01"
    loaded = load(folder, content)
    sales, keller = loaded.mailboxes
    assert rules(loaded, sales).since == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    assert rules(loaded, keller).since is None


def test_the_never_list_becomes_addresses_and_domains(folder: Path) -> None:
    content = said(folder) | {"never": ["*@bank.example", "Arzt@praxis.example"]}
    loaded = load(folder, content)
    never = rules(loaded, loaded.mailboxes[0]).never
    assert never == {"@bank.example", "arzt@praxis.example"}


def test_every_listed_mailbox_has_rules(folder: Path) -> None:
    settings = context(load(folder)).sync_settings()
    assert set(settings.rules) == {SALES, KELLER}
    assert settings.blobs.root == folder / "blobs"
