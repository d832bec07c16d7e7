"""SyncFolderItems: order, paging, states, and what each change looks like."""

import random

import pytest

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'


@pytest.fixture
def deliver(sandbox, mail):
    def put(*subjects: str, to: str = KELLER, folder: str = "inbox") -> list[str]:
        return [
            sandbox.deliver(mail(Subject=s, Message_ID=f"<{s}@k>"), to, folder=folder)[
                0
            ]
            for s in subjects
        ]

    return put


def test_the_first_sync_goes_newest_first(ask, deliver):
    deliver("a", "b", "c")
    page = ask.sync(fields=SUBJECT)
    assert page.subjects() == ["c", "b", "a"]
    assert {kind for kind, _ in page.changes} == {"Create"}
    assert page.is_last


def test_an_empty_folder_has_a_state_and_no_changes(ask):
    page = ask.sync()
    assert (page.code, page.changes, page.is_last) == ("NoError", [], True)
    assert page.state


def test_pages_hold_no_more_than_asked_for_and_lose_nothing(ask, deliver):
    ids = deliver(*"abcdefg")
    seen, state, pages = [], "", 0
    while True:
        page = ask.sync(state=state, limit=3)
        assert len(page.changes) <= 3
        seen += [identity for _, identity in page.changes]
        state, pages = page.state, pages + 1
        if page.is_last:
            break
    assert seen == ids[::-1]
    assert pages == 3


def test_more_than_512_changes_are_refused(ask, sandbox):
    page = ask.sync(limit=513)
    assert page.code in {"ErrorInvalidMaxChanges", "ErrorSchemaValidation"}
    sandbox.ledger.violations.clear()


def test_a_state_stays_the_same_while_nothing_happens(ask, deliver):
    deliver("a")
    state = ask.sync().state
    page = ask.sync(state=state)
    assert (page.state, page.changes) == (state, [])


def test_a_state_may_be_used_again(ask, deliver):
    deliver("a", "b", "c", "d")
    middle = ask.sync(limit=2).state
    first = ask.sync(state=middle, limit=1)
    assert ask.sync(state=middle, limit=1).changes == first.changes
    deliver("e")
    later = ask.sync(state=middle)
    assert [kind for kind, _ in later.changes] == ["Create"] * 3
    assert ask.sync(state=middle).changes == later.changes


def test_states_have_lengths_of_their_own(ask, deliver):
    lengths = set()
    for number in range(6):
        deliver(str(number))
        lengths.add(len(ask.sync().state))
    assert len(lengths) > 1


def test_mail_that_came_and_went_is_never_seen(ask, deliver, sandbox):
    state = ask.sync().state
    (identity,) = deliver("kurz")
    sandbox.act(KELLER, "delete", item_id=identity, how="hard")
    assert ask.sync(state=state).changes == []


def test_mail_that_came_and_changed_is_one_create(ask, deliver, sandbox):
    state = ask.sync().state
    (identity,) = deliver("neu")
    sandbox.act(KELLER, "category", item_id=identity, category="Boot")
    sandbox.act(KELLER, "read", item_id=identity)
    assert ask.sync(state=state).changes == [("Create", identity)]


def test_each_change_has_its_element(ask, deliver, sandbox):
    changed, read, deleted, both = deliver("a", "b", "c", "d")
    state = ask.sync().state
    sandbox.act(KELLER, "category", item_id=changed, category="Boot")
    sandbox.act(KELLER, "read", item_id=read)
    sandbox.act(KELLER, "delete", item_id=deleted, how="hard")
    sandbox.act(KELLER, "read", item_id=both)
    sandbox.act(KELLER, "category", item_id=both, category="Boot")
    page = ask.sync(state=state)
    assert sorted(page.changes) == sorted(
        [
            ("Update", changed),
            ("ReadFlagChange", read),
            ("Delete", deleted),
            ("Update", both),
        ]
    )
    delete = page.answer.find(".//{*}Delete/{*}ItemId")
    assert delete.get("ChangeKey") is None
    assert page.answer.findtext(".//{*}ReadFlagChange/{*}IsRead") == "true"


def test_a_move_is_a_delete_here_and_a_create_there_with_a_new_id(
    ask, deliver, sandbox
):
    (old,) = deliver("a")
    here, there = ask.sync().state, ask.sync("junkemail").state
    new = sandbox.act(KELLER, "move", item_id=old, to="junkemail")
    assert new != old
    assert ask.sync(state=here).changes == [("Delete", old)]
    assert ask.sync("junkemail", there).changes == [("Create", new)]


def test_to_deleted_items_is_a_move_too(ask, deliver, sandbox):
    (old,) = deliver("a")
    state, trash = ask.sync().state, ask.sync("deleteditems").state
    new = sandbox.act(KELLER, "delete", item_id=old)
    assert ask.sync(state=state).changes == [("Delete", old)]
    assert ask.sync("deleteditems", trash).changes == [("Create", new)]


