"""A task made out of a mail: remembered as long as both are there, seen as far as both."""

import pytest
from crm_world import World
from statements import counted

from crm_core import clock
from crm_core.database import transaction
from crm_core.models import Entry, Message, Task
from crm_core.personal_data import erasure
from crm_core.queries import entry_thread, mail_page, task_mail
from crm_core.records import merging, tasks
from crm_core.records.schedule import due_by

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def entry(world: World) -> Entry:
    return world.entry(world.address("Meier", "meier@kunde.example"), "Mast", "offerte")


def task_of(
    world: World, entry: Entry, mail: Message | None, title: str = "Anrufen"
) -> Task:
    with transaction():
        return tasks.assign(
            entry, world.employee("frei"), title, due_by(clock.now().date()),
            actor="user:keller", message=mail,
        )  # fmt: skip


def test_the_mail_names_its_tasks_in_the_entry_and_on_its_page(
    world: World, entry: Entry
) -> None:
    mail, other = world.mail(), world.mail(subject="Anderes")
    for one in (mail, other):
        world.link(entry, one)
    made = task_of(world, entry, mail)
    task_of(world, entry, None, "Von selbst")
    viewer = world.viewer("keller")
    thread = {one.id: one for one in entry_thread.page(viewer, entry).items}
    (told,) = thread[mail.id].tasks
    assert (told.id, told.entry, told.employee_name) == (made.id, 1001, "A. Frei")
    assert thread[other.id].tasks == ()
    assert mail_page.page(viewer, mail.id).tasks == (told,)


def test_a_task_of_an_entry_that_may_not_be_read_is_not_named(
    world: World, entry: Entry
) -> None:
    mail = world.mail(box="werkstatt")
    made = task_of(world, entry, mail)
    assert task_mail.of_mails(world.viewer("huber"), [mail.id]) == {}
    assert mail.id in task_mail.of_mails(world.viewer("frei"), [mail.id])  # red control
    assert made.id in task_mail.message_ids(world.viewer("huber"), [made.id])


def test_the_message_id_of_a_hidden_mail_is_not_told(
    world: World, entry: Entry
) -> None:
    made = task_of(world, entry, world.mail(box="leitung"))
    assert task_mail.message_ids(world.viewer("frei"), [made.id]) == {}
    assert made.id in task_mail.message_ids(world.viewer("keller"), [made.id])


def test_a_cancelled_task_leaves_its_mail(world: World, entry: Entry) -> None:
    mail = world.mail()
    made = task_of(world, entry, mail)
    with transaction():
        tasks.cancel(made.id, actor="test")
    assert task_mail.of_mails(world.viewer(), [mail.id]) == {}


def test_the_task_stays_when_its_mail_goes(world: World, entry: Entry) -> None:
    mail = world.mail()
    made = task_of(world, entry, mail)
    with transaction():
        erasure.remove([mail.id])
    assert Message.get_or_none(Message.id == mail.id) is None
    kept = Task.get_by_id(made.id)
    assert (kept.message_id, kept.title) == (None, "Anrufen")


def test_merging_entries_takes_the_task_along(world: World, entry: Entry) -> None:
    mail = world.mail()
    task_of(world, entry, mail)
    into = world.entry(world.address("Huber", "h@kunde.example"), "Takelung", "offerte")
    with transaction():
        merging.merge(world.viewer(), entry.number, into.number)
    (told,) = task_mail.of_mails(world.viewer(), [mail.id])[mail.id]
    assert told.entry == into.number


def test_a_thread_asks_as_often_for_many_tasks(world: World, entry: Entry) -> None:
    mails = [world.mail() for _ in range(8)]
    for mail in mails:
        world.link(entry, mail)
    viewer = world.viewer()
    task_of(world, entry, mails[0])
    few = counted(lambda: entry_thread.page(viewer, entry))
    for mail in mails:
        task_of(world, entry, mail)
    assert counted(lambda: entry_thread.page(viewer, entry)) == few
