"""A new entry, and changing one: mandatory fields, subtag of all three levels."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core import clock
from crm_core.access import staff
from crm_core.access.viewer import Viewer
from crm_core.errors import Forbidden, NotFound
from crm_core.linking import keywords, triage
from crm_core.models import Address, Employee, Entry
from crm_core.queries import address_list, entry_page, subtag_choice
from crm_core.queries.address_list import AddressFilter
from crm_core.queries.entry_page import EntryHead
from crm_core.records import addresses, entries
from crm_core.records.entries import EntryDraft, Stale
from crm_core.tags import classification
from crm_web import typed_schedule
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, local
from crm_web.rooms import Room, back_to, viewer
from crm_web.words import entry_name

room = Room("entry_form", __name__)

BY_SUBTAG = "+"  # of «responsible»: whom the subtag names, else oneself


@room.get("/eintraege/subtags")
def subtags() -> str:
    """Options of the combobox, filtered: a fragment."""
    found = subtag_choice.choices(viewer()).matching(request.args.get("q", "")[:100])
    return render_template("entries/subtag_options.html", found=found[:30])


@room.get("/eintraege/neu")
def new() -> str | Response:
    """The form for an address; without one, the address is chosen first."""
    address_id = request.args.get("adresse", type=int)
    message_id = request.args.get("email", type=int)
    given = MultiDict({"responsible": _first_responsible()})
    if message_id is not None:
        given["title"] = _title_of(viewer(), message_id)
        given["email"] = str(message_id)
    if address_id is None:
        return _choose_address()
    given["title"] = request.args.get("titel", given.get("title", ""))[:200]
    return _new_form(Form(given), addresses.get(address_id))


def _first_responsible() -> str:
    """Oneself; where a subtag names somebody, whoever the chosen one names."""
    named = any(one.has_responsible for one in subtag_choice.choices(viewer()).all)
    return BY_SUBTAG if named else viewer().key


def _title_of(who: Viewer, message_id: int) -> str:
    subject = triage.visible(who, message_id).subject
    topic = keywords.without_marks(keywords.parse(subject).topic)
    return topic[: entries.LONGEST_TITLE]


def _choose_address() -> str:
    text = request.args.get("q", "")[:200]
    page = address_list.page(viewer(), AddressFilter(text=text), limit=20)
    return render_template("entries/choose_address.html", text=text, rows=page.rows)


@room.post("/eintraege/neu", endpoint="create")
def create() -> Response | tuple[str, int]:
    """Save; «Speichern & Aufgabe» leads on to the new entry's task form."""
    form = Form(request.form)
    address = _posted_address(form)
    draft = _draft(form, address)
    form.add_all(entries.problems(draft))
    _in_own_words(form)
    made: list[Entry] = []
    if form.ok:
        with attempt(form):
            made.append(_open(form, draft))
    if not form.ok:
        return _new_form(form, address), 422
    number = made[0].number
    tell("success", gettext("%(number)s saved.", number=entry_name(number)))
    onward = url_for("entries.show", number=number)
    return back_to(f"{onward}#neue-aufgabe" if form.flag("and_task") else onward)


def _open(form: Form, draft: EntryDraft) -> Entry:
    entry = entries.open_as(draft, actor=viewer().actor)
    message_id = form.number("email")
    if message_id is not None:
        triage.accept(viewer(), message_id, entry.number)
    return entry


@room.get("/eintraege/<int:number>/bearbeiten")
def edit(number: int) -> str:
    """The form with what is stored."""
    entry = viewer().entry(number, write=True)
    head = entry_page.head(viewer(), number)
    given = MultiDict(
        {
            "title": entry.title,
            "subtag": head.subtag_key,
            "responsible": head.responsible_key or "",
            "description": entry.description,
            "follow_up_on": typed_schedule.as_typed(entry.follow_up_on),
            "management_only": "1" if entry.management_only else "",
            "version": str(entry.version),
        }
    )
    return _edit_form(Form(given), head)


@room.post("/eintraege/<int:number>/bearbeiten", endpoint="update")
def update(number: int) -> Response | tuple[str, int]:
    """Save the changes; if somebody was faster, nothing, and the inputs stay."""
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    draft = _draft(form, None, before=entry)
    stale = False
    if form.ok:
        try:
            with attempt(form):
                _rewrite(form, entry, draft)
        except _Overtaken:
            stale = True
    _in_own_words(form)
    if form.ok and not stale:
        tell("success", gettext("%(number)s saved.", number=entry_name(number)))
        return back_to(url_for("entries.show", number=number))
    head = entry_page.head(viewer(), number)
    differing = _told_stale(form, head) if stale else ()
    return _edit_form(form, head, differing), 409 if stale else 422


