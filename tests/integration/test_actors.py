"""Who did something, as people call them."""

from collections.abc import Iterator

import pytest
from crm_world import World
from statements import counted

from crm_core import languages
from crm_core.queries import actors

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    yield
    languages.read_in("de")


def test_people_mailboxes_and_programs_have_names() -> None:
    World()
    told = actors.names(["user:frei", "mailbox:verkauf", "user:weg", "daemon", None])
    assert told == {
        "user:frei": "A. Frei",
        "mailbox:verkauf": "Verkauf",
        "user:weg": "weg",
        "daemon": "daemon",
    }


@pytest.mark.parametrize(
    ("language", "name"),
    [("de", "Kommandozeile (root)"), ("en", "command line (root)")],
)
def test_the_command_line_is_no_person(language: str, name: str) -> None:
    languages.read_in(language)
    assert actors.names(["cli:root"]) == {"cli:root": name}
    assert actors.names(["user:root"]) == {"user:root": "root"}  # red control


def test_many_actors_cost_as_much_as_few() -> None:
    few = ["user:a", "mailbox:b"]
    many = [f"{kind}:{n}" for n in range(50) for kind in ("user", "mailbox", "cli")]
    assert counted(lambda: actors.names(many)) == counted(lambda: actors.names(few))
