"""The permission table: read from its file, compared with the route table, asked.

A line is ``METHOD rule | demands | status | body``. *Demands* are what a person must
have, in the order in which the program asks; the first one missing decides the answer.
*Status* is what whoever has them all gets (``-``: whatever it is). ``{name}`` is filled from the bundle.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote

from flask import Flask
from matrix_world import ENTRIES, GROUPS, NOBODY, PEOPLE, Bundle, MatrixWorld, relations
from werkzeug.test import TestResponse

from crm_core.access.accounts import PRESET_RIGHTS
from crm_core.access.staff import MANAGEMENT
from crm_core.models import Access, Right, Visibility

TABLE = Path(__file__).parents[1] / "web" / "permission_table.txt"
SAFE = {"GET", "HEAD", "OPTIONS"}
API = "/api/v1"
_VARIABLE = re.compile(
    r"<(?:(?P<kind>[a-z]+)(?:\((?P<first>\w+)[^)]*\))?:)?(?P<name>[a-z_]+)>"
)
# What the variables of the rules are called in a bundle.
_NAMES = {
    "address_id": "address",
    "message_id": "mail",
    "attachment_id": "attachment",
    "task_id": "task",
    "case_id": "case",
    "session_id": "session",
    "feed_id": "feed",
    "value": "feed_value",
    "erp_number": "document",
}
_HELD, _LOOSE = {"message_id": "held"}, {"message_id": "loose", "mail": "loose"}
# Rules that mean another thing of the bundle: (begin, end, {variable: thing}).
_INSTEAD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/nicht-zugeordnet/", "", _LOOSE),
    ("/adressen/", "", {"message_id": "loose"}),
    (f"{API}/suggestions/", "", _LOOSE),
    ("/", "/trotzdem", {"loose": "held", **_HELD}),
    ("/", "/beteiligten", {"loose": "held", **_HELD}),
    ("/", "/nicht-verlinken", {"loose": "held", **_HELD}),
    ("/eintraege/", "/beobachten", {"number": "sibling"}),
    ("/eintraege/", "/zeigen", _HELD),
    ("/eintraege/", "/weglassen", _HELD),
    ("/eintraege/", "/entfernen", {"address_id": "extra"}),
    (f"{API}/entries/", "participants/<int:address>", {"address": "extra"}),
    ("/aufgaben/", "/offen", {"task_id": "done_task"}),
    ("/aufgaben/", "/uebernehmen", {"task_id": "drifted"}),
    ("/aufgaben/", "/ueberschreiben", {"task_id": "drifted"}),
    (f"{API}/tasks/", "/reopen", {"task": "done_task"}),
)
_OBJECT = re.compile(r"^(entry|task|mail|case|known|mine|own_mailbox|panel|feed)\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    method: str
    rule: str
    demands: tuple[str, ...]
    status: int
    body: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule} {self.body}".strip()

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.rule.partition("?")[0]

    @property
    def is_api(self) -> bool:
        return self.rule.startswith(f"{API}/") and "public" not in self.demands

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE

    @property
    def has_object(self) -> bool:
        return any(map(_OBJECT.match, self.demands))

    @property
    def right(self) -> Right | None:
        names = [d.partition(":")[2] for d in self.demands if d.startswith("right:")]
        return Right(names[0]) if names else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A row, a person, an object as it stands to that person (or a bundle's name).

    ``key``: with which session or token, where a person has several.
    """

    row: Row
    person: str
    relation: str
    key: str = ""

    @property
    def name(self) -> str:
        return f"{self.row.name} as {self.person} {self.key} on {self.relation}"