class _Overtaken(Exception):
    """The entry is no longer as the person saw it."""


def _rewrite(form: Form, entry: Entry, draft: EntryDraft) -> None:
    try:
        entries.rewrite(
            entry, draft, actor=viewer().actor, version=form.number("version") or 0
        )
    except Stale as overtaken:
        raise _Overtaken from overtaken


@dataclass(frozen=True, slots=True)
class Differing:
    """A field in which the stored entry and the inputs differ."""

    label: str
    stored: str
    typed: str


def _told_stale(form: Form, head: EntryHead) -> tuple[Differing, ...]:
    """Say by whom and when; saving once more then overwrites knowingly."""
    form.errors[""] = gettext(
        "Meanwhile changed by %(name)s (%(time)s). Your inputs are still here.",
        name=head.updated_by or "?",
        time=f"{local(head.updated_at or clock.now()):%H:%M}",
    )
    form.values = MultiDict(form.values)
    form.values["version"] = str(head.version)
    stored = {
        "title": (gettext("Title"), head.title),
        "subtag": (gettext("Subtag"), head.subtag_key),
        "responsible": (gettext("Responsible"), head.responsible_key or ""),
        "description": (gettext("Description"), head.description),
        "follow_up_on": (
            gettext("Follow-up"),
            typed_schedule.as_typed(head.follow_up_on),
        ),
    }
    return tuple(
        Differing(label, value, form.text(name))
        for name, (label, value) in stored.items()
        if value != form.text(name)
    )


# --- both forms -------------------------------------------------------------------


def _draft(
    form: Form, address: Address | None, *, before: Entry | None = None
) -> EntryDraft:
    """What was filled in; what is missing or not allowed stands at its field."""
    form.require("title", "subtag", "responsible")
    if "subtag" in form.errors:
        form.errors["subtag"] = gettext("Please choose a subtag.")
    else:
        _check_subtag(form)
    only_management = form.flag("management_only")
    if not viewer().management:  # who is not of GL can neither set nor remove it
        only_management = before.management_only if before else False
    return EntryDraft(
        title=form.text("title"),
        address_id=address.id if address else None,
        subtag_key=form.text("subtag"),
        note=form.text("note"),
        management_only=only_management,
        description=form.text("description"),
        responsible=_responsible(form),
        follow_up_on=typed_schedule.read_day(form, "follow_up_on"),
    )


def _check_subtag(form: Form) -> None:
    try:
        subtag = classification.subtag_by_key(form.text("subtag"))
    except NotFound:
        form.errors["subtag"] = gettext("Please choose a subtag.")
        return
    if subtag.id not in viewer().writable:
        form.add(Forbidden("you have no right to do this"))


def _responsible(form: Form) -> Employee | None:
    key = form.text("responsible")
    if not key:
        return None
    if key == BY_SUBTAG:
        return _named_by_subtag(form)
    found = Employee.get_or_none(Employee.key == key)
    if not isinstance(found, Employee):
        form.errors["responsible"] = gettext("Please choose one of the list.")
        return None
    return found


def _named_by_subtag(form: Form) -> Employee | None:
    try:
        subtag = classification.subtag_by_key(form.text("subtag"))
        return classification.responsible_for(subtag) or staff.by_key(viewer().key)
    except NotFound:  # said at the subtag
        return None


def _posted_address(form: Form) -> Address | None:
    number = form.number("address")
    return None if number is None else addresses.get(number)


def _in_own_words(form: Form) -> None:
    for name, sentence in (
        ("note", gettext("Entries of this subtag need a note.")),
        ("description", gettext("Entries of this subtag need a description.")),
        ("follow_up_on", gettext("Entries of this subtag need a follow-up.")),
    ):
        if name in form.errors and not form.text(name):
            form.errors[name] = sentence


def _new_form(form: Form, address: Address | None) -> str:
    return render_template(
        "entries/new.html", form=form, address=address, **_choices(form)
    )


def _edit_form(
    form: Form, head: EntryHead, differing: tuple[Differing, ...] = ()
) -> str:
    return render_template(
        "entries/edit.html",
        form=form,
        head=head,
        differing=differing,
        **_choices(form),
    )


def _choices(form: Form) -> dict[str, object]:
    found = subtag_choice.choices(viewer(), keep=form.text("subtag"))
    chosen = next((c for c in found.all if c.key == form.text("subtag")), None)
    people = staff.active_employees()
    named = any(one.has_responsible for one in found.all)
    return {
        "subtags": found,
        "chosen": chosen,
        "people": people,
        "by_subtag": BY_SUBTAG if named else None,
    }
