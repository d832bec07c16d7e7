"""«Nicht zugeordnet»: new mail, held mail, review cases; each decision is one press.

Every act leads back to the list and can be taken back there. Whoever was slower is told
who was quicker; nothing is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from flask import current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.errors import Conflict, CrmError, NotFound
from crm_core.linking import triage
from crm_core.models import EntryStatus, Right, Triage
from crm_core.queries import entry_list, entry_thread, review_list
from crm_core.queries import triage as triage_list
from crm_core.queries.entry_list import EntryFilter
from crm_core.queries.review_list import ReviewCaseView
from crm_core.queries.triage import HeldItem, TriageItem
from crm_core.records import entries
from crm_core.sentences import say
from crm_core.threads import review_cases, voiding
from crm_core.threads.conversations import CID, GUID, MID
from crm_web import chrome, quotations
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.fragments import layout
from crm_web.i18n import gettext, language, ngettext
from crm_web.rooms import Room, back_to, inside, viewer
from crm_web.words import entry_name

room = Room("triage", __name__)

_OFFERED = 20  # other entries to choose from
_NOT_CLOSED = frozenset({EntryStatus.OPEN, EntryStatus.WAITING})


@dataclass(frozen=True, slots=True)
class Undo:
    """What was just done, and the form that takes it back."""

    text: str
    action: str
    fields: dict[str, str]


# --- the lists --------------------------------------------------------------------


@room.get("/nicht-zugeordnet")
def listing() -> str:
    """«Neu»: conversations that no entry shows."""
    page = triage_list.unassigned(viewer(), before=request.args.get("vor"))
    return render_template(
        "triage/list.html",
        page=page,
        counts=chrome.waiting(),
        texts=_texts(page.rows),
        intro=_intro(),
        undo=_undo(),
        ignored=triage_list.ignored_senders() if _keeps_addresses() else (),
    )


@room.get("/nicht-zugeordnet/zurueckgehalten")
def held() -> str:
    """«Zurückgehalten»: mail of linked conversations that is offered, not shown."""
    page = triage_list.held(viewer(), before=request.args.get("vor"))
    return render_template(
        "triage/held.html",
        page=page,
        counts=chrome.waiting(),
        texts=_texts(page.rows),
    )


@room.get("/nicht-zugeordnet/<int:message_id>/vorschau")
def preview(message_id: int) -> str:
    """The text of one mail in the list, or that it is on its way (polled)."""
    item = triage_list.item(viewer(), message_id)
    if item is None:
        raise NotFound("there is no mail {number}", number=message_id)
    return render_template(
        "triage/_preview.html", item=item, text=_texts([item]).get(message_id)
    )


class _Act(Protocol):
    def __call__(self, case: int, *, actor: str) -> object: ...


@contextmanager
def _quicker_told(
    kinds: tuple[type[CrmError], ...] = (Conflict,),
) -> Iterator[list[str]]:
    """Undo what was begun and say who was quicker; nobody was if the list stays empty."""
    told: list[str] = []
    try:
        with database.savepoint():
            yield told
    except kinds as error:
        told.append(say(error, language()))
        tell("warning", f"{told[0]}.")


def _list(**arguments: object) -> str:
    return url_for(".listing", **arguments)  # type: ignore[arg-type]  # query values


def _undo() -> Undo | None:
    """What the act before this page did, if it can still be taken back."""
    args = request.args
    try:
        if "verlinkt" in args:
            return _undo_link(int(args["verlinkt"]), int(args.get("mit", "")))
        if "ignoriert" in args:
            return _undo_ignored(int(args["ignoriert"]))
    except (CrmError, ValueError):
        return None
    if "absender" in args:
        sender = args["absender"][:320]
        return Undo(
            gettext("%(sender)s is always ignored.", sender=sender),
            url_for(".heed_sender"),
            {"absender": sender},
        )
    return None


def _undo_link(message_id: int, number: int) -> Undo:
    message = triage.visible(viewer(), message_id)
    entry = viewer().entry(number, write=True)
    return Undo(
        gettext(
            "«%(subject)s» is linked with %(entry)s.",
            subject=message.subject or gettext("(no subject)"),
            entry=entry_name(entry.number),
        ),
        url_for("mail.unlink", message_id=message_id),
        {"eintrag": str(number), "umfang": "unterhaltung", "weiter": _list()},
    )


def _undo_ignored(message_id: int) -> Undo:
    message = triage.visible(viewer(), message_id)
    return Undo(
        gettext(
            "«%(subject)s» is ignored.",
            subject=message.subject or gettext("(no subject)"),
        ),
        url_for(".consider_again", message_id=message_id),
        {},
    )


def _texts(items: Sequence[TriageItem | HeldItem]) -> dict[int, str]:
    """What is new in each mail whose text is here and may be read."""
    stored = entry_thread.texts(viewer(), [item.message for item in items])
    return {id_: quotations.parts(t.text, t.new).new for id_, t in stored.items()}


def _keeps_addresses() -> bool:
    """Who may see and change whom nobody has to see here."""
    return viewer().can(Right.MASTER_DATA)


def _intro() -> str:
    days = current_app.config["SETTINGS"].unlinked_days
    said = {
        Triage.KNOWN: gettext(
            "These e-mails come from known addresses but belong to no entry yet."
        ),
        Triage.REPLIES: gettext(
            "These e-mails come from known addresses or belong to a conversation of "
            "ours, but to no entry yet."
        ),
        Triage.ALL: gettext("These e-mails belong to no entry yet."),
    }[triage_list.widest_rule()]
    kept = gettext("Only head data are stored, for %(days)s days at most.", days=days)
    return f"{said} {kept}"


# --- acts on new mail -------------------------------------------------------------


@room.post("/nicht-zugeordnet/<int:message_id>/verlinken")
def link(message_id: int) -> Response:
    """Link with an entry, as suggested or chosen; the sender may become a participant."""
    form = Form(request.form)
    number = form.number("eintrag") or 0
    onward = inside(form.text("weiter")) if form.text("weiter") else _list()
    with _quicker_told() as told:
        if form.flag("beteiligt"):
            _add_sender(message_id, number)
        triage.accept(viewer(), message_id, number)
    if told:
        return back_to(onward)
    if onward != _list():
        tell("success", _linked_with(number))
        return back_to(onward)
    return back_to(_list(verlinkt=message_id, mit=number))


def _add_sender(message_id: int, number: int) -> None:
    item = triage_list.item(viewer(), message_id)
    entry = viewer().entry(number, write=True)
    if item is not None and item.address is not None:
        entries.add_participant(entry, item.address.id, actor=viewer().actor)


@room.post("/nicht-zugeordnet/<int:message_id>/ignorieren")
def ignore(message_id: int) -> Response:
    """Needs no entry; a later mail of the conversation waits again."""
    triage.ignore(viewer(), message_id)
    return back_to(_list(ignoriert=message_id))


@room.post("/nicht-zugeordnet/<int:message_id>/absender-ignorieren")
def ignore_sender(message_id: int) -> Response:
    """Nothing of this sender waits here any more."""
    email = triage.ignore_sender(viewer(), message_id)
    return back_to(_list(absender=email))


@room.post("/nicht-zugeordnet/<int:message_id>/wieder")
def consider_again(message_id: int) -> Response:
    """Take «Ignorieren» back."""
    triage.consider_again(viewer(), message_id)
    tell("success", gettext("The e-mail waits again."))
    return back_to(_list())


@room.post("/nicht-zugeordnet/absender-beachten")
def heed_sender() -> Response:
    """Take «Absender immer ignorieren» back."""
    email = Form(request.form).text("absender")
    triage.heed_sender(viewer(), email)
    tell("success", gettext("%(sender)s is not ignored any more.", sender=email))
    return back_to(_list())


@room.post("/nicht-zugeordnet/auswahl")
def many() -> Response:
    """Several at once: as suggested, or ignored; each stands for itself."""
    form = Form(request.form)
    ids = [int(text) for text in form.many("mail") if text.isdecimal()][:100]
    link_them = form.text("tun") == "verlinken"
    done = sum(_one_of_many(id_, link_them=link_them) for id_ in ids if id_ < 2**31)
    if link_them:
        text = ngettext("%(num)s e-mail linked.", "%(num)s e-mails linked.", done)
    else:
        text = ngettext("%(num)s e-mail ignored.", "%(num)s e-mails ignored.", done)
    tell("success" if done == len(ids) else "warning", text)
    if done < len(ids):
        tell("info", gettext("The others have no suggestion, or were placed already."))
    return back_to(_list())


def _one_of_many(message_id: int, *, link_them: bool) -> bool:
    item = triage_list.item(viewer(), message_id)
    if item is None:
        return False
    if not link_them:
        triage.ignore(viewer(), message_id)
        return True
    number = next((s.number for s in item.suggestions if s.number), None)
    if number is None:
        return False
    try:
        with database.savepoint():
            triage.accept(viewer(), message_id, number)
    except CrmError:
        return False
    return True


# --- another entry ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Choice:
    number: int
    title: str
    about: str


@room.get("/nicht-zugeordnet/<int:message_id>/anderer-eintrag")
def other_entry(message_id: int) -> str:
    """Choose the entry: first those of the sender's address, then by search."""
    item = triage_list.item(viewer(), message_id)
    if item is None:
        raise NotFound("there is no mail {number}", number=message_id)
    text = request.args.get("suche", "")[:200].strip()
    return render_template(
        "triage/other_entry.html",
        layout=layout,
        item=item,
        text=text,
        entries=_choices(item, text),
    )


