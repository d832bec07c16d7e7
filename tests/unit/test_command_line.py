"""The command line on a temporary SQLite database: the interface others rely on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from company_files import KELLER, write
from company_files import mailboxes as said_mailboxes

from crm_core import database, schema
from crm_core.models import Address, AuditEvent, Mailbox, StaffGroup, Subtag

Run = Callable[..., Result]


@pytest.fixture
def ask(run: Run) -> Callable[..., Any]:
    """A call with ``--json``: its one object, and nothing on stderr."""

    def call(*words: object) -> Any:
        result = run(*words, "--json")
        assert result.stderr == ""
        (line,) = result.stdout.splitlines()
        return json.loads(line)

    return call


@pytest.fixture
def entry(ask: Callable[..., Any]) -> int:
    address = ask(
        "address", "add", "--name", "Meier", "--kind", "customer",
        "--email", "meier@kunde.example",
    )["id"]  # fmt: skip
    number = ask(
        "entry", "new", "--address", address, "--subtag", "offerte", "--title", "Boot"
    )["number"]
    return int(number)


def rows(company: Path, table: Any) -> list[Any]:
    database.connect(f"sqlite:///{company}/mailsync.db")
    try:
        return list(table.select())
    finally:
        database.close()


def test_the_first_entry_has_number_1001(entry: int) -> None:
    assert entry == 1001


@pytest.mark.parametrize("written", ["1001", "CRM-1001", "[CRM-1001]", "crm-1001"])
def test_a_number_may_be_written_as_people_write_it(
    entry: int, ask: Callable[..., Any], written: str
) -> None:
    assert ask("entry", "show", written)["number"] == entry


@pytest.mark.parametrize("written", ["CRM", "1001x", "CRM-", "-5", "1e3"])
def test_what_is_no_number_of_an_entry_is_refused(run: Run, written: str) -> None:
    result = run("entry", "show", "--", written, code=2)
    assert "CRM-1042" in result.stderr


def test_an_address_prints_its_id_alone(ask: Callable[..., Any]) -> None:
    words = ("address", "add", "--name", "Meier", "--kind", "customer")
    assert ask(*words, "--email", "a@k.example", "--email", "b@k.example") == {"id": 1}
    assert ask(*words, "--email", "c@k.example", "--email2", "d@k.example") == {"id": 2}


def test_an_owned_email_address_fails_and_names_the_owner(run: Run, entry: int) -> None:
    result = run(
        "address", "add", "--name", "H", "--kind", "supplier",
        "--email", "MEIER@Kunde.example", "--json", code=1,
    )  # fmt: skip
    assert result.stdout == ""
    assert "Adresse 1" in result.stderr


def test_every_command_mirrors_the_configuration_and_the_taxonomy(
    run: Run, company: Path
) -> None:
    run("migrate")
    assert {row.address for row in rows(company, Mailbox)} == {
        "verkauf@werft.example",
        KELLER,
    }
    assert [row.key for row in rows(company, Subtag)] == ["offerte"]
    assert len(rows(company, StaffGroup)) == 3


def test_the_log_names_the_system_user(run: Run, company: Path, entry: int) -> None:
    actors = {row.actor for row in rows(company, AuditEvent)}
    assert len(actors) == 1
    assert actors.pop().startswith("cli:")


def test_an_entry_shows_exactly_the_promised_keys(
    ask: Callable[..., Any], entry: int
) -> None:
    shown = ask("entry", "show", entry)
    assert shown == {
        "number": 1001,
        "title": "Boot",
        "subtag": "offerte",
        "addresses": [{"id": 1, "name": "Meier", "kind": "customer"}],
        "messages": [],
        "tasks": [],
    }


def test_an_address_shows_its_entries_and_messages(
    ask: Callable[..., Any], entry: int
) -> None:
    shown = ask("address", "show", 1)
    assert [one["number"] for one in shown["entries"]] == [entry]
    assert shown["messages"] == []


def test_a_participant_is_shown_on_both_sides(
    ask: Callable[..., Any], entry: int
) -> None:
    other = ask("address", "add", "--name", "Amt", "--kind", "authority")["id"]
    ask("entry", "participant", entry, "--address", other)
    assert [one["id"] for one in ask("entry", "show", entry)["addresses"]] == [1, other]
    assert [one["number"] for one in ask("address", "show", other)["entries"]] == [
        entry
    ]


def test_a_task_with_a_deadline(ask: Callable[..., Any], entry: int) -> None:
    words = ("task", "add", entry, "--title", "Anrufen", "--employee", "keller")
    assert ask(*words, "--due-by", "2026-12-04") == {"task": 1}
    shown = ask("task", "show", 1)
    assert shown["mirror"] == {"state": "pending", "drift": None, "mailbox": KELLER}
    assert (shown["due_by"], shown["do_on"]) == ("2026-12-04", None)


@pytest.mark.parametrize(
    ("do_on", "minutes", "expected"),
    [
        ("2026-12-04", None, ("2026-12-04", None)),
        ("2026-12-04T14:30", None, ("2026-12-04T14:30", 60)),
        ("2026-10-25T02:30", 15, ("2026-10-25T02:30", 15)),
    ],
)
def test_a_task_on_a_day_or_at_a_time(
    ask: Callable[..., Any],
    entry: int,
    do_on: str,
    minutes: int | None,
    expected: tuple[str, int | None],
) -> None:
    length = () if minutes is None else ("--minutes", minutes)
    words = ("task", "add", entry, "--title", "Termin", "--employee", "keller")
    ask(*words, "--do-on", do_on, *length)
    shown = ask("task", "show", 1)
    assert (shown["do_on"], shown["minutes"]) == expected


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--due-by", "2026-12-04", "--do-on", "2026-12-04"),
        ("--due-by", "4.12.2026"),
        ("--do-on", "2026-12-04", "--minutes", "30"),
        ("--do-on", "2026-12-04T8:00"),
        ("--do-on", "2026-W49-5"),
    ],
)
def test_odd_dates_are_wrong_usage(
    run: Run, entry: int, words: tuple[str, ...]
) -> None:
    task = ("task", "add", entry, "--title", "x", "--employee", "keller")
    run(*task, *words, "--json", code=2)


def test_the_life_of_a_task(ask: Callable[..., Any], run: Run, entry: int) -> None:
    run("employee", "add", "--key", "frei", "--name", "A. Frei", "--group", "Werkstatt")
    words = ("--title", "Anrufen", "--employee", "keller", "--due-by", "2026-12-04")
    ask("task", "add", entry, *words)
    assert ask("task", "edit", 1, "--title", "Schreiben")["title"] == "Schreiben"
    assert ask("task", "done", 1)["status"] == "done"
    assert ask("task", "reopen", 1)["status"] == "open"
    moved = ask("task", "reassign", 1, "--employee", "frei")
    assert moved["employee"] == "frei"
    assert moved["mirror"] == {"state": "none", "drift": None, "mailbox": None}
    assert ask("task", "cancel", 1)["status"] == "cancelled"


def test_an_appointment_keeps_its_length_when_it_is_moved(
    ask: Callable[..., Any], entry: int
) -> None:
    words = ("--title", "Termin", "--employee", "keller")
    ask("task", "add", entry, *words, "--do-on", "2026-12-04T09:00", "--minutes", 45)
    assert ask("task", "edit", 1, "--do-on", "2026-12-05T10:00")["minutes"] == 45
    longer = ask("task", "edit", 1, "--minutes", 90)
    assert (longer["do_on"], longer["minutes"]) == ("2026-12-05T10:00", 90)


def test_adopting_without_drift_fails_with_a_sentence(run: Run, entry: int) -> None:
    words = ("--title", "x", "--employee", "keller", "--due-by", "2026-12-04")
    run("task", "add", entry, *words)
    assert "weicht nicht" in run("task", "adopt", 1, code=1).stderr
    assert "überschrieben" in run("task", "overwrite", 1).stdout


def test_what_does_not_exist_is_one_sentence_without_a_traceback(run: Run) -> None:
    result = run("--lang", "en", "entry", "show", 7, "--json", code=1)
    assert (result.stdout, result.stderr) == ("", "There is no entry 7\n")


def test_a_mail_that_was_never_seen_cannot_be_linked(run: Run, entry: int) -> None:
    words = ("entry", "link", entry, "--message-id", "<no@where.example>")
    assert "<no@where.example>" in run(*words, code=1).stderr


@pytest.mark.parametrize(
    ("variables", "option", "expected"),
    [
        ({}, (), "Es gibt"),
        ({"LANG": "C.UTF-8"}, (), "Es gibt"),
        ({"LANG": "en_GB.UTF-8"}, (), "There is"),
        ({"LANG": "de_CH.UTF-8", "LC_ALL": "en_US"}, (), "There is"),
        ({"LANG": "en_GB.UTF-8"}, ("--lang", "de"), "Es gibt"),
    ],
)
def test_the_language_comes_from_the_option_then_the_locale_then_the_file(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    option: tuple[str, ...],
    expected: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run(*option, "task", "show", 1, code=1).stderr.startswith(expected)


def test_a_broken_configuration_is_exit_2_with_file_line_and_column(
    run: Run, company: Path
) -> None:
    text = (company / "mailboxes.yaml").read_text().replace('"shared"', '"sharde"')
    (company / "mailboxes.yaml").write_text(text)
    for words in (("status",), ("address", "show", 1, "--json"), ("migrate",)):
        result = run(*words, code=2)
        assert result.stdout == ""
        assert "mailboxes.yaml:" in result.stderr
    assert not (company / "mailsync.db").exists()


def test_check_config_asks_no_database(run: Run, company: Path) -> None:
    run("check-config")
    assert json.loads(run("check-config", "--format", "json").stdout)["ok"] is True
    assert not (company / "mailsync.db").exists()


def test_check_config_strict_fails_on_warnings(run: Run, company: Path) -> None:
    said = said_mailboxes("http://127.0.0.1:9/EWS/Exchange.asmx", company / "secret")
    del said["mailboxes"][1]["informed"]
    write(company, "mailboxes.yaml", said)
    run("check-config")
    run("check-config", "--strict", code=1)


def test_an_existing_older_database_is_not_migrated_by_accident(
    run: Run, company: Path
) -> None:
    bound = database.connect(f"sqlite:///{company}/mailsync.db")
    bound.execute_sql("CREATE TABLE something_older (id INTEGER)")
    database.close()
    assert "mailsync migrate" in run("status", code=1).stderr


def test_a_migration_of_an_existing_database_begins_with_a_verified_copy(
    run: Run, company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("address", "add", "--name", "Meier", "--kind", "customer")
    newer = tmp_path / "migrations"
    newer.mkdir()
    for known in schema.DIRECTORY.glob("0*.py"):
        shutil.copy(known, newer)
    (newer / "9998_later.py").write_text(
        "def up(migrator, database):\n"
        "    database.execute_sql('CREATE TABLE later (id INTEGER PRIMARY KEY)')\n"
    )
    monkeypatch.setattr(schema, "DIRECTORY", newer)
    assert "mailsync migrate" in run("status", code=1).stderr
    assert "9998_later" in run("migrate").stdout
    copy = company / "mailsync.db.before-9998_later"
    assert copy.stat().st_mode & 0o077 == 0
    database.connect(f"sqlite:///{copy}")
    names = [row.name for row in Address.select()]
    tables = database.proxy.get_tables()
    database.close()
    assert names == ["Meier"]
    assert "later" not in tables
    assert "0 Migrationen" in run("migrate").stdout


def test_a_database_that_cannot_be_opened_is_a_sentence(
    run: Run, company: Path
) -> None:
    (company / "mailsync.db").mkdir()
    result = run("address", "show", 1, code=1)
    assert "Datenbank" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_misspelt_group_of_an_employee_fails(run: Run, company: Path) -> None:
    words = ("employee", "add", "--key", "x", "--name", "X", "--group", "Werkstat")
    assert "Werkstatt" in run(*words, code=1).stderr


def test_taxonomy_import_reads_the_named_file(run: Run, company: Path) -> None:
    extra = {"groups": [{"key": "service", "name": "Service", "tags": []}]}
    (company / "more.yaml").write_text(json.dumps(extra))
    assert "1 Gruppen" in run("taxonomy", "import", company / "more.yaml").stdout
    (company / "bad.yaml").write_text("groups: [{kee: x}]")
    run("taxonomy", "import", company / "bad.yaml", code=2)
    run("taxonomy", "import", company / "missing.yaml", code=2)


def test_a_taxonomy_changed_in_the_database_survives_the_next_command(
    run: Run, company: Path
) -> None:
    run("migrate")
    database.connect(f"sqlite:///{company}/mailsync.db")
    with database.transaction():
        Subtag.update(name="Angebot (umbenannt)").execute()
    database.close()
    run("status", code=1)
    assert [row.name for row in rows(company, Subtag)] == ["Angebot (umbenannt)"]


def test_verify_and_quarantine_on_an_empty_database(run: Run, ask: Any) -> None:
    assert ask("verify") == {"ok": True, "findings": []}
    assert ask("quarantine", "list") == {"items": []}
    run("quarantine", "retry", code=2)
    run("quarantine", "retry", 5, code=1)
    assert run("export", "messages", "--format", "jsonl").stdout == ""


def test_a_mailbox_nobody_reads_makes_status_unhealthy(run: Run) -> None:
    shown = json.loads(run("status", "--json", code=1).stdout)
    assert shown["healthy"] is False
    assert {box["state"] for box in shown["mailboxes"]} == {"new"}
    assert "noch nicht gelesen" in run("status", code=1).stdout


def test_unknown_commands_and_options_are_wrong_usage(run: Run) -> None:
    run("fly", code=2)
    run("task", "add", "--nonsense", code=2)
    run("address", "add", "--name", "x", "--kind", "friend", code=2)


def test_small_commands_load_no_protocol_library(company: Path) -> None:
    probe = (
        "import sys; sys.argv = ['mailsync', '--config', sys.argv[1], 'address', "
        "'add', '--name', 'M', '--kind', 'customer', '--json']\n"
        "from run_service import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'exchangelib', 'apscheduler', 'structlog', 'requests', 'lxml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, str(company)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    assert json.loads(done.stdout) == {"id": 1}
    assert done.stderr.strip() == "[]"


def test_the_runner_sees_a_wrong_exit_code(run: Run) -> None:
    with pytest.raises(AssertionError):
        run("entry", "show", 7, code=0)


def test_mirroring_again_after_a_command_changes_nothing(
    run: Run, company: Path
) -> None:
    run("migrate")
    before = len(rows(company, AuditEvent))
    run("verify")
    run("quarantine", "list")
    assert len(rows(company, AuditEvent)) == before


def test_a_backup_is_a_sound_copy_that_stands_in_the_log(
    run: Run, company: Path, entry: int, tmp_path: Path
) -> None:
    target = tmp_path / "nacht.db"
    assert f"Sicherung gemacht und geprüft: {target}" in run("backup", target).stdout
    assert target.stat().st_mode & 0o777 == 0o600
    database.connect(f"sqlite:///{target}")
    assert database.execute("SELECT number FROM entry") == [(entry,)]
    database.close()
    (said,) = [row for row in rows(company, AuditEvent) if row.action == "backup_made"]
    assert said.detail == "nacht.db"


def test_a_backup_overwrites_nothing_and_says_where_it_cannot_write(
    run: Run, entry: int, tmp_path: Path
) -> None:
    target = tmp_path / "da.db"
    target.write_text("anderes")
    assert "gibt es schon" in run("backup", target, code=1).stderr
    assert target.read_text() == "anderes"
    nowhere = tmp_path / "kein Ordner" / "x.db"
    assert "lässt sich nicht schreiben" in run("backup", nowhere, code=1).stderr


def test_addresses_are_imported_from_a_file_and_failed_rows_named(
    run: Run, ask: Callable[..., Any], company: Path, tmp_path: Path
) -> None:
    file = tmp_path / "kunden.csv"
    file.write_bytes(
        "Name;E-Mail\r\nMüller;m@kunde.example\r\n;x@y.example\r\n".encode()
    )
    said = run("address", "import", file, "--dry-run", code=1)
    assert "1 neu, 0 geändert" in said.stdout
    assert "kunden.csv:3: Die Adresse braucht einen Namen" in said.stderr
    assert rows(company, Address) == []
    run("address", "import", file, "--kind", "supplier", code=1)
    (row,) = rows(company, Address)
    assert (row.name, row.role.value) == ("Müller", "supplier")
    file.write_text("Name;E-Mail;Ort\nMüller;m@kunde.example;Zug\n", encoding="utf-8")
    assert ask("address", "import", file, "--keep")["skipped"] == 1
    assert ask("address", "import", file)["changed"] == 1
    file.write_bytes(b"PK\x03\x04")
    assert "keine CSV-Datei" in run("address", "import", file, code=1).stderr
