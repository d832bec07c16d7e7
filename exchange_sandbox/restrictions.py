"""Search filters of FindItem and FindFolder as tests on items.

https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-use-search-filters-with-ews-in-exchange
A property that is not set satisfies no comparison except IsNotEqualTo; equality on a
property with several values means one of them.
"""

import base64
import operator
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from exchange_sandbox.errors import EwsError
from exchange_sandbox.extended_values import extended_value
from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Item
from exchange_sandbox.mime_items import Address
from exchange_sandbox.paths import (
    PATH_ELEMENTS,
    ExtendedPath,
    IndexedPath,
    Path,
    read_path,
)
from exchange_sandbox.properties import KIND
from exchange_sandbox.shapes import whole_uri
from exchange_sandbox.store import Store
from exchange_sandbox.timezones import read_day, read_instant
from exchange_sandbox.xml_text import Element, T, children, local_name, truth

Test = Callable[[Any], bool]
Values = Callable[[Any, Path], tuple[Any, ...]]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}
_EXTENDED_KINDS = {
    "Integer": "int",
    "Short": "int",
    "Long": "int",
    "Currency": "int",
    "Double": "double",
    "Float": "double",
    "Boolean": "bool",
    "SystemTime": "datetime",
    "Binary": "binary",
}


def field_values(store: Store, item: Item, path: Path) -> tuple[Any, ...]:
    """Return the comparable values of a property, empty where it is not set."""
    if isinstance(path, ExtendedPath):
        texts = extended_value(store, item, path) or ()
        kind = _kind(path)
        return tuple(_constant(kind, text, "UTC") for text in texts)
    if isinstance(path, IndexedPath):
        entries = value(store, item, whole_uri(path)) or {}
        entry = entries.get(path.index)
        if isinstance(entry, dict):
            entry = entry.get(path.uri.rpartition(":")[2])
        return () if entry is None else (entry,)
    found = value(store, item, path)
    if path == "item:ItemId":
        found = item.id
    elif path == "item:ParentFolderId":
        found = item.folder.id
    if found is None:
        return ()
    if isinstance(found, tuple):
        return tuple(text for part in found for text in _texts(part))
    return tuple(_texts(found))


def _texts(found: Any) -> Iterable[Any]:
    if isinstance(found, Address):
        return [text for text in (found.name, found.email) if text]
    if isinstance(found, Body):
        return [found.text]
    return [found]


def _kind(path: Path) -> str:
    if isinstance(path, ExtendedPath):
        return _EXTENDED_KINDS.get(path.type.removesuffix("Array"), "string")
    if isinstance(path, IndexedPath):
        return "string"
    return KIND.get(path, "string")


_CONSTANTS: dict[str, Callable[[str, str], Any]] = {
    "bool": lambda text, _zone: truth(text),
    "int": lambda text, _zone: int(text),
    "double": lambda text, _zone: float(text),
    "datetime": read_instant,
    "taskdate": lambda text, _zone: read_day(text),
    "base64": lambda text, _zone: base64.b64decode(text),
}


def _constant(kind: str, text: str, default_zone: str) -> Any:
    reader = _CONSTANTS.get(kind)
    try:
        return text if reader is None else reader(text, default_zone)
    except ValueError:
        raise EwsError("ErrorInvalidRestriction", f"'{text}' does not fit.") from None


