"""``/entries/{number}/export``: an entry as files, as far as the token's account sees it.

The one answer that is no JSON: a ZIP of ``entry.json`` and one ``.eml`` per mail.
"""

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from crm_core import database
from crm_core.exports import entry_export
from crm_core.models import Right
from crm_web import downloads
from crm_web.api.resource import Resource, refusals
from crm_web.api.values import EntryPath
from crm_web.rooms import viewer
from crm_web.words import entry_name

resource = Resource("exports", "An entry with its e-mails, to be kept elsewhere")

_ZIP: dict[Any, Any] = {
    200: {
        "description": "entry.json and one .eml file per e-mail",
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}}
        },
    },
    **refusals(),
}


def export_entry(path: EntryPath) -> Response:
    """Export an entry; the account needs the right to export, and it is logged."""
    who = viewer()
    who.require(Right.EXPORT)
    entry = who.entry(path.number)
    with database.transaction():
        entry_export.note(who.actor, "entry", entry=entry)
    files = entry_export.of_entry(entry, downloads.read_blob, who)
    return downloads.as_zip(entry_name(path.number), files)


APIBlueprint.get(resource, "/entries/<int:number>/export", responses=_ZIP)(export_entry)
