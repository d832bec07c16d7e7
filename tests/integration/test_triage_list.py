"""«Nicht zugeordnet»: what waits, for whom, with which offers."""

import pytest
from crm_world import World

from crm_core.queries import triage

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def world() -> World:
    return World()


def test_a_mail_of_a_known_address_waits(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    mail = world.mail()
    page = triage.unassigned(world.viewer())
    assert [item.message for item in page.rows] == [mail.id]
