"""Benutzer & Gruppen: people, sign-ins, the matrix, and looking with other rights."""

import re
from base64 import b64decode
from html import unescape

import pytest
from flask import Flask
from page_world import PageWorld, shown
from pages import PASSWORD, Browser, account, browser
from statements import counted

from crm_core.access import accounts, people, staff
from crm_core.database import transaction
from crm_core.models import (
    Account,
    AuditEvent,
    Employee,
    Entry,
    GroupRight,
    MailboxAccess,
    Right,
    StaffGroup,
    StaffMembership,
    TagGroup,
    TagGroupAccess,
    Visibility,
    WebSession,
)

PEOPLE = "/verwaltung/benutzer"
GROUPS = "/verwaltung/benutzer/gruppen"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def person(key: str) -> Employee:
    found = Employee.get(Employee.key == key)
    assert isinstance(found, Employee)
    return found


def group(name: str) -> int:
    return int(StaffGroup.get(StaffGroup.name == name).id)


def matrix_of(page: str) -> dict[str, object]:
    """What a browser would send of the matrix."""
    ticked = [
        value
        for value, rest in re.findall(r'name="right" value="([^"]*)"([^>]*)>', page)
        if " checked" in rest
    ]
    chosen = re.findall(
        r'(?s)<select [^>]*name="(access-[^"]*)".*?<option value="([^"]*)" selected',
        page,
    )
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page)
    return {"right": ticked, "seen": seen, **dict(chosen)}


def save_person(
    browser: Browser, key: str, status: int = 303, **changed: object
) -> str:
    """Open the person's page, change something, save."""
    path = f"{PEOPLE}/{person(key).id}"
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', browser.get(path))
    return browser.post(path, status, **{"seen": seen, **changed}).text


def verbs() -> list[str]:
    return [row.action for row in AuditEvent.select().order_by(AuditEvent.id)]


# --- the list -----------------------------------------------------------------------


def test_the_list_has_everybody_with_login_mailbox_and_last_sign_in(
    gl: Browser, workshop: Browser
) -> None:
    from crm_core.models import Mailbox

    Mailbox.update(employee=person("keller"), writes_tasks=True).where(
        Mailbox.address == "werkstatt@werft.example"
    ).execute()
    with transaction():
        people.add("lehrling", "Lea Lernt", ["Werkstatt"], actor="test")
    page = gl.get(PEOPLE)
    text = shown(page)
    for word in ("Lea Lernt keine Anmeldung Werkstatt", "werkstatt@werft.example"):
        assert word in text
    keller = re.search(r"(?s)<tr>\s*<th scope=\"row\"><a[^>]*>keller.*?</tr>", page)
    assert keller is not None
    assert "Aufgaben" in shown(keller.group(0))
    at = account("keller").signed_in_at
    assert at is not None
    assert f"{at:%d.%m.%Y}" in keller.group(0)


def test_only_administrators_get_there(
    office: Browser, workshop: Browser, stranger: Browser
) -> None:
    keller = person("keller").id
    for path in (PEOPLE, f"{PEOPLE}/neu", f"{PEOPLE}/{keller}", GROUPS):
        office.get(path, 403)
        stranger.get(path, 303)
    for path in (
        f"{PEOPLE}/neu", f"{PEOPLE}/{keller}", f"{PEOPLE}/{keller}/passwort",
        f"{PEOPLE}/{keller}/sperren", GROUPS, f"{GROUPS}/neu", f"{PEOPLE}/ansicht",
    ):  # fmt: skip
        office.post(path, 403, password="neues-passwort", locked="1", new="X")
    assert account("keller").active
    with transaction():
        assert accounts.check_password("keller", PASSWORD) is not None


def test_the_list_costs_the_same_for_many_people(gl: Browser) -> None:
    few = counted(lambda: gl.get(PEOPLE))
    with transaction():
        for number in range(20):
            people.add(f"p{number}", f"Person {number}", ["Werkstatt"], actor="test")
    assert counted(lambda: gl.get(PEOPLE)) == few
    assert "Person 19" in gl.get(PEOPLE)


# --- people and sign-ins --------------------------------------------------------------


