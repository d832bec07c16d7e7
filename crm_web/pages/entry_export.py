"""An entry as files: entry.json and one .eml per mail, as far as the viewer sees them."""

from flask import Response

from crm_core import database
from crm_core.exports import entry_export
from crm_core.models import Right
from crm_web import downloads
from crm_web.rooms import Room, needs, proved, viewer
from crm_web.words import entry_name

room = Room("entry_export", __name__)


@room.get("/eintraege/<int:number>/export.zip")
@needs(Right.EXPORT)
@proved
def download(number: int) -> Response:
    """The archive; first the log says who took it."""
    entry = viewer().entry(number)
    with database.transaction():
        entry_export.note(viewer().actor, "entry", entry=entry)
    files = entry_export.of_entry(entry, downloads.read_blob, viewer())
    return downloads.as_zip(entry_name(number), files)