class Filter:
    """Builds the test of one request's restriction; `values` reads what is tested."""

    def __init__(self, values: Values, default_zone: str) -> None:
        self._values = values
        self._zone = default_zone

    def read(self, restriction: Element | None) -> Test | None:
        """Return the test in a Restriction element, None where there is none."""
        inner = children(restriction)
        return self._test(inner[0]) if inner else None

    def _test(self, element: Element) -> Test:
        name = local_name(element)
        if name in _COMPARISONS:
            return self._comparison(element, _COMPARISONS[name])
        special = {
            "And": self._and,
            "Or": self._or,
            "Not": self._not,
            "Exists": self._exists,
            "Contains": self._contains,
            "Excludes": self._excludes,
        }.get(name)
        if special is None:
            raise EwsError("ErrorInvalidRestriction", f"'{name}' is not supported.")
        return special(element)

    def _and(self, element: Element) -> Test:
        tests = [self._test(child) for child in children(element)]
        return lambda item: all(test(item) for test in tests)

    def _or(self, element: Element) -> Test:
        tests = [self._test(child) for child in children(element)]
        return lambda item: any(test(item) for test in tests)

    def _not(self, element: Element) -> Test:
        inner = self._test(children(element)[0])
        return lambda item: not inner(item)

    def _path(self, element: Element) -> Path:
        for child in children(element):
            if local_name(child) in PATH_ELEMENTS:
                return read_path(child)
        raise EwsError("ErrorInvalidRestriction", "A property is missing.")

    def _exists(self, element: Element) -> Test:
        path = self._path(element)
        return lambda item: bool(self._values(item, path))

    def _comparison(
        self, element: Element, compare: Callable[[Any, Any], bool]
    ) -> Test:
        path = self._path(element)
        operand = children(element.find(f"{T}FieldURIOrConstant"))
        if not operand:
            raise EwsError("ErrorInvalidRestriction", "An operand is missing.")
        if local_name(operand[0]) != "Constant":
            return self._two_fields(path, read_path(operand[0]), compare)
        wanted = _constant(_kind(path), operand[0].get("Value", ""), self._zone)
        values = self._values

        def test(item: Any) -> bool:
            found = values(item, path)
            if compare is operator.ne:
                return wanted not in found
            return any(_compare(compare, one, wanted) for one in found)

        return test

    def _two_fields(
        self, path: Path, other: Path, compare: Callable[[Any, Any], bool]
    ) -> Test:
        values = self._values

        def test(item: Any) -> bool:
            left, right = (
                values(item, path),
                values(item, other),
            )
            return any(_compare(compare, a, b) for a in left for b in right)

        return test

    def _contains(self, element: Element) -> Test:
        path = self._path(element)
        constant = element.find(f"{T}Constant")
        wanted = constant.get("Value", "") if constant is not None else ""
        mode = element.get("ContainmentMode", "Substring")
        folded = element.get("ContainmentComparison", "Exact") != "Exact"
        wanted = wanted.casefold() if folded else wanted
        values = self._values

        def test(item: Any) -> bool:
            for found in values(item, path):
                text = str(found).casefold() if folded else str(found)
                if _contained(mode, text, wanted):
                    return True
            return False

        return test

    def _excludes(self, element: Element) -> Test:
        path = self._path(element)
        mask_element = element.find(f"{T}Bitmask")
        mask = int(mask_element.get("Value", "0"), 0) if mask_element is not None else 0
        values = self._values
        return lambda item: not any(int(found) & mask for found in values(item, path))


def _compare(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    try:
        return compare(left, right)
    except TypeError:
        return False


def _contained(mode: str, text: str, wanted: str) -> bool:
    if mode == "FullString":
        return text == wanted
    if mode == "Prefixed":
        return text.startswith(wanted)
    if mode == "PrefixOnWords":
        return any(word.startswith(wanted) for word in text.split())
    if mode == "ExactPhrase":
        return f" {wanted} " in f" {text} "
    return wanted in text


def sort_key(store: Store, path: Path) -> Callable[[Item], tuple[bool, Any]]:
    """Return a sorting key for one property; items without it come first."""

    def key(item: Item) -> tuple[bool, Any]:
        found = field_values(store, item, path)
        if not found:
            return (False, 0)
        first = found[0]
        if isinstance(first, str):
            return (True, first.casefold())
        if isinstance(first, datetime | date | int | float | bytes):
            return (True, first)
        return (True, str(first))

    return key