def test_a_new_person_signs_in_with_the_password_shown_once(
    app: Flask, gl: Browser
) -> None:
    answer = gl.post(
        f"{PEOPLE}/neu", 200, key="Meyer", name="Mia Meyer", login="1",
        group="Werkstatt", language="en",
    )  # fmt: skip
    found = re.search(r'id="password">([^<]+)<', answer.text)
    assert found is not None
    made = unescape(found.group(1))
    assert answer.headers["Cache-Control"] == "no-store"
    carried = re.search(
        "__Host-said=([^;]*)", str(answer.headers.getlist("Set-Cookie"))
    )
    assert carried is None or made.encode() not in b64decode(carried.group(1), b"-_")
    assert made not in gl.get(PEOPLE)
    with transaction():
        fresh = accounts.check_password("meyer", made)
    assert fresh is not None
    assert fresh.language == "en"
    assert staff.groups_of(fresh.employee) == {"Werkstatt"}
    assert "account_created" in verbs()
    assert made not in "".join(row.detail for row in AuditEvent.select())


def test_a_person_without_a_sign_in_gets_tasks_and_later_one(gl: Browser) -> None:
    gl.post(f"{PEOPLE}/neu", key="lea", name="Lea", group="Werkstatt")
    lea = person("lea")
    assert people.account_of(lea) is None
    assert lea in staff.active_employees()
    gl.post(f"{PEOPLE}/{lea.id}/konto", password="sehr-geheim", language="de")
    with transaction():
        assert accounts.check_password("lea", "sehr-geheim") is not None


def test_mistakes_are_told_and_nothing_is_half_done(gl: Browser) -> None:
    answer = gl.post(
        f"{PEOPLE}/neu", 422, key="neu", name="Neu", login="1", password="kurz"
    )
    assert "Ein Passwort hat mindestens 8 Zeichen" in answer.text
    assert 'value="Neu"' in answer.text
    assert "kurz" not in answer.text
    assert Employee.get_or_none(Employee.key == "neu") is None
    answer = gl.post(f"{PEOPLE}/neu", 422, key="keller", name="Zwei")
    assert "Das Kürzel «keller» ist schon vergeben" in answer.text
    answer = gl.post(f"{PEOPLE}/neu", 422, key="", name="")
    assert answer.text.count("Bitte füllen Sie dieses Feld aus.") >= 2
    answer = gl.post(f"{PEOPLE}/neu", 422, key="zwei worte", name="Neu")
    assert "«zwei worte» ist kein Kürzel" in answer.text


def test_a_new_password_ends_every_session(
    app: Flask, gl: Browser, workshop: Browser
) -> None:
    workshop.get("/adressen")
    keller = person("keller").id
    gl.post(f"{PEOPLE}/{keller}/passwort", password="ganz-anders-1")
    workshop.get("/adressen", 303)
    with transaction():
        assert accounts.check_password("keller", PASSWORD) is None
        assert accounts.check_password("keller", "ganz-anders-1") is not None
    answer = gl.post(f"{PEOPLE}/{keller}/passwort", 422, password="kurz")
    assert "mindestens 8 Zeichen" in answer.text


def test_other_groups_end_every_session_the_same_groups_do_not(
    gl: Browser, workshop: Browser
) -> None:
    save_person(gl, "keller", name="M. Keller", group="Werkstatt")
    workshop.get("/adressen")
    assert person("keller").name == "M. Keller"
    groups = ["Werkstatt", "Administration"]
    save_person(gl, "keller", name="M. Keller", group=groups)
    workshop.get("/adressen", 303)
    assert staff.groups_of(person("keller")) == {"Werkstatt", "Administration"}


def test_a_group_that_does_not_exist_is_not_made_by_a_form(gl: Browser) -> None:
    save_person(gl, "keller", name="Keller", group=["Werkstatt", "Erfunden"])
    assert StaffGroup.get_or_none(StaffGroup.name == "Erfunden") is None


def test_groups_of_the_configuration_stay_whatever_is_ticked(gl: Browser) -> None:
    keller = person("keller")
    with transaction():
        staff.set_configured_groups(keller, ["Werkstatt"], actor="test")
    page = gl.get(f"{PEOPLE}/{keller.id}")
    assert "(aus mailboxes.yaml)" in shown(page)
    save_person(gl, "keller", name="Keller", group="Administration")
    assert staff.groups_of(keller) == {"Werkstatt", "Administration"}
    with transaction():  # and the next start of the daemon keeps what the page gave
        staff.set_configured_groups(keller, [], actor="test")
    assert staff.groups_of(keller) == {"Administration"}


