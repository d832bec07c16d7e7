"""Since when which configuration is in force, and what is wrong with the files: for
people who look at the pages. The daemon tells it with its sign of life.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from config import Problem
from config.last_good import Outcome
from crm_core import clock

MOST = 50


@dataclass(frozen=True, slots=True)
class ConfigState:
    """``problems`` is JSON: file, line, column, code, severity, sentence by language."""

    since: datetime | None = None
    refused_at: datetime | None = None
    problems: str = "[]"

    def after(self, outcome: Outcome) -> "ConfigState":
        """The state once the files were judged so."""
        if outcome.state == "waiting":
            return self
        said = replace(self, problems=_as_json(outcome.problems))
        if outcome.state == "kept":
            return replace(said, refused_at=clock.now())
        if outcome.state == "applied" or self.since is None:
            said = replace(said, since=clock.now())
        return replace(said, refused_at=None)


NOTHING = ConfigState()


def result(outcome: Outcome, error: str | None) -> dict[str, object]:
    """What came of «Datei neu einlesen»."""
    if error is not None:
        return {"outcome": "refused"}
    plan = outcome.plan
    return {
        "outcome": outcome.state,
        "added": len(plan.added),
        "changed": len(plan.changed),
        "paused": len(plan.paused),
        "removed": len(plan.removed),
    }


def _as_json(problems: Iterable[Problem]) -> str:
    return json.dumps(
        [
            {
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "code": one.code,
                "severity": one.severity,
                "de": one.sentence("de"),
                "en": one.sentence("en"),
            }
            for one in list(problems)[:MOST]
        ],
        ensure_ascii=False,
    )
