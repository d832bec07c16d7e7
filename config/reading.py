"""Reading a tree without trusting it: for checks that run beside wrong values.

Whatever is not there, was refused or has another shape comes back as nothing.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic_core import PydanticCustomError

from config.yaml_tree import Items, Node, Scalar, Settings

_T = TypeVar("_T")


def pairs(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    """The keys and values of a mapping."""
    return node.pairs if isinstance(node, Settings) else ()


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list."""
    return node.items if isinstance(node, Items) else ()


def child(node: Node | None, name: str) -> Node | None:
    """Whatever stands behind a key."""
    return node.value(name) if isinstance(node, Settings) else None


def plain(node: Node | None, name: str) -> Scalar | None:
    """The plain value behind a key, if there is one."""
    value = child(node, name)
    if isinstance(value, Scalar) and not value.broken and not value.is_null:
        return value
    return None


def word(node: Node | None, name: str) -> str:
    """The text of the plain value behind a key, or ""."""
    found = plain(node, name)
    return found.text if found else ""


def texts(node: Node | None) -> list[Scalar]:
    """The plain values of a list."""
    return [
        one
        for one in items(node)
        if isinstance(one, Scalar) and not one.broken and not one.is_null
    ]


def below(node: Node | None, name: str) -> Iterator[Settings]:
    """The mappings of the list behind a key."""
    yield from (one for one in items(child(node, name)) if isinstance(one, Settings))


def as_type(reader: Callable[[str], _T], scalar: Scalar | None) -> _T | None:
    """A plain value by the reader of its type; None where the reader refuses it."""
    try:
        return reader(scalar.text) if scalar is not None else None
    except PydanticCustomError:
        return None