def _choices(item: TriageItem, text: str) -> list[_Choice]:
    wanted = EntryFilter(status=_NOT_CLOSED)
    if text:
        wanted = EntryFilter(text=text)
    elif item.address is not None:
        wanted = EntryFilter(address=item.address.id)
    rows = entry_list.page(viewer(), wanted, limit=_OFFERED).rows
    return [
        _Choice(
            row.number,
            row.title,
            " · ".join(
                said for said in (row.address and row.address.name, row.subtag) if said
            ),
        )
        for row in rows
        if row.writable
    ]


# --- held mail --------------------------------------------------------------------


@room.post("/nicht-zugeordnet/<int:message_id>/trotzdem")
def include(message_id: int) -> Response:
    """Show the held mail in the entry after all."""
    return _decide_held(message_id, triage.include, gettext("Linked with %(entry)s."))


@room.post("/nicht-zugeordnet/<int:message_id>/beteiligten")
def add_participant(message_id: int) -> Response:
    """The sender's address takes part from now on, and the mail is shown."""
    address = Form(request.form).number("adresse") or 0

    def act(who: Viewer, number: int, mail: int) -> None:
        triage.add_participant_and_include(who, number, mail, address)

    return _decide_held(message_id, act, gettext("Linked with %(entry)s."))


