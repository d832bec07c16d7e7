"""The demo's controls beside the simulated Outlook; no such page outside of it.

Left is what lies in the mailboxes, asked of the simulated Exchange and never of our
database. Right are buttons that let something happen there. None of these requests is
in a transaction: they write nothing of ours and wait for another process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from flask import abort, current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import clock, database
from crm_core.models import Mailbox
from crm_core.polling import mailboxes
from crm_core.queries import address_list, answerable
from crm_core.queries.address_list import AddressFilter
from crm_web.demo_hints import HINTS, Hint
from crm_web.demo_letters import Letter, new_address
from crm_web.demo_switches import SWITCHES
from crm_web.forms import Form
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, viewer
from crm_web.settings import DemoSettings
from crm_web.simulated_exchange import Fault, OutlookItem, SimulatedExchange

room = Room("demo", __name__)

_WRITERS = 60
_INBOX = 8
_ACTS = frozenset({"complete", "later", "move", "delete"})
_ELSEWHERE = "tasks/Später"
_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """One person's Outlook. ``silent``: the simulated Exchange does not answer."""

    mailbox: str
    tasks: tuple[OutlookItem, ...] = ()
    calendar: tuple[OutlookItem, ...] = ()
    inbox: tuple[OutlookItem, ...] = ()
    silent: bool = False


@room.before_request
def _only_in_the_demo() -> None:
    if current_app.config["SETTINGS"].demo is None:
        abort(404)


@room.get("/demo")
def show() -> str:
    """The page."""
    return _page(Form())


@room.get("/demo/outlook")
def outlook() -> str:
    """One person's Outlook alone: a fragment, asked for every few seconds."""
    return render_template("demo/_outlook.html", outlook=_outlook(_mailbox()))


@room.route("/demo/kunde", methods=["POST"])
def from_customer() -> Response | tuple[str, int]:
    """«E-Mail vom Kunden senden»: a new matter, no answer."""
    form = Form(request.form)
    writer = _writer(form)
    form.require("subject")
    if not form.ok or writer is None:
        return _page(form), 422
    to = _mailbox()
    _send(Letter(*writer.who, to, form.text("subject"), form.text("text")))
    if not _is_read(to):
        return _done("ungelesen")
    return _done("kunde", adresse=writer.id)


@room.route("/demo/antwort", methods=["POST"])
def answer() -> Response | tuple[str, int]:
    """«Antwort senden», perhaps from an address that nobody knows."""
    form = Form(request.form)
    wanted = form.number("entry")
    mail = next((m for m in answerable.newest(viewer()) if m.entry == wanted), None)
    if mail is None:
        form.errors["entry"] = gettext("Please choose an entry.")
        return _page(form), 422
    is_new = form.flag("new_address")
    letter = Letter(
        mail.sender_name,
        new_address(mail.sender) if is_new else mail.sender,
        mail.mailbox,
        _reply_subject(mail.subject),
        form.text("text") or gettext("Thank you, that suits us well."),
        mail.internet_id,
    )
    _send(letter)
    return _done("neu" if is_new else "antwort", eintrag=mail.entry)


@room.route("/demo/schlagwort", methods=["POST"])
def with_keyword() -> Response | tuple[str, int]:
    """«Mit #offerte senden»: an employee writes to a customer."""
    form = Form(request.form)
    writer = _writer(form)
    form.require("keyword_subject")
    if not form.ok or writer is None:
        return _page(form), 422
    me = _mailbox()
    subject = f"#offerte {form.text('keyword_subject')}"
    text = gettext("Please find our quote enclosed.")
    raw = Letter(_names()[me], me, writer.email, subject, text).to_mime(clock.now())
    _exchange().deliver(raw, submitted_by=me)
    if not _is_read(me):
        return _done("ungelesen")
    return _done("schlagwort", adresse=writer.id)


@room.route("/demo/klick", methods=["POST"])
def click() -> Response:
    """«Im Outlook erledigen / verschieben / löschen»."""
    form = Form(request.form)
    what, mailbox = form.text("act"), _mailbox()
    item = next((i for i in _items(mailbox) if i.id == form.text("item")), None)
    if what not in _ACTS:
        abort(404)
    if item is None:  # somebody else was faster
        return _done("weg")
    if what == "later":
        _an_hour_later(mailbox, item)
    else:
        details = {"to": _ELSEWHERE} if what == "move" else {}
        _exchange().act(mailbox, what, item.id, **details)
    return _done(what, eintrag=item.entry)


def _items(mailbox: str) -> list[OutlookItem]:
    exchange = _exchange()
    return exchange.items(mailbox, "tasks") + exchange.items(mailbox, "calendar")