def read(path: Path = TABLE) -> list[Row]:
    """The rows of the file; blank lines and ``#`` are for people."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_row(line) for line in lines if line.strip() and not line.startswith("#")]


def _row(line: str) -> Row:
    route, demands, status, *body = (part.strip() for part in line.split(" | "))
    method, rule = route.split()
    return Row(method, rule, tuple(demands.split()), int(status.strip("-") or 0), *body)


def rows_of(app: Flask) -> list[Row]:
    """The table's rows, and one for each route that is for administrators alone.

    Those can be told by their mark; whatever is open to more people needs its line.
    """
    told = read()
    named = {row.route for row in told}
    for route, view in sorted(routes(app).items(), key=lambda item: item[0]):
        if getattr(view, "right", None) is Right.ADMINISTRATION and route not in named:
            proof = ("proved",) if getattr(view, "is_proved", False) else ()
            told.append(Row(*route, (f"right:{Right.ADMINISTRATION}", *proof), 0))
    return told


def routes(app: Flask) -> dict[tuple[str, str], object]:
    """Every route of the application with its view; the files of the front end too."""
    return {
        (method, rule.rule): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def differences(app: Flask, told: Sequence[Row]) -> list[str]:
    """Routes without a row, rows without a route, marks that say something else."""
    there = routes(app)
    named = {row.route for row in told}
    found = [f"no row: {' '.join(one)}" for one in sorted(set(there) - named)]
    found += [f"no route: {' '.join(one)}" for one in sorted(named - set(there))]
    for row in told:
        view = there.get(row.route)
        public = row.rule.startswith("/static/") or getattr(view, "is_public", False)
        if view is not None and public != ("public" in row.demands):
            found.append(f"public or not: {row.name}")
        mark = getattr(view, "right", row.right if row.is_api else None)
        if view is not None and mark != row.right:
            found.append(f"another right: {row.name} (marked {mark})")
        alone = getattr(view, "is_open_without_group", False)
        if view is not None and alone != ("no_group" in row.demands):
            found.append(f"open without a group or not: {row.name}")
        if view is not None and getattr(view, "is_proved", False) != (
            "proved" in row.demands
        ):
            found.append(f"proved or not: {row.name}")
    return found


def cells(row: Row) -> Iterator[Cell]:
    """All cells of a row."""
    for person in (*PEOPLE, NOBODY):
        for relation, _ in relations(person) if row.has_object else [("", "")]:
            yield Cell(row, person, relation)
    if "proved" in row.demands:
        yield Cell(row, "gl", "own" if row.has_object else "", "unproved")
    if row.is_api and row.is_unsafe:
        yield Cell(row, "gl", "own" if row.has_object else "", "read")
    if row.is_api:
        yield Cell(row, "gl", "own" if row.has_object else "", "cookie")


# --- what is expected -------------------------------------------------------------


def expected(cell: Cell, world: MatrixWorld) -> int:
    """The status that the table demands; 0: whatever is no fault of ours."""
    row = cell.row
    if "public" not in row.demands and (
        cell.person == NOBODY or (cell.key == "cookie" and row.is_api)
    ):
        return 401 if row.is_api else 303
    if cell.key == "read":
        return 403
    if GROUPS.get(cell.person, "") is None and not {"public", "no_group"} & set(
        row.demands
    ):
        return 403
    bundle = bundle_of(cell, world)
    for demand in row.demands:
        refusal = _refusal(demand, cell, bundle)
        if refusal:
            return refusal
    return row.status


def is_refused(cell: Cell, world: MatrixWorld) -> bool:
    """Whether the table lets nothing of it happen."""
    status = expected(cell, world)
    return status in {401, 403, 404} or (
        status == 303 and (cell.person == NOBODY or cell.key == "unproved")
    )


def bundle_of(cell: Cell, world: MatrixWorld) -> Bundle | None:
    if not cell.relation:
        return None
    name = dict(relations(cell.person)).get(cell.relation, cell.relation)
    return world.bundles[name]


def _refusal(demand: str, cell: Cell, bundle: Bundle | None) -> int:
    kind, _, what = demand.partition(":")
    if kind in {"right", "may"}:
        mine = PRESET_RIGHTS.get(GROUPS[cell.person] or "", ())
        return 0 if Right(what) in mine else 403
    if kind == "management":
        return 0 if GROUPS[cell.person] == MANAGEMENT else 403
    if kind == "proved":
        return 303 if cell.key == "unproved" else 0
    if bundle is None or kind in {"public", "signed", "no_group", "idle"}:
        return 0
    if kind == "mail":
        enough = (Visibility(what), Visibility.FULL)
        return 0 if bundle.sight(cell.person) in enough else 404
    if kind == "text":
        return 0 if bundle.sight(cell.person) is Visibility.FULL else 403
    if kind == "subtag":
        access = ENTRIES[bundle.group].get(cell.person, Access.NONE)
        in_a_form = cell.row.status == 303  # stays on its page, which says why
        refusals = {Access.READ: 403, Access.NONE: 404}
        return (
            422 if in_a_form and access is not Access.FULL else refusals.get(access, 0)
        )
    if kind == "panel":
        return 403 if bundle.gone or GROUPS[bundle.owner] is None else 0
    if kind in {"known", "feed"}:
        return 404 if bundle.gone else 0
    if kind == "own_mailbox":
        return 0 if (bundle.name, cell.person) == ("treuhand", "frei") else 404
    if kind == "mine":
        return 0 if bundle.owner == cell.person else 404
    return _refusal_of_entry(what, cell, bundle)


def _refusal_of_entry(what: str, cell: Cell, bundle: Bundle) -> int:
    access = bundle.access(cell.person)
    if access is Access.NONE:
        return 404
    own = what == "own" and bundle.owner == cell.person
    return 403 if what != "read" and access is Access.READ and not own else 0


# --- asking -----------------------------------------------------------------------


def ask(app: Flask, cell: Cell, world: MatrixWorld) -> TestResponse:
    """Really request it, with nothing but this person's key."""
    row, bundle = cell.row, bundle_of(cell, world) or world.bundles["verkauf_gl"]
    headers, form_key = _key(cell, world)
    body = fill(row.body, bundle)
    given: dict[str, object] = {}
    if row.is_unsafe:
        headers["Sec-Fetch-Site"] = "same-origin"
        if row.rule.startswith(f"{API}/"):
            given = {"json": json.loads(body)} if body else {}
        else:
            given = {"data": {**fields(body), "form_key": form_key}}
    client = app.test_client(use_cookies=False)
    path = address(row.rule, bundle)
    return client.open(
        path, method=row.method, headers=headers, base_url="https://localhost", **given
    )


