"""Response shapes: which properties an answer carries, in the schema's order."""

from dataclasses import dataclass, field

from lxml import etree

from exchange_sandbox import properties
from exchange_sandbox.paths import (
    Entries,
    ExtendedPath,
    IndexedPath,
    Path,
    read_path,
)
from exchange_sandbox.xml_text import Element, T, children, local_name, text_of, truth


@dataclass(slots=True, eq=False)
class Shape:
    """What is asked of each item; `plan` puts it into order, once per kind of item."""

    base: str
    body_type: str = "Best"
    unique_body_type: str = "Best"
    paths: tuple[Path, ...] = ()
    full: bool = True
    left_out: frozenset[str] = frozenset()
    _plans: dict[str, tuple[Path | Entries, ...]] = field(default_factory=dict)

    def plan(self, tag: str) -> tuple[Path | Entries, ...]:
        """Return the paths for items of this kind, in the order of the schema."""
        plan = self._plans.get(tag)
        if plan is None:
            plan = self._plans[tag] = self._make_plan(tag)
        return plan

    def _make_plan(self, tag: str) -> tuple[Path | Entries, ...]:
        wanted: list[Path] = ["item:ItemId"]
        if self.base == "Default":
            wanted += properties.default_uris(tag)
        elif self.base == "AllProperties":
            wanted += properties.all_uris(tag)
        wanted += self.paths
        table = properties.TABLES[tag]
        places: dict[Path | Entries, int] = {}
        for path in wanted:
            if isinstance(path, ExtendedPath):
                places[path] = properties.EXTENDED_PLACE
            elif isinstance(path, str) and self._answers(tag, path):
                places[path] = table[path].place
        for entries in _together(wanted):
            if entries.uri in table and entries.uri not in places:
                places[entries] = table[entries.uri].place
        return tuple(sorted(places, key=lambda path: places[path]))

    def _answers(self, tag: str, uri: str) -> bool:
        return (
            uri in properties.TABLES[tag]
            and uri not in self.left_out
            and (self.full or uri not in properties.ONLY_GET_ITEM)
        )


def _together(paths: list[Path]) -> list[Entries]:
    found: dict[str, list[IndexedPath]] = {}
    for path in paths:
        if isinstance(path, IndexedPath):
            found.setdefault(whole_uri(path), []).append(path)
    return [Entries(uri, tuple(wanted)) for uri, wanted in found.items()]


_WHOLE = {
    "contacts:EmailAddress": "contacts:EmailAddresses",
    "contacts:ImAddress": "contacts:ImAddresses",
    "contacts:PhoneNumber": "contacts:PhoneNumbers",
    "contacts:PhysicalAddress": "contacts:PhysicalAddresses",
}


def whole_uri(path: IndexedPath) -> str:
    """Return the property of which an indexed path is one entry."""
    return _WHOLE.get(":".join(path.uri.split(":")[:2]), path.uri)


class ShapeReader:
    """Reads shapes, remembering those seen (clients repeat the same few)."""

    def __init__(self, limit: int = 200) -> None:
        self._seen: dict[tuple[bytes, bool], Shape] = {}
        self._limit = limit

    def read(self, element: Element | None, *, full: bool) -> Shape:
        """Return the shape in an ItemShape element."""
        if element is None:
            return Shape("IdOnly", full=full)
        key = (etree.tostring(element, with_tail=False), full)
        shape = self._seen.get(key)
        if shape is None:
            if len(self._seen) >= self._limit:
                self._seen.clear()
            shape = self._seen[key] = _read(element, full=full)
        return shape


def _read(element: Element, *, full: bool) -> Shape:
    shape = Shape(text_of(element.find(f"{T}BaseShape")), full=full)
    paths: list[Path] = []
    for child in children(element):
        name = local_name(child)
        if name == "IncludeMimeContent" and truth(text_of(child)):
            paths.append("item:MimeContent")
        elif name == "BodyType":
            shape.body_type = text_of(child)
        elif name == "UniqueBodyType":
            shape.unique_body_type = text_of(child)
        elif name == "AdditionalProperties":
            paths += [read_path(path) for path in children(child)]
    shape.paths = tuple(paths)
    return shape
