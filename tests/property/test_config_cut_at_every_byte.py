"""A list of mailboxes cut at every byte while it is written (design goal F16).

New contents differ from those in force near the beginning, so that a cut one is no mere
beginning of what was there before. Time is virtual; the parser is the real one.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.files import fingerprint
from config.last_good import SETTLE, LastGood
from config.watch import QUIET, Reloader

TODAY = date(2026, 11, 24)
SERVICE = b"database: sqlite:////tmp/x.db\n"
HEAD = """\
servers:
  main:
    endpoint: https://mail.werft.example/EWS/Exchange.asmx
    auth: kerberos
internal_domains: [werft.example]
never: ["*@bank.example"]
mailboxes:
"""
CLOSING = "...\n"


def box(number: int) -> str:
    return f"""\
  - address: m{number:02}@werft.example
    # Nach dem Umzug in die neue Halle zuständig für Steg {number}, Winterlager und
    # die Termine beim Schifffahrtsamt; Stellvertretung siehe Aushang im Büro.
    name: Postfach {number} (Steg, Winterlager, Schifffahrtsamt)
    kind: person
    informed: 2026-01-05
    groups: {{GL: subject}}
"""


OLD = HEAD + "".join(box(n) for n in range(1, 11))
NEW = HEAD + "".join(box(n) for n in range(11))
NAMED = {f"m{n:02}@werft.example" for n in range(11)}


def started(directory: Path, old: str) -> LastGood:
    (directory / "service.yaml").write_bytes(SERVICE)
    (directory / "mailboxes.yaml").write_text(old)
    good = LastGood(directory, directory / "state")
    good.start(today=TODAY)
    return good


def cuts(text: str, *, every: bool = True) -> Iterator[dict[str, bytes]]:
    """Cut at every byte; else around each line end and at every seventh byte."""
    whole = text.encode()
    for end in range(len(whole)):
        near_a_line_end = b"\n" in whole[max(end - 2, 0) : end + 2]
        if every or near_a_line_end or end % 7 == 0:
            yield {"service.yaml": SERVICE, "mailboxes.yaml": whole[:end]}


def is_all_but_the_line_end(files: dict[str, bytes], new: str) -> bool:
    return files["mailboxes.yaml"] == new.encode().rstrip()


def test_the_list_has_the_size_that_the_goal_names() -> None:
    assert len(NEW) >= 3000


def test_a_list_cut_at_any_byte_is_not_acted_on_at_the_first_look(
    tmp_path: Path, whole_corpus: bool
) -> None:
    """And if it stays cut for good: never empty, never a mailbox nobody named."""
    seen: Counter[str] = Counter()
    good = started(tmp_path, OLD)
    for files in cuts(NEW, every=whole_corpus):
        first = good.judge(files, [], now=0, today=TODAY)
        complete = is_all_but_the_line_end(files, NEW)
        assert first.state in ("kept", "waiting") or complete
        assert bool(first.problems) == (first.state == "kept")
        if first.state == "waiting":  # valid YAML: the writer died at a line's end
            second = good.judge(files, [], now=SETTLE, today=TODAY)
            assert second.state == "applied"
            listed = {one.address for one in second.config.mailboxes}
            assert listed
            assert listed <= NAMED
            # Said aloud: mailboxes gone, or the last one changed or paused.
            plan = second.plan
            assert plan.removed or "m10@werft.example" in plan.changed + plan.paused
        seen[first.state] += 1
        if first.state != "kept":
            good = started(tmp_path, OLD)
    print(f"\n{seen.total()} cuts of {len(NEW)} bytes, no closing line: {dict(seen)}")
    assert seen["kept"] + seen["waiting"] >= seen.total() - 1
    assert seen.total() >= (len(NEW.encode()) if whole_corpus else 500)
    assert seen["waiting"] > 0  # the honest rest, told in the docs


def test_a_list_with_a_closing_line_cut_at_any_byte_is_never_acted_on(
    tmp_path: Path, whole_corpus: bool
) -> None:
    good = started(tmp_path, OLD + CLOSING)
    for files in cuts(NEW + CLOSING, every=whole_corpus):
        found = good.judge(files, [], now=1000, today=TODAY)
        if is_all_but_the_line_end(files, NEW + CLOSING):
            assert found.state == "applied"
        else:
            assert found.state == "kept"
            # What is told is about the file, with a line.
            assert found.problems[0].line > 0


def test_the_same_list_in_json_cut_at_any_byte_is_never_valid(tmp_path: Path) -> None:
    text = """{"servers": {"main": {"endpoint": "https://mail.werft.example/x",
"auth": "kerberos"}}, "internal_domains": ["werft.example"], "mailboxes": [
{"address": "a@werft.example", "kind": "shared"},
{"address": "b@werft.example", "kind": "shared"}]}"""
    good = started(tmp_path, OLD)
    for files in cuts(text):
        assert good.judge(files, [], now=0, today=TODAY).state == "kept"


@pytest.mark.parametrize("style", ["in place", "rename"])
def test_while_somebody_writes_byte_by_byte_nothing_happens_and_then_all(
    tmp_path: Path, style: str
) -> None:
    target, beside = tmp_path / "mailboxes.yaml", tmp_path / ".mailboxes.yaml.swp"
    good = started(tmp_path, OLD)
    outcome = good.start(today=TODAY)
    reloader = Reloader(tmp_path, good, outcome)
    whole, now = NEW.encode(), 0.0
    with (target if style == "in place" else beside).open("wb") as file:
        for at in range(len(whole)):
            file.write(whole[at : at + 1])
            file.flush()
            now += QUIET / 2  # slow, but not stopped
            if at % 100 == 0:
                reloader.request()  # SIGHUP in the middle
            found = reloader.tick(now, TODAY)
            # Renamed: the old file is still there, and untouched.
            assert found is None or (style == "rename" and found.state == "same")
    if style == "rename":
        beside.replace(target)
    states = [reloader.tick(now + 0.5 * n, TODAY) for n in range(1, 12)]
    said = [one.state for one in states if one is not None]
    assert said[-1] == "applied"
    assert fingerprint({"service.yaml": SERVICE, "mailboxes.yaml": whole}) == (
        good.reload(now + 100, today=TODAY).config.fingerprint
    )


def test_a_reader_without_these_defences_would_act_on_a_cut_list(
    tmp_path: Path,
) -> None:
    """Red control: settle time nought, no closing line: the cut list is applied."""
    started(tmp_path, OLD)
    good = LastGood(tmp_path, tmp_path / "state", settle=0)
    good.start(today=TODAY)
    whole = NEW.encode()
    cut = {
        "service.yaml": SERVICE,
        "mailboxes.yaml": whole[: whole.index(b"  - a", 999)],
    }
    assert good.judge(cut, [], now=0, today=TODAY).state == "applied"