def test_who_saves_what_somebody_else_changed_is_told_and_keeps_the_inputs(
    gl: Browser,
) -> None:
    keller = person("keller")
    (stale,) = re.findall(
        r'name="seen" value="([^"]*)"', gl.get(f"{PEOPLE}/{keller.id}")
    )
    save_person(gl, "keller", name="Keller", group=["Werkstatt", "Administration"])
    given = {"name": "M. Keller", "group": "Werkstatt"}
    answer = gl.post(f"{PEOPLE}/{keller.id}", 422, seen=stale, **given)
    assert "«Keller» wurde inzwischen geändert" in answer.text
    assert 'value="M. Keller"' in answer.text
    assert staff.groups_of(keller) == {"Werkstatt", "Administration"}
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', answer.text)
    gl.post(f"{PEOPLE}/{keller.id}", seen=seen, **given)  # knowingly
    assert staff.groups_of(keller) == {"Werkstatt"}


def test_a_locked_account_is_out_at_once_and_can_be_opened_again(
    app: Flask, gl: Browser, workshop: Browser
) -> None:
    keller = person("keller").id
    gl.post(f"{PEOPLE}/{keller}/sperren", locked="1")
    workshop.get("/adressen", 303)
    assert "gesperrt" in shown(gl.get(PEOPLE))
    with transaction():
        assert accounts.check_password("keller", PASSWORD) is None
    gl.post(f"{PEOPLE}/{keller}/sperren", locked="0")
    browser(app, "keller").get("/adressen")


def test_who_has_left_gets_no_tasks_and_no_sign_in(
    gl: Browser, workshop: Browser
) -> None:
    keller = person("keller").id
    gl.post(f"{PEOPLE}/{keller}/aktiv", active="0")
    workshop.get("/adressen", 303)
    assert not account("keller").active
    assert person("keller") not in staff.active_employees()
    assert "ausgetreten" in shown(gl.get(PEOPLE))
    answer = gl.post(f"{PEOPLE}/{keller}/sperren", 422, locked="0")
    assert "keller ist nicht mehr aktiv" in answer.text
    gl.post(f"{PEOPLE}/{keller}/aktiv", active="1")
    assert not account("keller").active  # opened by hand, not by the way
    assert person("keller") in staff.active_employees()


def test_all_devices_are_signed_out_by_one_press(
    gl: Browser, workshop: Browser
) -> None:
    gl.post(f"{PEOPLE}/{person('keller').id}/abmelden")
    workshop.get("/adressen", 303)
    assert "sessions_ended" in verbs()


# --- the last administrator -----------------------------------------------------------

LAST = "Mindestens ein Konto muss Verwaltung behalten"


def test_the_last_administrator_cannot_be_locked_or_moved_out(gl: Browser) -> None:
    me = person("gl").id
    for path, given in (
        ("/sperren", {"locked": "1"}),
        ("/aktiv", {"active": "0"}),
    ):
        assert LAST in gl.post(f"{PEOPLE}/{me}{path}", 422, **given).text
    assert LAST in save_person(gl, "gl", 422, name="gl", group="Werkstatt")
    assert account("gl").active
    assert person("gl").active
    assert staff.groups_of(person("gl")) == {"GL"}


def test_the_last_administrating_group_keeps_the_right(gl: Browser) -> None:
    given = matrix_of(gl.get(GROUPS))
    given["right"] = []
    assert LAST in gl.post(GROUPS, 422, **given).text
    assert GroupRight.select().where(GroupRight.right == Right.ADMINISTRATION).exists()


def test_with_a_second_administrator_the_first_may_go(
    app: Flask, gl: Browser, office: Browser
) -> None:
    """The red control of the two tests above."""
    with transaction():
        people.set_groups(person("frei"), ["GL"], actor="test")
    me = person("gl").id
    gl.post(f"{PEOPLE}/{me}/sperren", locked="1")
    gl.get("/adressen", 303)
    administrator = browser(app, "frei")
    answer = administrator.post(
        f"{PEOPLE}/{person('frei').id}/sperren", 422, locked="1"
    )
    assert LAST in answer.text


def test_an_account_that_cannot_sign_in_does_not_count(gl: Browser) -> None:
    with transaction():
        people.set_groups(person("frei"), ["GL"], actor="test")
    Account.update(password_hash=None).where(Account.login == "frei").execute()
    answer = gl.post(f"{PEOPLE}/{person('gl').id}/sperren", 422, locked="1")
    assert LAST in answer.text


# --- groups and the matrix ------------------------------------------------------------


