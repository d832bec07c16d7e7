"""FindItem: restrictions, order, pages, calendar views."""

import pytest

KELLER = "keller@werft.example"
SET = "6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11"


def ext(name: str = "K", kind: str = "String") -> str:
    return f'<t:ExtendedFieldURI PropertySetId="{SET}" PropertyName="{name}" PropertyType="{kind}"/>'


def field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


def compare(verb: str, path: str, value: str) -> str:
    return (
        f"<t:{verb}>{path}<t:FieldURIOrConstant>"
        f'<t:Constant Value="{value}"/></t:FieldURIOrConstant></t:{verb}>'
    )


def prop(value: str, name: str = "K", kind: str = "String") -> str:
    return f"<t:ExtendedProperty>{ext(name, kind)}<t:Value>{value}</t:Value></t:ExtendedProperty>"


@pytest.fixture
def three(ask) -> list[str]:
    """Tasks A, B, C with rising numbers and days; B has two categories."""
    made = []
    for number, name in enumerate("ABC", start=1):
        categories = (
            "<t:Categories><t:String>Boot</t:String><t:String>Eilt</t:String></t:Categories>"
            if name == "B"
            else ""
        )
        made.append(
            ask.create(
                f"<t:Task><t:Subject>Auftrag {name}</t:Subject>{categories}"
                f"{prop(name)}{prop(str(number), 'N', 'Integer')}"
                f"{prop(f'2026-11-0{number}T00:00:00Z', 'D', 'SystemTime')}"
                f"{prop(str(number % 2), 'B', 'Boolean')}{prop(f'{number}.5', 'F', 'Double')}"
                f"<t:DueDate>2026-11-0{number}T00:00:00Z</t:DueDate></t:Task>"
            )
        )
    return made


def both(verb: str, *parts: str) -> str:
    return f"<t:{verb}>{''.join(parts)}</t:{verb}>"


def contains(mode: str, comparison: str, text: str) -> str:
    return (
        f'<t:Contains ContainmentMode="{mode}" ContainmentComparison="{comparison}">'
        f'{field("item:Subject")}<t:Constant Value="{text}"/></t:Contains>'
    )


N = ext("N", "Integer")
CASES = [
    (compare("IsEqualTo", ext(), "B"), "B"),
    (compare("IsEqualTo", ext(), "b"), ""),
    (compare("IsNotEqualTo", ext(), "B"), "AC"),
    (compare("IsEqualTo", ext("N", "Integer"), "2"), "B"),
    (compare("IsGreaterThan", ext("N", "Integer"), "1"), "BC"),
    (compare("IsLessThanOrEqualTo", ext("N", "Integer"), "2"), "AB"),
    (compare("IsGreaterThanOrEqualTo", ext("F", "Double"), "2.5"), "BC"),
    (compare("IsEqualTo", ext("B", "Boolean"), "true"), "AC"),
    (
        compare("IsGreaterThan", ext("D", "SystemTime"), "2026-11-02T01:00:00+01:00"),
        "C",
    ),
    (compare("IsLessThan", field("task:DueDate"), "2026-11-03T00:00:00Z"), "AB"),
    (compare("IsEqualTo", field("item:Categories"), "Eilt"), "B"),
    (f"<t:Exists>{ext()}</t:Exists>", "ABC"),
    (f"<t:Exists>{ext('Nie')}</t:Exists>", ""),
    (f"<t:Not><t:Exists>{field('item:Categories')}</t:Exists></t:Not>", "AC"),
    (
        both("And", compare("IsGreaterThan", N, "1"), compare("IsLessThan", N, "3")),
        "B",
    ),
    (
        both("Or", compare("IsEqualTo", ext(), "A"), compare("IsEqualTo", ext(), "C")),
        "AC",
    ),
    (contains("Substring", "IgnoreCase", "auftrag b"), "B"),
    (contains("Prefixed", "Exact", "auftrag"), ""),
    (
        compare(
            "IsEqualTo",
            '<t:ExtendedFieldURI PropertyTag="0x0037" PropertyType="String"/>',
            "Auftrag C",
        ),
        "C",
    ),
    (f'<t:Excludes>{ext("N", "Integer")}<t:Bitmask Value="2"/></t:Excludes>', "A"),
]


@pytest.mark.parametrize(("restriction", "expected"), CASES)
def test_a_restriction_finds_what_it_says(ask, three, restriction, expected):
    found = set(ask.find("tasks", restriction))
    assert found == {three["ABC".index(name)] for name in expected}


