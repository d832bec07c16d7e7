"""Our own order tables against Microsoft's schema, and the judge itself."""

import pytest
from lxml import etree

from exchange_sandbox.properties import (
    FAMILIES,
    KIND,
    ONLY_GET_ITEM,
    READ_ONLY,
    TABLES,
    all_uris,
)

X = "{http://www.w3.org/2001/XMLSchema}"
TYPES = {
    "Item": "ItemType",
    "Message": "MessageType",
    "CalendarItem": "CalendarItemType",
    "Task": "TaskType",
    "Contact": "ContactItemType",
    "PostItem": "PostItemType",
    "MeetingRequest": "MeetingRequestMessageType",
    "MeetingResponse": "MeetingResponseMessageType",
    "MeetingCancellation": "MeetingCancellationMessageType",
}
GET = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
)


@pytest.fixture(scope="module")
def types(shared):
    root = etree.parse(str(shared / "ews-schema" / "types.xsd")).getroot()
    return {c.get("name"): c for c in root.iter(f"{X}complexType") if c.get("name")}


def elements(types, name: str) -> list[str]:
    node = types[name]
    extension = node.find(f"{X}complexContent/{X}extension")
    inherited = []
    if extension is not None:
        inherited = elements(types, extension.get("base").split(":")[1])
        node = extension
    return inherited + [e.get("name") for e in node.iterfind(f"{X}sequence/{X}element")]


@pytest.mark.parametrize("tag", TYPES)
def test_the_order_of_elements_is_the_schemas(types, tag):
    order = elements(types, TYPES[tag])
    ours = [element for _, family in FAMILIES[tag] for element in family]
    assert ours == sorted(ours, key=order.index)


def test_every_property_with_a_kind_or_a_rule_exists(shared):
    text = (shared / "ews-schema" / "types.xsd").read_text()
    known = set(KIND) | READ_ONLY | ONLY_GET_ITEM
    unknown = {uri for uri in known if f'value="{uri}"' not in text}
    assert unknown == set()


def test_every_property_of_a_table_can_be_asked_for(shared):
    text = (shared / "ews-schema" / "types.xsd").read_text()
    uris = {uri for tag in TABLES for uri in all_uris(tag)}
    assert {uri for uri in uris if f'value="{uri}"' not in text} == set()


def test_the_judge_sees_a_wrong_answer(sandbox, ask, monkeypatch, shared):
    """Red control: an answer with its elements in the wrong order is a violation."""
    from exchange_sandbox.operations import table

    real = table.OPERATIONS["GetFolder"]
    monkeypatch.setitem(
        table.OPERATIONS,
        "GetFolder",
        lambda call: (
            real(call)
            .replace("<t:TotalCount>0</t:TotalCount>", "")
            .replace("<t:FolderId", "<t:TotalCount>0</t:TotalCount><t:FolderId")
        ),
    )
    ask(GET)
    (violation,) = sandbox.ledger.violations
    assert violation.startswith("answer GetFolder")
    sandbox.ledger.violations.clear()


def test_the_judge_counts_what_it_saw(sandbox, ask, shared):
    ask(GET)
    ask(GET)
    assert (sandbox.judge.requests, sandbox.judge.answers) == (2, 2)
    assert sandbox.ledger.violations == []
