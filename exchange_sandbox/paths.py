"""Property paths of a request: plain field URIs, indexed and extended ones.

A plain path is its field URI as a string. Extended paths compare by what they name
(tag, or property set and name or id, and type), not by how they were written.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/properties-and-extended-properties-in-ews-in-exchange
"""

from dataclasses import dataclass, field

from exchange_sandbox.errors import EwsError
from exchange_sandbox.xml_text import Element, attribute, local_name

INTERNET_HEADERS = "00020386-0000-0000-c000-000000000046"
# [MS-OXPROPS] 1.3.2, the sets that EWS gives a name.
PROPERTY_SETS = {
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": INTERNET_HEADERS,
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}


@dataclass(frozen=True, slots=True)
class ExtendedPath:
    """A MAPI property; `written` repeats the attributes of the request."""

    tag: int | None
    property_set: str | None
    name: str | None
    number: int | None
    type: str
    written: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class IndexedPath:
    """One entry of a dictionary property of a contact."""

    uri: str
    index: str


@dataclass(frozen=True, slots=True)
class Entries:
    """Several entries of one dictionary property; they are answered in one element."""

    uri: str
    wanted: tuple[IndexedPath, ...]


Path = str | ExtendedPath | IndexedPath


def _extended(element: Element) -> ExtendedPath:
    get = element.get
    written = "".join(
        f' {name}="{attribute(value)}"'
        for name, value in ((str(n), str(v)) for n, v in element.attrib.items())
    )
    kind = get("PropertyType", "String")
    tag = get("PropertyTag")
    if tag is not None:
        try:
            return ExtendedPath(int(tag, 0) & 0xFFFF, None, None, None, kind, written)
        except ValueError:
            raise EwsError("ErrorInvalidExtendedProperty") from None
    set_name = get("DistinguishedPropertySetId")
    set_id = get("PropertySetId") or (PROPERTY_SETS.get(set_name) if set_name else None)
    name, number = get("PropertyName"), get("PropertyId")
    if set_id is None or (name is None) == (number is None):
        raise EwsError("ErrorInvalidExtendedProperty")
    set_id = set_id.lower()
    if name is not None and set_id == INTERNET_HEADERS:
        name = name.lower()
    return ExtendedPath(
        None, set_id, name, int(number, 0) if number else None, kind, written
    )


def read_path(element: Element) -> Path:
    """Return the path in a FieldURI, IndexedFieldURI or ExtendedFieldURI element.

    Raises ErrorInvalidExtendedProperty for an impossible combination.
    """
    name = local_name(element)
    if name == "ExtendedFieldURI":
        return _extended(element)
    uri = element.get("FieldURI", "")
    if name == "IndexedFieldURI":
        return IndexedPath(uri, element.get("FieldIndex", ""))
    return uri


PATH_ELEMENTS = frozenset({"FieldURI", "IndexedFieldURI", "ExtendedFieldURI"})
