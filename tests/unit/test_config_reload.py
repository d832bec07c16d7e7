"""When a change is taken over, and what stays in force when it is not."""

import json
from datetime import date
from pathlib import Path

import pytest

import config
from config.last_good import SETTLE, LastGood
from config.watch import QUIET, Reloader, Watch

TODAY = date(2026, 11, 24)
HEAD = """\
servers:
  main: {endpoint: "https://mail.werft.example/EWS/Exchange.asmx", auth: kerberos}
internal_domains: [werft.example]
mailboxes:
"""


def boxes(*names: str, closed: bool = False) -> str:
    listed = "".join(
        f"  - {{address: {name}@werft.example, kind: shared}}\n" for name in names
    )
    return HEAD + listed + ("...\n" if closed else "")


class Place:
    """A configuration directory, its state directory and what runs on them."""

    def __init__(self, root: Path, mailboxes: str) -> None:
        self.directory, self.state = root / "etc", root / "state"
        self.directory.mkdir()
        (self.directory / "service.yaml").write_text("database: sqlite:////tmp/x.db\n")
        self.write(mailboxes)

    def write(self, mailboxes: str) -> None:
        (self.directory / "mailboxes.yaml").write_text(mailboxes)

    def good(self) -> LastGood:
        return LastGood(self.directory, self.state)

    def started(self) -> LastGood:
        good = self.good()
        good.start(today=TODAY)
        return good

    def reloader(self) -> Reloader:
        good = self.good()
        return Reloader(self.directory, good, good.start(today=TODAY))


def listed(found: config.Config) -> list[str]:
    return [mailbox.name for mailbox in found.mailboxes]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, boxes("a", "b"))


# -- Watch ---------------------------------------------------------------------------


def test_nothing_is_wanted_while_nothing_changes() -> None:
    watch = Watch("x", quiet=1)
    assert not any(watch.wanted("x", now) for now in range(100))


def test_a_change_is_wanted_once_after_the_quiet_time() -> None:
    watch = Watch("x", quiet=1)
    looks = [watch.wanted("y", now / 4) for now in range(4, 20)]
    assert looks == [False] * 4 + [True] + [False] * 11


def test_every_further_change_begins_the_quiet_time_anew() -> None:
    watch = Watch("x", quiet=1)
    assert not any(watch.wanted(f"y{n}", n * 0.9) for n in range(1, 50))
    assert watch.wanted("y49", 49 * 0.9 + 1)


def test_a_change_that_is_taken_back_in_time_is_not_wanted() -> None:
    watch = Watch("x", quiet=1)
    assert not watch.wanted("y", 1)
    assert not watch.wanted("x", 1.5)
    assert not watch.wanted("x", 9)


def test_a_content_answered_for_is_wanted_again_after_another_one() -> None:
    watch = Watch("x", quiet=1)
    watch.wanted("y", 1)
    assert watch.wanted("y", 2)
    watch.wanted("x", 3)
    assert watch.wanted("x", 4)


# -- LastGood ------------------------------------------------------------------------


def test_a_good_start_keeps_a_private_copy(place: Place) -> None:
    outcome = place.good().start(today=TODAY)
    assert (outcome.state, listed(outcome.config)) == ("applied", ["a", "b"])
    copy = place.state / "last-good.json"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert json.loads(copy.read_text())["fingerprint"] == outcome.config.fingerprint
    assert [one.name for one in place.state.iterdir()] == ["last-good.json"]


def test_a_start_with_broken_files_uses_the_copy_and_says_why(place: Place) -> None:
    place.started()
    place.write(HEAD + "  - {address: x\n")
    outcome = place.good().start(today=TODAY)
    assert (outcome.state, listed(outcome.config)) == ("kept", ["a", "b"])
    (problem,) = outcome.problems
    assert (problem.file, problem.line) == ("mailboxes.yaml", 6)


def test_a_strict_start_with_broken_files_refuses(place: Place) -> None:
    place.started()
    place.write("")
    with pytest.raises(config.ConfigError):
        place.good().start(today=TODAY, strict=True)


def test_a_first_start_with_broken_files_refuses(place: Place) -> None:
    place.write("")
    with pytest.raises(config.ConfigError):
        place.good().start(today=TODAY)


@pytest.mark.parametrize("damage", ["cut", "changed", "other", "empty"])
def test_a_damaged_copy_is_not_used(place: Place, damage: str) -> None:
    place.started()
    copy = place.state / "last-good.json"
    said = copy.read_text()
    copy.write_text(
        {
            "cut": said[:-20],
            "changed": said.replace("a@werft", "x@werft"),
            "other": "[1]",
            "empty": "",
        }[damage]
    )
    place.write("")
    with pytest.raises(config.ConfigError):
        place.good().start(today=TODAY)


