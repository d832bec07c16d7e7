"""What a token opens: nothing without one, and never more than its account may."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import Program, fresh_world, program, token_of
from crm_world import World
from flask import Flask
from shared_app import lend

from crm_core import clock, database
from crm_core.access import staff
from crm_core.models import Account, ApiToken, Entry, TokenScope
from crm_web.settings import WebSettings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = fresh_world(tmp_path)
    customer = world.address("Meier", "meier@kunde.example")
    world.entry(customer, "Motor raucht", "stoerung")  # 1001: everybody reads
    world.entry(customer, "Offerte Mast", "offerte")  # 1002: not the workshop
    world.entry(customer, "Kündigung", "stoerung", management_only=True)  # 1003: GL
    world.document("R-1")
    for number in (1001, 1002, 1003):
        entry = Entry.get(Entry.number == number)
        world.task(entry, f"Aufgabe {number}", who="huber")
        world.link_document(entry, world.document("R-1"))
    yield world
    database.close()


@pytest.fixture
def api(tmp_path: Path, world: World) -> Flask:
    return lend(WebSettings(blobs=tmp_path / "blobs"))


READS = {  # (path) → status for GL, Administration, Werkstatt, nobody's group
    "/entries": (200, 200, 200, 403),
    "/entries/1001": (200, 200, 200, 403),
    "/entries/1002": (200, 200, 404, 403),
    "/entries/1003": (200, 404, 404, 403),
    "/entries/1003/links": (200, 404, 404, 403),
    "/entries/1003/participants": (200, 404, 404, 403),
    "/entries/1002/documents": (200, 200, 404, 403),
    "/entries/9999": (404, 404, 404, 403),
    "/tasks": (200, 200, 200, 403),
    "/tasks/1": (200, 200, 200, 403),
    "/tasks/2": (200, 200, 404, 403),
    "/tasks/3": (200, 404, 404, 403),
    "/addresses": (200, 200, 200, 403),
    "/documents/report/R-1": (200, 200, 200, 403),
    "/documents/report/R-1/entries": (200, 200, 200, 403),
    "/mailboxes": (200, 403, 403, 403),
    "/health": (200, 200, 200, 403),
    "/suggestions": (200, 200, 200, 403),
}
WRITES = {
    ("POST", "/addresses"): (201, 201, 403, 403),
    ("PATCH", "/addresses/1"): (200, 200, 403, 403),
    ("PUT", "/addresses/by-number/K-1"): (201, 201, 403, 403),
    ("POST", "/entries"): (201, 201, 404, 403),
    ("PATCH", "/entries/1001"): (200, 200, 403, 403),
    ("PATCH", "/entries/1002"): (200, 200, 404, 403),
    ("PATCH", "/entries/1003"): (200, 404, 404, 403),
    ("POST", "/entries/1001/notes"): (201, 201, 403, 403),
    ("POST", "/entries/1001/tasks"): (201, 201, 403, 403),
    ("POST", "/entries/1001/participants"): (201, 201, 403, 403),
    ("POST", "/entries/1001/documents"): (201, 201, 403, 403),
    ("DELETE", "/entries/1001/documents/report/R-1"): (200, 200, 403, 403),
    ("PUT", "/documents/report/R-2"): (200, 200, 403, 403),
    ("PATCH", "/tasks/1"): (200, 200, 403, 403),
    ("POST", "/tasks/1/cancel"): (200, 200, 403, 403),
    ("POST", "/tasks/1/done"): (200, 200, 200, 403),  # the workshop's own task
    ("POST", "/tasks/2/done"): (200, 200, 404, 403),
    ("POST", "/tasks/3/done"): (200, 404, 404, 403),
}
BODIES = {
    "/addresses": {"name": "Huber"},
    "/addresses/1": {"city": "Stein"},
    "/addresses/by-number/K-1": {"name": "Huber"},
    "/entries": {"address_id": 1, "subtag": "offerte", "title": "x"},
    "/entries/1001/notes": {"text": "x"},
    "/entries/1001/tasks": {"title": "x", "employee": "frei", "due_by": "2026-12-01"},
    "/entries/1001/participants": {"address_id": 1},
    "/entries/1001/documents": {"kind": "report", "number": "R-1"},
    "/documents/report/R-2": {"title": "x"},
    "/tasks/1": {"title": "Neu"},
}
WHO = ("keller", "frei", "huber", "niemand")


@pytest.mark.parametrize("column", range(4), ids=WHO)
def test_each_group_reads_what_its_pages_show(api: Flask, column: int) -> None:
    asking = program(api, WHO[column])
    found = {path: asking.send("GET", path).status_code for path in READS}
    assert found == {path: cells[column] for path, cells in READS.items()}


@pytest.mark.parametrize("column", range(4), ids=WHO)
@pytest.mark.parametrize(("method", "path"), WRITES, ids=str)
def test_each_group_writes_what_its_pages_let_it(
    api: Flask, method: str, path: str, column: int
) -> None:
    asking = program(api, WHO[column])
    body = BODIES.get(path, {"title": "Neu"} if method == "PATCH" else None)
    answer = asking.send(method, path, body)
    assert answer.status_code == WRITES[method, path][column], answer.text


@pytest.mark.parametrize("route", [*((("GET", p)) for p in READS), *WRITES])
def test_nothing_opens_without_a_living_token(
    api: Flask, route: tuple[str, str]
) -> None:
    for token in (None, "crm_erfunden", ""):
        answer = Program(api.test_client(), token).send(*route)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_reading_token_writes_nothing(api: Flask, method: str, path: str) -> None:
    asking = program(api, "keller", TokenScope.READ)
    answer = asking.send(method, path, BODIES.get(path, {}))
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "scope"
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_reading_token_reads(api: Flask) -> None:
    assert program(api, "keller", TokenScope.READ).get("/entries/1003")


def test_lists_and_counts_hold_only_what_may_be_read(api: Flask) -> None:
    seen = {
        who: (
            [row["number"] for row in program(api, who).get("/entries")["items"]],
            [row["entry"] for row in program(api, who).get("/tasks")["items"]],
            [
                row["number"]
                for row in program(api, who).get("/documents/report/R-1/entries")[
                    "items"
                ]
            ],
            program(api, who).get("/addresses")["items"][0]["open_entries"],
        )
        for who in WHO[:3]
    }
    assert seen == {
        "keller": ([1003, 1002, 1001], [1001, 1002, 1003], [1001, 1002, 1003], 3),
        "frei": ([1002, 1001], [1001, 1002], [1001, 1002], 2),
        "huber": ([1001], [1001], [1001], 1),
    }


def test_a_token_of_a_person_without_a_group_is_told_why(
    api: Flask, world: World
) -> None:
    asking = program(api, "niemand")
    problem = asking.get("/addresses", 403)
    assert problem["code"] == "forbidden"
    assert problem["detail"].startswith("Sie sind noch in keiner Gruppe")
    with database.transaction():
        staff.set_groups(world.employee("niemand"), ["Werkstatt"], actor="test")
    asking.get("/addresses")


def test_mail_is_seen_as_far_as_its_mailbox_is(api: Flask, world: World) -> None:
    mail = world.mail(subject="Geheim", sender="x@kunde.example", box="leitung")
    link = {"message_id": f"<{mail.internet_id}>"}
    program(api, "frei").post("/entries/1001/links", link, 404)
    path = f"/conversations/{mail.conversation_id}"
    program(api, "frei").get(path, 404)
    assert program(api, "frei").get(
        f"/conversations?message_id={mail.internet_id}"
    ) == {"items": []}
    program(api, "keller").post("/entries/1001/links", link)
    assert program(api, "keller").get(path)["entries"] == [1001]
    assert program(api, "frei").get("/entries/1001")["messages"] == []
    assert program(api, "frei").get("/suggestions")["items"] == []


def test_an_expired_a_revoked_and_a_locked_token_open_nothing(api: Flask) -> None:
    asking = program(api, "keller")
    asking.get("/entries")
    later = clock.now() + timedelta(days=91)
    with clock.use(lambda: later):
        asking.get("/entries", 401)
    asking.get("/entries")
    Account.update(active=False).where(Account.login == "keller").execute()
    asking.get("/entries", 401)
    Account.update(active=True).where(Account.login == "keller").execute()
    ApiToken.update(revoked_at=clock.now()).execute()
    asking.get("/entries", 401)


def test_a_token_loses_what_its_account_loses(api: Flask, world: World) -> None:
    asking = program(api, "keller")
    asking.get("/entries/1003")
    with database.transaction():
        staff.set_groups(world.employee("keller"), ["Werkstatt"], actor="test")
    asking.get("/entries/1003", 404)
    asking.get("/mailboxes", 403)


def test_a_cookie_opens_nothing(api: Flask) -> None:
    from crm_core.access import accounts

    with database.transaction():
        owner = Account.get(Account.login == "keller")
        session = accounts.start_session(owner, user_agent="x")
    client = api.test_client()
    client.set_cookie("__Host-sid", session.value, domain="localhost", secure=True)
    answer = client.get("/api/v1/entries", base_url="https://localhost")
    assert answer.status_code == 401
    page = client.get("/bestaetigen", base_url="https://localhost")
    assert page.status_code == 200, "red control: the cookie itself is alive"


def test_the_last_use_of_a_token_is_kept(api: Flask) -> None:
    asking = program(api, "keller")
    assert ApiToken.get().used_at is None
    asking.get("/health")
    first = ApiToken.get().used_at
    assert first is not None
    asking.get("/health")
    assert ApiToken.get().used_at == first, "not written with every request"


def test_only_management_hides_an_entry(api: Flask) -> None:
    body = {"address_id": 1, "subtag": "offerte", "title": "x", "management_only": True}
    program(api, "frei").post("/entries", body, 403)
    assert program(api, "keller").post("/entries", body)["management_only"] is True


def test_what_is_done_is_logged_with_the_name_of_the_account(api: Flask) -> None:
    from crm_core.models import AuditEvent

    program(api, "frei").post("/addresses", {"name": "Neu"})
    line = AuditEvent.get(
        AuditEvent.action == "address_created", AuditEvent.actor == "user:frei"
    )
    assert line.subject == "address:2"


def test_tokens_of_two_scopes_differ(api: Flask) -> None:
    assert token_of("keller") != token_of("keller", TokenScope.READ)