def _an_hour_later(mailbox: str, item: OutlookItem) -> None:
    if item.starts is None or item.ends is None:
        abort(404)
    moved = {"Start": item.starts + _LATER, "End": item.ends + _LATER}
    times = {name: moment.isoformat() for name, moment in moved.items()}
    _exchange().act(mailbox, "edit", item.id, set=times)


@room.route("/demo/stoerung", methods=["POST"])
def fault() -> Response:
    """A fault, or its end."""
    form = Form(request.form)
    switch = next((s for s in SWITCHES if s.key == form.text("switch")), None)
    if switch is None:
        abort(404)
    if form.flag("undo"):
        _exchange().heal(switch.kind)
        with database.transaction():
            mailboxes.release_stopped(actor=viewer().actor)
        return _done("behoben")
    mailbox = _mailbox()
    _exchange().heal(switch.kind)  # pressed twice: still one fault
    _exchange().strike(switch.kind, **switch.parameters(mailbox))
    return _done(switch.key)


# --- what the page needs ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who may write; the address is the CRM's."""

    id: int
    name: str
    email: str

    @property
    def who(self) -> tuple[str, str]:
        """Name and e-mail address, as a mail has them."""
        return self.name, self.email


def _page(form: Form) -> str:
    mailbox, names = _mailbox(), _names()
    shown = _outlook(mailbox)
    faults = frozenset[Fault]() if shown.silent else _exchange().faults()
    return render_template(
        "demo/show.html",
        form=form,
        outlook=shown,
        boxes=names.items(),
        here=names[mailbox],
        writers=[(one.id, one.name) for one in _writers()],
        answers=[
            (one.entry, one.title, one.sender_name or one.sender)
            for one in answerable.newest(viewer())
        ],
        switches=[(one, one.is_on(faults, mailbox)) for one in SWITCHES],
        hint=_hint(),
    )


def _outlook(mailbox: str) -> Outlook:
    exchange = _exchange()
    try:
        return Outlook(
            mailbox,
            tasks=tuple(sorted(exchange.items(mailbox, "tasks"), key=_by_due)),
            calendar=tuple(sorted(exchange.items(mailbox, "calendar"), key=_by_start)),
            inbox=tuple(reversed(exchange.items(mailbox, "inbox", newest=_INBOX))),
        )
    except OSError:
        return Outlook(mailbox, silent=True)


def _by_due(item: OutlookItem) -> tuple[bool, str]:
    return item.done, str(item.due or "")


def _by_start(item: OutlookItem) -> str:
    return item.starts.isoformat() if item.starts else ""


def _hint() -> Hint | None:
    return HINTS.get(request.args.get("getan", ""))


def _done(what: str, **where: int | None) -> Response:
    kept = {"postfach": _mailbox(), "getan": what, **where}
    known = {name: value for name, value in kept.items() if value is not None}
    return back_to(f"{url_for('.show')}?{urlencode(known)}")


def _send(letter: Letter) -> None:
    _exchange().deliver(letter.to_mime(clock.now()), letter.to)


def _reply_subject(subject: str) -> str:
    return subject if subject[:3].lower() in {"re:", "aw:"} else f"Re: {subject}"


def _writer(form: Form) -> Writer | None:
    wanted = form.number("writer")
    found = next((one for one in _writers() if one.id == wanted), None)
    if found is None:
        form.errors["writer"] = gettext("Please choose an address.")
    return found


def _writers() -> Iterator[Writer]:
    for row in address_list.page(viewer(), AddressFilter(), limit=_WRITERS).rows:
        if row.emails:
            yield Writer(row.id, row.name, row.emails[0])


def _mailbox() -> str:
    """The one that is looked at; only those of the demo."""
    wanted = request.values.get("postfach", "")
    known = _demo().mailboxes
    return wanted if wanted in known else known[0]


def _names() -> dict[str, str]:
    """What the mailboxes are called, in the order of the demo."""
    known = {row.address: row.name for row in Mailbox.select()}
    return {one: known.get(one) or one for one in _demo().mailboxes}


def _is_read(mailbox: str) -> bool:
    """Whether its person is informed: otherwise nothing of it comes into the CRM."""
    read = Mailbox.select().where(Mailbox.address == mailbox, Mailbox.enabled == 1)
    return bool(read.exists())


def _exchange() -> SimulatedExchange:
    return SimulatedExchange(_demo().control_url)


def _demo() -> DemoSettings:
    demo: DemoSettings | None = current_app.config["SETTINGS"].demo
    if demo is None:
        abort(404)
    return demo
