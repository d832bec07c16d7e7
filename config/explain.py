"""What pydantic found -> a problem at its place in the file, with a guess."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.document import Document
from config.guess import nearest
from config.messages import kind_of
from config.problems import Problem
from config.reading import items, pairs
from config.yaml_tree import Node, Scalar

# Below these keys no value and no key may be shown.
_SECRETS = frozenset({"password", "database_password", "client_secret"})


def explain(
    document: Document, model: type[BaseModel], error: ValidationError
) -> Iterator[Problem]:
    """One problem for each of pydantic's errors, but none where one is known already.

    Where something was refused while the text was read (an alias, a control character)
    the file has its problem; that a model misses the value is no second one. Nor is it
    that pydantic calls a list too short whose items it has refused.
    """
    for detail in error.errors(include_url=False):
        path = [step for step in detail["loc"] if step != "[key]"]
        node, _ = document.find(path)
        refused = isinstance(node, Scalar) and node.broken
        filled = bool(items(node) or pairs(node))
        if not refused and not (detail["type"] == "too_short" and filled):
            yield _explained(document, model, detail)


def _explained(
    document: Document, model: type[BaseModel], detail: ErrorDetails
) -> Problem:
    path = [step for step in detail["loc"] if step != "[key]"]
    node, _ = document.find(path)
    on_key = detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",)
    kind = _kind(detail["type"], path, node)
    at = _place(document, kind, path, on_key=on_key)
    said: dict[str, Any] = {
        "name": next((s for s in reversed(path) if isinstance(s, str)), ""),
        "value": node.text if isinstance(node, Scalar) else "",
        **detail.get("ctx", {}),
    }
    if kind == "not_allowed":
        said["allowed"] = _words(str(said["expected"]))
        said["guess"] = nearest(said["value"], said["allowed"].split(", "))
    elif kind == "unknown_key":
        known = _model_at(model, path[:-1])
        said["guess"] = nearest(str(path[-1]), known.model_fields if known else ())
    elif kind in {"too_small", "too_large"}:
        said["limit"] = said.get("ge", said.get("le"))
    elif kind.startswith("secret_"):
        said = {}
    return document.problem(kind, at, "error", **said)


def _kind(pydantic_type: str, path: list[Any], node: Node | None) -> str:
    kind = kind_of(pydantic_type)
    if _SECRETS.intersection(path) and not kind.startswith("secret_"):
        return "secret_form"
    if kind in {"missing", "unknown_key"}:
        return kind
    if path and isinstance(node, Scalar) and node.is_null:
        return "empty_value" if isinstance(path[-1], str) else "empty_item"
    if kind == "not_allowed" and not isinstance(node, Scalar):
        return "needs_text"
    return kind


def _place(
    document: Document, kind: str, path: list[Any], *, on_key: bool
) -> Node | int:
    """The value; its key where the key is meant; the mapping that lacks something."""
    node, key = document.find(path)
    if kind == "empty_value" or on_key:
        return key or node or 0
    if node is None:
        node, _ = document.find(path[:-1])
    return node or document.root or 0


def _words(expected: str) -> str:
    """Pydantic's "'full', 'subject' or 'none'" -> "full, subject, none"."""
    return expected.replace(" or ", ", ").replace("'", "")


def _model_at(model: type[BaseModel], path: list[Any]) -> type[BaseModel] | None:
    """The model that describes the mapping at a path."""
    current: type[BaseModel] | None = model
    for step in path:
        field = current.model_fields.get(str(step)) if current else None
        if field is not None:  # an index or a free name stays in the same model
            current = _model_in(field.annotation)
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``X | None``, ``tuple[X, ...]``, ``Mapping[str, X]``."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    found = [_model_in(one) for one in get_args(annotation)]
    return next((one for one in found if one is not None), None)
