"""Folders, their hierarchy, and subscriptions: what exchangelib does not ask for."""

import http.client
from urllib.parse import urlsplit

import pytest

KELLER = "keller@werft.example"


def create(name: str, parent: str = "inbox", element: str = "Folder") -> str:
    return (
        f'<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="{parent}"/>'
        f"</m:ParentFolderId><m:Folders><t:{element}><t:DisplayName>{name}"
        f"</t:DisplayName></t:{element}></m:Folders></m:CreateFolder>"
    )


def folder_id(answer) -> str:
    return answer.find(".//{*}FolderId").get("Id")


def delete(identity: str, how: str = "HardDelete") -> str:
    return (
        f'<m:DeleteFolder DeleteType="{how}"><m:FolderIds><t:FolderId Id="{identity}"/>'
        "</m:FolderIds></m:DeleteFolder>"
    )


def hierarchy(state: str = "") -> str:
    kept = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    return (
        "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape>"
        f"</m:FolderShape>{kept}</m:SyncFolderHierarchy>"
    )


@pytest.mark.parametrize(
    ("element", "parent"),
    [
        ("Folder", "inbox"),
        ("TasksFolder", "tasks"),
        ("CalendarFolder", "calendar"),
        ("ContactsFolder", "contacts"),
    ],
)
def test_folders_have_elements_of_their_kind(ask, element, parent):
    answer = ask(create("Neu", parent, element))
    assert answer.find(".//{*}" + element) is not None


def test_a_name_stands_only_once_below_a_parent(ask):
    assert ask.codes(create("Neu")) == ["NoError"]
    assert ask.codes(create("neu")) == ["ErrorFolderExists"]
    assert ask.codes(create("neu", "sentitems")) == ["NoError"]


def test_distinguished_folders_cannot_be_deleted(ask):
    body = delete("x").replace(
        '<t:FolderId Id="x"/>', '<t:DistinguishedFolderId Id="inbox"/>'
    )
    assert ask.codes(body) == ["ErrorDeleteDistinguishedFolder"]


def test_a_deleted_folder_takes_its_content_along(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(), KELLER, folder="inbox/Alt/Uralt")
    folder = next(f for f in sandbox.store.folders.values() if f.name == "Alt")
    assert ask.codes(delete(folder.id)) == ["NoError"]
    assert ask.codes(delete(folder.id)) == ["ErrorFolderNotFound"]
    assert sandbox.item(identity) is None


def test_a_folder_moved_to_deleted_items_keeps_its_id_and_content(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(), KELLER, folder="inbox/Alt")
    folder = sandbox.item(identity).folder
    assert ask.codes(delete(folder.id, "MoveToDeletedItems")) == ["NoError"]
    assert folder.path() == "deleteditems/Alt"
    assert sandbox.item(identity).folder is folder


def test_counts_are_live(ask, sandbox, mail):
    (first, _) = (sandbox.deliver(mail(), KELLER)[0] for _ in range(2))
    sandbox.act(KELLER, "read", item_id=first)
    answer = ask(
        "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
        '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
    )
    assert answer.findtext(".//{*}TotalCount") == "2"
    assert answer.findtext(".//{*}UnreadCount") == "1"


def test_the_hierarchy_tells_what_changed(ask):
    first = ask(hierarchy())
    state = first.findtext(".//{*}SyncState")
    made = folder_id(ask(create("Neu")))
    gone = folder_id(ask(create("Weg")))
    later = ask(hierarchy(state))
    assert {e.get("Id") for e in later.iterfind(".//{*}Create//{*}FolderId")} == {
        made,
        gone,
    }
    state = later.findtext(".//{*}SyncState")
    ask(delete(gone))
    last = ask(hierarchy(state))
    assert [e.get("Id") for e in last.iterfind(".//{*}Delete/{*}FolderId")] == [gone]
    assert ask.codes(hierarchy("AAAA")) == ["ErrorInvalidSyncStateData"]


def test_a_user_configuration_is_never_there(ask):
    body = (
        "<m:GetUserConfiguration><m:UserConfigurationName Name='Nichts'>"
        "<t:DistinguishedFolderId Id='inbox'/></m:UserConfigurationName>"
        "<m:UserConfigurationProperties>All</m:UserConfigurationProperties>"
        "</m:GetUserConfiguration>"
    )
    assert ask.codes(body) == ["ErrorItemNotFound"]


def resolve(name: str) -> str:
    return (
        '<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>'
        f"{name}</m:UnresolvedEntry></m:ResolveNames>"
    )


