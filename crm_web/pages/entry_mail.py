"""Mail of an entry: linking it, taking it out and back, deciding about held mail.

What a person does here is pinned: nothing automatic changes it.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.linking import links, triage
from crm_core.models import Entry, LinkReason, Message
from crm_core.queries import entry_page, entry_thread, mail_choice
from crm_core.queries.paging import Page
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.fragments import layout
from crm_web.i18n import gettext, ngettext
from crm_web.rooms import Room, back_to, viewer

room = Room("entry_mail", __name__)

_MOST = 100  # mails linked by one press


@room.get("/eintraege/<int:number>/e-mails")
def choose(number: int) -> str:
    """«E-Mail verlinken»: unlinked mail of all participants, or a search in all."""
    viewer().entry(number, write=True)
    return _choice_page(number, Form())


@room.post("/eintraege/<int:number>/e-mails", endpoint="link")
def link(number: int) -> Response | tuple[str, int]:
    """Link the ticked mails with their conversations; «move» takes them out elsewhere.

    A mail that another entry has stays there too, unless asked to move.
    """
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    wanted = [int(text) for text in form.many("mail") if text.isdecimal()][:_MOST]
    if not wanted:
        form.errors["mail"] = gettext("Please tick at least one e-mail.")
        return _choice_page(number, form), 422
    for message_id in wanted:
        message = triage.visible(viewer(), message_id)
        if form.text("elsewhere") == "move":
            _take_out_elsewhere(entry, message)
        _link(entry, message)
    said = ngettext("%(num)s e-mail linked.", "%(num)s e-mails linked.", len(wanted))
    tell("success", said)
    return back_to(f"{url_for('entries.show', number=number)}#verlauf")


def _link(entry: Entry, message: Message) -> None:
    links.link_mail(entry, message, reason=LinkReason.MANUAL, actor=viewer().actor)
    triage.close_suggestions(message, actor=viewer().actor)


def _take_out_elsewhere(entry: Entry, message: Message) -> None:
    """Out of every other entry the viewer reads; Forbidden where that is all."""
    found = entry_thread.elsewhere(viewer(), entry, [message.id])
    for number in found.get(message.id, ()):
        other = viewer().entry(number, write=True)
        conversation = links.active_links(other.id, message.conversation_id)
        act = links.unlink_conversation if conversation else links.unlink_message
        act(other, message, actor=viewer().actor)


def _choice_page(number: int, form: Form) -> str:
    everywhere = request.args.get("alle") == "1"
    text = request.args.get("q", "")[:200]
    page: Page[mail_choice.MailChoice] = mail_choice.page(
        viewer(),
        number,
        text=text,
        everywhere=everywhere,
        before=request.args.get("vor"),
    )
    kept = {"q": text, **({"alle": "1"} if everywhere else {})}
    following = None
    if page.before:
        here = url_for(".choose", number=number)
        following = f"{here}?{urlencode({**kept, 'vor': page.before})}"
    return render_template(
        "entries/link_mail.html",
        layout=layout(),
        head=entry_page.head(viewer(), number),
        page=page,
        text=text,
        everywhere=everywhere,
        following=following,
        elsewhere=any(choice.entries for choice in page.rows),
        form=form,
    )


# --- taking out, and back ---------------------------------------------------------


@room.post("/eintraege/<int:number>/e-mails/<int:message_id>/loesen")
def unlink(number: int, message_id: int) -> Response:
    """«Verlinkung lösen»: this mail, or («whole») its conversation; for good."""
    entry = viewer().entry(number, write=True)
    message = triage.visible(viewer(), message_id)
    whole = Form(request.form).flag("whole")
    act: Callable[..., None] = links.unlink_message
    if whole:
        act = links.unlink_conversation
    act(entry, message, actor=viewer().actor)
    said = (
        gettext("The conversation is no longer linked. It stays out.")
        if whole
        else gettext("The e-mail is no longer linked. It stays out.")
    )
    tell("success", said)
    return back_to(f"{url_for('entries.show', number=number)}#verlauf")


@room.post("/eintraege/<int:number>/e-mails/<int:message_id>/wieder")
def link_again(number: int, message_id: int) -> Response:
    """Take «Verlinkung lösen» back."""
    entry = viewer().entry(number, write=True)
    _link(entry, triage.visible(viewer(), message_id))
    tell("success", gettext("Linked again."))
    return _to_mail(number, message_id)


@room.post("/eintraege/<int:number>/e-mails/<int:message_id>/zeigen")
def include(number: int, message_id: int) -> Response:
    """A held mail: show it after all; with ``address`` its sender takes part."""
    address_id = Form(request.form).number("address")
    if address_id is None:
        triage.include(viewer(), number, message_id)
    else:
        triage.add_participant_and_include(viewer(), number, message_id, address_id)
    tell("success", gettext("The e-mail is linked now."))
    return _to_mail(number, message_id)


@room.post("/eintraege/<int:number>/e-mails/<int:message_id>/weglassen")
def exclude(number: int, message_id: int) -> Response:
    """A held mail: do not offer it again."""
    triage.exclude(viewer(), number, message_id)
    tell("success", gettext("The e-mail stays out."))
    return back_to(f"{url_for('entries.show', number=number)}#verlauf")


def _to_mail(number: int, message_id: int) -> Response:
    here = url_for("entries.show", number=number, bei=message_id)
    return back_to(f"{here}#mail-{message_id}")
