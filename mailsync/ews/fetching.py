"""GetItem in chunks: halve when the server is slow, bisect when one item is bad.

Guarantees: every asked ref ends in exactly one of messages, gone, unreadable; an
answer that was cut raises Transient and nothing of the chunk counts; a bad item costs
about 2·log2(chunk) extra requests and never the others.

The chunk starts at 50 and grows by a quarter with every chunk that went through, up to
the size that the configuration allows.
A time-out halves it and the smaller one is asked at once, twice at most in one call; a
busy server halves it for the next time only: the pause is the engine's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailsync.errors import AuthRejected, ItemGone, MailSyncError, Transient
from mailsync.errors import Unprocessable as UnprocessableError
from mailsync.ews.calls import Caller
from mailsync.ews.errors import of_message
from mailsync.ews.mapping import Element, attachment_stubs, read_message
from mailsync.ews.properties import (
    ALL_HEADERS,
    CONTENT,
    METADATA,
    MNS,
    NAMED_HEADERS,
    UNIQUE_BODY,
    UNIQUE_BODY_AS_TEXT,
)
from mailsync.ews.properties import TEXT as TEXT_FIELDS
from mailsync.ews.strict_xml import Unparseable
from mailsync.ews.xml_text import escape
from mailsync.port import (
    Detail,
    ItemRef,
    RemoteAttachment,
    RemoteMessage,
    Unreadable,
)

START: Final = 50
SMALLEST: Final = 1
_FIELDS: Final = {
    Detail.METADATA: METADATA,
    Detail.TEXT: TEXT_FIELDS,
    Detail.CONTENT: CONTENT,
}
_HALVINGS: Final = 2
_BUSY: Final = "E221"
_SLOW: Final = "E222"
_ITEMS: Final = f"{{{MNS}}}Items"
_CODE: Final = f"{{{MNS}}}ResponseCode"


@dataclass(slots=True)
class Outcome:
    """What came of the items so far.

    ``stubs`` are their attachments by item id: (attachment id, description).
    """

    messages: list[RemoteMessage] = field(default_factory=list)
    stubs: dict[str, list[tuple[str, RemoteAttachment]]] = field(default_factory=dict)
    gone: list[ItemRef] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class Fetcher:
    """Fetches the mails of one mailbox; remembers the chunk size that works."""

    def __init__(self, caller: Caller, largest: int, *, all_headers: bool) -> None:
        self._caller = caller
        self._largest = largest
        self._headers = ALL_HEADERS if all_headers else NAMED_HEADERS
        self._suspects: set[str] = set()
        self.chunk = min(START, largest)

    def fetch(self, refs: Sequence[ItemRef], detail: Detail) -> Outcome:
        """All refs, in chunks; raises what concerns the mailbox, not an item."""
        outcome = Outcome()
        todo, halvings = list(refs), 0
        while todo:
            part, rest = todo[: self.chunk], todo[self.chunk :]
            try:
                self._fetch_chunk(part, detail, outcome)
            except Transient as error:
                if error.code in (_BUSY, _SLOW):
                    self.chunk = max(SMALLEST, len(part) // 2)
                if error.code != _SLOW or halvings == _HALVINGS or len(part) == 1:
                    raise
                halvings += 1
                continue
            self.chunk = min(self._largest, self.chunk + max(1, self.chunk // 4))
            todo = rest
        return outcome

    def _fetch_chunk(
        self, refs: Sequence[ItemRef], detail: Detail, outcome: Outcome
    ) -> None:
        try:
            answers = self._ask_all(refs, detail)
        except (Unparseable, UnprocessableError) as error:
            if len(refs) == 1:
                outcome.unreadable.append(Unreadable(refs[0], str(error)))
                return
            half = len(refs) // 2
            self._fetch_chunk(refs[:half], detail, outcome)
            self._fetch_chunk(refs[half:], detail, outcome)
            return
        errors = [of_message(answer) for answer in answers]
        self._refuse_if_about_the_mailbox(refs, errors)
        for ref, answer, problem in zip(refs, answers, errors, strict=True):
            self._sort(ref, answer, problem, outcome)
            if detail is Detail.CONTENT and problem is None:
                for item in answer.iterfind(f"{_ITEMS}/*"):
                    outcome.stubs[ref.external_id] = attachment_stubs(item)

    def _ask_all(self, refs: Sequence[ItemRef], detail: Detail) -> list[Element]:
        """With UniqueBody where content is asked; without it where that fails.

        On some items UniqueBody alone is an ErrorInternalServerError (exchange.md §5):
        those are asked again without it, in one request.
        """
        if detail is not Detail.CONTENT:
            return self._ask(refs, detail)
        answers = self._ask(refs, detail, UNIQUE_BODY_AS_TEXT, UNIQUE_BODY)
        failed = [
            place
            for place, answer in enumerate(answers)
            if answer.findtext(_CODE) == "ErrorInternalServerError"
        ]
        if failed:
            again = self._ask([refs[place] for place in failed], detail)
            for place, answer in zip(failed, again, strict=True):
                answers[place] = answer
        return answers

    def _ask(
        self, refs: Sequence[ItemRef], detail: Detail, shape: str = "", more: str = ""
    ) -> list[Element]:
        ids = "".join(f'<t:ItemId Id="{escape(ref.external_id)}"/>' for ref in refs)
        answers = self._caller.ask(
            "GetItem",
            f"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>{shape}"
            f"<t:AdditionalProperties>{_FIELDS[detail]}{more}{self._headers}"
            f"</t:AdditionalProperties></m:ItemShape><m:ItemIds>{ids}</m:ItemIds>",
        )
        if len(answers) != len(refs):
            raise Transient(f"asked for {len(refs)} items, got {len(answers)}")
        return answers

    def _sort(
        self,
        ref: ItemRef,
        answer: Element,
        error: MailSyncError | None,
        outcome: Outcome,
    ) -> None:
        if isinstance(error, ItemGone):
            outcome.gone.append(ref)
            return
        if error is not None:
            outcome.unreadable.append(Unreadable(ref, str(error)))
            return
        items = answer.find(_ITEMS)
        if items is None or not len(items):
            outcome.unreadable.append(Unreadable(ref, "an answer without the item"))
            return
        try:
            message = read_message(items[0])
        except UnprocessableError as bad:
            outcome.unreadable.append(Unreadable(ref, bad.reason))
            return
        outcome.messages.append(message)

    def _refuse_if_about_the_mailbox(
        self, refs: Sequence[ItemRef], errors: Sequence[MailSyncError | None]
    ) -> None:
        """Raise an item's error where it is not about the item.

        Busy, slow and moving servers answer so item by item. ErrorInternalServerError
        may be either: it is the item's when others of the chunk went well or when the
        item has answered so before. A missing right is the mailbox's matter when every
        item says it.
        """
        for ref, error in zip(refs, errors, strict=True):
            if not isinstance(error, Transient):
                continue
            internal = str(error).startswith("ErrorInternalServerError")
            if not internal or not (
                None in errors or ref.external_id in self._suspects
            ):
                self._suspects.add(ref.external_id)
                raise error
        denied = [error for error in errors if isinstance(error, AuthRejected)]
        if denied and len(denied) == len(errors):
            raise denied[0]
