"""Whether an item is as we left it: judged by the fields we own, purely."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from crm_core.mirroring.mirror_fields import (
    EXACT,
    Judgement,
    OwnFields,
    Place,
    Seen,
    Written,
    described,
    differences,
    judge,
    written_from,
)
from crm_core.models import Drift, MirrorKind

FRIDAY = date(2026, 11, 27)
NINE = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
TASK = OwnFields("Mast bestellen · CRM-1001", due_on=FRIDAY)
TIMED = OwnFields(
    "Mast stellen · CRM-1001", starts_at=NINE, ends_at=NINE + timedelta(hours=1)
)
WHOLE_DAY = OwnFields(
    "Mast stellen · CRM-1001", all_day=True, first_day=FRIDAY, last_day=FRIDAY
)


def seen(fields: OwnFields, *, item: str = "a", place: Place = Place.OWN) -> Seen:
    return Seen(item, "key", place, fields)


def judged(
    fields: OwnFields,
    written: Written | None = None,
    kind: MirrorKind = MirrorKind.TASK,
    **where: Place,
) -> Drift | None:
    written = written or Written(fields=TASK)
    return judge(kind, written, "a", [seen(fields, **where)]).drift


def test_an_untouched_item_is_no_drift() -> None:
    assert judged(TASK) is None


def test_another_subject_is_a_change() -> None:
    assert judged(replace(TASK, subject="Segel bestellen")) is Drift.CHANGED


def test_blanks_around_a_subject_are_the_servers_business() -> None:
    assert judged(replace(TASK, subject=f" {TASK.subject} ")) is None


def test_completing_a_task_is_drift_of_its_own() -> None:
    assert judged(replace(TASK, completed=True)) is Drift.COMPLETED


def test_completing_and_renaming_at_once_is_shown_as_completed() -> None:
    both = replace(TASK, completed=True, subject="erledigt!")
    assert judged(both) is Drift.COMPLETED


def test_reopening_in_outlook_what_is_done_is_a_change() -> None:
    done = Written(fields=replace(TASK, completed=True))
    assert judged(TASK, done) is Drift.CHANGED


@pytest.mark.parametrize("days", [-1, 1])
def test_a_due_date_one_day_off_counts_as_ours_until_it_was_read_back(
    days: int,
) -> None:
    shifted = replace(TASK, due_on=FRIDAY + timedelta(days=days))
    assert judged(shifted) is None
    assert judged(shifted, Written(fields=TASK, read_back=TASK)) is Drift.CHANGED
    assert judged(shifted, Written(fields=TASK, read_back=shifted)) is None


def test_a_due_date_two_days_off_is_a_change() -> None:
    assert judged(replace(TASK, due_on=FRIDAY + timedelta(days=2))) is Drift.CHANGED


def test_a_removed_due_date_is_a_change() -> None:
    assert judged(replace(TASK, due_on=None)) is Drift.CHANGED


@pytest.mark.parametrize(
    "fields",
    [
        replace(TIMED, starts_at=NINE + timedelta(minutes=15)),
        replace(TIMED, ends_at=NINE + timedelta(hours=2)),
        replace(WHOLE_DAY, subject=TIMED.subject),
    ],
)
def test_another_time_is_a_change_of_an_appointment(fields: OwnFields) -> None:
    written = Written(fields=TIMED)
    assert judged(fields, written, MirrorKind.APPOINTMENT) is Drift.CHANGED


def test_seconds_of_an_appointment_do_not_count() -> None:
    later = replace(TIMED, starts_at=NINE + timedelta(seconds=20))
    assert judged(later, Written(fields=TIMED), MirrorKind.APPOINTMENT) is None


def test_another_day_or_a_second_day_is_a_change_of_a_whole_day() -> None:
    longer = replace(WHOLE_DAY, last_day=FRIDAY + timedelta(days=1))
    written = Written(fields=WHOLE_DAY)
    assert judged(longer, written, MirrorKind.APPOINTMENT) is Drift.CHANGED
    assert judged(WHOLE_DAY, written, MirrorKind.APPOINTMENT) is None


def test_an_appointment_is_never_completed() -> None:
    done = replace(TIMED, completed=True)
    assert judged(done, Written(fields=TIMED), MirrorKind.APPOINTMENT) is None


def test_another_folder_is_moved_and_deleted_items_is_deleted() -> None:
    assert judged(TASK, place=Place.ELSEWHERE) is Drift.MOVED
    assert judged(TASK, place=Place.TRASH) is Drift.DELETED


def test_a_folder_that_was_accepted_is_no_drift_any_more() -> None:
    followed = Written(fields=TASK, followed=True)
    assert judged(TASK, followed, place=Place.ELSEWHERE) is None


def test_nothing_found_is_deleted_only_if_something_was_there() -> None:
    assert judge(MirrorKind.TASK, Written(fields=TASK), "a", []).drift is Drift.DELETED
    assert judge(MirrorKind.TASK, Written(), None, []) == Judgement(None)


def test_what_an_open_attempt_was_about_to_write_is_ours() -> None:
    newer = replace(TASK, subject="Segel bestellen · CRM-1001")
    newest = replace(TASK, subject="Boot bestellen · CRM-1001")
    written = Written(fields=TASK, trying=(newer, newest))
    assert [judged(fields, written) for fields in (TASK, newer, newest)] == [None] * 3


def test_a_restored_history_knows_nothing_and_accuses_nobody() -> None:
    assert judge(MirrorKind.TASK, Written(), None, [seen(TASK)]).drift is None


def test_of_two_living_items_the_stored_one_is_ours() -> None:
    other, mine = seen(TASK, item="b"), seen(TASK, item="a")
    assert judge(MirrorKind.TASK, Written(fields=TASK), "a", [other, mine]).item == mine


def test_an_item_in_our_folder_is_preferred_to_one_elsewhere() -> None:
    away = seen(TASK, item="b", place=Place.ELSEWHERE)
    here = seen(TASK, item="c")
    found = judge(MirrorKind.TASK, Written(fields=TASK), "a", [away, here])
    assert found == Judgement(here)


def test_the_stored_form_gives_back_every_field() -> None:
    written = Written(
        fields=TASK,
        trying=(TIMED, WHOLE_DAY),
        trying_version=4,
        read_back=WHOLE_DAY,
        seen=TIMED,
        creates=2,
        rewrite=True,
        followed=True,
    )
    assert written_from(written.to_json()) == written
    assert written_from(None) == Written()


def test_differences_are_told_old_and_new() -> None:
    theirs = replace(TASK, subject="x", due_on=None)
    assert differences(MirrorKind.TASK, TASK, theirs, tolerance=EXACT) == [
        "subject",
        "due_on",
    ]
    text = described(MirrorKind.TASK, TASK, theirs)
    assert text == "subject: Mast bestellen · CRM-1001 → x; due_on: 2026-11-27 → –"
