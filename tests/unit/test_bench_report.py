"""The benchmark's report: missed is printed as missed, skipped as skipped."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench import report
from bench.goals import GOALS, Goal, judge
from bench.values import Differ, agreed

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LEAST = Goal("G8", "empty poll", "poll_ms", 0.5, "ms", why="the reason")
MOST = Goal("G1", "mails per second", "speed", 2_500, "/s", 0, at_least=True)


def one(goal: Goal, figures: dict[str, float], **skipped: str) -> Any:
    (line,) = judge(figures, skipped, (goal,))
    return line


def test_a_missed_goal_is_a_line_that_says_so_and_why() -> None:
    text = report.table([one(LEAST, {"poll_ms": 0.51})])
    assert "0.51 ms" in text
    assert "≤ 0.50 ms  MISSED" in text
    assert "MISSED: G8 empty poll: the reason" in text


def test_a_miss_without_a_known_reason_is_not_hidden() -> None:
    assert "no reason is known yet" in report.table([one(MOST, {"speed": 2_499})])


def test_a_figure_on_the_limit_is_met() -> None:
    assert one(LEAST, {"poll_ms": 0.5}).met is True
    assert one(MOST, {"speed": 2_500}).met is True


def test_a_goal_of_at_least_is_missed_from_below_only() -> None:
    assert one(MOST, {"speed": 2_499}).met is False
    assert one(MOST, {"speed": 9_999}).met is True


def test_what_was_not_measured_is_skipped_with_its_reason_and_never_met() -> None:
    line = one(LEAST, {}, poll_ms="no PostgreSQL")
    text = report.table([line])
    assert line.met is None
    assert "skipped: G8 empty poll: no PostgreSQL" in text
    assert "MISSED" not in text


def test_a_table_of_met_goals_gives_no_reasons() -> None:
    text = report.table([one(LEAST, {"poll_ms": 0.1})])
    assert text.splitlines()[-1].endswith("met")


def test_the_document_has_the_fixed_figures_at_its_top() -> None:
    figures = {"ingest_cpu_ms_per_message": 0.3, "poll_ms": 0.6}
    lines = judge(figures, {}, (LEAST,))
    document = report.document(lines, figures, {}, {"smoke": True}, AT)
    assert set(report.WANTED) <= document.keys()
    assert document["ingest_cpu_ms_per_message"] == 0.3
    assert document["bytes_per_message"] is None
    assert document["goals"][0]["result"] == "missed"
    assert document["goals"][0]["reason"] == "the reason"


def test_the_document_is_written_as_json(tmp_path: Path) -> None:
    path = tmp_path / "out" / "results.json"
    report.write(path, report.document([], {}, {}, {}, AT))
    assert json.loads(path.read_text())["at"] == "2026-11-24T08:00:00+00:00"


def test_the_asked_figures_are_those_of_the_issue_and_the_design() -> None:
    asked = {(goal.name, goal.figure): goal.asked for goal in GOALS}
    assert asked["ask", "ingest_share_of_stock"] == pytest.approx(1 / 3)
    assert asked["aim", "ingest_cpu_ms_per_message"] == 0.5
    assert asked["ask", "rss_mb_after_100k"] == 150
    assert asked["G4", "parse_html_ours_to_direct"] == 1.3
    assert asked["G8", "empty_poll_cpu_ms"] == 0.5
    assert asked["G14", "ingest_over_prototype_percent"] == 25
    assert {"G1", "G4", "G7", "G8", "G11", "G14"} <= {goal.name for goal in GOALS}


# -- both sides say the same -----------------------------------------------------------


MAIL = {"subject": "Offerte", "to": [["Hans", "hans@kunde.example"]], "cc": []}


def test_equal_values_are_counted() -> None:
    assert agreed([MAIL, MAIL], [dict(MAIL), dict(MAIL)]) == (2, 4)


@pytest.mark.parametrize("name", MAIL)
def test_a_field_that_differs_stops_the_run_and_is_named(name: str) -> None:
    with pytest.raises(Differ, match=name):
        agreed([MAIL, MAIL], [MAIL, {**MAIL, name: "other"}])


def test_a_field_that_one_side_lacks_is_a_difference() -> None:
    with pytest.raises(Differ, match="subject"):
        agreed([MAIL], [{"to": MAIL["to"], "cc": []}])


def test_a_missing_mail_is_a_difference() -> None:
    with pytest.raises(Differ, match="2 mails of ours, 1"):
        agreed([MAIL, MAIL], [MAIL])


def test_nothing_compared_is_no_agreement() -> None:
    with pytest.raises(Differ):
        agreed([], [])