def test_the_matrix_shows_rights_entries_and_mail(gl: Browser) -> None:
    page = shown(gl.get(GROUPS))
    for text in ("Aufgaben zuweisen", "Verkauf", "verkauf@werft.example", "Inhalt",
                 "wie in mailboxes.yaml; nur dort zu ändern"):  # fmt: skip
        assert text in page


def test_the_matrix_is_saved_as_one_and_acts_at_once(
    gl: Browser, workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    workshop.get("/eintraege/1001", 404)
    werkstatt, verkauf = group("Werkstatt"), TagGroup.get(TagGroup.key == "verkauf").id
    given = matrix_of(gl.get(GROUPS))
    given[f"access-{werkstatt}-{verkauf}"] = "read"
    given["right"] = [*given["right"], f"{werkstatt}-export"]  # type: ignore[misc]
    gl.post(GROUPS, **given)
    workshop.get("/eintraege/1001")
    workshop.get("/eintraege/1001/bearbeiten", 403)
    workshop.get("/eintraege.csv")
    assert matrix_of(gl.get(GROUPS))["right"] == given["right"] or set(
        given["right"]  # type: ignore[call-overload]
    ) == set(matrix_of(gl.get(GROUPS))["right"])  # type: ignore[call-overload]
    assert verbs().count("rights_changed") == 1  # of the one group that changed


def test_unknown_cells_and_words_write_nothing(gl: Browser) -> None:
    before = people.rights()
    given = matrix_of(gl.get(GROUPS))
    given["right"] = [*given["right"], "999-export", "x", f"{group('GL')}-root"]  # type: ignore[misc]
    gl.post(
        GROUPS, **given, **{"access-999-1": "full", f"access-{group('GL')}-999": "full"}
    )
    assert people.rights() == before


def test_who_saves_an_old_matrix_is_told_and_keeps_the_inputs(gl: Browser) -> None:
    stale = matrix_of(gl.get(GROUPS))
    werkstatt = group("Werkstatt")
    with transaction():
        GroupRight.create(staff_group=werkstatt, right=Right.DELETE)
    stale["right"] = [*stale["right"], f"{werkstatt}-export"]  # type: ignore[misc]
    answer = gl.post(GROUPS, 422, **stale)
    assert "Die Rechte wurden inzwischen geändert" in answer.text
    again = matrix_of(answer.text)
    assert f"{werkstatt}-export" in again["right"]  # type: ignore[operator]
    gl.post(GROUPS, **again)  # knowingly
    assert not GroupRight.select().where(GroupRight.right == Right.DELETE,
                                         GroupRight.staff_group == werkstatt).exists()  # fmt: skip


def test_who_comes_to_administer_loses_remembered_sessions(
    gl: Browser, office: Browser
) -> None:
    WebSession.update(remembered=True).where(
        WebSession.account == account("frei")
    ).execute()
    given = matrix_of(gl.get(GROUPS))
    right = f"{group('Administration')}-administration"
    given["right"] = [*given["right"], right]  # type: ignore[misc]
    gl.post(GROUPS, **given)
    office.get("/adressen", 303)
    gl.get("/adressen")


def test_own_groups_are_made_and_renamed_standard_ones_are_not(gl: Browser) -> None:
    gl.post(f"{GROUPS}/neu", new="Lernende")
    own = group("Lernende")
    assert not TagGroupAccess.select().where(TagGroupAccess.staff_group == own).exists()
    gl.post(f"{GROUPS}/{own}/name", **{f"name-{own}": "Azubis"})
    assert StaffGroup.get_by_id(own).name == "Azubis"
    answer = gl.post(f"{GROUPS}/neu", 422, new="azubis")
    assert "«azubis» gibt es hier schon" in answer.text
    answer = gl.post(
        f"{GROUPS}/{group('GL')}/name", 422, **{f"name-{group('GL')}": "Chefs"}
    )
    assert "«GL» steht in mailboxes.yaml" in answer.text
    assert group("GL")
    gl.post(f"{GROUPS}/999/name", 404, **{"name-999": "X"})


def test_the_matrix_costs_the_same_for_many_groups(gl: Browser) -> None:
    few = counted(lambda: gl.get(GROUPS))
    with transaction():
        for number in range(15):
            made = people.add_group(f"Eigene {number}", actor="test")
            GroupRight.create(staff_group=made, right=Right.EXPORT)
    assert counted(lambda: gl.get(GROUPS)) == few
    assert "Eigene 14" in gl.get(GROUPS)


# --- looking with other rights --------------------------------------------------------


def test_view_as_shows_what_the_group_sees_and_changes_nothing(
    gl: Browser, world: PageWorld
) -> None:
    world.meier()
    gl.post(f"{PEOPLE}/ansicht", target=f"staff_group:{group('Werkstatt')}")
    page = gl.get("/adressen")
    assert "Ansicht als Werkstatt, nur zum Lesen" in shown(page)
    assert "/verwaltung/" not in page
    gl.get("/eintraege/1001", 404)
    gl.get(PEOPLE, 403)
    answer = gl.post("/eintraege/1001/notizen", 403, note="x")
    assert "Sie sehen mit anderen Rechten" in answer.text
    gl.post("/adressen/neu", 403, name="X", role="customer")
    gl.post("/sprache", 403, language="en")
    gl.post("/ansicht/beenden")
    gl.get("/eintraege/1001")
    assert verbs()[-2:] == ["view_as_started", "view_as_ended"]


def test_view_as_never_shows_more_than_the_administrator_may_see(
    app: Flask, world: PageWorld
) -> None:
    _, entry = world.meier()
    mail = world.mail("meier@kunde.example", "Vertraulich verkauft", box="verkauf")
    Entry.update(management_only=True).where(Entry.id == entry.id).execute()
    GroupRight.create(staff_group=group("Werkstatt"), right=Right.ADMINISTRATION)
    MailboxAccess.update(visibility=Visibility.NONE).where(
        MailboxAccess.staff_group == group("Werkstatt")
    ).execute()
    keller = browser(app, "keller")  # administers, reads no mail and no sales
    keller.get("/eintraege/1001", 404)
    for target in (f"staff_group:{group('GL')}", f"employee:{person('gl').id}"):
        keller.post(f"{PEOPLE}/ansicht", target=target)
        keller.get("/eintraege/1001", 404)
        keller.get(f"/email/{mail.id}", 404)
        assert "Vertraulich" not in keller.get("/suche?q=vertraulich")
        keller.post("/ansicht/beenden")
    gl_browser = browser(app, "gl")  # the red control: GL does see both
    gl_browser.get("/eintraege/1001")
    gl_browser.get(f"/email/{mail.id}")


def test_view_as_a_person_has_their_rights_and_keeps_ones_own_name(
    gl: Browser, world: PageWorld
) -> None:
    world.meier()
    gl.post(f"{PEOPLE}/ansicht", target=f"employee:{person('keller').id}")
    gl.get("/eintraege/1001", 404)
    assert AuditEvent.select().order_by(AuditEvent.id.desc()).get().actor == "user:gl"
    gl.post("/abmelden")  # signing out ends it too
    assert not WebSession.select().where(WebSession.view_as.is_null(False)).exists()


def test_view_as_nobody_is_refused_and_a_vanished_target_shows_nothing(
    gl: Browser,
) -> None:
    for target in ("staff_group:999", "employee:x", "root", ""):
        gl.post(f"{PEOPLE}/ansicht", 404, target=target)
    gl.get(PEOPLE)
    WebSession.update(view_as="staff_group:999").execute()
    gl.get(PEOPLE, 403)
    gl.post("/ansicht/beenden")
    gl.get(PEOPLE)


def test_a_view_does_not_outlast_the_sessions_of_a_group_change(
    app: Flask, gl: Browser
) -> None:
    gl.post(f"{PEOPLE}/ansicht", target=f"staff_group:{group('Werkstatt')}")
    with transaction():
        people.set_groups(person("gl"), ["GL", "Werkstatt"], actor="test")
    gl.get("/adressen", 303)
    assert "nur zum Lesen" not in browser(app, "gl").get("/adressen")


# --- the password once more -----------------------------------------------------------


def test_everything_here_asks_for_the_password_again(gl: Browser) -> None:
    from datetime import timedelta

    from crm_core import clock

    keller = person("keller").id
    WebSession.update(proved_at=clock.now() - timedelta(hours=1)).execute()
    for path in (f"{PEOPLE}/neu", f"{PEOPLE}/{keller}", GROUPS):
        gl.get(path, 303)
    for path, back in (
        (f"{PEOPLE}/{keller}/passwort", f"{PEOPLE}/{keller}"),
        (f"{PEOPLE}/{keller}/sperren", f"{PEOPLE}/{keller}"),
        (f"{GROUPS}/neu", GROUPS),
    ):
        where = gl.location(path, password="ganz-anders-1", locked="1", new="X")
        assert where == f"/bestaetigen?weiter={back}"
    assert account("keller").active
    assert StaffMembership.select().count() == 3
