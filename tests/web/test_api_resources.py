"""What other programs can do through /api/v1: the fixed interface and its resources."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_client import Program, fresh_world, program
from crm_world import World
from flask import Flask
from shared_app import lend

from crm_core import database
from crm_core.models import Address, AddressRole, MergedEntry, Task
from crm_core.records import merging
from crm_web.settings import WebSettings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield fresh_world(tmp_path)
    database.close()


@pytest.fixture
def api(tmp_path: Path, world: World) -> Flask:
    return lend(WebSettings(blobs=tmp_path / "blobs"))


@pytest.fixture
def erp(api: Flask) -> Program:
    """A writing token of GL."""
    return program(api, "keller")


@pytest.fixture
def entry(erp: Program) -> int:
    """An entry of a customer, opened through the API."""
    address = erp.post(
        "/addresses",
        {"name": "Meier", "kind": "customer", "emails": ["meier@kunde.example"]},
    )["id"]
    made = erp.post(
        "/entries", {"address_id": address, "subtag": "stoerung", "title": "Motor"}
    )
    return int(made["number"])


def test_an_address_is_made_and_read(erp: Program) -> None:
    made = erp.send(
        "POST",
        "/addresses",
        {"name": "Meier", "kind": "customer", "emails": ["Meier@Kunde.example"]},
        201,
    )
    path = made.headers["Location"].removeprefix("/api/v1")
    found = erp.get(path)
    assert found == made.get_json()
    assert found["emails"] == ["meier@kunde.example"]
    assert found["kind"] == AddressRole.CUSTOMER.value


def test_an_address_is_kept_by_the_number_of_the_erp(erp: Program) -> None:
    path = "/addresses/by-number/K-17"
    made = erp.put(path, {"name": "Meier", "emails": ["m@kunde.example"]}, 201)
    again = erp.put(path, {"name": "Meier AG", "city": "Stein"})
    assert again["id"] == made["id"]
    assert (again["name"], again["city"]) == ("Meier AG", "Stein")
    assert again["emails"] == ["m@kunde.example"], "left out stays as it is"


def test_an_e_mail_address_of_another_one_is_a_conflict(erp: Program) -> None:
    erp.post("/addresses", {"name": "Meier", "emails": ["m@kunde.example"]})
    told = erp.post("/addresses", {"name": "Huber", "emails": ["m@kunde.example"]}, 409)
    assert told["code"] == "conflict"
    assert erp.get("/addresses")["items"][0]["name"] == "Meier"
    assert len(erp.get("/addresses")["items"]) == 1, "nothing of it was written"


def test_an_address_is_changed_field_by_field(erp: Program) -> None:
    made = erp.post("/addresses", {"name": "Meier", "emails": ["m@kunde.example"]})
    path = f"/addresses/{made['id']}"
    changed = erp.patch(path, {"phone": "052 111", "emails": ["n@kunde.example"]})
    assert changed["emails"] == ["n@kunde.example"]
    assert (changed["name"], changed["phone"]) == ("Meier", "052 111")


def test_an_entry_is_opened_and_read(erp: Program, entry: int) -> None:
    found = erp.get(f"/entries/{entry}")
    assert found["number"] == entry
    assert found["subtag"] == "stoerung"
    assert [one["name"] for one in found["addresses"]] == ["Meier"]
    assert found["messages"] == found["tasks"] == found["documents"] == []


def test_an_entry_needs_what_the_page_needs(erp: Program, entry: int) -> None:
    told = erp.post("/entries", {"subtag": "stoerung", "title": ""}, 422)
    assert {one["field"] for one in told["errors"]} == {"address_id", "title"}
    body = {"address_id": 999, "subtag": "stoerung", "title": "x"}
    assert erp.post("/entries", body, 404)["code"] == "not_found"
    body = {"address_id": 1, "subtag": "gibtsnicht", "title": "x"}
    assert "stoerung" in erp.post("/entries", body, 404)["detail"]


def test_an_entry_is_changed_and_closed(erp: Program, entry: int) -> None:
    changed = erp.patch(
        f"/entries/{entry}",
        {"title": "Motor raucht", "status": "closed", "responsible": "frei"},
    )
    assert changed["title"] == "Motor raucht"
    assert changed["status"] == "closed"
    assert changed["responsible"] == "frei"
    assert erp.patch(f"/entries/{entry}", {"responsible": None})["responsible"] is None


def test_the_slower_of_two_changes_is_refused(erp: Program, entry: int) -> None:
    version = erp.send("GET", f"/entries/{entry}", None, 200).headers["ETag"]
    erp.patch(f"/entries/{entry}", {"title": "Erster"}, If_Match=version)
    told = erp.patch(f"/entries/{entry}", {"title": "Zweiter"}, 412, If_Match=version)
    assert told["code"] == "stale"
    assert erp.get(f"/entries/{entry}")["title"] == "Erster"
    erp.patch(f"/entries/{entry}", {"title": "Dritter"}, 412, If_Match='"x"')
    erp.patch(f"/entries/{entry}", {"title": "Vierter"}, If_Match="*")


def test_an_entry_that_was_merged_tells_into_which(
    erp: Program, api: Flask, world: World, entry: int
) -> None:
    other = world.entry(Address.get_by_id(1), "Anderer", "stoerung").number
    hidden = world.entry(
        Address.get_by_id(1), "Nur GL", "stoerung", management_only=True
    )
    assert erp.get(f"/entries/{entry}")["merged_into"] is None
    with database.transaction():
        merging.merge(world.viewer("keller"), entry, other)
    found = erp.get(f"/entries/{entry}")
    assert (found["number"], found["merged_into"]) == (entry, other)
    assert not found["writable"]
    erp.patch(f"/entries/{entry}", {"title": "Doch"}, 409)
    MergedEntry.update(into=hidden).execute()
    assert program(api, "frei").get(f"/entries/{entry}")["merged_into"] is None
    assert program(api, "keller").get(f"/entries/{entry}")["merged_into"]


def test_a_task_made_out_of_a_mail_names_it(
    erp: Program, world: World, entry: int
) -> None:
    erp.post(
        f"/entries/{entry}/tasks",
        {"title": "Anrufen", "employee": "frei", "due_by": "2026-12-01"},
    )
    assert erp.get("/tasks/1")["message_id"] is None
    mail = world.mail()
    Task.update(message=mail).execute()
    wanted = f"<{mail.internet_id}>"
    assert erp.get("/tasks/1")["message_id"] == wanted
    assert [one["message_id"] for one in erp.get("/tasks")["items"]] == [wanted]
    (told,) = erp.get(f"/entries/{entry}")["tasks"]
    assert told["message_id"] == wanted


def test_a_document_is_put_linked_and_read_from_both_sides(
    erp: Program, entry: int
) -> None:
    body = {"title": "Mast ersetzt", "address_id": 1, "date": "2026-11-20"}
    first = erp.put("/documents/report/R-2026-17", body)
    assert erp.put("/documents/report/R-2026-17", body) == first, "idempotent"
    reference = {"kind": "report", "number": "R-2026-17"}
    linked = erp.post(f"/entries/{entry}/documents", reference)
    assert linked["items"][0]["title"] == "Mast ersetzt"
    found = erp.get("/documents/report/R-2026-17/entries")
    assert [row["number"] for row in found["items"]] == [entry]
    assert erp.get(f"/entries/{entry}")["documents"] == linked["items"]
    erp.delete(f"/entries/{entry}/documents/report/R-2026-17")
    assert erp.get("/documents/report/R-2026-17/entries")["items"] == []


def test_the_number_of_a_document_may_hold_slashes_and_umlauts(erp: Program) -> None:
    for number in ("2026/17/b", "LS 0815", "Ü-1", "2026//17"):
        erp.put(f"/documents/delivery_note/{number}", {"title": "x"})
        found = erp.get(f"/documents/delivery_note/{number}")
        assert found["number"] == number
        assert erp.get(f"/documents/delivery_note/{number}/entries")["items"] == []


def test_a_document_is_put_by_the_customer_number(erp: Program) -> None:
    made = erp.put("/addresses/by-number/K-17", {"name": "Meier"}, 201)
    body = {"title": "x", "address_number": "K-17", "status": "offen", "url": ""}
    found = erp.put("/documents/report/R-1", body)
    assert (found["address_id"], found["status"]) == (made["id"], "offen")
    body["address_number"] = "K-18"
    erp.put("/documents/report/R-1", body, 404)
    told = erp.put("/documents/report/R-1", {"title": "x", "url": "javascript:1"}, 422)
    assert told["errors"][0]["field"] == "url"


def test_documents_are_paged_the_last_changed_first(erp: Program) -> None:
    for number in range(5):
        erp.put(f"/documents/report/R-{number}", {"title": "x"})
    numbers, cursor = [], ""
    while cursor is not None:
        page = erp.get(f"/documents?limit=2{cursor and f'&cursor={cursor}'}")
        numbers += [row["number"] for row in page["items"]]
        cursor = page["next"]
    assert sorted(numbers) == [f"R-{number}" for number in range(5)]


def test_a_task_is_assigned_and_done(erp: Program, entry: int) -> None:
    body = {"title": "Zylinder prüfen", "employee": "huber", "due_by": "2026-11-27"}
    made = erp.post(f"/entries/{entry}/tasks", body)
    assert (made["due_by"], made["do_on"]) == ("2026-11-27", None)
    assert erp.get(f"/entries/{entry}")["tasks"] == [made]
    assert erp.get("/tasks?employee=huber")["items"] == [made]
    assert erp.post(f"/tasks/{made['id']}/done", status=200)["status"] == "done"
    assert erp.post(f"/tasks/{made['id']}/reopen", status=200)["status"] == "open"
    assert erp.post(f"/tasks/{made['id']}/cancel", status=200)["status"] == "cancelled"
    assert erp.post(f"/tasks/{made['id']}/done", status=409)["code"] == "conflict"


def test_an_appointment_is_given_in_the_time_of_the_wall_clock(
    erp: Program, entry: int
) -> None:
    body = {"title": "Abholen", "employee": "huber", "do_on": "2026-12-03T14:00"}
    made = erp.post(f"/entries/{entry}/tasks", {**body, "minutes": 30})
    assert made["starts_at"] == "2026-12-03T13:00:00.000Z"
    assert made["ends_at"] == "2026-12-03T13:30:00.000Z"
    assert made["do_on"] == "2026-12-03T14:00"
    moved = erp.patch(f"/tasks/{made['id']}", {"do_on": "2026-12-04"})
    assert (moved["do_on"], moved["starts_at"]) == ("2026-12-04", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"due_by": "2026-11-27", "do_on": "2026-11-27"},
        {"due_by": "27.11.2026"},
        {"due_by": 1764201600},
        {"due_by": "2026-02-30"},
        {"do_on": "2026-02-30"},
        {"do_on": "2027-03-28T02:30"},
        {"do_on": "2026-11-27", "minutes": 30},
        {"due_by": "1826-11-27"},
    ],
)
def test_a_task_without_a_possible_date_is_refused(
    erp: Program, entry: int, wrong: dict[str, object]
) -> None:
    body = {"title": "x", "employee": "huber", **wrong}
    assert erp.post(f"/entries/{entry}/tasks", body, 422)["code"] == "invalid"


def test_participants_come_and_go(erp: Program, entry: int) -> None:
    other = erp.post("/addresses", {"name": "Importeur", "kind": "supplier"})["id"]
    path = f"/entries/{entry}/participants"
    added = erp.post(path, {"address_id": other})
    assert [one["name"] for one in added["items"]] == ["Meier", "Importeur"]
    assert len(erp.delete(f"{path}/{other}")["items"]) == 1
    own = added["items"][0]["id"]
    assert erp.delete(f"{path}/{own}", 409)["code"] == "conflict"
    assert erp.delete(f"{path}/{other}", 404)["code"] == "not_found"


def test_a_note_is_kept(erp: Program, entry: int) -> None:
    erp.post(f"/entries/{entry}/notes", {"text": "Kunde ruft an."})
    (note,) = erp.get(f"/entries/{entry}")["notes"]
    assert (note["text"], note["by"]) == ("Kunde ruft an.", "M. Keller")
    erp.post(f"/entries/{entry}/notes", {"text": "  "}, 422)


def test_a_mail_is_linked_by_its_message_id_with_its_reason(
    erp: Program, world: World, entry: int
) -> None:
    mail = world.mail(subject="Motor", sender="meier@kunde.example", box="verkauf")
    message_id = f"<{mail.internet_id}>"
    linked = erp.post(f"/entries/{entry}/links", {"message_id": message_id})
    assert linked["message_id"] == message_id
    assert linked["changed"] is True
    (shown,) = erp.get(f"/entries/{entry}/links")["items"]
    assert shown["message_id"] == message_id
    assert (shown["reason"], shown["by"]) == ("manual", "M. Keller")
    assert shown["reason_text"].startswith("von M. Keller verlinkt am")
    assert shown["held"] is None
    assert erp.get(f"/entries/{entry}")["messages"] == [shown]
    conversation = erp.get(f"/conversations/{linked['conversation']}")
    assert conversation["entries"] == [entry]
    assert conversation["items"][0]["message_id"] == message_id
    found = erp.get("/conversations?message_id=" + message_id)
    assert found["items"] == [linked["conversation"]]
    erp.delete(f"/entries/{entry}/links/{shown['id']}?whole=true")
    assert erp.get(f"/entries/{entry}/links")["items"] == []


def test_an_unknown_mail_is_not_found(erp: Program, entry: int) -> None:
    told = erp.post(f"/entries/{entry}/links", {"message_id": "<x@y.example>"}, 404)
    assert "x@y.example" in told["detail"]


def test_a_suggestion_is_accepted_once(erp: Program, world: World, entry: int) -> None:
    mail = world.mail(subject="Motor", sender="meier@kunde.example", box="verkauf")
    (waiting,) = erp.get("/suggestions")["items"]
    assert waiting["id"] == mail.id
    assert waiting["suggestions"][0]["number"] == entry
    path = f"/suggestions/{mail.id}"
    assert erp.post(f"{path}/ignore", status=200)["ignored"] is True
    assert erp.get("/suggestions")["items"] == []
    erp.post(f"{path}/consider", status=200)
    accepted = erp.post(f"{path}/accept", {"number": entry}, 200)
    assert accepted == {"id": mail.id, "entry": entry}
    (shown,) = erp.get(f"/entries/{entry}/links")["items"]
    assert shown["reason"] in {"manual", "suggestion"}
    assert erp.get("/suggestions")["items"] == []


def test_mailboxes_and_health_are_told(erp: Program) -> None:
    boxes = erp.get("/mailboxes")["items"]
    assert {box["address"] for box in boxes} >= {"verkauf@werft.example"}
    health = erp.get("/health")
    assert health["daemon_running"] is False
    assert health["ok"] is False
    assert health["mailboxes"] == len(boxes)
    assert erp.get("/review-cases")["items"] == []


def test_lists_are_filtered_and_paged(erp: Program, entry: int) -> None:
    for number in range(4):
        erp.post(
            "/entries",
            {"address_id": 1, "subtag": "offerte", "title": f"Offerte {number}"},
        )
    first = erp.get("/entries?limit=3")
    rest = erp.get(f"/entries?limit=3&cursor={first['next']}")
    numbers = [row["number"] for row in first["items"] + rest["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), rest["next"]) == (5, None)
    found = erp.get("/entries?subtag=offerte&q=offerte")["items"]
    assert len(found) == 4
    assert erp.get("/entries?cursor=nichts", 422)["code"] == "invalid"
    assert erp.get("/entries?limit=0", 422)["errors"][0]["field"] == "limit"
    assert (
        erp.get("/entries?statut=open", 422)["errors"][0]["code"] == "extra_forbidden"
    )
