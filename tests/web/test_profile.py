"""«Profil»: language, keys, devices, password, calendar address; only one's own."""

import re
from datetime import timedelta

from flask import Flask
from page_world import shown
from pages import PASSWORD, Browser, account, browser

from crm_core import clock
from crm_core.access import accounts
from crm_core.models import CalendarFeed, WebSession

NEW = "boot-am-steg"


def change(who: Browser, status: int = 303, **fields: str) -> str:
    given = {"old": PASSWORD, "password": NEW, "repeated": NEW, **fields}
    return who.post("/profil/passwort", status, **given).text


def signs_in(app: Flask, login: str, password: str) -> bool:
    answer = app.test_client().post(
        "/anmelden",
        data={"login": login, "password": password},
        base_url="https://localhost",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    return answer.status_code == 303


def test_language_and_keys_hold_from_the_next_page(office: Browser) -> None:
    assert 'data-shortcuts="1"' in office.get("/profil")
    office.post("/profil", language="en")
    page = office.get("/profil")
    assert 'data-shortcuts="0"' in page
    assert "Your settings are saved." in page
    office.post("/profil", language="de", shortcuts="1")
    assert 'data-shortcuts="1"' in office.get("/profil")
    office.post("/profil", 404, language="fr")


def test_a_new_password_signs_the_other_devices_out(
    app: Flask, office: Browser
) -> None:
    other = browser(app, "frei")
    change(office)
    assert "Ihr Passwort ist geändert." in office.get("/profil")
    other.get("/profil", 303)
    assert signs_in(app, "frei", NEW)
    assert not signs_in(app, "frei", PASSWORD)


def test_a_password_is_not_changed_without_the_old_one(
    app: Flask, office: Browser
) -> None:
    for fields, said in (
        ({"old": "falsch-geraten"}, "Das bisherige Passwort stimmt nicht"),
        ({"password": "kurz", "repeated": "kurz"}, "mindestens 8 Zeichen"),
        ({"repeated": "anderes-boot"}, "sind nicht gleich"),
        ({"password": PASSWORD, "repeated": PASSWORD}, "ist das bisherige"),
        ({"old": ""}, "füllen Sie dieses Feld aus"),
    ):
        assert said in change(office, 422, **fields)
    assert signs_in(app, "frei", PASSWORD)


def test_guessing_the_old_password_is_slowed(office: Browser) -> None:
    for _ in range(accounts.FREE_FAILURES):
        change(office, 422, old="falsch-geraten")
    assert account("frei").failures == accounts.FREE_FAILURES
    assert "Zu viele Versuche." in change(office, 429)


def test_passwords_are_never_written_back(office: Browser) -> None:
    page = change(office, 422, repeated="anderes-boot")
    assert NEW not in page
    assert PASSWORD not in page


def test_each_device_is_signed_out_by_itself_or_all_others(
    app: Flask, office: Browser
) -> None:
    second, third = browser(app, "frei"), browser(app, "frei")
    assert shown(office.get("/profil")).count("angemeldet ") == 3
    mine = {s.id for s in WebSession.select() if s.account.login == "frei"}
    office.post(f"/profil/geraete/{max(mine)}/abmelden")
    third.get("/profil", 303)
    second.get("/profil")
    office.post("/profil/geraete/abmelden")
    second.get("/profil", 303)
    office.get("/profil")


def test_signing_out_this_device_leads_to_the_sign_in(office: Browser) -> None:
    (session,) = (s for s in WebSession.select() if s.account.login == "frei")
    where = office.location(f"/profil/geraete/{session.id}/abmelden")
    assert where == "/anmelden"
    office.get("/profil", 303)


def test_expired_sessions_are_no_devices(app: Flask, office: Browser) -> None:
    browser(app, "frei")
    oldest = min(s.id for s in WebSession.select() if s.account.login == "frei")
    WebSession.update(seen_at=clock.now() - timedelta(hours=1)).where(
        WebSession.id != oldest
    ).execute()
    assert shown(office.get("/profil")).count("angemeldet ") == 1


def test_nobody_signs_out_or_revokes_what_is_anothers(
    gl: Browser, office: Browser
) -> None:
    office.post("/profil/kalender", 200)
    (feed,) = CalendarFeed.select()
    (theirs,) = (s for s in WebSession.select() if s.account.login == "frei")
    gl.post(f"/profil/geraete/{theirs.id}/abmelden", 404)
    gl.post(f"/profil/kalender/{feed.id}/widerrufen", 404)
    office.get("/profil")
    assert CalendarFeed.select().count() == 1


def test_a_calendar_address_is_shown_once_and_can_be_revoked(office: Browser) -> None:
    page = office.post("/profil/kalender", 200, busy_only="1").text
    found = re.search(r'value="(https://localhost(/ics/[^"]+))"', page)
    assert found is not None
    path = found[2]
    assert "VCALENDAR" in office.get(path)
    page = office.get("/profil")
    assert path.removesuffix(".ics").removeprefix("/ics/") not in page
    assert "nur «Beschäftigt»" in page
    (feed,) = CalendarFeed.select()
    office.post(f"/profil/kalender/{feed.id}/widerrufen")
    office.get(path, 404)


def test_a_calendar_address_asks_for_the_password_again(office: Browser) -> None:
    WebSession.update(proved_at=clock.now() - timedelta(hours=1)).execute()
    assert "/bestaetigen" in office.location("/profil/kalender")
    assert CalendarFeed.select().count() == 0


def test_who_signs_in_with_microsoft_has_no_password_to_change(office: Browser) -> None:
    frei = account("frei")
    frei.password_hash = None
    frei.save()
    page = office.get("/profil")
    assert "Sie melden sich mit Microsoft an" in page
    assert 'name="old"' not in page


def test_a_device_is_named_as_its_browser_says(app: Flask) -> None:
    from crm_web.pages.profile import device_name

    edge = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
    with app.test_request_context("/"):
        assert device_name(edge) == "Edge, Windows"
        assert device_name(phone) == "Safari, iPhone"
        assert device_name("<script>") == "Unbekanntes Gerät"
