"""The write-back tests are tested: each product bug put in must be seen.

One compact story with faults and acts of employees; the unharmed product passes it, and
every mutant of reliability.md §4 that concerns tasks must not.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from office import FRIDAY, PEOPLE, MemoryOutlook, Office, address_of, office
from write_back_truth import Truth, Wanted, problems

from crm_core import database
from crm_core.mirroring import mirrors, pushes, sightings
from crm_core.mirroring.mirror_fields import Judgement
from crm_core.models import Drift, Mailbox, MailboxStatus, TaskMirror
from crm_core.records import schedule
from mailsync import backoff, push_attempt, reconcile
from mailsync.port import ItemKind, ItemRef

Patch = pytest.MonkeyPatch
MOST_REFUSED = 6  # in an hour, or the directory locks the account


@pytest.fixture
def here(sqlite_db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


def story(here: Office) -> list[str]:
    """Everything that is wrong after faults, employees' acts and a refused log-in."""
    return _faults(here) or (_acts_of_employees(here) + _refused_login(here))


def _faults(here: Office) -> list[str]:
    truth = Truth(own={who: Counter() for who in PEOPLE})
    random = Random(5)
    for number in range(20):
        who = PEOPLE[number % 5]
        wanted = Wanted(who, f"Aufgabe {number}", ItemKind.TASK, due_on=FRIDAY)
        when = schedule.due_by(FRIDAY)
        truth.tasks[here.assign(who, when, title=wanted.title)] = wanted
        here.outlook.plan(who, "create_task", ["after", "before", "timeout"] * 2)
        here.outlook.plan(who, "find_task", random.choices([None, "before"], k=6))
    for _ in range(20):
        here.push()
        here.later(600)
    here.outlook.no_faults()
    for _ in range(3):
        here.run()
        here.later()
    return problems(here, truth)


def _acts_of_employees(here: Office) -> list[str]:
    expected = dict(zip(PEOPLE, Drift, strict=False))
    items = {who: here.ours(who)[0] for who in expected}
    here.outlook.complete("keller", items["keller"])
    here.outlook.edit("frei", items["frei"], subject="Anders")
    here.outlook.move("huber", items["huber"], "Erledigt")
    here.outlook.delete("moser", items["moser"])
    before = {who: Counter(here.outlook.items(who)) for who in PEOPLE}
    for _ in range(3):
        here.run()
        here.later()
    found = [
        f"{who}: the mailbox is not as the employee left it"
        for who in PEOPLE
        if Counter(here.outlook.items(who)) != before[who]
    ]
    for who, drift in expected.items():
        row = TaskMirror.get_or_none(TaskMirror.crm_key == items[who].key)
        if row is None or row.drift is not drift:
            found.append(f"{who}: {drift} is not shown")
    return found


def _refused_login(here: Office) -> list[str]:
    here.assign("wyss", title="Letzte")
    assert isinstance(here.outlook, MemoryOutlook)
    here.outlook.exchange.denied.add(address_of("wyss"))
    before = here.outlook.requests()
    for _ in range(120):
        here.push(patient=True)
        here.later(30)
    asked = here.outlook.requests() - before
    return ["a refused log-in is hammered"] if asked > MOST_REFUSED else []


# --- the bugs -----------------------------------------------------------------------


def blind_recreate(patch: Patch) -> None:
    patch.setattr(push_attempt.Attempt, "_find", lambda _self: [])


def key_not_sent(patch: Patch) -> None:
    real = push_attempt.wanted_item
    patch.setattr(
        push_attempt, "wanted_item", lambda push: replace(real(push), crm_key="")
    )


def key_rolled_again_on_retry(patch: Patch) -> None:
    real = pushes.claim

    def claim(mirror_id: int, *, owner: str) -> Any:
        key = f"crm-{secrets.token_hex(20)}"
        TaskMirror.update(crm_key=key).where(TaskMirror.id == mirror_id).execute()
        return real(mirror_id, owner=owner)

    patch.setattr(pushes, "claim", claim)


def attempt_not_remembered(patch: Patch) -> None:
    """Not committed before the request, and no look before a create."""
    real = pushes.claim

    def claim(mirror_id: int, *, owner: str) -> Any:
        push = real(mirror_id, owner=owner)
        return push and replace(push, doubt=False)

    patch.setattr(pushes, "claim", claim)
    patch.setattr(
        push_attempt.Attempt,
        "_look",
        lambda self: self._create() if self.push.present else self._remove([]),
    )