def test_names_are_resolved_to_none_one_or_many(ask, sandbox):
    sandbox.add_mailbox("keller.junior@werft.example")
    assert ask.codes(resolve("nie")) == ["ErrorNameResolutionNoResults"]
    assert ask.codes(resolve("verkauf")) == ["NoError"]
    assert ask.codes(resolve("keller")) == ["ErrorNameResolutionMultipleResults"]


# -- notifications --------------------------------------------------------------------


def subscribe(kind: str, events: str = "NewMailEvent") -> str:
    tail = "<t:Timeout>5</t:Timeout>" if kind == "Pull" else ""
    return (
        f"<m:Subscribe><m:{kind}SubscriptionRequest><t:FolderIds>"
        '<t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes>'
        f"<t:EventType>{events}</t:EventType></t:EventTypes>{tail}"
        f"</m:{kind}SubscriptionRequest></m:Subscribe>"
    )


def streaming(identity: str) -> str:
    return (
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>"
        f"{identity}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>1"
        "</m:ConnectionTimeout></m:GetStreamingEvents>"
    )


def get_events(identity: str, mark: str) -> str:
    return (
        f"<m:GetEvents><m:SubscriptionId>{identity}</m:SubscriptionId>"
        f"<m:Watermark>{mark}</m:Watermark></m:GetEvents>"
    )


def test_pulled_events_follow_the_watermark(ask, sandbox, mail):
    answer = ask(subscribe("Pull"))
    identity = answer.findtext(".//{*}SubscriptionId")
    mark = answer.findtext(".//{*}Watermark")
    assert ask(get_events(identity, mark)).find(".//{*}StatusEvent") is not None
    (item,) = sandbox.deliver(mail(), KELLER)
    (event,) = ask(get_events(identity, mark)).iter("{*}NewMailEvent")
    assert event.find("{*}ItemId").get("Id") == item
    later = event.findtext("{*}Watermark")
    assert ask(get_events(identity, later)).find(".//{*}NewMailEvent") is None
    assert ask.codes(get_events(identity, "AAAA")) == ["ErrorInvalidWatermark"]
    gone = f"<m:Unsubscribe><m:SubscriptionId>{identity}</m:SubscriptionId></m:Unsubscribe>"
    assert ask.codes(gone) == ["NoError"]
    assert ask.codes(gone) == ["ErrorSubscriptionNotFound"]
    assert ask.codes(get_events(identity, mark)) == ["ErrorSubscriptionNotFound"]


def test_an_unknown_subscription_is_not_streamed(ask):
    answer = ask(streaming("AAAA"))
    assert answer.findtext(".//{*}ResponseCode") == "ErrorInvalidSubscription"
    assert answer.findtext(".//{*}ConnectionStatus") == "Closed"


def test_push_is_refused(ask):
    body = (
        "<m:Subscribe><m:PushSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId "
        'Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType>'
        "</t:EventTypes><t:StatusFrequency>1</t:StatusFrequency><t:URL>http://127.0.0.1/"
        "</t:URL></m:PushSubscriptionRequest></m:Subscribe>"
    )
    assert ask.codes(body) == ["ErrorInvalidPushSubscriptionUrl"]


def test_a_stream_is_envelopes_from_ok_to_closed(make_sandbox, ask_of, mail):
    sandbox = make_sandbox(streaming_minute=0.4)
    ask = ask_of(sandbox)
    identity = ask(subscribe("Streaming")).findtext(".//{*}SubscriptionId")
    sandbox.deliver(mail(), KELLER)
    url = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    connection.request("POST", url.path, ask.envelope(streaming(identity)), ask.headers)
    answer = connection.getresponse()
    assert answer.getheader("Transfer-Encoding") == "chunked"
    parts = answer.read().split(b"<?xml")[1:]
    connection.close()
    words = [b"ConnectionStatus>OK" in p for p in parts]
    assert words[0] is True
    assert b"<t:NewMailEvent>" in parts[1]
    assert b"ConnectionStatus>Closed" in parts[-1]


def test_no_more_than_ten_connections_hang(make_sandbox, ask_of):
    sandbox = make_sandbox(streaming_minute=30.0)
    ask = ask_of(sandbox)
    identity = ask(subscribe("Streaming")).findtext(".//{*}SubscriptionId")
    url = urlsplit(sandbox.url)
    open_ones = []
    for _ in range(10):
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        connection.request(
            "POST", url.path, ask.envelope(streaming(identity)), ask.headers
        )
        connection.getresponse().read(10)
        open_ones.append(connection)
    assert ask.codes(streaming(identity)) == ["ErrorExceededConnectionCount"]
    sandbox.stop()
    for connection in open_ones:
        connection.close()