def _key(cell: Cell, world: MatrixWorld) -> tuple[dict[str, str], str]:
    if cell.person == NOBODY:
        return {}, ""
    if cell.row.is_api and cell.key != "cookie":
        read_only = cell.key == "read"
        token = world.read_token if read_only else world.tokens[cell.person]
        return {"Authorization": f"Bearer {token}"}, ""
    unproved = cell.key == "unproved"
    value, form_key = world.unproved if unproved else world.cookies[cell.person]
    return {"Cookie": f"__Host-sid={value}"}, form_key


def fields(body: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def address(rule: str, bundle: Bundle) -> str:
    """The rule with the bundle's numbers in it."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name == "kind":
            return "report"
        if match["first"]:
            return match["first"]
        if name == "number" and match["kind"] == "path":
            name = "document"
        for begin, end, named in _INSTEAD:
            if rule.startswith(begin) and rule.endswith(end) and name in named:
                name = named[name]
        if name == "filename":
            return "app.css"
        return quote(str(getattr(bundle, _NAMES.get(name, name), 1)))

    return fill(_VARIABLE.sub(value, rule), bundle)


def fill(text: str, bundle: Bundle) -> str:
    """``{name}`` replaced by what the bundle has."""
    return re.sub(r"\{(\w+)\}", lambda m: str(getattr(bundle, m.group(1))), text)
