"""Files -> ``Config``, or every problem of all of them at once.

Guarantees: nothing but ConfigError comes out for whatever stands in the files; each
problem names file, line and column; problems are sorted; a configuration comes out
whole or not at all; the list of mailboxes is never empty. Nothing is cached, nothing
written, no network asked.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from config.checks import Said, check, check_rates
from config.document import Document
from config.explain import explain
from config.files import fingerprint, read_files, text_of
from config.problems import ConfigError, Problem, in_order
from config.resolved import Config, effective, known_staff_groups
from config.schema import (
    DEFAULT_STATE,
    MODEL_OF_FILE,
    MailboxesConfig,
    ServiceConfig,
    Taxonomy,
)
from config.yaml_tree import Items, Node, Settings

_M = TypeVar("_M", bound=BaseModel)


def load(directory: Path, *, today: date | None = None) -> Config:
    """The configuration in a directory, or ConfigError with everything wrong in it.

    ``service.yaml`` and ``mailboxes.yaml`` must be there, ``taxonomy.yaml`` may.
    ``today`` (for ``informed:``) defaults to the present day in the configured zone.
    Warnings do not stop it; they are in ``Config.warnings``.
    """
    files, problems = read_files(directory)
    return assemble(files, directory, today=today, problems=problems)


def assemble(
    files: Mapping[str, bytes],
    directory: Path,
    *,
    today: date | None = None,
    problems: list[Problem] | None = None,
) -> Config:
    """``load`` for contents at hand; relative paths are meant from ``directory``.

    ``problems`` are what is known about files that are not at hand.
    """
    found = list(problems or [])
    documents = _documents(files, found)
    service = _validated(documents, ServiceConfig, directory, found)
    mailboxes = _validated(documents, MailboxesConfig, directory, found)
    taxonomy = _validated(documents, Taxonomy, directory, found)
    day = today or _today(service)
    found += check(Said(documents, directory, day, os.environ))
    wrong = any(one.severity == "error" for one in found)
    if wrong or service is None or mailboxes is None:
        raise ConfigError(found)
    listed = tuple(effective(m, mailboxes, service.poll) for m in mailboxes.mailboxes)
    found += check_rates(documents["mailboxes.yaml"], listed, day)
    never = mailboxes.never
    return Config(
        directory=directory,
        fingerprint=fingerprint(files),
        service=service,
        servers=mailboxes.servers,
        internal_domains=mailboxes.internal_domains,
        staff_groups=known_staff_groups(mailboxes),
        keywords=mailboxes.keywords,
        never_addresses=frozenset(one for one in never if one[0] != "*"),
        never_domains=frozenset(one[2:] for one in never if one[0] == "*"),
        mailboxes=listed,
        taxonomy=taxonomy,
        warnings=in_order(found),
    )


def state_directory(directory: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the service keeps its files, also while other files are wrong.

    What service.yaml says if it is valid by itself; else systemd's STATE_DIRECTORY;
    else /var/lib/mailsync. Needed to find the last good copy at a start with a broken
    configuration.
    """
    files, _ = read_files(directory)
    own = {name: text for name, text in files.items() if name == "service.yaml"}
    found: list[Problem] = []
    service = _validated(_documents(own, found), ServiceConfig, directory, found)
    if service is not None and not found:
        return service.state_directory
    first = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(first) if first else DEFAULT_STATE


def _documents(files: Mapping[str, bytes], found: list[Problem]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for name, content in files.items():
        try:
            documents[name] = Document(name, text_of(name, content))
        except ConfigError as error:
            found += error.problems
        else:
            found += documents[name].findings
    return documents


def _validated(
    documents: Mapping[str, Document],
    model: type[_M],
    directory: Path,
    found: list[Problem],
) -> _M | None:
    """The model of its file; None, with problems in ``found``, if it does not fit."""
    name = next(name for name, known in MODEL_OF_FILE.items() if known is model)
    document = documents.get(name)
    if document is None or document.root is None:
        return None
    try:
        return model.model_validate(
            _as_python(document.root), context={"directory": directory}
        )
    except ValidationError as error:
        found += explain(document, model, error)
        return None


def _as_python(node: Node) -> Any:
    """The tree as pydantic wants it: every plain value is text, or None if empty."""
    if isinstance(node, Settings):
        return {key.text: _as_python(value) for key, value in node.pairs}
    if isinstance(node, Items):
        return [_as_python(item) for item in node.items]
    return None if node.is_null else node.text


def _today(service: ServiceConfig | None) -> date:
    zone = ZoneInfo(service.timezone) if service else UTC
    return datetime.now(zone).date()
