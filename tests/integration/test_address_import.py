"""Addresses from a file: what is told before, what is written, and twice the same."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_core import clock, database
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.errors import Conflict, CrmError, Invalid, NotFound
from crm_core.models import (
    Address,
    AddressEmail,
    AddressImport,
    AddressRole,
    AuditEvent,
)
from crm_core.personal_data import erasure, persons
from crm_core.records import address_file, address_import, addresses, import_files
from crm_core.records.address_import import Choices, Fate

pytestmark = pytest.mark.usefixtures("db")

HEAD = "Kundennr.;Firma;Name;Vorname;Strasse;PLZ;Ort;E-Mail;Telefon;Typ\r\n"
MEIER = (
    "17;Meier AG;Meier;Hans;Seestrasse 1;6300;Zug;hans@meier.example;041 1;Kunde\r\n"
)
HUBER = ";;Huber;Vreni;;6300;Zug;vreni@huber.example;;Amt\r\n"
FREI = ";;Frei;Anna;Weg 3;6340;Baar;;;\r\n"


def table(*rows: str, head: str = HEAD) -> address_file.Table:
    return address_file.read("".join((head, *rows)).encode("cp1252"))


def choices(told: address_file.Table, *, update: bool = True) -> Choices:
    return Choices(address_file.guess(told.header), update=update)


def planned(*rows: str, update: bool = True) -> list[tuple[Fate, str]]:
    told = table(*rows)
    return [
        (one.fate, str(one.why or ", ".join(one.changes)))
        for one in address_import.plan(told, choices(told, update=update))
    ]


def done(*rows: str, update: bool = True) -> list[Fate]:
    told = table(*rows)
    wanted = choices(told, update=update)
    return [one.fate for one in address_import.apply(told, wanted, actor="test")]


def emails() -> set[str]:
    return {row.email for row in AddressEmail.select()}


def test_new_rows_become_addresses_with_all_they_say() -> None:
    assert done(MEIER, HUBER, FREI) == [Fate.NEW] * 3
    meier, huber, frei = Address.select().order_by(Address.id)
    assert (meier.name, meier.company, meier.number) == ("Hans Meier", "Meier AG", "17")
    assert (meier.street, meier.zip_code, meier.city) == ("Seestrasse 1", "6300", "Zug")
    assert (huber.role, frei.role) == (AddressRole.AUTHORITY, AddressRole.CUSTOMER)
    assert emails() == {"hans@meier.example", "vreni@huber.example"}
    (said,) = AuditEvent.select().where(AuditEvent.action == "addresses_imported")
    assert said.detail.startswith("3 new, 0 changed")


def test_the_same_file_twice_changes_nothing() -> None:
    done(MEIER, HUBER, FREI)
    before = [row.__data__ for row in Address.select().order_by(Address.id)]
    assert done(MEIER, HUBER, FREI) == [Fate.SAME] * 3
    assert [row.__data__ for row in Address.select().order_by(Address.id)] == before


def test_a_plan_writes_nothing_and_says_what_apply_does() -> None:
    done(MEIER)
    rows = (MEIER.replace("041 1", "041 2"), HUBER, ";;;;;;;x@y.example;;\r\n")
    assert planned(*rows) == [
        (Fate.CHANGED, "phone"),
        (Fate.NEW, ""),
        (Fate.FAILED, "the address needs a name"),
    ]
    assert Address.select().count() == 1
    assert done(*rows) == [Fate.CHANGED, Fate.NEW, Fate.FAILED]
    assert Address.get(Address.number == "17").phone == "041 2"


def test_an_empty_cell_takes_nothing_away_and_emails_are_added() -> None:
    done(MEIER)
    row = "17;Meier AG;Meier;Hans;;;;neu@meier.example;;\r\n"
    assert planned(row) == [(Fate.CHANGED, "email")]
    done(row)
    assert Address.get(Address.number == "17").street == "Seestrasse 1"
    assert emails() == {"hans@meier.example", "neu@meier.example"}


def test_an_address_known_by_its_email_gets_its_number() -> None:
    done(HUBER)
    assert done("23;;Huber;Vreni;;;;VRENI@Huber.example;;\r\n") == [Fate.CHANGED]
    assert Address.get().number == "23"


def test_existing_addresses_may_be_left_as_they_are() -> None:
    done(MEIER)
    row = MEIER.replace("041 1", "041 2")
    assert done(row, HUBER, update=False) == [Fate.SKIPPED, Fate.NEW]
    assert Address.get(Address.number == "17").phone == "041 1"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("17;;X;;;;;vreni@huber.example;;\r\n", "belongs to «Vreni Huber»"),
        ("99;;X;;;;;hans@meier.example;;\r\n", "belongs to «Hans Meier»"),
        (
            ";;X;;;;;hans@meier.example vreni@huber.example;;\r\n",
            "belongs to «Vreni Huber»",
        ),
        (";;X;;;;;kein@;;\r\n", "no e-mail address"),
        (";;X;;;;;;;Pirat\r\n", "«Pirat» is no kind of address"),
        (f";;{'x' * 201};;;;;;;\r\n", "201 characters"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(row: str, why: str) -> None:
    done(MEIER, HUBER)
    ((fate, said),) = planned(row)
    assert fate is Fate.FAILED
    assert why in said


@pytest.mark.parametrize("again", [MEIER, HUBER, FREI])
def test_a_second_row_for_the_same_address_is_refused(again: str) -> None:
    fates = planned(MEIER, HUBER, FREI, again)
    assert [fate for fate, _ in fates[:3]] == [Fate.NEW] * 3
    assert fates[3][0] is Fate.FAILED
    assert "describes this address already" in fates[3][1]


def test_a_deleted_address_is_not_brought_back() -> None:
    done(MEIER)
    Address.update(gone_at=clock.now()).execute()
    assert planned(MEIER) == [(Fate.FAILED, "the address «Hans Meier» was deleted")]


def test_what_another_writer_took_meanwhile_fails_that_row_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = table(MEIER, HUBER)
    stale = address_import.plan(told, choices(told))
    with transaction():
        addresses.create(
            "Schneller", AddressRole.OTHER, ["hans@meier.example"], actor="x"
        )
    monkeypatch.setattr(address_import, "plan", lambda *_: stale)
    result = address_import.apply(told, choices(told), actor="test")
    assert [one.fate for one in result] == [Fate.FAILED, Fate.NEW]
    assert "belongs to address" in str(result[0].why)


def test_others_may_write_between_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_import, "BATCH", 1)
    seen: list[bool] = []
    real = addresses.create

    def watched(*args: object, **more: object) -> object:
        seen.append(database.transaction_open())
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(addresses, "create", watched)
    done(MEIER, HUBER)
    assert seen == [True, True]
    assert not database.transaction_open()


# --- the file in between ----------------------------------------------------------


@pytest.fixture
def account() -> int:
    with transaction():
        return int(accounts.create("frei", actor="test").id)


def upload(account: int, *rows: str) -> import_files.Kept:
    with transaction():
        import_files.keep(
            account, "C:\\Temp\\kunden.csv", "".join((HEAD, *rows)).encode()
        )
    return import_files.kept(account)


def test_only_failed_rows_stay_of_a_finished_file(account: int) -> None:
    kept = upload(account, MEIER, ";;;;;;;x@y.example;;\r\n")
    assert kept.file_name == "kunden.csv"
    outcome = import_files.finish(account, kept.stamp, actor="test")
    assert outcome.counts[Fate.NEW] == 1
    after = import_files.kept(account)
    assert after.outcome is not None
    assert [(f.row, str(f.why)) for f in after.outcome.failed] == [
        (3, "the address needs a name")
    ]
    assert after.table is not None
    assert [cells[7] for _, cells in after.table.rows] == ["x@y.example"]
    assert b"Meier" not in bytes(AddressImport.get().data)
    with pytest.raises(Conflict, match="meanwhile"):
        import_files.finish(account, after.stamp, actor="test")


def test_nothing_stays_where_no_row_failed(account: int) -> None:
    kept = upload(account, MEIER)
    import_files.finish(account, kept.stamp, actor="test")
    assert bytes(AddressImport.get().data) == b""


def test_what_was_not_looked_at_is_not_applied(account: int) -> None:
    kept = upload(account, MEIER)
    with transaction():
        import_files.choose(account, Choices(kept.choices.columns, update=False))
    with pytest.raises(Conflict, match="meanwhile"):
        import_files.finish(account, kept.stamp, actor="test")
    assert Address.select().count() == 0


def test_columns_that_make_no_address_are_refused(account: int) -> None:
    kept = upload(account, MEIER)
    nothing: Choices = Choices((None,) * len(kept.choices.columns))
    for wrong in (nothing, Choices((address_file.Column.NAME,) * 2)):
        with pytest.raises(Invalid), transaction():
            import_files.choose(account, wrong)


def test_a_file_is_kept_for_two_hours_and_one_an_account(account: int) -> None:
    upload(account, MEIER)
    upload(account, HUBER)
    assert AddressImport.select().count() == 1
    assert import_files.forget_old() == 0
    old = datetime.now(UTC) - import_files.KEPT_FOR - timedelta(minutes=1)
    AddressImport.update(made_at=old).execute()
    with pytest.raises(NotFound):
        import_files.kept(account)
    assert import_files.forget_old() == 1


def test_a_file_that_is_none_leaves_the_one_before(account: int) -> None:
    upload(account, MEIER)
    with pytest.raises(CrmError), transaction():
        import_files.keep(account, "x.xlsx", b"PK\x03\x04")
    assert import_files.kept(account).table is not None


def test_a_second_press_while_it_is_under_way_is_refused(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = upload(account, MEIER)
    real = address_import.apply

    def pressed_again(*args: object, **more: object) -> object:
        with pytest.raises(Conflict, match="already"):
            import_files.finish(account, kept.stamp, actor="test")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(address_import, "apply", pressed_again)
    outcome = import_files.finish(account, kept.stamp, actor="test")
    assert outcome.counts[Fate.NEW] == 1


def test_what_was_cut_short_can_be_pressed_again(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = upload(account, MEIER, HUBER)
    real = addresses.create
    monkeypatch.setattr(address_import, "BATCH", 1)
    calls: list[str] = []

    def second_fails(name: str, *args: object, **more: object) -> object:
        calls.append(name)
        if len(calls) == 2:
            raise ZeroDivisionError
        return real(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(addresses, "create", second_fails)
    with pytest.raises(ZeroDivisionError):
        import_files.finish(account, kept.stamp, actor="test")
    assert Address.select().count() == 1
    outcome = import_files.finish(account, kept.stamp, actor="test")
    assert (outcome.counts[Fate.SAME], outcome.counts[Fate.NEW]) == (1, 1)


def test_an_erased_person_is_in_no_file_under_import(account: int) -> None:
    done(MEIER)
    upload(account, MEIER)
    with transaction():
        erasure.erase(persons.find("hans@meier.example"), actor="test")
    assert AddressImport.select().count() == 0
