"""«Aufgabe daraus»: from the mail to its task, and the badge that leads there."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser

from crm_core.models import Message, Task

ENTRY = "/eintraege/1001"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def mail(world: PageWorld) -> Message:
    _, entry = world.meier()
    message = world.mail(subject="Wann kommt das Boot?")
    world.link(entry, message)
    return message


def hidden_mail_of(page: str) -> str:
    return page.split('name="mail" value="')[1].split('"', maxsplit=1)[0]


def test_the_task_remembers_its_mail_and_the_mail_shows_it(
    office: Browser, mail: Message
) -> None:
    (out,) = [one for one in links(office.get(ENTRY)) if "aufgabe=" in one]
    asked = parse_qs(urlsplit(out).query)
    assert asked == {"aufgabe": [mail.subject], "email": [str(mail.id)]}
    form = office.get(out.partition("#")[0])
    assert hidden_mail_of(form) == str(mail.id)
    office.post(f"{ENTRY}/aufgaben", title="Rückruf", when="Fr", mail=mail.id)
    task = Task.get()
    assert task.message_id == mail.id
    for page in (office.get(ENTRY), office.get(f"/email/{mail.id}")):
        assert f"{ENTRY}#aufgabe-{task.id}" in links(page)
        assert f"Aufgabe: {task.employee.name}" in shown(page)


def test_no_badge_without_a_task_red_control(office: Browser, mail: Message) -> None:
    office.post(f"{ENTRY}/aufgaben", title="Von selbst", when="Fr")
    for page in (office.get(ENTRY), office.get(f"/email/{mail.id}")):
        assert "Aufgabe: " not in shown(page)


def test_a_mistake_in_the_form_keeps_the_mail(office: Browser, mail: Message) -> None:
    page = office.post(f"{ENTRY}/aufgaben", 422, title="", when="Fr", mail=mail.id)
    assert hidden_mail_of(page.text) == str(mail.id)


def test_a_mail_that_is_not_seen_gives_no_task(
    office: Browser, mail: Message, world: PageWorld
) -> None:
    from crm_core.models import MailboxAccess

    MailboxAccess.delete().execute()
    office.post(f"{ENTRY}/aufgaben", 404, title="x", when="Fr", mail=mail.id)
    office.post(f"{ENTRY}/aufgaben", 404, title="x", when="Fr", mail=99)
    assert Task.select().count() == 0


def test_a_task_that_is_done_says_so(office: Browser, mail: Message) -> None:
    office.post(f"{ENTRY}/aufgaben", title="Rückruf", when="Fr", mail=mail.id)
    task = Task.get()
    office.post(f"/aufgaben/{task.id}/erledigt")
    assert f"Aufgabe: {task.employee.name} (erledigt)" in shown(office.get(ENTRY))