def test_an_item_deleted_after_it_was_delivered_in_the_first_pass_is_deleted(
    ask, deliver, sandbox
):
    ids = deliver(*"abcd")
    page = ask.sync(limit=2)
    sandbox.act(KELLER, "delete", item_id=ids[3], how="hard")
    sandbox.act(KELLER, "delete", item_id=ids[0], how="hard")
    rest = ask.sync(state=page.state)
    assert ("Delete", ids[3]) in rest.changes
    assert ("Create", ids[1]) in rest.changes
    assert ("Create", ids[0]) not in rest.changes


def test_bodies_recipients_headers_and_attachments_never_come_from_a_sync(ask, deliver):
    deliver("a")
    wanted = (
        "item:Body item:TextBody item:UniqueBody item:MimeContent item:Attachments "
        "item:InternetMessageHeaders message:ToRecipients item:Subject message:From"
    )
    fields = "".join(f'<t:FieldURI FieldURI="{uri}"/>' for uri in wanted.split())
    page = ask.sync(fields=fields)
    (item,) = page.answer.iter("{*}Message")
    names = [child.tag.split("}")[1] for child in item]
    assert names == ["ItemId", "Subject", "From"]


# -- states that are refused ----------------------------------------------------------


@pytest.mark.parametrize("state", ["garbage", "AAAA", "//8=", "A" * 400])
def test_garbage_is_no_state(ask, state):
    page = ask.sync(state=state)
    assert page.code == "ErrorInvalidSyncStateData"
    assert page.has_state_element
    assert page.state == ""


def test_every_damaged_byte_is_noticed(ask, deliver):
    deliver("a")
    state = ask.sync().state
    rng = random.Random(3)
    places = rng.sample(range(72), 12)
    for place in places:
        other = "A" if state[place] != "A" else "B"
        damaged = state[:place] + other + state[place + 1 :]
        assert ask.sync(state=damaged).code == "ErrorInvalidSyncStateData", place


def test_a_state_of_another_folder_or_mailbox_is_refused(ask, ask_of, sandbox, deliver):
    deliver("a")
    state = ask.sync().state
    assert ask.sync("sentitems", state).code == "ErrorInvalidSyncStateData"
    body = (
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        '<m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>'
        f"<m:SyncState>{state}</m:SyncState><m:MaxChangesReturned>5</m:MaxChangesReturned>"
        "</m:SyncFolderItems>"
    )
    assert ask.codes(body, VERKAUF) == ["ErrorInvalidSyncStateData"]


def test_a_state_older_than_the_memory_is_refused(make_sandbox, ask_of, mail):
    sandbox = make_sandbox(sync_memory=3)
    ask = ask_of(sandbox)
    state = ask.sync().state
    for _ in range(3):
        sandbox.deliver(mail(), KELLER)
    assert ask.sync(state=state).code == "NoError"
    sandbox.deliver(mail(), KELLER)
    assert ask.sync(state=state).code == "ErrorInvalidSyncStateData"
    assert len(ask.sync().changes) == 4


def test_a_deleted_folder_is_not_synced(ask, sandbox, deliver):
    deliver("a", folder="inbox/Projekt")
    folder = next(f for f in sandbox.store.folders.values() if f.name == "Projekt")
    state = ask.sync(folder.id).state
    answer = ask.codes(
        '<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>'
        f'<t:FolderId Id="{folder.id}"/></m:FolderIds></m:DeleteFolder>'
    )
    assert answer == ["NoError"]
    assert ask.sync(folder.id, state).code == "ErrorSyncFolderNotFound"


# -- the property behind all of it ----------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_client_that_applies_the_changes_has_the_folder(ask, deliver, sandbox, seed):
    """300 random acts, syncs of random page size in between: the replica is right."""
    rng = random.Random(seed)
    replica: dict[str, bool] = {}
    state, present = "", []
    for number in range(300):
        choice = rng.random()
        if choice < 0.35 or not present:
            present += deliver(str(number))
        elif choice < 0.5:
            victim = present.pop(rng.randrange(len(present)))
            how = rng.choice(["hard", "soft", "trash"])
            sandbox.act(KELLER, "delete", item_id=victim, how=how)
        elif choice < 0.65:
            sandbox.act(KELLER, "category", item_id=rng.choice(present), category="x")
        elif choice < 0.8:
            sandbox.act(KELLER, "read", item_id=rng.choice(present))
        else:
            state = apply(ask.sync(state=state, limit=rng.randint(1, 5)), replica)
    last = False
    while not last:
        page = ask.sync(state=state, limit=5)
        state, last = apply(page, replica), page.is_last
    truth = {i["id"]: i["properties"]["IsRead"] for i in sandbox.items(KELLER, "inbox")}
    assert set(replica) == set(truth)
    assert {i for i, read in replica.items() if read} <= {
        i for i, read in truth.items() if read
    }


def apply(page, replica: dict[str, bool]) -> str:
    assert page.code == "NoError"
    for kind, identity in page.changes:
        if kind == "Delete":
            replica.pop(identity, None)
        elif kind == "ReadFlagChange":
            assert identity in replica
            replica[identity] = True
        else:
            replica.setdefault(identity, False)
    return page.state
