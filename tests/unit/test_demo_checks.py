"""What the demonstration compares is really compared, and told in both languages."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from crm_core.models import Hold, LinkReason
from mailsync.demo.facts import InEntry, Records, StoredMail
from mailsync.demo.feed import StoryMail
from mailsync.demo.mail_checks import wrong_threads

DEMO = Path(__file__).parents[2] / "mailsync" / "demo"
SPOKEN = {"Said", "title", "line", "aside", "fact"}


def mail(number: int, thread: str) -> StoryMail:
    return StoryMail(
        name=f"m{number}",
        part="story",
        thread=thread,
        topic="",
        sender="a@kunde.example",
        recipients=(),
        subject="",
        message_id=f"<{number}@kunde.example>",
        received="",
        mailboxes=(),
        submitted_by=None,
        mime=b"",
    )


def records(*conversations: int) -> Records:
    stored = [
        StoredMail(
            f"<{number}@kunde.example>", conversation, (), None, None, (),
            has_content=False, attachments=0,
        )
        for number, conversation in enumerate(conversations)
    ]  # fmt: skip
    return Records({one.message_id: one for one in stored}, Counter(), 0)


@pytest.mark.parametrize(
    ("conversations", "count"), [((1, 1, 2), 0), ((1, 2, 2), 3), ((1, 1, 1), 3)]
)
def test_threads_apart_or_together_against_the_truth_are_noticed(
    conversations: tuple[int, ...], count: int
) -> None:
    mails = [mail(0, "a"), mail(1, "a"), mail(2, "b")]
    truth = {one.message_id: one.thread for one in mails}
    assert len(wrong_threads(records(*conversations), truth, mails)) == count


def test_an_entry_is_found_by_its_number() -> None:
    held = InEntry(7, LinkReason.REPLY, Hold.INTERNAL_ONLY, new_sender=False)
    stored = StoredMail(
        "<1@kunde.example>", 1, (), None, None, (held,),
        has_content=False, attachments=0,
    )  # fmt: skip
    assert stored.entry(7) is held
    assert stored.entry(8) is None


def texts(node: ast.AST) -> str:
    """The fixed text of a literal or an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(texts(part) for part in node.values)
    return ""


def sentences() -> list[tuple[str, str]]:
    found = []
    for path in sorted(DEMO.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.func if isinstance(node, ast.Call) else None
            word = getattr(name, "attr", getattr(name, "id", ""))
            if isinstance(node, ast.Call) and word in SPOKEN and len(node.args) == 2:
                found.append((texts(node.args[0]), texts(node.args[1])))
    return found


def test_every_sentence_is_said_in_two_languages() -> None:
    told = sentences()
    assert len(told) > 80
    same = {"Message-ID", "Thread-Index", ""}
    assert [de for de, en in told if de == en and de not in same] == []


def test_german_is_swiss_and_calm() -> None:
    wrong = [de for de, _ in sentences() if "ß" in de or "!" in de or "„" in de]
    assert wrong == []