def test_the_copy_of_another_configuration_is_not_started(
    place: Place, tmp_path: Path
) -> None:
    """Two configurations share a state directory; one of them is broken."""
    place.started()
    other = tmp_path / "other"
    other.mkdir()
    (other / "service.yaml").write_text("database: sqlite:////tmp/y.db\n")
    (other / "mailboxes.yaml").write_text("")
    with pytest.raises(config.ConfigError):
        LastGood(other, place.state).start(today=TODAY)


def test_the_copy_is_used_however_its_directory_is_written(place: Place) -> None:
    place.started()
    place.write("")
    again = LastGood(place.directory / ".." / place.directory.name, place.state)
    assert again.start(today=TODAY).state == "kept"


def test_a_closing_line_of_another_configuration_asks_nothing_of_this_one(
    place: Place, tmp_path: Path
) -> None:
    place.write(boxes("a", closed=True))
    place.started()
    other = tmp_path / "other"
    other.mkdir()
    (other / "service.yaml").write_text("database: sqlite:////tmp/y.db\n")
    (other / "mailboxes.yaml").write_text(boxes("b"))
    assert LastGood(other, place.state).start(today=TODAY).state == "applied"


def test_a_copy_that_became_wrong_is_not_used(place: Place) -> None:
    """A password file that the copy names was opened to others meanwhile."""
    secret = place.directory / "pw"
    secret.write_text("x")
    secret.chmod(0o600)
    login = "auth: ntlm, login: svc, password: {file: pw}"
    place.write(boxes("a").replace("auth: kerberos", login))
    place.started()
    secret.chmod(0o644)
    with pytest.raises(config.ConfigError) as caught:
        place.good().start(today=TODAY)
    assert [one.kind for one in caught.value.problems] == ["secret_mode"]


def test_an_added_mailbox_is_taken_over_at_once(place: Place) -> None:
    good = place.started()
    place.write(boxes("c", "a", "b"))
    outcome = good.reload(0, today=TODAY)
    assert (outcome.state, listed(outcome.config)) == ("applied", ["c", "a", "b"])
    assert outcome.plan.added == ("c@werft.example",)


def test_unchanged_files_change_nothing(place: Place) -> None:
    good = place.started()
    assert good.reload(0, today=TODAY).state == "same"


def test_a_broken_file_leaves_the_configuration_in_force(place: Place) -> None:
    good = place.started()
    place.write(boxes("a", "b").replace("kind", "kond"))
    outcome = good.reload(0, today=TODAY)
    assert (outcome.state, listed(outcome.config)) == ("kept", ["a", "b"])
    assert len(outcome.problems) == 4
    place.write(boxes("a", "b"))
    assert good.reload(1, today=TODAY).state == "same"


@pytest.mark.parametrize(
    "text", ["", "# leer\n", HEAD, HEAD + "  []\n", HEAD.replace("boxes:", "boxes: []")]
)
def test_an_empty_list_never_stops_everything(place: Place, text: str) -> None:
    good = place.started()
    place.write(text)
    for now in (0, SETTLE, 1000):
        outcome = good.reload(now, today=TODAY)
        assert (outcome.state, listed(outcome.config)) == ("kept", ["a", "b"])


def test_a_missing_file_leaves_the_configuration_in_force(place: Place) -> None:
    good = place.started()
    (place.directory / "mailboxes.yaml").unlink()
    assert good.reload(0, today=TODAY).state == "kept"


def test_a_removed_mailbox_needs_a_second_look(place: Place) -> None:
    good = place.started()
    place.write(boxes("b"))
    first = good.reload(0, today=TODAY)
    assert (first.state, listed(first.config)) == ("waiting", ["a", "b"])
    assert good.reload(SETTLE / 2, today=TODAY).state == "waiting"
    second = good.reload(SETTLE, today=TODAY)
    assert (second.state, listed(second.config)) == ("applied", ["b"])
    assert second.plan.removed == ("a@werft.example",)


def test_another_content_at_the_second_look_waits_anew(place: Place) -> None:
    good = place.started()
    place.write(boxes("a"))
    good.reload(0, today=TODAY)
    place.write(boxes("b"))
    assert good.reload(SETTLE, today=TODAY).state == "waiting"
    assert good.reload(2 * SETTLE, today=TODAY).state == "applied"


def test_a_file_that_ends_otherwise_needs_a_second_look(place: Place) -> None:
    """The end decides who may see a mailbox; it may be missing by accident."""
    place.write(boxes("a") + "never: [bank.example]\n")
    good = place.started()
    place.write(boxes("a"))
    assert good.reload(0, today=TODAY).state == "waiting"
    assert good.reload(SETTLE, today=TODAY).config.never_domains == frozenset()


def test_a_change_in_the_middle_is_taken_over_at_once(place: Place) -> None:
    good = place.started()
    place.write(boxes("a", "b").replace("a@werft.example", "c@werft.example, poll: 9"))
    assert good.reload(0, today=TODAY).state == "waiting"  # a is gone
    place.write(boxes("a", "b").replace("a@werft.example", "a@werft.example, poll: 9"))
    assert good.reload(0, today=TODAY).state == "applied"