@room.post("/nicht-zugeordnet/<int:message_id>/nicht-verlinken")
def exclude(message_id: int) -> Response:
    """Not in this entry, for good."""
    said = gettext("Not linked with %(entry)s.")
    return _decide_held(message_id, triage.exclude, said)


def _decide_held(
    message_id: int, act: Callable[[Viewer, int, int], None], said: str
) -> Response:
    """Hidden things do not exist (404); what somebody has decided meanwhile is told."""
    number = Form(request.form).number("eintrag") or 0
    viewer().entry(number, write=True)
    triage.visible(viewer(), message_id)
    with _quicker_told((Conflict, NotFound)) as told:
        act(viewer(), number, message_id)
    if not told:
        tell("success", said % {"entry": entry_name(number)})
    return back_to(url_for(".held"))


def _linked_with(number: int) -> str:
    return gettext("Linked with %(entry)s.", entry=entry_name(number))


# --- review cases -----------------------------------------------------------------


@room.get("/nicht-zugeordnet/prueffaelle")
def reviews() -> str:
    """«Prüffälle»: what only a person may decide about threads."""
    return render_template(
        "triage/reviews.html",
        cases=review_list.listing(viewer(), _prefix()),
        counts=chrome.waiting(),
        question=_question,
    )


@room.get("/nicht-zugeordnet/prueffaelle/<int:case_id>")
def review(case_id: int) -> str:
    """Both conversations side by side, and what would join them."""
    case = review_list.case(viewer(), case_id, _prefix())
    return render_template(
        "triage/review.html",
        case=case,
        question=_question,
        joined=_joined(case),
        voidable=bool(case.kinds & {GUID, CID}),
    )


@room.post("/nicht-zugeordnet/prueffaelle/<int:case_id>/zusammenlegen")
def merge(case_id: int) -> Response:
    """One conversation, in all their entries."""
    return _decide(case_id, review_cases.merge, gettext("Merged."))


@room.post("/nicht-zugeordnet/prueffaelle/<int:case_id>/getrennt")
def keep_apart(case_id: int) -> Response:
    """Never merged by the machine, never asked again."""
    return _decide(case_id, review_cases.keep_apart, gettext("Left apart."))


@room.post("/nicht-zugeordnet/prueffaelle/<int:case_id>/ungueltig")
def void_keys(case_id: int) -> Response:
    """The key that joins them belongs to a form: it joins nothing any more."""
    return _decide(case_id, voiding.void_joining_keys, gettext("The key is void."))


@room.post("/nicht-zugeordnet/prueffaelle/<int:case_id>/eintrag")
def settle_tokens(case_id: int) -> Response:
    """The subject names several entries: this one is meant."""
    number = Form(request.form).number("eintrag") or 0
    case = review_list.case(viewer(), case_id, _prefix(), write=True)
    with _quicker_told() as told:
        triage.accept(viewer(), case.mail.id, number)
        review_cases.keep_apart(case_id, actor=viewer().actor)
    if not told:
        tell("success", _linked_with(number))
    return back_to(url_for(".reviews"))


def _decide(case_id: int, act: _Act, said: str) -> Response:
    with _quicker_told() as told:
        review_cases.get(case_id)  # decided meanwhile: a Conflict, told
        review_list.case(viewer(), case_id, _prefix(), write=True)
        act(case_id, actor=viewer().actor)
    if not told:
        tell("success", said)
    return back_to(url_for(".reviews"))


def _question(case: ReviewCaseView) -> str:
    if case.reason == review_cases.TWO_TOKENS:
        return gettext("The subject names several entries: which one is meant?")
    return gettext(
        "This e-mail would join conversations that belong to different entries."
    )


def _joined(case: ReviewCaseView) -> str:
    """The keys that would join the sides, in words."""
    words = {
        MID: gettext("it cites e-mails of both (Message-ID)"),
        GUID: gettext("the same Thread-Index"),
        CID: gettext("the same conversation on the mail server"),
    }
    return ", ".join(words[kind] for kind in (MID, GUID, CID) if kind in case.kinds)


def _prefix() -> str:
    prefix: str = current_app.config["SETTINGS"].token_prefix
    return prefix