def drift_adopted_by_itself(patch: Patch) -> None:
    real = sightings.observe

    def observe(seen: Any, judgement: Judgement) -> bool:
        done = real(seen, judgement)
        row = TaskMirror.get_by_id(seen.mirror_id)
        if done and row.drift is not None:
            mirrors.adopt(row.task_id, actor="mailsync")
        return done

    patch.setattr(sightings, "observe", observe)


def drift_overwritten_by_itself(patch: Patch) -> None:
    real = sightings.observe

    def observe(seen: Any, judgement: Judgement) -> bool:
        done = real(seen, judgement)
        row = TaskMirror.get_by_id(seen.mirror_id)
        if done and row.drift is not None:
            mirrors.write_again(row.task_id, actor="mailsync")
        return done

    patch.setattr(sightings, "observe", observe)


def deleted_task_made_again(patch: Patch) -> None:
    real = reconcile.judge

    def judge(*args: Any) -> Judgement:
        found = real(*args)
        return Judgement(None) if found.drift is Drift.DELETED else found

    def forget(seen: Any, judgement: Judgement) -> bool:
        if judgement == Judgement(None):
            TaskMirror.update(external_id=None, written=None, pushed_version=0).where(
                TaskMirror.id == seen.mirror_id
            ).execute()
            return True
        return observe(seen, judgement)

    observe = sightings.observe
    patch.setattr(reconcile, "judge", judge)
    patch.setattr(push_attempt, "judge", judge)
    patch.setattr(sightings, "observe", forget)


def item_id_taken_for_identity(patch: Patch) -> None:
    """What is no longer under its id is called deleted; nobody looks by the key."""
    real = push_attempt.Attempt._find

    def find(self: push_attempt.Attempt) -> Any:
        return [] if self.push.external_id else real(self)

    patch.setattr(push_attempt.Attempt, "_find", find)
    patch.setattr(reconcile, "seen", lambda _kind, _items: [])


def change_key_taken_for_drift(patch: Patch) -> None:
    """Our own update, seen before it is recorded, would be the employee's."""
    patch.setattr(reconcile, "same", lambda *_args, **_more: False)
    patch.setattr(reconcile, "judge", _judged_by_key)


def _judged_by_key(_kind: Any, _written: Any, _id: Any, seen: Any) -> Judgement:
    item = next(iter(seen), None)
    return Judgement(item, Drift.CHANGED if item else Drift.DELETED)


def conflict_overwritten(patch: Patch) -> None:
    from mailsync.memory import MemoryMailbox

    real = MemoryMailbox.update_task

    def update(self: MemoryMailbox, ref: ItemRef, wanted: Any) -> ItemRef:
        return real(self, ItemRef(ref.external_id), wanted)

    patch.setattr(MemoryMailbox, "update_task", update)
    patch.setattr(reconcile, "sync_task_folder", _write_over_everything)


def _write_over_everything(port: Any, folder: Any, _stop: Any) -> reconcile.Reconciled:
    with database.transaction():
        TaskMirror.update(pushed_version=0).where(
            TaskMirror.mailbox == folder.mailbox_id
        ).execute()
    return reconcile.Reconciled(caught_up=True)


def refused_login_retried(patch: Patch) -> None:
    patch.setattr(backoff, "stops", lambda _error: False)


MUTANTS: tuple[Callable[[Patch], None], ...] = (
    blind_recreate,
    key_not_sent,
    key_rolled_again_on_retry,
    attempt_not_remembered,
    drift_adopted_by_itself,
    drift_overwritten_by_itself,
    deleted_task_made_again,
    item_id_taken_for_identity,
    change_key_taken_for_drift,
    conflict_overwritten,
    refused_login_retried,
)


def test_the_unharmed_product_passes_the_story(here: Office) -> None:
    assert story(here) == []
    stopped = Mailbox.get(Mailbox.address == address_of("wyss"))
    assert (stopped.status, stopped.status_code) == (MailboxStatus.STOPPED, "E211")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_bug_is_seen(
    here: Office, monkeypatch: Patch, mutant: Callable[[Patch], None]
) -> None:
    mutant(monkeypatch)
    assert story(here) != []