def test_a_vanished_taxonomy_needs_a_second_look(place: Place) -> None:
    taxonomy = place.directory / "taxonomy.yaml"
    taxonomy.write_text("groups: [{key: a, name: A}]\n")
    good = place.started()
    taxonomy.unlink()
    assert good.reload(0, today=TODAY).state == "waiting"
    assert good.reload(SETTLE, today=TODAY).config.taxonomy is None


def test_a_lost_closing_line_is_refused_for_good_and_told(tmp_path: Path) -> None:
    place = Place(tmp_path, boxes("a", "b", closed=True))
    good = place.started()
    place.write(boxes("a"))
    for now in (0, SETTLE, 1000):
        outcome = good.reload(now, today=TODAY)
        assert (outcome.state, listed(outcome.config)) == ("kept", ["a", "b"])
    (problem,) = outcome.problems
    assert (problem.kind, problem.line) == ("file_cut", 5)
    place.write(boxes("a", closed=True))
    assert good.reload(1001, today=TODAY).state == "waiting"


def test_a_lost_closing_line_is_refused_over_a_restart(tmp_path: Path) -> None:
    place = Place(tmp_path, boxes("a", "b", closed=True))
    place.started()
    place.write(boxes("a"))
    outcome = place.good().start(today=TODAY)
    assert (outcome.state, listed(outcome.config)) == ("kept", ["a", "b"])


def test_a_copy_that_cannot_be_written_is_a_warning_only(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    outcome = place.good().start(today=TODAY)
    assert outcome.state == "applied"
    assert [(one.kind, one.severity) for one in outcome.problems] == [
        ("copy_unwritten", "warning")
    ]


def test_reload_before_start_is_a_bug_of_ours(place: Place) -> None:
    with pytest.raises(RuntimeError):
        place.good().reload(0, today=TODAY)


# -- Reloader ------------------------------------------------------------------------


def ticks(reloader: Reloader, *times: float) -> list[str | None]:
    found = [reloader.tick(now, TODAY) for now in times]
    return [one.state if one else None for one in found]


def test_a_saved_change_is_in_force_within_five_seconds(place: Place) -> None:
    reloader = place.reloader()
    assert ticks(reloader, 0, 1) == [None, None]
    place.write(boxes("a", "b", "c"))
    assert ticks(reloader, 2, 3, 4, 5, 6) == [None, "waiting", None, None, "applied"]


def test_a_harmless_change_is_in_force_after_the_quiet_time(place: Place) -> None:
    reloader = place.reloader()
    place.write(boxes("c", "a", "b"))
    assert ticks(reloader, 0, 0.9, QUIET, 2, 3) == [None, None, "applied", None, None]


def test_a_broken_file_is_told_once(place: Place) -> None:
    reloader = place.reloader()
    place.write("kaputt: [")
    assert ticks(reloader, 0, 1, 2, 3, 4) == [None, "kept", None, None, None]
    place.write(boxes("a", "b"))
    assert ticks(reloader, 5, 6, 7) == [None, "same", None]


def test_a_request_is_answered_even_if_nothing_changed(place: Place) -> None:
    reloader = place.reloader()
    reloader.request()
    assert ticks(reloader, 0, 1) == ["same", None]


def test_a_request_while_somebody_writes_waits_for_the_rest(place: Place) -> None:
    reloader = place.reloader()
    place.write(boxes("a", "b")[:-20])
    reloader.request()
    assert ticks(reloader, 0, 0.5) == [None, None]
    place.write(boxes("c", "a", "b"))
    assert ticks(reloader, 0.9, 1.5, 1.9, 2.5) == [None, None, "applied", None]


def test_a_change_during_the_wait_begins_anew(place: Place) -> None:
    reloader = place.reloader()
    place.write(boxes("a"))
    assert ticks(reloader, 0, 1, 3) == [None, "waiting", None]
    place.write(boxes("b"))
    assert ticks(reloader, 4, 4.5, 5, 8) == [None, None, "waiting", "applied"]


def test_after_a_start_from_the_copy_a_repair_is_taken_over(place: Place) -> None:
    place.started()
    place.write("kaputt: [")
    reloader = place.reloader()
    assert ticks(reloader, 0, 1, 2) == [None, None, None]
    place.write(boxes("c", "a", "b"))
    assert ticks(reloader, 3, 4) == [None, "applied"]


def test_an_editor_that_takes_the_file_away_for_a_moment_does_no_harm(
    place: Place,
) -> None:
    reloader = place.reloader()
    target = place.directory / "mailboxes.yaml"
    target.rename(place.directory / "mailboxes.yaml~")
    assert ticks(reloader, 0, 0.5) == [None, None]
    place.write(boxes("c", "a", "b"))
    assert ticks(reloader, 1, 2) == [None, "applied"]
