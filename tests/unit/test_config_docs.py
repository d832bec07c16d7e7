"""Examples, schemas and documentation say what the models say."""

import json
import re
import runpy
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import config
from config import json_schema
from config.loader import assemble
from config.schema import MODEL_OF_FILE
from config.yaml_tree import Lines, Settings, read

PACKAGE = Path(config.__file__).parent
ADMIN = PACKAGE.parent / "docs" / "admin.de.md"
FILES = sorted(MODEL_OF_FILE)
SECRETS = {"database_password", "client_secret"}  # written as a server's password


def example(name: str) -> str:
    path = PACKAGE / name.replace(".yaml", ".example.yaml")
    return path.read_text(encoding="utf-8")


def kinds_of(files: Mapping[str, bytes]) -> set[str]:
    try:
        found = assemble(files, Path("/etc/mailsync"), today=date(2026, 11, 24))
    except config.ConfigError as error:
        return {one.kind for one in error.problems}
    return {one.kind for one in found.warnings}


def test_the_examples_are_a_valid_configuration() -> None:
    files = {name: example(name).encode() for name in FILES}
    loaded = assemble(files, Path("/etc/mailsync"), today=date(2026, 11, 24))
    assert loaded.warnings == ()
    assert loaded.taxonomy is not None
    assert len(loaded.mailboxes) == 2


def options(name: str) -> Iterator[tuple[str, str]]:
    """Each option that an example shows commented out -> the example with it."""
    lines = example(name).splitlines()
    for at, line in enumerate(lines):
        option = re.match(r"\s*# ([a-z_]+):(?! https)", line)
        if option is None or option[1] == "mailsync":
            continue
        end = at + 1
        while re.match(r"#   +[a-z_]+:", lines[end]):
            end += 1
        said = [one.replace("# ", "", 1) for one in lines[at:end]]
        kept = [x for x in lines if not x.startswith(f"{option[1]}:")]
        # In place where it is indented; at its top-level place otherwise.
        before, after = kept[: at - len(lines) + len(kept)], kept[end - len(lines) :]
        yield option[1], "\n".join([*before, *said, *after])


@pytest.mark.parametrize(
    ("name", "count"), [("service.yaml", 8), ("mailboxes.yaml", 6)]
)
def test_what_an_example_shows_commented_out_is_valid_too(
    name: str, count: int
) -> None:
    tried = list(options(name))
    for key, text in tried:
        files = {one: example(one).encode() for one in FILES} | {name: text.encode()}
        assert kinds_of(files) <= {"path_missing"}, key
    assert len(tried) == count


@pytest.mark.parametrize("name", FILES)
def test_an_example_ends_with_the_closing_line(name: str) -> None:
    assert example(name).endswith("\n...\n")


@pytest.mark.parametrize("name", sorted(json_schema.schema_files()))
def test_the_schema_for_editors_is_fresh(name: str) -> None:
    stored = (PACKAGE / name).read_text(encoding="utf-8")
    assert stored == json_schema.schema_files()[name], (
        "run: python -m config.json_schema"
    )


def test_the_schema_command_writes_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    json_schema.write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == json_schema.schema_files()
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: 0)
    runpy.run_path(str(PACKAGE / "json_schema.py"), run_name="__main__")


def test_the_schema_forbids_what_the_loader_forbids() -> None:
    for text in json_schema.schema_files().values():
        schema = json.loads(text)
        objects = [schema, *schema.get("$defs", {}).values()]
        assert all(one["additionalProperties"] is False for one in objects)
        assert schema["$schema"].endswith("2020-12/schema")


def test_every_setting_has_a_description_for_editors() -> None:
    for _, model in sections():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


# -- docs/admin.de.md ------------------------------------------------------------------


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Heading in the documentation -> model, for every model there is."""
    for file, model in MODEL_OF_FILE.items():
        yield file, model
        yield from below(model)


def below(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            is_mapping = "Mapping" in str(field.annotation)
            yield (f"{name}.NAME" if is_mapping else name), inner
            yield from below(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def documented() -> Mapping[str, dict[str, str]]:
    """Heading -> setting -> its default column."""
    found: dict[str, dict[str, str]] = {}
    heading = ""
    for line in ADMIN.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# `")
        row = re.match(r"\| `([a-z_]+)` \| (.*?) ?\| .+\|$", line)
        if row:
            found.setdefault(heading, {})[row[1]] = row[2]
    return found


def test_every_setting_stands_in_the_documentation_and_no_other() -> None:
    told = documented()
    for heading, model in sections():
        known = "password" if heading in SECRETS else heading
        assert set(told.get(known, {})) == set(model.model_fields), known


def test_the_documentation_tells_the_right_defaults() -> None:
    told = documented()
    for heading, model in sections():
        known = "password" if heading in SECRETS else heading
        for name, field in model.model_fields.items():
            said = told[known][name]
            if field.is_required():
                assert said.startswith("nötig"), f"{known}.{name}"
            elif isinstance(field.default, bool):
                assert said == f"`{str(field.default).lower()}`", f"{known}.{name}"
            elif isinstance(field.default, str | int):
                assert said == f"`{field.default}`", f"{known}.{name}"


def test_the_smallest_files_of_the_documentation_load() -> None:
    text = ADMIN.read_text(encoding="utf-8")
    service, mailboxes = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    files = {"service.yaml": service.encode(), "mailboxes.yaml": mailboxes.encode()}
    loaded = assemble(files, Path("/etc/mailsync"), today=date(2026, 11, 24))
    assert {one.kind for one in loaded.warnings} == {"secret_missing"}


def test_the_documentation_spells_swiss() -> None:
    assert "ß" not in ADMIN.read_text(encoding="utf-8")


def test_a_setting_that_nobody_documented_would_be_noticed() -> None:
    """Red control: the parser of the tables does see single rows."""
    told = documented()
    assert "address" in told["mailboxes"]
    assert "addresss" not in told["mailboxes"]
    tree, _, whole = read(example("mailboxes.yaml"), Lines(example("mailboxes.yaml")))
    assert whole
    assert isinstance(tree, Settings)
