"""A mailbox as lines of mailboxes.yaml, every default written out.

Guarantee: put under ``mailboxes:`` instead of what is there, they mean the same mailbox
(a test loads them again).
"""

import json
import re

from config.resolved import EffectiveMailbox

# What YAML 1.2 takes as plain text wherever it stands, also inside [ ] and { }.
_PLAIN = re.compile(r"[A-Za-zÀ-ÿ][\wÀ-ÿ.@/+-]*(?: [\wÀ-ÿ.@/+-]+)*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def yaml_lines(box: EffectiveMailbox) -> str:
    """The lines, indented as a member of the list, with a line break at the end."""
    said: list[tuple[str, str]] = [
        ("address", _text(box.address)),
        ("name", _text(box.name)),
        ("kind", box.kind),
        ("server", _text(box.server)),
    ]
    if box.kind == "person":
        said += [("employee", _text(box.employee or ""))]
        said += [("informed", box.informed.isoformat())] if box.informed else []
        said += [("staff_groups", _list(box.staff_groups))] if box.staff_groups else []
        said += [("tasks", _yes(box.tasks)), ("calendar", _yes(box.calendar))]
    said += [
        ("folders", _list(box.folders)),
        ("subfolders", _yes(box.subfolders)),
        ("skip", _list(box.skip)),
        ("keep", box.keep),
    ]
    said += [("since", box.since.isoformat())] if box.since else []
    said += [
        ("poll", str(box.poll)),
        ("triage", box.triage),
        ("internal_only", box.internal_only),
        ("visibility", box.visibility),
    ]
    if box.groups:
        pairs = ", ".join(f"{_text(name)}: {w}" for name, w in box.groups.items())
        said += [("groups", f"{{{pairs}}}")]
    lines = [f"    {key}: {value}" for key, value in said]
    lines[0] = f"  - {lines[0].strip()}"
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)


def _list(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _yes(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"
