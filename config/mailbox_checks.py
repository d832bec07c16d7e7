"""Mailboxes against each other, against servers, internal domains and staff groups."""

from collections.abc import Iterator
from datetime import date

from config import values
from config.document import Document
from config.guess import nearest
from config.problems import Problem
from config.reading import as_type, below, child, pairs, plain, texts, word
from config.schema import STANDARD_STAFF_GROUPS
from config.yaml_tree import Node, Scalar, Settings


def check_mailboxes(
    document: Document, root: Settings, today: date
) -> Iterator[Problem]:
    """Everything that does not fit in mailboxes.yaml, each mailbox by itself and all."""
    listed = list(below(root, "mailboxes"))
    servers = [key.text for key, _ in pairs(root.value("servers"))]
    yield from _addresses_once(document, listed)
    yield from _employees_once(document, listed)
    yield from _internal(document, root, listed)
    known = _known_groups(root)
    for mailbox in listed:
        yield from _server(document, mailbox, servers)
        yield from _groups(document, mailbox, known)
        if word(mailbox, "kind") == "shared":
            yield from _shared(document, mailbox)
        elif word(mailbox, "kind") == "person":
            yield from _informed(document, mailbox, today)


def check_access(taxonomy: Document, mailboxes: Document | None) -> Iterator[Problem]:
    """Staff groups that the taxonomy names and mailboxes.yaml does not know."""
    if mailboxes is None or not mailboxes.whole:  # nothing to compare with
        return
    known = _known_groups(mailboxes.root)
    for group in below(taxonomy.root, "groups"):
        named = [key for key, _ in pairs(group.value("access"))]
        yield from _unknown(taxonomy, named, known)


def check_oidc(service: Document, mailboxes: Document | None) -> Iterator[Problem]:
    """Staff groups that ``web.oidc`` gives and mailboxes.yaml does not know."""
    web = child(service.root, "web")
    oidc, key = service.find(("web", "oidc"))
    if not isinstance(oidc, Settings):
        return
    if plain(web, "public_url") is None:
        yield service.problem("oidc_public_url", key or 0)
    if mailboxes is not None and mailboxes.whole:
        given = [value for _, value in pairs(oidc.value("roles"))]
        named = [one for one in given if isinstance(one, Scalar)]
        yield from _unknown(service, named, _known_groups(mailboxes.root))


def _address(mailbox: Settings) -> tuple[Scalar, str] | None:
    scalar = plain(mailbox, "address")
    address = as_type(values.read_address, scalar)
    return (scalar, address) if scalar is not None and address is not None else None


def _addresses_once(document: Document, listed: list[Settings]) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for mailbox in listed:
        if (found := _address(mailbox)) is None:
            continue
        scalar, address = found
        if first := lines.get(address):
            yield document.problem(
                "address_twice", scalar, address=address, first=first
            )
        lines.setdefault(address, document.line(scalar))


def _employees_once(document: Document, listed: list[Settings]) -> Iterator[Problem]:
    """One mailbox per employee: a task has one place to go to."""
    seen: dict[str, tuple[str, int]] = {}
    for mailbox in listed:
        if word(mailbox, "kind") != "person" or (found := _address(mailbox)) is None:
            continue
        scalar, address = found
        own = plain(mailbox, "employee") or scalar
        key = word(mailbox, "employee") or address.rpartition("@")[0]
        other, first = seen.setdefault(key.casefold(), (address, document.line(own)))
        if other != address:  # the same address twice has its own sentence
            yield document.problem("employee_twice", own, key=key, first=first)


def _internal(
    document: Document, root: Settings, listed: list[Settings]
) -> Iterator[Problem]:
    said = texts(root.value("internal_domains"))
    if not said:  # reported: missing, empty or no list
        return
    internal = {as_type(values.read_domain, one) for one in said}
    for mailbox in listed:
        if (found := _address(mailbox)) is None:
            continue
        scalar, address = found
        domain = address.rpartition("@")[2]
        if domain not in internal:
            yield document.problem("domain_not_internal", scalar, domain=domain)


def _server(
    document: Document, mailbox: Settings, servers: list[str]
) -> Iterator[Problem]:
    if not servers:  # reported as missing
        return
    known = ", ".join(servers)
    scalar = plain(mailbox, "server")
    if scalar is not None and scalar.text not in servers:
        guess = nearest(scalar.text, servers)
        yield document.problem(
            "server_unknown", scalar, name=scalar.text, known=known, guess=guess
        )
    elif mailbox.value("server") is None and len(servers) > 1:
        yield document.problem("server_needed", mailbox, known=known)


def _shared(document: Document, mailbox: Settings) -> Iterator[Problem]:
    for name in ("tasks", "calendar"):
        scalar = plain(mailbox, name)
        if scalar and as_type(values.read_yes_no, scalar) is True:
            yield document.problem("shared_tasks", scalar, name=name)
    for name in ("employee", "staff_groups"):
        if (key := mailbox.key(name)) is not None:
            yield document.problem("shared_ignored", key, "warning", name=name)


def _informed(document: Document, mailbox: Settings, today: date) -> Iterator[Problem]:
    scalar = plain(mailbox, "informed")
    day = as_type(values.read_day, scalar)
    if scalar is not None and isinstance(day, date) and day > today:
        yield document.problem("informed_later", scalar, "warning", day=day)
    node = child(mailbox, "informed")
    if node is None or (isinstance(node, Scalar) and node.is_null and not node.broken):
        yield document.problem("not_informed", mailbox, "warning")


def _known_groups(root: Node | None) -> tuple[str, ...]:
    own = texts(child(root, "staff_groups"))
    return (*STANDARD_STAFF_GROUPS, *(one.text.strip() for one in own))


def _groups(
    document: Document, mailbox: Settings, known: tuple[str, ...]
) -> Iterator[Problem]:
    named = [key for key, _ in pairs(mailbox.value("groups"))]
    named += texts(mailbox.value("staff_groups"))
    yield from _unknown(document, named, known)


def _unknown(
    document: Document, named: list[Scalar], known: tuple[str, ...]
) -> Iterator[Problem]:
    for scalar in named:
        name = scalar.text.strip()
        if name and name not in known:  # an empty name is reported by the model
            yield document.problem(
                "group_unknown",
                scalar,
                name=name,
                known=", ".join(known),
                guess=nearest(name, known),
            )