@pytest.mark.parametrize(
    "restriction",
    [
        compare("IsEqualTo", ext("N", "Integer"), "zwei"),
        '<t:Exists><t:ExtendedFieldURI PropertyName="K" PropertyType="String"/></t:Exists>',
    ],
)
def test_an_impossible_restriction_is_an_error(ask, three, restriction):
    body = (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"</m:ItemShape><m:Restriction>{restriction}</m:Restriction><m:ParentFolderIds>"
        '<t:DistinguishedFolderId Id="tasks"/></m:ParentFolderIds></m:FindItem>'
    )
    assert ask.codes(body)[0] in {
        "ErrorInvalidRestriction",
        "ErrorInvalidExtendedProperty",
    }


def find(
    view: str = "", order: str = "", folder: str = "tasks", fields: str = ""
) -> str:
    more = (
        f"<t:AdditionalProperties>{fields}</t:AdditionalProperties>" if fields else ""
    )
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"{more}</m:ItemShape>{view}{order}<m:ParentFolderIds>"
        f'<t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds></m:FindItem>'
    )


def ids(answer) -> list[str]:
    return [element.get("Id") for element in answer.iter("{*}ItemId")]


def test_an_empty_folder_still_has_a_root_folder(ask):
    root = ask(find()).find(".//{*}RootFolder")
    assert root.get("TotalItemsInView") == "0"
    assert root.get("IncludesLastItemInRange") == "true"
    assert len(root.find("{*}Items")) == 0


def test_pages_follow_each_other(ask, three):
    order = (
        '<m:SortOrder><t:FieldOrder Order="Descending">'
        f"{field('item:Subject')}</t:FieldOrder></m:SortOrder>"
    )
    seen = []
    for offset in (0, 2):
        view = f'<m:IndexedPageItemView MaxEntriesReturned="2" Offset="{offset}" BasePoint="Beginning"/>'
        answer = ask(find(view, order))
        root = answer.find(".//{*}RootFolder")
        assert root.get("TotalItemsInView") == "3"
        seen += ids(answer)
    assert seen == three[::-1]
    assert root.get("IncludesLastItemInRange") == "true"
    assert root.get("IndexedPagingOffset") == "3"


def test_a_page_from_the_end(ask, three):
    view = '<m:IndexedPageItemView MaxEntriesReturned="1" Offset="0" BasePoint="End"/>'
    order = (
        f'<m:SortOrder><t:FieldOrder Order="Ascending">{field("item:Subject")}'
        "</t:FieldOrder></m:SortOrder>"
    )
    assert ids(ask(find(view, order))) == [three[2]]


def test_no_page_exceeds_the_servers_limit(make_sandbox, ask_of):
    ask = ask_of(make_sandbox(find_limit=2, find_limit_restricted=1))
    for name in "abc":
        ask.create(f"<t:Task><t:Subject>{name}</t:Subject></t:Task>")
    answer = ask(find())
    assert len(ids(answer)) == 2
    assert answer.find(".//{*}RootFolder").get("IncludesLastItemInRange") == "false"
    assert len(ask.find("tasks", f"<t:Exists>{field('item:Subject')}</t:Exists>")) == 1


def test_each_folder_has_an_answer_of_its_own(ask, three):
    body = find().replace(
        '<t:DistinguishedFolderId Id="tasks"/>',
        '<t:DistinguishedFolderId Id="tasks"/><t:DistinguishedFolderId Id="inbox"/>',
    )
    messages = list(ask(body).iter("{*}FindItemResponseMessage"))
    assert [len(ids(message)) for message in messages] == [3, 0]


def test_a_calendar_view_lists_what_lies_in_it_by_start(ask):
    def event(name: str, start: str, end: str) -> str:
        return ask.create(
            f"<t:CalendarItem><t:Subject>{name}</t:Subject><t:Start>{start}</t:Start>"
            f"<t:End>{end}</t:End></t:CalendarItem>"
        )

    late = event("spät", "2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z")
    early = event("früh", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z")
    event("vorher", "2026-11-30T08:00:00Z", "2026-12-01T00:00:00Z")
    over = event("lang", "2026-11-30T22:00:00Z", "2026-12-01T01:00:00Z")
    view = '<m:CalendarView StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-02T00:00:00Z"/>'
    assert ids(ask(find(view, folder="calendar"))) == [over, early, late]


def test_what_is_not_imitated_is_refused_not_ignored(ask, three):
    body = find().replace(
        "</m:FindItem>", "<m:QueryString>subject:x</m:QueryString></m:FindItem>"
    )
    assert ask.codes(body) == ["ErrorUnsupportedQueryFilter"]


def test_bodies_are_not_found(ask, sandbox, mail):
    sandbox.deliver(mail(), KELLER)
    answer = ask(
        find(folder="inbox", fields=field("item:Body") + field("item:Subject"))
    )
    (item,) = answer.iter("{*}Message")
    assert [child.tag.split("}")[1] for child in item] == ["ItemId", "Subject"]
