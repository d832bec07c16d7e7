"""A setting does something, or the documentation says that it does not yet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from config.schema import MODEL_OF_FILE

ROOT = Path(__file__).parents[2]
MARK = "noch ohne Wirkung"

# Read inside config, which hands out what comes of them (paths, secrets, defaults).
READ_IN_CONFIG = {"database_password", "state_dir", "credential", "env", "backend"}
READ_IN_CONFIG |= {"visibility", "defaults"}


def leaves(model: type[BaseModel]) -> Iterator[str]:
    """Names of the settings that hold a value, not a section."""
    for name, field in model.model_fields.items():
        inner = list(models_in(field.annotation))
        for one in inner:
            yield from leaves(one)
        if not inner:
            yield name


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


SETTINGS = sorted({name for model in MODEL_OF_FILE.values() for name in leaves(model)})


def program() -> str:
    packages = [ROOT / "mailsync", ROOT / "crm_web"]
    files = [*(f for p in packages for f in p.rglob("*.py")), ROOT / "run_service.py"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def is_read(name: str, text: str) -> bool:
    return name in READ_IN_CONFIG or bool(re.search(rf"\.{name}\b", text))


def rows(name: str) -> list[str]:
    text = (ROOT / "docs" / "admin.de.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_read_or_documented_as_not_read_yet(name: str) -> None:
    documented = rows(name)
    assert documented
    unread = not is_read(name, program())
    assert all((MARK in row) == unread for row in documented), name


def test_the_search_does_tell_read_from_unread() -> None:
    """Red control."""
    assert is_read("page_size", program())
    assert not is_read("page_sizes", program())
