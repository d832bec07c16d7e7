"""FindItem: search, sort and page through folders; one answer per folder.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation
Pages hold at most 1000 items, 250 with a restriction (the default find limits of
throttling policies). A calendar view lists single items by start; series are not
expanded.
"""

from dataclasses import dataclass
from functools import partial

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_values import value
from exchange_sandbox.mailbox import Folder, Item
from exchange_sandbox.paths import read_path
from exchange_sandbox.render import render_item
from exchange_sandbox.restrictions import Filter, Test, field_values, sort_key
from exchange_sandbox.soap import response
from exchange_sandbox.timezones import read_instant
from exchange_sandbox.xml_text import Element, M, boolean, children, local_name

_UNSUPPORTED = (
    "FractionalPageItemView",
    "SeekToConditionPageItemView",
    "GroupBy",
    "DistinguishedGroupBy",
    "QueryString",
)


@dataclass(frozen=True, slots=True)
class _View:
    offset: int
    limit: int
    from_end: bool
    indexed: bool


def find_item(call: Call) -> str:
    """Answer one response message per parent folder."""
    for name in _UNSUPPORTED:
        if call.element.find(f"{M}{name}") is not None:
            raise EwsError("ErrorUnsupportedQueryFilter", f"{name} is not imitated.")
    shape = call.shape(full=False)

    def one(element: Element) -> str:
        folder = call.folder(element)
        test = Filter(partial(field_values, call.store), call.zone).read(
            call.element.find(f"{M}Restriction")
        )
        items = _sorted(call, _selected(call, folder, test))
        view = _view(call, restricted=test is not None)
        start = (
            max(0, len(items) - view.offset - view.limit)
            if view.from_end
            else view.offset
        )
        page = items[start : start + view.limit]
        inner = "".join(render_item(call.store, item, shape) for item in page)
        end = start + len(page)
        paging = f' IndexedPagingOffset="{end}"' if view.indexed else ""
        last = boolean(value=end >= len(items))
        return (
            f'<m:RootFolder{paging} TotalItemsInView="{len(items)}" '
            f'IncludesLastItemInRange="{last}"><t:Items>{inner}</t:Items></m:RootFolder>'
        )

    return response("FindItem", call.each_of("ParentFolderIds", one))


def _view(call: Call, *, restricted: bool) -> _View:
    settings = call.settings
    most = settings.find_limit_restricted if restricted else settings.find_limit
    element = call.element.find(f"{M}IndexedPageItemView")
    if element is None:
        calendar = call.element.find(f"{M}CalendarView")
        if calendar is not None:
            most = min(most, int(calendar.get("MaxEntriesReturned", most)))
        return _View(0, most, from_end=False, indexed=False)
    offset = int(element.get("Offset", "0"))
    wanted = int(element.get("MaxEntriesReturned", most))
    if offset < 0 or wanted < 1:
        raise EwsError(
            "ErrorInvalidPagingMaxRows"
            if wanted < 1
            else "ErrorInvalidIndexedPagingParameters"
        )
    from_end = element.get("BasePoint") == "End"
    return _View(offset, min(wanted, most), from_end, indexed=True)


def _selected(call: Call, folder: Folder, test: Test | None) -> list[Item]:
    if call.element.get("Traversal") == "Associated":
        return []
    if call.element.get("Traversal") == "SoftDeleted":
        folder = folder.mailbox.distinguished["recoverableitemsdeletions"]
    items = list(reversed(folder.items.values()))
    calendar = call.element.find(f"{M}CalendarView")
    if calendar is not None:
        return _in_view(call, items, calendar)
    return items if test is None else [item for item in items if test(item)]


def _in_view(call: Call, items: list[Item], view: Element) -> list[Item]:
    start = read_instant(view.get("StartDate", ""), call.zone)
    end = read_instant(view.get("EndDate", ""), call.zone)
    if end < start:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    found = []
    for item in items:
        if item.tag != "CalendarItem":
            continue
        begins = value(call.store, item, "calendar:Start")
        ends = value(call.store, item, "calendar:End")
        if begins < end and (ends > start or begins == ends == start):
            found.append((begins, item))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _sorted(call: Call, items: list[Item]) -> list[Item]:
    order = call.element.find(f"{M}SortOrder")
    for field in reversed(children(order)):
        path = read_path(children(field)[0])
        down = field.get("Order") == "Descending"
        if local_name(field) == "FieldOrder":
            items = sorted(items, key=sort_key(call.store, path), reverse=down)
    return items
