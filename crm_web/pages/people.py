"""Verwaltung › Benutzer & Gruppen: people, their sign-ins and groups.

Only administrators, and everything with the password typed again. A password is shown
once, in the answer to the form that made it: it is stored nowhere and follows nobody
over a redirect.
"""

from flask import g, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.access import accounts, people, staff
from crm_core.errors import NotFound
from crm_core.models import Account, Right
from crm_core.queries import people as reading
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import LANGUAGES, gettext, language
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("people", __name__)


@room.get("/verwaltung/benutzer")
@needs(Right.ADMINISTRATION)
def listing() -> str:
    """Everybody who works here, whether they sign in or not."""
    return render_template("people/list.html", rows=reading.rows())


@room.get("/verwaltung/benutzer/neu")
@needs(Right.ADMINISTRATION)
@proved
def new() -> str:
    """An empty form: with a sign-in, unless that is unticked."""
    return _new_form(Form(MultiDict({"login": "1", "language": language()})))


@room.post("/verwaltung/benutzer/neu", endpoint="create")
@needs(Right.ADMINISTRATION)
@proved
def create() -> Response | str | tuple[str, int]:
    """Add somebody; a made password is shown once."""
    form = Form(request.form)
    form.require("key", "name")
    shown = ""
    if form.ok:
        with attempt(form):
            person = people.add(
                form.text("key"),
                form.text("name"),
                _known(form.many("group")),
                actor=viewer().actor,
            )
            if form.flag("login"):
                shown = people.give_account(
                    person,
                    actor=viewer().actor,
                    language=_language(form),
                    password=form.values.get("password") or None,
                )
    if not form.ok:
        return _new_form(form), 422
    tell("success", gettext("%(name)s added.", name=person.name))
    if shown and not form.values.get("password"):
        return _shown_once(person.id, shown)
    return back_to(url_for(".listing"))


@room.get("/verwaltung/benutzer/<int:employee_id>")
@needs(Right.ADMINISTRATION)
@proved
def show(employee_id: int) -> str:
    """A person: name, groups, sign-in."""
    return _person(Form(_given(employee_id)), employee_id)


@room.post("/verwaltung/benutzer/<int:employee_id>", endpoint="save")
@needs(Right.ADMINISTRATION)
@proved
def save(employee_id: int) -> Response | tuple[str, int]:
    """Name and groups; other groups sign the person out everywhere."""
    person, form = people.employee(employee_id), Form(request.form)
    form.require("name")
    if form.ok:
        with attempt(form):
            people.change(
                person,
                form.text("name"),
                _known(form.many("group")),
                seen=form.text("seen"),
                actor=viewer().actor,
            )
    if not form.ok:
        if "" in form.errors:  # somebody was faster: saving again overwrites knowingly
            form.values = MultiDict(form.values)
            form.values["seen"] = people.seen_of(people.employee(employee_id))
        return _person(form, employee_id), 422
    return _saved(employee_id)


@room.post("/verwaltung/benutzer/<int:employee_id>/konto", endpoint="give_account")
@needs(Right.ADMINISTRATION)
@proved
def give_account(employee_id: int) -> Response | str | tuple[str, int]:
    """A sign-in for somebody who had none."""
    person, form = people.employee(employee_id), Form(request.form)
    shown = ""
    with attempt(form):
        shown = people.give_account(
            person,
            actor=viewer().actor,
            language=_language(form),
            password=form.values.get("password") or None,
        )
    return _after_password(form, employee_id, shown)


@room.post("/verwaltung/benutzer/<int:employee_id>/passwort", endpoint="reset")
@needs(Right.ADMINISTRATION)
@proved
def reset(employee_id: int) -> Response | str | tuple[str, int]:
    """Another password; the person is signed out everywhere."""
    account, form = _account(employee_id), Form(request.form)
    shown = ""
    with attempt(form):
        shown = people.reset_password(
            account,
            actor=viewer().actor,
            password=form.values.get("password") or None,
        )
    return _after_password(form, employee_id, shown)


@room.post(
    "/verwaltung/benutzer/<int:employee_id>/ohne-passwort", endpoint="remove_password"
)
@needs(Right.ADMINISTRATION)
@proved
def remove_password(employee_id: int) -> Response | tuple[str, int]:
    """Only by OpenID Connect from now on."""
    account, form = _account(employee_id), Form(request.form)
    with attempt(form):
        people.remove_password(account, actor=viewer().actor)
    return _acted(form, employee_id)


@room.post("/verwaltung/benutzer/<int:employee_id>/sperren", endpoint="lock")
@needs(Right.ADMINISTRATION)
@proved
def lock(employee_id: int) -> Response | tuple[str, int]:
    """Lock the sign-in, or open it again."""
    account, form = _account(employee_id), Form(request.form)
    with attempt(form):
        people.set_locked(account, locked=form.flag("locked"), actor=viewer().actor)
    return _acted(form, employee_id)


@room.post("/verwaltung/benutzer/<int:employee_id>/aktiv", endpoint="set_active")
@needs(Right.ADMINISTRATION)
@proved
def set_active(employee_id: int) -> Response | tuple[str, int]:
    """Somebody leaves, or comes back."""
    person, form = people.employee(employee_id), Form(request.form)
    with attempt(form):
        people.set_active(person, active=form.flag("active"), actor=viewer().actor)
    return _acted(form, employee_id)


@room.post("/verwaltung/benutzer/<int:employee_id>/abmelden", endpoint="sign_out")
@needs(Right.ADMINISTRATION)
@proved
def sign_out(employee_id: int) -> Response:
    """End every session of the person."""
    people.end_sessions(_account(employee_id), actor=viewer().actor)
    return _saved(employee_id)


# --- shared -----------------------------------------------------------------------


def _account(employee_id: int) -> Account:
    account = people.account_of(people.employee(employee_id))
    if account is None:
        raise NotFound("there is no such employee")
    return account


def _known(names: list[str]) -> list[str]:
    """Only groups that exist: a form cannot make one by the way."""
    return [name for name in names if name in staff.group_names()]


def _language(form: Form) -> str:
    wanted = form.text("language")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _saved(employee_id: int) -> Response:
    tell("success", gettext("Saved."))
    return back_to(url_for(".show", employee_id=employee_id))


def _acted(form: Form, employee_id: int) -> Response | tuple[str, int]:
    if form.ok:
        return _saved(employee_id)
    form.values = _given(employee_id)
    return _person(form, employee_id), 422


def _given(employee_id: int) -> MultiDict[str, str]:
    """The person's form as it is stored."""
    person = people.employee(employee_id)
    given = MultiDict({"name": person.name, "seen": people.seen_of(person)})
    given.setlist("group", sorted(staff.groups_of(person)))
    return given


def _after_password(
    form: Form, employee_id: int, shown: str
) -> Response | str | tuple[str, int]:
    if form.ok and not form.values.get("password"):
        return _shown_once(employee_id, shown)
    return _acted(form, employee_id)


def _shown_once(employee_id: int, password: str) -> str:
    return render_template(
        "people/password.html", row=reading.row(employee_id), password=password
    )


def _new_form(form: Form) -> str:
    return render_template(
        "people/new.html",
        form=form,
        groups=staff.group_names(),
        chosen=form.many("group"),
        shortest=accounts.SHORTEST_PASSWORD,
    )


def _person(form: Form, employee_id: int) -> str:
    return render_template(
        "people/show.html",
        form=form,
        row=reading.row(employee_id),
        groups=staff.group_names(),
        chosen=form.many("group"),
        shortest=accounts.SHORTEST_PASSWORD,
        mine=g.viewer.employee == employee_id,
    )
